// SPDX-License-Identifier: MIT OR Apache-2.0
//
// The dummy twin of include/cpptango_telemetry/telemetry_device.h, where cppTango has no telemetry (9.3, or compiled
// without): the same device, with a Rust half that does nothing. C++11, as the headers of cppTango 9.3.
#pragma once

#include "cpptango_telemetry/definitions.h"
#include "cpptango_telemetry/telemetry_handle.h"

#include <tango/tango.h>
#if TANGO_VERSION_MAJOR != CPPTANGO_TELEMETRY_TANGO_VERSION_MAJOR || \
    TANGO_VERSION_MINOR != CPPTANGO_TELEMETRY_TANGO_VERSION_MINOR || \
    TANGO_VERSION_PATCH != CPPTANGO_TELEMETRY_TANGO_VERSION_PATCH || \
    (TANGO_VERSION_MAJOR >= 10 && defined(TANGO_USE_TELEMETRY))
#error "this is not the cppTango that cpptango-telemetry was compiled with: set TANGO_ROOT for both, and run cargo clean"
#endif

#include <string>
#include <utility>

namespace cpptango_telemetry
{

// The constructors of cppTango 9.3 take std::string &, and change none.
inline std::string &as_taken(const std::string &text) noexcept
{
    return const_cast<std::string &>(text);
}

inline std::string &as_taken(std::string &&text) noexcept
{
    return text;
}

template <class Argument>
Argument &&as_taken(Argument &&argument) noexcept
{
    return std::forward<Argument>(argument);
}

template <class Base>
class TelemetryDevice : public Base
{
  public:
    template <class Name, class... Args>
    TelemetryDevice(Tango::DeviceClass *device_class, Name &&device_name, Args &&...args) :
        Base(device_class, as_taken(std::forward<Name>(device_name)), as_taken(std::forward<Args>(args))...),
        handle{device_class->get_name(), this->get_name()}
    {
    }

    // For Rust: DeviceTelemetry::from_handle.
    const TelemetryHandle &telemetry_handle() const noexcept
    {
        return handle;
    }

  private:
    TelemetryHandle handle;
};

} // namespace cpptango_telemetry
