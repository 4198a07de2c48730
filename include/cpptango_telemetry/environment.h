// SPDX-License-Identifier: MIT OR Apache-2.0
//
// The environment as cppTango reads it.
#pragma once

#include "rust/cxx.h"

#include <cstdint>

namespace cpptango_telemetry
{

// A variable of the environment, else of a tangorc file; false where neither has it.
bool get_env_var(rust::Str name, rust::String &value);

// Throws DevFailed where cppTango does not take this endpoint for this exporter.
void check_endpoint(rust::Str exporter, rust::Str endpoint);

// Has cppTango read all TANGO_TELEMETRY_* variables; throws DevFailed where it cannot.
void read_environment();

// The level of opentelemetry-cpp's own log on standard error: 0 none, 1 error, 2 warning, 3 info, 4 debug.
void set_sdk_log_level(std::uint8_t level);

} // namespace cpptango_telemetry
