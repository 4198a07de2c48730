// SPDX-License-Identifier: MIT OR Apache-2.0
//
// The dummy twin: the way from a device to Rust, where cppTango has no telemetry.
#pragma once

#include <string>

namespace cpptango_telemetry
{

struct TelemetryHandle final
{
    std::string class_name;
    std::string device_name;
};

inline const std::string &class_name_of(const TelemetryHandle &handle) noexcept
{
    return handle.class_name;
}

inline const std::string &device_name_of(const TelemetryHandle &handle) noexcept
{
    return handle.device_name;
}

} // namespace cpptango_telemetry
