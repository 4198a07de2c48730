// SPDX-License-Identifier: MIT OR Apache-2.0
#include "tango_bindings/database.h"

#include "tango-bindings/src/bridge.rs.h"

namespace tango_bindings
{

Database::Database(const std::string &host, std::int32_t port) :
    database(std::make_unique<Tango::Database>(host, port))
{
}

Reply new_database(rust::Str host, std::int32_t port, std::unique_ptr<Database> &created) noexcept
{
    return reply_of([&](Value &) { created = std::make_unique<Database>(std::string(host), port); });
}

Reply Database::get_device_property(rust::Str device, rust::Str name) const noexcept
{
    return reply_of(
        [&](Value &value)
        {
            auto property = to_property(name, {});
            database->get_device_property(std::string(device), property);
            value = from_property(property);
        });
}

Reply Database::put_device_property(rust::Str device, rust::Str name, const Value &values) const noexcept
{
    return reply_of([&](Value &) { database->put_device_property(std::string(device), to_property(name, values)); });
}

Reply Database::delete_device_property(rust::Str device, rust::Str name) const noexcept
{
    return reply_of([&](Value &) { database->delete_device_property(std::string(device), to_property(name, {})); });
}

Reply Database::get_device_info(rust::Str device) const noexcept
{
    return reply_of(
        [&](Value &value)
        {
            const auto info = database->get_device_info(std::string(device));
            value = from_vector({info.class_name, info.ds_full_name, info.host});
            value.kind = Kind::LongStringArray;
            value.numbers.push_back(static_cast<std::int32_t>(info.exported));
            value.numbers.push_back(static_cast<std::int32_t>(info.pid));
        });
}

Reply Database::get_device_exported(rust::Str filter) const noexcept
{
    return reply_of([&](Value &value)
                    { value = from_vector(database->get_device_exported(std::string(filter)).value_string); });
}

Reply Database::get_server_list(rust::Str wildcard) const noexcept
{
    return reply_of([&](Value &value)
                    { value = from_vector(database->get_server_list(std::string(wildcard)).value_string); });
}

Reply Database::get_host_list(rust::Str wildcard) const noexcept
{
    return reply_of([&](Value &value)
                    { value = from_vector(database->get_host_list(std::string(wildcard)).value_string); });
}

} // namespace tango_bindings
