// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cpptango_telemetry/client_interface.h"

#include "cpptango-telemetry/src/bridge.rs.h"

#include <pthread.h>

#include <cstdlib>
#include <sstream>
#include <thread>

namespace cpptango_telemetry
{

namespace
{

// Written once, by configure_client, before any scope is made.
Tango::telemetry::InterfacePtr &client_interface()
{
    static Tango::telemetry::InterfacePtr interface;
    return interface;
}

// The enumerator's name, as PyTango has it.
const char *language(Tango::LockerLanguage lang)
{
    switch(lang)
    {
    case Tango::CPP:
        return "CPP";
    case Tango::JAVA:
        return "JAVA";
    case Tango::CPP_6:
        return "CPP_6";
    case Tango::JAVA_6:
        return "JAVA_6";
    }
    return "unknown";
}

} // namespace

ClientInterfaceScope::ClientInterfaceScope() :
    previous(Tango::telemetry::current_telemetry_interface)
{
    Tango::telemetry::Interface::set_current(client_interface());
}

ClientInterfaceScope::~ClientInterfaceScope()
{
    // Else an outer scope has ended before this one, and has restored what was before both.
    if(Tango::telemetry::current_telemetry_interface == client_interface())
    {
        Tango::telemetry::Interface::set_current(previous);
    }
}

TelemetryConfiguration configure_client(rust::Str service_name)
{
    const std::string name(service_name);
    // The constructor reads the environment.
    const Tango::telemetry::Configuration configuration(name, "tango", Tango::telemetry::Configuration::Client(name));
    client_interface() = Tango::telemetry::InterfaceFactory::create(configuration);
    return to_shared(configuration);
}

std::unique_ptr<ClientInterfaceScope> enter_client_interface()
{
    return std::make_unique<ClientInterfaceScope>();
}

TelemetryConfiguration to_shared(const Tango::telemetry::Configuration &configuration)
{
    TelemetryConfiguration shared{};
    shared.enabled = configuration.enabled;
    shared.tracing_enabled = configuration.tracing_enabled;
    for(const auto &topic : configuration.get_topics())
    {
        shared.topics.push_back(rust::String::lossy(topic));
    }
    for(const auto &collector : configuration.get_tracing_collectors())
    {
        shared.tracing_collectors.push_back(
            {static_cast<std::int32_t>(collector.exporter_type), rust::String::lossy(collector.endpoint)});
    }
    return shared;
}

ClientIdent client_ident()
{
    ClientIdent ident{};
    // Null on a thread that is not omniORB's.
    auto *thread = omni_thread::self();
    if(thread == nullptr)
    {
        return ident;
    }
    const auto *address = static_cast<Tango::client_addr *>(thread->get_value(Tango::Util::get_tssk_client_info()));
    if(address == nullptr || !address->client_ident)
    {
        return ident;
    }
    ident.known = true;
    ident.location = rust::String::lossy(address->client_ip);
    ident.pid = static_cast<std::int64_t>(address->client_pid);
    ident.lang = language(address->client_lang);
    return ident;
}

ThreadInfo thread_info()
{
    std::ostringstream id;
    id << std::this_thread::get_id();
    char name[16] = "";
    pthread_getname_np(pthread_self(), name, sizeof name);
    return {rust::String::lossy(id.str()), rust::String::lossy(name)};
}

void register_at_exit()
{
    std::atexit([] { at_exit(); });
}

} // namespace cpptango_telemetry
