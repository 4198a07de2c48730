// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include <tango/tango.h>

#include <memory>

namespace cpptango_telemetry
{

// The arguments of a command of the admin device as cppTango understands them, or null where they are that already: topics
// of SetTelemetryTopics in lower case, without blanks, and one for each word (as in PyTango's DeviceProxy, which does so for
// its own calls).
std::unique_ptr<CORBA::Any> normalized_arguments(const char *command, const CORBA::Any &arguments);

} // namespace cpptango_telemetry
