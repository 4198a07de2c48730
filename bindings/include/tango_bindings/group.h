// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Tango::Group for Rust: each call's exception becomes the errors of its reply, and so does each device's.
#pragma once

#include "tango_bindings/value.h"

#include <memory>

namespace tango_bindings
{

struct GroupReplies;

class Group final
{
  public:
    explicit Group(const std::string &name);

    Reply add(rust::Str pattern) const noexcept;
    Reply get_size() const noexcept;
    Reply set_timeout_millis(std::int32_t timeout) const noexcept;
    // Whether all devices answer.
    Reply ping() const noexcept;
    GroupReplies command_inout(rust::Str command, const Value &argument) const noexcept;
    GroupReplies read_attribute(rust::Str attribute) const noexcept;
    GroupReplies write_attribute(rust::Str attribute, const Value &value) const noexcept;
    // The id of the request.
    Reply command_inout_asynch(rust::Str command, const Value &argument) const noexcept;
    GroupReplies command_inout_reply(std::int32_t id, std::int32_t timeout) const noexcept;
    Reply read_attribute_asynch(rust::Str attribute) const noexcept;
    GroupReplies read_attribute_reply(std::int32_t id, std::int32_t timeout) const noexcept;
    Reply write_attribute_asynch(rust::Str attribute, const Value &value) const noexcept;
    GroupReplies write_attribute_reply(std::int32_t id, std::int32_t timeout) const noexcept;

  private:
    // cppTango's methods are not const; they lock the group.
    std::unique_ptr<Tango::Group> group;
};

Reply new_group(rust::Str name, std::unique_ptr<Group> &created) noexcept;

} // namespace tango_bindings
