// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include "cpptango_telemetry/cpptango.h"
#include "rust/cxx.h"

#include <mutex>

namespace cpptango_telemetry
{

// A device's logger for those who may outlive the device.
class DeviceLogger final
{
  public:
    explicit DeviceLogger(Tango::DeviceImpl &device);

    // The device ends.
    void forget() noexcept;

    void warn(rust::Str text) const noexcept;

  private:
    mutable std::mutex mutex;
    Tango::DeviceImpl *device;
};

} // namespace cpptango_telemetry
