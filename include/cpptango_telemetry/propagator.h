// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

namespace cpptango_telemetry
{

// Puts this crate's propagator around the global one of opentelemetry-cpp, once for the process. cppTango asks it for
// the incoming trace context of each request of an enabled device, right after it has copied the device's interface: so
// it tells the gate that the request has passed.
//
// To be called after the first interface was made: that one installs cppTango's.
void install_propagator();

} // namespace cpptango_telemetry
