// SPDX-License-Identifier: MIT OR Apache-2.0
//
// A device server of one device class that Rust defines.
#pragma once

#include "tango_bindings/value.h"

#include <shared_mutex>

namespace tango_bindings
{

// Rust's.
struct ClassDefinition;
struct SharedAttribute;
struct SharedCommand;

class RustDevice;

// A device as its Rust half has it, and whoever got it from there: nothing but an error once the device is gone.
class DeviceAccess final
{
  public:
    explicit DeviceAccess(RustDevice &device) :
        device(&device)
    {
    }

    // Waits for those who are using the device.
    void end() noexcept;

    void log_warn(rust::Str text) const noexcept;
    Reply add_attribute(rust::Box<SharedAttribute> attribute) const noexcept;
    Reply remove_attribute(rust::Str name) const noexcept;
    Reply add_command(rust::Box<SharedCommand> command) const noexcept;
    Reply remove_command(rust::Str name) const noexcept;
    // cppTango's own.
    Reply dev_state() const noexcept;
    Reply dev_status() const noexcept;

  private:
    Reply with_device(const std::function<void(RustDevice &, Value &)> &use) const noexcept;

    mutable std::shared_mutex mutex;
    RustDevice *device;
};

// Returns when the server has been told to end.
Reply run_server(rust::Vec<rust::String> arguments, rust::Box<ClassDefinition> definition) noexcept;

} // namespace tango_bindings
