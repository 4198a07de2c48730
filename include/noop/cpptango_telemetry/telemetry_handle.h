// SPDX-License-Identifier: MIT OR Apache-2.0
//
// The dummy twin: the way from a device to Rust, where cppTango has no telemetry.
#pragma once

#include <string>

namespace cpptango_telemetry
{

class TelemetryHandle final
{
  public:
    TelemetryHandle(const std::string &class_name, const std::string &device_name) :
        its_class(class_name),
        its_name(device_name)
    {
    }

    // For Rust.
    const std::string &class_name() const
    {
        return its_class;
    }

    const std::string &device_name() const
    {
        return its_name;
    }

  private:
    std::string its_class;
    std::string its_name;
};

} // namespace cpptango_telemetry
