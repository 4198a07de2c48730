#include "tango_bindings/device_proxy.h"

#include "tango-bindings/src/bridge.rs.h"

namespace tango_bindings
{

Proxy::Proxy(const std::string &name) :
    proxy(std::make_unique<Tango::DeviceProxy>(name))
{
}

NewProxy new_proxy(rust::Str name) noexcept
{
    NewProxy created{};
    auto reply = reply_of([&](Value &) { created.proxy = std::make_unique<Proxy>(std::string(name)); });
    created.errors = std::move(reply.errors);
    return created;
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

Reply Proxy::state() const noexcept
{
    return reply_of(
        [&](Value &value)
        {
            value.kind = Kind::Long;
            value.number = proxy->state();
        });
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

Reply Proxy::telemetry(TelemetryMethod method, const Value &argument) const noexcept
{
    return reply_of(
        [&](Value &value)
        {
            std::vector<std::string> strings;
            for(const auto &text : argument.strings)
            {
                strings.emplace_back(text);
            }
            const auto flag = [&](bool set)
            {
                value.kind = Kind::Boolean;
                value.boolean = set;
            };
            const auto list = [&](const std::vector<std::string> &items)
            {
                value.kind = Kind::StringArray;
                for(const auto &item : items)
                {
                    value.strings.push_back(rust::String::lossy(item));
                }
            };
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

} // namespace tango_bindings
