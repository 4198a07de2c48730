// SPDX-License-Identifier: MIT OR Apache-2.0
#include "tango_bindings/device_proxy.h"

#include "tango-bindings/src/bridge.rs.h"

namespace tango_bindings
{

Proxy::Proxy(const std::string &name) :
    proxy(std::make_unique<Tango::DeviceProxy>(name))
{
}

Reply new_proxy(rust::Str name, std::unique_ptr<Proxy> &created) noexcept
{
    return reply_of([&](Value &) { created = std::make_unique<Proxy>(std::string(name)); });
}

Reply Proxy::command_inout(rust::Str command, const Value &argument) const noexcept
{
    return reply_of(
        [&](Value &value)
        {
            auto data = to_device_data(argument);
            auto result = proxy->command_inout(std::string(command), data);
            value = from_device_data(result);
        });
}

Reply Proxy::read_attribute(rust::Str attribute) const noexcept
{
    return reply_of(
        [&](Value &value)
        {
            auto result = proxy->read_attribute(std::string(attribute));
            value = from_device_attribute(result);
        });
}

Reply Proxy::write_attribute(rust::Str attribute, const Value &value) const noexcept
{
    return reply_of(
        [&](Value &)
        {
            auto data = to_device_attribute(std::string(attribute), value);
            proxy->write_attribute(data);
        });
}

Reply Proxy::write_read_attribute(rust::Str attribute, const Value &value) const noexcept
{
    return reply_of(
        [&](Value &read)
        {
            auto data = to_device_attribute(std::string(attribute), value);
            auto result = proxy->write_read_attribute(data);
            read = from_device_attribute(result);
        });
}

Reply Proxy::command_inout_asynch(rust::Str command, const Value &argument) const noexcept
{
    return reply_of(
        [&](Value &value)
        { value = from_number(proxy->command_inout_asynch(std::string(command), to_device_data(argument))); });
}

Reply Proxy::command_inout_reply(std::int32_t id, std::int32_t timeout) const noexcept
{
    return reply_of(
        [&](Value &value)
        {
            auto result = proxy->command_inout_reply(id, timeout);
            value = from_device_data(result);
        });
}

Reply Proxy::read_attribute_asynch(rust::Str attribute) const noexcept
{
    return reply_of([&](Value &value) { value = from_number(proxy->read_attribute_asynch(std::string(attribute))); });
}

Reply Proxy::read_attribute_reply(std::int32_t id, std::int32_t timeout) const noexcept
{
    return reply_of(
        [&](Value &value)
        {
            const std::unique_ptr<Tango::DeviceAttribute> result(proxy->read_attribute_reply(id, timeout));
            value = from_device_attribute(*result);
        });
}

Reply Proxy::write_attribute_asynch(rust::Str attribute, const Value &value) const noexcept
{
    return reply_of(
        [&](Value &id)
        { id = from_number(proxy->write_attribute_asynch(to_device_attribute(std::string(attribute), value))); });
}

Reply Proxy::write_attribute_reply(std::int32_t id, std::int32_t timeout) const noexcept
{
    return reply_of([&](Value &) { proxy->write_attribute_reply(id, timeout); });
}

Reply Proxy::get_property(rust::Str name) const noexcept
{
    return reply_of(
        [&](Value &value)
        {
            Tango::DbData property;
            proxy->get_property(std::string(name), property);
            value = from_property(property);
        });
}

Reply Proxy::put_property(rust::Str name, const Value &values) const noexcept
{
    return reply_of([&](Value &) { proxy->put_property(to_property(name, values)); });
}

Reply Proxy::delete_property(rust::Str name) const noexcept
{
    return reply_of([&](Value &) { proxy->delete_property(std::string(name)); });
}

Reply Proxy::state() const noexcept
{
    return reply_of([&](Value &value) { value = from_number(proxy->state()); });
}

Reply Proxy::status() const noexcept
{
    return reply_of(
        [&](Value &value)
        {
            value.kind = Kind::String;
            value.text = rust::String::lossy(proxy->status());
        });
}

Reply Proxy::ping() const noexcept
{
    return reply_of([&](Value &) { proxy->ping(); });
}

Reply Proxy::set_timeout_millis(std::int32_t timeout) const noexcept
{
    return reply_of([&](Value &) { proxy->set_timeout_millis(timeout); });
}

#if CPPTANGO_TELEMETRY_RUNTIME_CONFIGURATION_SUPPORTED

Reply Proxy::telemetry(TelemetryMethod method, const Value &argument) const noexcept
{
    return reply_of(
        [&](Value &value)
        {
            const auto strings = to_vector(argument.strings);
            const auto flag = [&](bool set)
            {
                value.kind = Kind::Boolean;
                value.boolean = set;
            };
            const auto list = [&](const std::vector<std::string> &items) { value = from_vector(items); };
            switch(method)
            {
            case TelemetryMethod::StartTelemetry:
                return proxy->start_telemetry();
            case TelemetryMethod::StopTelemetry:
                return proxy->stop_telemetry();
            case TelemetryMethod::IsTelemetryEnabled:
                return flag(proxy->is_telemetry_enabled());
            case TelemetryMethod::SetTelemetryTopics:
                return proxy->set_telemetry_topics(strings);
            case TelemetryMethod::GetTelemetryTopics:
                return list(proxy->get_telemetry_topics());
            case TelemetryMethod::SetTelemetryTracing:
                return proxy->set_telemetry_tracing(argument.boolean);
            case TelemetryMethod::GetTelemetryTracing:
                return flag(proxy->get_telemetry_tracing());
            case TelemetryMethod::SetTelemetryTracingEndpoints:
                return proxy->set_telemetry_tracing_endpoints(strings);
            case TelemetryMethod::GetTelemetryTracingEndpoints:
                return list(proxy->get_telemetry_tracing_endpoints());
            case TelemetryMethod::AddTelemetryTracingEndpoint:
                return proxy->add_telemetry_tracing_endpoint(strings);
            case TelemetryMethod::RemoveTelemetryTracingEndpoint:
                return proxy->remove_telemetry_tracing_endpoint(strings);
            case TelemetryMethod::SetTelemetryLogging:
                return proxy->set_telemetry_logging(argument.boolean);
            case TelemetryMethod::GetTelemetryLogging:
                return flag(proxy->get_telemetry_logging());
            case TelemetryMethod::SetTelemetryLoggingEndpoints:
                return proxy->set_telemetry_logging_endpoints(strings);
            case TelemetryMethod::GetTelemetryLoggingEndpoints:
                return list(proxy->get_telemetry_logging_endpoints());
            case TelemetryMethod::AddTelemetryLoggingEndpoint:
                return proxy->add_telemetry_logging_endpoint(strings);
            case TelemetryMethod::RemoveTelemetryLoggingEndpoint:
                return proxy->remove_telemetry_logging_endpoint(strings);
            }
        });
}

#else

Reply Proxy::telemetry(TelemetryMethod, const Value &) const noexcept
{
    return reply_of(
        [](Value &)
        {
            Tango::Except::throw_exception(
                "API_NotSupportedFeature", "telemetry commands need cppTango 10.3", "tango_bindings");
        });
}

#endif

} // namespace tango_bindings
