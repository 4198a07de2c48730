// SPDX-License-Identifier: MIT OR Apache-2.0
//
// class MyDevice : public cpptango_telemetry::TelemetryDevice<Tango::Device_6Impl>
//
// Overrides the virtual telemetry methods of Tango::DeviceImpl. What they change is done by DeviceInterface, which
// replaces the device's interface instead of changing it under its users; then Rust is told. Those about logging change
// nothing that the Rust tracer depends on, and so cannot fail because of it. cppTango calls none of them while a device
// is constructed (not even initialize_telemetry_interface: a base's constructor does not dispatch to us), so our
// constructor pulls the state that environment and device properties have made.
//
// cppTango calls them on the thread that serves the admin device, without the device's monitor.
//
// A device that overrides always_executed_hook calls this one first.
#pragma once

#include "cpptango_telemetry/admin_commands.h"
#include "cpptango_telemetry/device_interface.h"
#include "cpptango_telemetry/request.h"
#include "cpptango_telemetry/telemetry_handle.h"
#include "cpptango_telemetry/utf8.h"

#include <mutex>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace cpptango_telemetry
{

// The base that is constructed first.
struct TelemetryDeviceState
{
    explicit TelemetryDeviceState(const std::string &device_name) :
        before(device_name)
    {
    }

    BeforeInitialization before;
    DeviceInterface interface;
    // Held by those who change or read the configuration, never by a request.
    std::recursive_mutex configuring;
};

template <class Base>
class TelemetryDevice : private TelemetryDeviceState, public Base
{
  public:
    using Collector = Tango::telemetry::Configuration::Collector;

    // As Base's own: class, name, and what else it takes.
    template <class Name, class... Args>
    TelemetryDevice(Tango::DeviceClass *device_class, Name &&device_name, Args &&...args) :
        TelemetryDeviceState(std::string(device_name)),
        Base(device_class, std::forward<Name>(device_name), std::forward<Args>(args)...)
    {
        interface.take_over(*this, before);
        handle.initialize(*this, interface.slot);
    }

    ~TelemetryDevice() override
    {
        TelemetryCommand::wait();
    }

    // For Rust: DeviceTelemetry::from_handle.
    const TelemetryHandle &telemetry_handle() const noexcept
    {
        return handle;
    }

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

    // The requests in which cppTango copies the device's interface, and that carry the caller's trace context.

    CORBA::Any *command_inout_4(const char *in_cmd,
                                const CORBA::Any &in_data,
                                Tango::DevSource source,
                                const Tango::ClntIdent &cl_ident) override
    {
        const Request request(*this, interface.gate, cl_ident);
        Utf8 utf8;
        return Base::command_inout_4(utf8.text(in_cmd), in_data, source, cl_ident);
    }

    // What command_inout_4 goes on with, before it waits for the device's monitor.
    CORBA::Any *command_inout_2(const char *in_cmd, const CORBA::Any &in_data, Tango::DevSource source) override
    {
        RequestGate::passed();
        return Base::command_inout_2(in_cmd, in_data, source);
    }

    Tango::AttributeValueList_4 *read_attributes_4(const Tango::DevVarStringArray &names,
                                                   Tango::DevSource source,
                                                   const Tango::ClntIdent &cl_ident) override
    {
        const Request request(*this, interface.gate, cl_ident);
        Utf8 utf8;
        return Base::read_attributes_4(utf8.names(names), source, cl_ident);
    }

    Tango::AttributeValueList_5 *read_attributes_5(const Tango::DevVarStringArray &names,
                                                   Tango::DevSource source,
                                                   const Tango::ClntIdent &cl_ident) override
    {
        const Request request(*this, interface.gate, cl_ident);
        Utf8 utf8;
        return Base::read_attributes_5(utf8.names(names), source, cl_ident);
    }

    Tango::DevPipeData *read_pipe_5(const char *name, const Tango::ClntIdent &cl_ident) override
    {
        const Request request(*this, interface.gate, cl_ident);
        Utf8 utf8;
        return Base::read_pipe_5(utf8.text(name), cl_ident);
    }

    void write_pipe_5(const Tango::DevPipeData &pipe_value, const Tango::ClntIdent &cl_ident) override
    {
        const Request request(*this, interface.gate, cl_ident);
        Base::write_pipe_5(pipe_value, cl_ident);
    }

    // Those that wait for the device's monitor first, and make their copy when they have it.

    void write_attributes_4(const Tango::AttributeValueList_4 &values, const Tango::ClntIdent &cl_ident) override
    {
        const ExclusiveRequest request(*this, cl_ident);
        Utf8 utf8;
        Base::write_attributes_4(utf8.names(values), cl_ident);
    }

    Tango::AttributeValueList_4 *write_read_attributes_4(const Tango::AttributeValueList_4 &values,
                                                         const Tango::ClntIdent &cl_ident) override
    {
        const ExclusiveRequest request(*this, cl_ident);
        Utf8 utf8;
        return Base::write_read_attributes_4(utf8.names(values), cl_ident);
    }

    Tango::AttributeValueList_5 *write_read_attributes_5(const Tango::AttributeValueList_4 &values,
                                                         const Tango::DevVarStringArray &r_names,
                                                         const Tango::ClntIdent &cl_ident) override
    {
        const ExclusiveRequest request(*this, cl_ident);
        Utf8 utf8;
        return Base::write_read_attributes_5(utf8.names(values), utf8.names(r_names), cl_ident);
    }

    void set_attribute_config_4(const Tango::AttributeConfigList_3 &new_conf,
                                const Tango::ClntIdent &cl_ident) override
    {
        const ExclusiveRequest request(*this, cl_ident);
        Base::set_attribute_config_4(new_conf, cl_ident);
    }

    void set_attribute_config_5(const Tango::AttributeConfigList_5 &new_conf,
                                const Tango::ClntIdent &cl_ident) override
    {
        const ExclusiveRequest request(*this, cl_ident);
        Base::set_attribute_config_5(new_conf, cl_ident);
    }

    void set_pipe_config_5(const Tango::PipeConfigList &new_conf, const Tango::ClntIdent &cl_ident) override
    {
        const ExclusiveRequest request(*this, cl_ident);
        Base::set_pipe_config_5(new_conf, cl_ident);
    }

    Tango::DevPipeData *write_read_pipe_5(const Tango::DevPipeData &pipe_value,
                                          const Tango::ClntIdent &cl_ident) override
    {
        const ExclusiveRequest request(*this, cl_ident);
        return Base::write_read_pipe_5(pipe_value, cl_ident);
    }

    // User code comes next, and takes as long as it likes.
    void always_executed_hook() override
    {
        RequestGate::passed();
        Base::always_executed_hook();
    }

    // Requests that no identification comes with.

    Tango::DevState state() override
    {
        const Request request(*this, interface.gate);
        return Base::state();
    }

    char *status() override
    {
        const Request request(*this, interface.gate);
        return Base::status();
    }

    // Each command goes through it; of a polled one it is the entry.
    CORBA::Any *command_inout(const char *in_cmd, const CORBA::Any &in_data) override
    {
        std::optional<Request> polled;
        if(!Request::is_to(*this))
        {
            polled.emplace(*this, interface.gate);
        }
        if constexpr(std::is_base_of_v<Tango::DServer, Base>)
        {
            const TelemetryCommand command(in_cmd);
            const auto arguments = normalized_arguments(in_cmd, in_data);
            return Base::command_inout(in_cmd, arguments ? *arguments : in_data);
        }
        return Base::command_inout(in_cmd, in_data);
    }

  private:
    using Lock = std::lock_guard<std::recursive_mutex>;

    // The device's monitor, which a thread may take several times, before the gate: who waits in the gate for the
    // monitor has no copy yet, however long it takes.
    struct ExclusiveRequest final
    {
        ExclusiveRequest(TelemetryDevice &device, const Tango::ClntIdent &client) :
            monitor(&device, true),
            request(device, device.interface.gate, client)
        {
        }

        Tango::AutoTangoMonitor monitor;
        Request request;
    };

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

    TelemetryHandle handle;
};

} // namespace cpptango_telemetry
