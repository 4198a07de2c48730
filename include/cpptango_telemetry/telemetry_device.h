// SPDX-License-Identifier: MIT OR Apache-2.0
//
// class MyDevice : public cpptango_telemetry::TelemetryDevice<Tango::Device_6Impl>
//
// A device with a Rust half: what an operator changes of its telemetry reaches Rust (telemetry_methods.h), and each
// request runs with the trace context that it brings and the interface that the device has.
//
// A device that overrides always_executed_hook calls this one first.
#pragma once

#include "cpptango_telemetry/admin_commands.h"
#include "cpptango_telemetry/request.h"
#include "cpptango_telemetry/telemetry_methods.h"
#include "cpptango_telemetry/utf8.h"

#include <optional>
#include <string>
#include <type_traits>

namespace cpptango_telemetry
{

template <class Base>
class TelemetryDevice : public TelemetryMethods<Base>
{
  public:
    // Of TelemetryState.
    using TelemetryMethods<Base>::TelemetryMethods;

    ~TelemetryDevice() override
    {
        TelemetryCommand::wait();
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
    using TelemetryMethods<Base>::interface;

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
};

} // namespace cpptango_telemetry
