// SPDX-License-Identifier: MIT OR Apache-2.0
//
// cppTango, and all that this crate needs of it which its versions do in different ways. One of cpptango_10_3.cpp (10.3
// and later) and cpptango_10_0.cpp (10.0 to 10.2) is compiled. The virtual telemetry methods, which only 10.3 has, are
// in telemetry_methods.h.
#pragma once

#include "cpptango_telemetry/definitions.h"

#include <tango/tango.h>
#if !defined(TANGO_USE_TELEMETRY) || TANGO_VERSION_MAJOR != CPPTANGO_TELEMETRY_TANGO_VERSION_MAJOR || \
    TANGO_VERSION_MINOR != CPPTANGO_TELEMETRY_TANGO_VERSION_MINOR || \
    TANGO_VERSION_PATCH != CPPTANGO_TELEMETRY_TANGO_VERSION_PATCH
#error "this is not the cppTango that cpptango-telemetry was compiled with: set TANGO_ROOT for both, and run cargo clean"
#endif
#if !CPPTANGO_TELEMETRY_RUNTIME_CONFIGURATION_SUPPORTED
// Later versions include it.
#include <tango/common/git_revision.h>
#endif

#include <map>
#include <string>

namespace cpptango_telemetry
{

// Shared with Rust, defined by cxx.
struct TelemetryConfiguration;

// cppTango's telemetry configuration, which is a value.
using Configuration = Tango::telemetry::Configuration;

// The shared form.
TelemetryConfiguration to_shared(const Configuration &configuration);

// Takes over what the shared form says, and leaves what is about logging. Throws a DevFailed for what this cppTango does
// not take.
void from_shared(const TelemetryConfiguration &shared, Configuration &configuration);

// Whether they mean the same to a device.
bool same(const Configuration &a, const Configuration &b);

// Whether log records go to the same places.
bool same_logging(const Configuration &a, const Configuration &b);

// Whether spans, and log records, go anywhere.
bool exports_spans(const Configuration &configuration);
bool exports_logs(const Configuration &configuration);

// A bit for each kind of exporter in use.
unsigned exporters_of(const Configuration &configuration);

// It is enabled, and exports nothing.
Configuration propagating_configuration();

// Throws a DevFailed where cppTango does not take this endpoint for this exporter.
void check_collector(const std::string &exporter, const std::string &endpoint);

// The telemetry_* properties of a device; cppTango 10.0 has none.
class DeviceProperties final
{
  public:
    // Of the device of that name. To be made before the device's base is constructed, which reads them too: throws a
    // DevFailed with property, value and what is allowed, where cppTango's text would leave out most of it.
    explicit DeviceProperties(const std::string &device_name);

    // cppTango has applied the first element of each; this applies them all.
    void apply(Configuration &configuration) const;

  private:
    std::string source;
    // Elements separated by commas.
    std::map<std::string, std::string> lists;
};

} // namespace cpptango_telemetry
