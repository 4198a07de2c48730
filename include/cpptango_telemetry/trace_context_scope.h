// SPDX-License-Identifier: MIT OR Apache-2.0
//
// The C++ half of the context bridge: what opentelemetry-cpp's RuntimeContext holds on this thread, read and set.
#pragma once

#include "rust/cxx.h"

#include <opentelemetry/context/runtime_context.h>
#include <tango/tango.h>

#include <array>
#include <cstdint>
#include <memory>

namespace cpptango_telemetry
{

// Shared with Rust, defined by cxx.
struct TraceHeaders;

// Makes a trace context the current one of this thread until its end. Not to be moved to another thread.
class TraceContextScope final
{
  public:
    explicit TraceContextScope(Tango::telemetry::ScopePtr span_scope);
    explicit TraceContextScope(const opentelemetry::context::Context &context);

  private:
    Tango::telemetry::ScopePtr span_scope;
    opentelemetry::nostd::unique_ptr<opentelemetry::context::Token> token;
};

// What cppTango would hand on now; empty strings where there is nothing, or the current interface is disabled. Throws
// what the default interface throws, where this thread has no other.
TraceHeaders get_trace_context();

// Interface::set_trace_context: a new C++ span of the current interface, below the given context. Null where the
// current interface is disabled. Throws like get_trace_context.
std::unique_ptr<TraceContextScope> set_trace_context(rust::Str span_name, const TraceHeaders &headers, std::int32_t kind);

// No C++ span: the given context itself becomes the current one.
std::unique_ptr<TraceContextScope> attach_trace_context(const std::array<std::uint8_t, 16> &trace_id,
                                                        const std::array<std::uint8_t, 8> &span_id,
                                                        std::uint8_t flags,
                                                        rust::Str tracestate);

} // namespace cpptango_telemetry
