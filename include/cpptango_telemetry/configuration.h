// SPDX-License-Identifier: MIT OR Apache-2.0
//
// cppTango's telemetry configuration as a value.
#pragma once

#include <tango/tango.h>

namespace cpptango_telemetry
{

// Shared with Rust, defined by cxx.
struct TelemetryConfiguration;

// The shared form.
TelemetryConfiguration to_shared(const Tango::telemetry::Configuration &configuration);

// Whether they mean the same to a device.
bool same(const Tango::telemetry::Configuration &a, const Tango::telemetry::Configuration &b);

// Whether log records go to the same places.
bool same_logging(const Tango::telemetry::Configuration &a, const Tango::telemetry::Configuration &b);

// cppTango has applied the first element of each telemetry_* property of the device; this applies lists as a whole. Throws
// a DevFailed if they are not right.
void apply_list_properties(Tango::DeviceImpl &device, Tango::telemetry::Configuration &configuration);

} // namespace cpptango_telemetry
