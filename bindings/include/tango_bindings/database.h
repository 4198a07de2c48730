// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Tango::Database for Rust: each call's exception becomes the errors of its reply.
#pragma once

#include "tango_bindings/value.h"

#include <memory>

namespace tango_bindings
{

class Database final
{
  public:
    Database(const std::string &host, std::int32_t port);

    Reply get_device_property(rust::Str device, rust::Str name) const noexcept;
    Reply put_device_property(rust::Str device, rust::Str name, const Value &values) const noexcept;
    Reply delete_device_property(rust::Str device, rust::Str name) const noexcept;
    // Class, server and host of a device, whether it is exported (1 or 0), and its pid.
    Reply get_device_info(rust::Str device) const noexcept;
    Reply get_device_exported(rust::Str filter) const noexcept;
    Reply get_server_list(rust::Str wildcard) const noexcept;
    Reply get_host_list(rust::Str wildcard) const noexcept;

  private:
    // cppTango's methods are not const, and may be called from any thread.
    std::unique_ptr<Tango::Database> database;
};

Reply new_database(rust::Str host, std::int32_t port, std::unique_ptr<Database> &created) noexcept;

} // namespace tango_bindings
