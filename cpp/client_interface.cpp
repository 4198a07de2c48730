// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cpptango_telemetry/client_interface.h"

#include "cpptango-telemetry/src/bridge.rs.h"
#include "cpptango_telemetry/owned_interface.h"
#include "cpptango_telemetry/reaper.h"

#include <pthread.h>

#include <sstream>
#include <thread>

namespace cpptango_telemetry
{

namespace
{

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

Tango::telemetry::InterfacePtr client_interface(rust::Str service_name)
{
    const std::string name(service_name);
    // The constructor reads the environment.
    return make_interface({name, "tango", Configuration::Client{name}});
}

Tango::telemetry::InterfacePtr changed_interface(const Tango::telemetry::Interface &interface,
                                                 const TelemetryConfiguration &configuration)
{
    auto changed = interface.get_configuration();
    from_shared(configuration, changed);
    return make_interface(changed);
}

TelemetryConfiguration configuration_of(const Tango::telemetry::Interface &interface)
{
    return to_shared(interface.get_configuration());
}

std::unique_ptr<InterfaceScope> enter_interface(const Tango::telemetry::InterfacePtr &interface)
{
    return std::make_unique<InterfaceScope>(interface);
}

std::unique_ptr<InterfaceScope> enter_propagating_interface()
{
    return std::make_unique<InterfaceScope>(propagating_interface());
}

namespace
{

// cppTango gives its default interface to a thread that has no other, and destroys it when the process ends.
class DefaultInterface final
{
  public:
    ~DefaultInterface()
    {
        try
        {
            Tango::telemetry::Interface::get_current()->disable();
        }
        catch(const Tango::DevFailed &)
        {
            // There is none, because the environment is bad.
        }
    }
};

} // namespace

void retire_default_interface() noexcept
{
    retire(std::make_shared<DefaultInterface>());
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

} // namespace cpptango_telemetry
