// SPDX-License-Identifier: MIT OR Apache-2.0
//
// cppTango's telemetry configuration as a value.
#pragma once

#include <tango/tango.h>

#include <map>
#include <string>

namespace cpptango_telemetry
{

// Shared with Rust, defined by cxx.
struct TelemetryConfiguration;

// The shared form.
TelemetryConfiguration to_shared(const Tango::telemetry::Configuration &configuration);

// Takes over what the shared form says, and leaves what is about logging. Throws a DevFailed for what cppTango does not
// take.
void from_shared(const TelemetryConfiguration &shared, Tango::telemetry::Configuration &configuration);

// Whether they mean the same to a device.
bool same(const Tango::telemetry::Configuration &a, const Tango::telemetry::Configuration &b);

// Whether log records go to the same places.
bool same_logging(const Tango::telemetry::Configuration &a, const Tango::telemetry::Configuration &b);

// The telemetry_* properties of a device.
class DeviceProperties final
{
  public:
    // Of the device of that name. To be made before the device's base is constructed, which reads them too: throws a
    // DevFailed with property, value and what is allowed, where cppTango's text would leave out most of it.
    explicit DeviceProperties(const std::string &device_name);

    // cppTango has applied the first element of each; this applies them all.
    void apply(Tango::telemetry::Configuration &configuration) const;

  private:
    // Empty where the property is not set.
    std::string joined(const std::string &name) const;

    std::string source;
    std::map<std::string, std::string> lists;
};

} // namespace cpptango_telemetry
