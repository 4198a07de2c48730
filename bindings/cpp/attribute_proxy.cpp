// SPDX-License-Identifier: MIT OR Apache-2.0
#include "tango_bindings/attribute_proxy.h"

#include "tango-bindings/src/bridge.rs.h"

namespace tango_bindings
{

AttributeProxy::AttributeProxy(const std::string &name) :
    proxy(std::make_unique<Tango::AttributeProxy>(name.c_str()))
{
}

Reply new_attribute_proxy(rust::Str name, std::unique_ptr<AttributeProxy> &created) noexcept
{
    return reply_of([&](Value &) { created = std::make_unique<AttributeProxy>(std::string(name)); });
}

Reply AttributeProxy::read() const noexcept
{
    return reply_of(
        [&](Value &value)
        {
            auto result = proxy->read();
            value = from_device_attribute(result);
        });
}

Reply AttributeProxy::write(const Value &value) const noexcept
{
    return reply_of(
        [&](Value &)
        {
            auto data = to_device_attribute(proxy->name(), value);
            proxy->write(data);
        });
}

Reply AttributeProxy::write_read(const Value &value) const noexcept
{
    return reply_of(
        [&](Value &read)
        {
            auto data = to_device_attribute(proxy->name(), value);
            auto result = proxy->write_read(data);
            read = from_device_attribute(result);
        });
}

Reply AttributeProxy::read_asynch() const noexcept
{
    return reply_of([&](Value &value) { value = from_number(proxy->read_asynch()); });
}

Reply AttributeProxy::read_reply(std::int32_t id, std::int32_t timeout) const noexcept
{
    return reply_of(
        [&](Value &value)
        {
            const std::unique_ptr<Tango::DeviceAttribute> result(proxy->read_reply(id, timeout));
            value = from_device_attribute(*result);
        });
}

Reply AttributeProxy::write_asynch(const Value &value) const noexcept
{
    return reply_of([&](Value &id)
                    { id = from_number(proxy->write_asynch(to_device_attribute(proxy->name(), value))); });
}

Reply AttributeProxy::write_reply(std::int32_t id, std::int32_t timeout) const noexcept
{
    return reply_of([&](Value &) { proxy->write_reply(id, timeout); });
}

Reply AttributeProxy::get_property(rust::Str name) const noexcept
{
    return reply_of(
        [&](Value &value)
        {
            Tango::DbData property;
            proxy->get_property(std::string(name), property);
            value = from_property(property);
        });
}

Reply AttributeProxy::put_property(rust::Str name, const Value &values) const noexcept
{
    return reply_of([&](Value &) { proxy->put_property(to_property(name, values)); });
}

Reply AttributeProxy::delete_property(rust::Str name) const noexcept
{
    return reply_of([&](Value &) { proxy->delete_property(std::string(name)); });
}

Reply AttributeProxy::state() const noexcept
{
    return reply_of([&](Value &value) { value = from_number(proxy->state()); });
}

Reply AttributeProxy::status() const noexcept
{
    return reply_of(
        [&](Value &value)
        {
            value.kind = Kind::String;
            value.text = rust::String::lossy(proxy->status());
        });
}

Reply AttributeProxy::ping() const noexcept
{
    return reply_of([&](Value &) { proxy->ping(); });
}

} // namespace tango_bindings
