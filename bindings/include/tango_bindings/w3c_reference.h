// SPDX-License-Identifier: MIT OR Apache-2.0
//
// What opentelemetry-cpp makes of the W3C headers, for tests.
#pragma once

#include "rust/cxx.h"

namespace tango_bindings
{

struct TraceHeaders;

// What its propagator writes of what it reads; empty where it rejects them.
TraceHeaders cpp_propagator(rust::Str traceparent, rust::Str tracestate) noexcept;

} // namespace tango_bindings
