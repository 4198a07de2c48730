// SPDX-License-Identifier: MIT OR Apache-2.0
//
// The virtual telemetry methods of Tango::DeviceImpl, which operators reach through the admin device: cppTango 10.3 and
// later.
//
// What they change is done by DeviceInterface, which replaces the device's interface instead of changing it under its
// users; then Rust is told. Those about logging change nothing that the Rust tracer depends on, and so cannot fail
// because of it. cppTango calls none of them while a device is constructed (not even initialize_telemetry_interface: a
// base's constructor does not dispatch to us), so the constructor of TelemetryState pulls the state that environment and
// device properties have made.
//
// cppTango calls them on the thread that serves the admin device, without the device's monitor.
#pragma once

#include "cpptango_telemetry/telemetry_state.h"

#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace cpptango_telemetry
{

#if CPPTANGO_TELEMETRY_RUNTIME_CONFIGURATION_SUPPORTED

template <class Base>
class TelemetryMethods : public TelemetryState<Base>
{
  public:
    using Collector = Configuration::Collector;
    using TelemetryState<Base>::TelemetryState;

    void initialize_telemetry_interface() override
    {
        const Lock lock(configuring);
        BeforeInitialization now(this->get_name());
        interface.gate.exclusively([this] { Base::initialize_telemetry_interface(); });
        interface.take_over(*this, now);
        handle.reconfigured("initialize_telemetry_interface", *this);
    }

    void cleanup_telemetry_interface() noexcept override
    {
        const Lock lock(configuring);
        interface.slot->set(nullptr);
        interface.gate.exclusively([this] { Base::cleanup_telemetry_interface(); });
        handle.reconfigured_noexcept("cleanup_telemetry_interface", *this);
    }

    void enable_telemetry() noexcept override
    {
        change_noexcept("enable_telemetry", [](auto &configuration) { configuration.enabled = true; });
    }

    void disable_telemetry() noexcept override
    {
        change_noexcept("disable_telemetry", [](auto &configuration) { configuration.enabled = false; });
    }

    bool is_telemetry_enabled() noexcept override
    {
        return get("is_telemetry_enabled", [this] { return Base::is_telemetry_enabled(); });
    }

    void set_telemetry_topics(const std::vector<std::string> &topics) override
    {
        change("set_telemetry_topics", [&](auto &configuration) { configuration.set_topics(topics); });
    }

    std::vector<std::string> get_telemetry_topics() noexcept override
    {
        return get("get_telemetry_topics", [this] { return Base::get_telemetry_topics(); });
    }

    void set_telemetry_tracing(bool enable_flag) noexcept override
    {
        change_noexcept("set_telemetry_tracing",
                        [&](auto &configuration) { configuration.tracing_enabled = enable_flag; });
    }

    bool is_telemetry_tracing_enabled() noexcept override
    {
        return get("is_telemetry_tracing_enabled", [this] { return Base::is_telemetry_tracing_enabled(); });
    }

    void set_telemetry_tracing_endpoints(std::vector<Collector> collectors) override
    {
        change("set_telemetry_tracing_endpoints",
               [&](auto &configuration) { configuration.set_tracing_collectors(collectors); });
    }

    std::vector<Collector> get_telemetry_tracing_endpoints() override
    {
        return get("get_telemetry_tracing_endpoints", [this] { return Base::get_telemetry_tracing_endpoints(); });
    }

    void add_telemetry_tracing_endpoint(Collector collector) override
    {
        change("add_telemetry_tracing_endpoint",
               [&](auto &configuration) { configuration.add_tracing_collector(collector); });
    }

    void remove_telemetry_tracing_endpoint(Collector collector) override
    {
        change("remove_telemetry_tracing_endpoint",
               [&](auto &configuration) { configuration.remove_tracing_collector(collector); });
    }

    void update_telemetry_logging() override
    {
        const Lock lock(configuring);
        interface.update_logging(*this);
        handle.called("update_telemetry_logging");
    }

    void set_telemetry_logging(bool enable_flag) override
    {
        change_logging("set_telemetry_logging",
                       [&](auto &configuration) { configuration.logging_enabled = enable_flag; });
    }

    bool is_telemetry_logging_enabled() noexcept override
    {
        return get("is_telemetry_logging_enabled", [this] { return Base::is_telemetry_logging_enabled(); });
    }

    void set_telemetry_logging_endpoints(std::vector<Collector> collectors) override
    {
        const Lock lock(configuring);
        interface.change(*this, [&](auto &configuration) { configuration.set_logging_collectors(collectors); });
        // Always, unlike the others: so does cppTango.
        this->update_telemetry_logging();
        handle.called("set_telemetry_logging_endpoints");
    }

    std::vector<Collector> get_telemetry_logging_endpoints() override
    {
        return get("get_telemetry_logging_endpoints", [this] { return Base::get_telemetry_logging_endpoints(); });
    }

    void add_telemetry_logging_endpoint(Collector collector) override
    {
        change_logging("add_telemetry_logging_endpoint",
                       [&](auto &configuration) { configuration.add_logging_collector(collector); });
    }

    void remove_telemetry_logging_endpoint(Collector collector) override
    {
        change_logging("remove_telemetry_logging_endpoint",
                       [&](auto &configuration) { configuration.remove_logging_collector(collector); });
    }

  protected:
    using TelemetryState<Base>::handle;
    using TelemetryState<Base>::interface;
    using Lock = std::lock_guard<std::recursive_mutex>;

    template <class Change>
    void change(const char *method, Change &&change)
    {
        const Lock lock(configuring);
        interface.change(*this, change);
        handle.reconfigured(method, *this);
    }

    template <class Change>
    void change_noexcept(const char *method, Change &&change) noexcept
    {
        const Lock lock(configuring);
        try
        {
            if(interface.change(*this, change))
            {
                interface.update_logging(*this);
            }
        }
        catch(...)
        {
            handle.failed(method);
        }
        handle.reconfigured_noexcept(method, *this);
    }

    template <class Change>
    void change_logging(const char *method, Change &&change)
    {
        const Lock lock(configuring);
        if(interface.change(*this, change))
        {
            this->update_telemetry_logging();
        }
        handle.called(method);
    }

    template <class Get>
    auto get(const char *method, Get &&get)
    {
        const Lock lock(configuring);
        auto result = get();
        handle.called(method);
        return result;
    }

    // Held by those who change or read the configuration, never by a request.
    std::recursive_mutex configuring;
};

#else

template <class Base>
using TelemetryMethods = TelemetryState<Base>;

#endif

} // namespace cpptango_telemetry
