// SPDX-License-Identifier: MIT OR Apache-2.0
//
// What TelemetryDevice<Base> adds to a device.
#pragma once

#include "cpptango_telemetry/device_interface.h"
#include "cpptango_telemetry/telemetry_handle.h"

#include <string>
#include <utility>

namespace cpptango_telemetry
{

// The base that is constructed first.
struct BeforeBase
{
    explicit BeforeBase(const std::string &device_name) :
        before(device_name)
    {
    }

    BeforeInitialization before;
    DeviceInterface interface;
};

template <class Base>
class TelemetryState : private BeforeBase, public Base
{
  public:
    // As Base's own: class, name, and what else it takes.
    template <class Name, class... Args>
    TelemetryState(Tango::DeviceClass *device_class, Name &&device_name, Args &&...args) :
        BeforeBase(std::string(device_name)),
        Base(device_class, std::forward<Name>(device_name), std::forward<Args>(args)...)
    {
        interface.take_over(*this, before);
        handle.initialize(*this, interface.slot);
    }

    // For Rust: DeviceTelemetry::from_handle.
    const TelemetryHandle &telemetry_handle() const noexcept
    {
        return handle;
    }

  protected:
    using BeforeBase::interface;
    TelemetryHandle handle;
};

} // namespace cpptango_telemetry
