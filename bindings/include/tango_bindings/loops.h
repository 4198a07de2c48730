// SPDX-License-Identifier: MIT OR Apache-2.0
//
// C++ loops for benches: what cppTango takes for what this crate's Rust functions do.
#pragma once

#include "tango_bindings/value.h"

namespace tango_bindings
{

enum class Loop : std::uint8_t;

// The time of so many rounds, in ns.
double time_loop(Loop loop, std::size_t rounds) noexcept;

// The time of each call of a command without argument, in ns: cppTango's own proxy, and no wrapper around it.
Reply time_commands(rust::Str device, rust::Str command, std::size_t calls, rust::Vec<double> &times) noexcept;

} // namespace tango_bindings
