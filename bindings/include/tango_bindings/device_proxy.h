// Tango::DeviceProxy for Rust: each call's exception becomes the errors of its reply.
#pragma once

#include "tango_bindings/value.h"

#include <memory>

namespace tango_bindings
{

struct NewProxy;
enum class TelemetryMethod : std::uint8_t;

class Proxy final
{
  public:
    explicit Proxy(const std::string &name);

    Reply command_inout(rust::Str command, const Value &argument) const noexcept;
    Reply read_attribute(rust::Str attribute) const noexcept;
    Reply write_attribute(rust::Str attribute, const Value &value) const noexcept;
    Reply write_read_attribute(rust::Str attribute, const Value &value) const noexcept;
    // DevState as a number.
    Reply state() const noexcept;
    Reply status() const noexcept;
    Reply ping() const noexcept;
    Reply set_timeout_millis(std::int32_t timeout) const noexcept;
    // The 17 methods of DeviceProxy.
    Reply telemetry(TelemetryMethod method, const Value &argument) const noexcept;

  private:
    // cppTango's methods are not const, and may be called from any thread.
    std::unique_ptr<Tango::DeviceProxy> proxy;
};

NewProxy new_proxy(rust::Str name) noexcept;

} // namespace tango_bindings
