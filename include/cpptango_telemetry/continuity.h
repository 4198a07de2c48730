// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Whether cppTango sees what this crate makes current and hands on. Both sides instantiate the singletons of
// opentelemetry-cpp; the linker makes one of the two where it can. It cannot in a Rust cdylib, whose symbols are local.
#pragma once

namespace cpptango_telemetry
{

// Shared with Rust, defined by cxx.
struct Continuity;

// Installs the propagator and tries both, once for the process, on a thread without an own context. Throws what cppTango
// throws where the environment is bad.
Continuity continuity();

// Whether all is shared; also where that cannot be tried, since it is the usual case.
bool is_whole() noexcept;

} // namespace cpptango_telemetry
