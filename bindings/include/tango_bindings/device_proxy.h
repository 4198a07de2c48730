// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Tango::DeviceProxy for Rust: each call's exception becomes the errors of its reply.
#pragma once

#include "tango_bindings/value.h"

#include <memory>

namespace tango_bindings
{

enum class TelemetryMethod : std::uint8_t;

class Proxy final
{
  public:
    explicit Proxy(const std::string &name);

    Reply command_inout(rust::Str command, const Value &argument) const noexcept;
    Reply read_attribute(rust::Str attribute) const noexcept;
    Reply write_attribute(rust::Str attribute, const Value &value) const noexcept;
    Reply write_read_attribute(rust::Str attribute, const Value &value) const noexcept;
    // The id of the request.
    Reply command_inout_asynch(rust::Str command, const Value &argument) const noexcept;
    Reply command_inout_reply(std::int32_t id, std::int32_t timeout) const noexcept;
    Reply read_attribute_asynch(rust::Str attribute) const noexcept;
    Reply read_attribute_reply(std::int32_t id, std::int32_t timeout) const noexcept;
    Reply write_attribute_asynch(rust::Str attribute, const Value &value) const noexcept;
    Reply write_attribute_reply(std::int32_t id, std::int32_t timeout) const noexcept;
    Reply get_property(rust::Str name) const noexcept;
    Reply put_property(rust::Str name, const Value &values) const noexcept;
    Reply delete_property(rust::Str name) const noexcept;
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

Reply new_proxy(rust::Str name, std::unique_ptr<Proxy> &created) noexcept;

} // namespace tango_bindings
