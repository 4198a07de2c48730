// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

namespace cpptango_telemetry
{

// Puts this crate's propagator around the global one of opentelemetry-cpp. cppTango asks it what to hand on with each
// request that it sends; that is what own_context.h says. It also asks it for the trace context of each request that it
// serves, right after it has copied the device's interface: so it tells the gate that the request has passed. All else
// is the other propagator's.
//
// To be called once, after the first interface was made: that one installs cppTango's.
void install_propagator();

} // namespace cpptango_telemetry
