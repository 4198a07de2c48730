// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Tango::AttributeProxy for Rust: each call's exception becomes the errors of its reply.
#pragma once

#include "tango_bindings/value.h"

#include <memory>

namespace tango_bindings
{

class AttributeProxy final
{
  public:
    explicit AttributeProxy(const std::string &name);

    Reply read() const noexcept;
    Reply write(const Value &value) const noexcept;
    Reply write_read(const Value &value) const noexcept;
    // The id of the request.
    Reply read_asynch() const noexcept;
    Reply read_reply(std::int32_t id, std::int32_t timeout) const noexcept;
    Reply write_asynch(const Value &value) const noexcept;
    Reply write_reply(std::int32_t id, std::int32_t timeout) const noexcept;
    Reply get_property(rust::Str name) const noexcept;
    Reply put_property(rust::Str name, const Value &values) const noexcept;
    Reply delete_property(rust::Str name) const noexcept;
    // DevState as a number.
    Reply state() const noexcept;
    Reply status() const noexcept;
    Reply ping() const noexcept;

  private:
    // cppTango's methods are not const, and may be called from any thread.
    std::unique_ptr<Tango::AttributeProxy> proxy;
};

Reply new_attribute_proxy(rust::Str name, std::unique_ptr<AttributeProxy> &created) noexcept;

} // namespace tango_bindings
