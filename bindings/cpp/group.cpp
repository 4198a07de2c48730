// SPDX-License-Identifier: MIT OR Apache-2.0
#include "tango_bindings/group.h"

#include "tango-bindings/src/bridge.rs.h"

namespace tango_bindings
{

namespace
{

// What each device has answered; `value_of` reads an answer that is no error.
template <class Ask, class ValueOf>
GroupReplies replies_of(const Ask &ask, const ValueOf &value_of) noexcept
{
    GroupReplies replies{};
    auto asked = reply_of(
        [&](Value &)
        {
            for(auto &answer : ask())
            {
                auto reply = reply_of(
                    [&](Value &value)
                    {
                        if(answer.has_failed())
                        {
                            throw Tango::DevFailed(answer.get_err_stack());
                        }
                        value = value_of(answer);
                    });
                replies.replies.push_back({rust::String::lossy(answer.dev_name()), std::move(reply)});
            }
        });
    replies.errors = std::move(asked.errors);
    return replies;
}

Value result_of(Tango::GroupCmdReply &answer)
{
    return from_device_data(answer.get_data());
}

Value attribute_of(Tango::GroupAttrReply &answer)
{
    return from_device_attribute(answer.get_data());
}

Value nothing(Tango::GroupReply &)
{
    return {};
}

} // namespace

Group::Group(const std::string &name) :
    group(std::make_unique<Tango::Group>(name))
{
}

Reply new_group(rust::Str name, std::unique_ptr<Group> &created) noexcept
{
    return reply_of([&](Value &) { created = std::make_unique<Group>(std::string(name)); });
}

Reply Group::add(rust::Str pattern) const noexcept
{
    return reply_of([&](Value &) { group->add(std::string(pattern)); });
}

Reply Group::get_size() const noexcept
{
    return reply_of([&](Value &value) { value = from_number(group->get_size()); });
}

Reply Group::set_timeout_millis(std::int32_t timeout) const noexcept
{
    return reply_of([&](Value &) { group->set_timeout_millis(timeout); });
}

Reply Group::ping() const noexcept
{
    return reply_of(
        [&](Value &value)
        {
            value.kind = Kind::Boolean;
            value.boolean = group->ping();
        });
}

GroupReplies Group::command_inout(rust::Str command, const Value &argument) const noexcept
{
    return replies_of([&] { return group->command_inout(std::string(command), to_device_data(argument)); }, result_of);
}

GroupReplies Group::read_attribute(rust::Str attribute) const noexcept
{
    return replies_of([&] { return group->read_attribute(std::string(attribute)); }, attribute_of);
}

GroupReplies Group::write_attribute(rust::Str attribute, const Value &value) const noexcept
{
    return replies_of([&] { return group->write_attribute(to_device_attribute(std::string(attribute), value)); },
                      nothing);
}

Reply Group::command_inout_asynch(rust::Str command, const Value &argument) const noexcept
{
    return reply_of(
        [&](Value &id)
        { id = from_number(group->command_inout_asynch(std::string(command), to_device_data(argument))); });
}

GroupReplies Group::command_inout_reply(std::int32_t id, std::int32_t timeout) const noexcept
{
    return replies_of([&] { return group->command_inout_reply(id, timeout); }, result_of);
}

Reply Group::read_attribute_asynch(rust::Str attribute) const noexcept
{
    return reply_of([&](Value &id) { id = from_number(group->read_attribute_asynch(std::string(attribute))); });
}

GroupReplies Group::read_attribute_reply(std::int32_t id, std::int32_t timeout) const noexcept
{
    return replies_of([&] { return group->read_attribute_reply(id, timeout); }, attribute_of);
}

Reply Group::write_attribute_asynch(rust::Str attribute, const Value &value) const noexcept
{
    return reply_of(
        [&](Value &id)
        { id = from_number(group->write_attribute_asynch(to_device_attribute(std::string(attribute), value))); });
}

GroupReplies Group::write_attribute_reply(std::int32_t id, std::int32_t timeout) const noexcept
{
    return replies_of([&] { return group->write_attribute_reply(id, timeout); }, nothing);
}

} // namespace tango_bindings
