// SPDX-License-Identifier: MIT OR Apache-2.0
//
// The C++ half of the context bridge: what opentelemetry-cpp's RuntimeContext holds on this thread, read and set.
#pragma once

#include "cpptango_telemetry/cpptango.h"
#include "cpptango_telemetry/own_context.h"
#include "rust/cxx.h"

#include <opentelemetry/context/runtime_context.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace cpptango_telemetry
{

// Shared with Rust, defined by cxx.
struct SpanContextParts;
struct TraceHeaders;

// Makes a trace context the current one of this thread until its end. Not to be moved to another thread.
class TraceContextScope final
{
  public:
    // It is the own context; see own_context.h. That there is none takes no other's place, unless it is `also_none`.
    explicit TraceContextScope(const opentelemetry::trace::SpanContext &span_context, bool also_none = false);

    // And the current span, until the scope's end.
    void make_current(const opentelemetry::trace::SpanContext &span_context) noexcept;

    // Interface::set_trace_context, until the scope's end.
    void set_trace_context(const std::string &span_name,
                           const std::string &traceparent,
                           const std::string &tracestate,
                           Tango::telemetry::Span::Kind kind) noexcept;

  private:
    std::optional<OwnContext> own;
    opentelemetry::nostd::unique_ptr<opentelemetry::context::Token> token;
    // Ends first.
    Tango::telemetry::ScopePtr span_scope;
};

// What would go on with a request now; zeros where there is nothing, or the current interface is disabled. Throws what
// cppTango's default interface throws, where this thread has no other.
SpanContextParts get_trace_context();

// Interface::set_trace_context: a new C++ span of the current interface, below the given context. Null where the
// current interface is disabled. Throws like get_trace_context.
std::unique_ptr<TraceContextScope> set_trace_context(rust::Str span_name, const TraceHeaders &headers, std::int32_t kind);

// No C++ span: the given context itself becomes the current one, and what goes on where cppTango's own spans are not
// exported. An invalid one only says that nothing is to go on then. Where continuity() is not whole, there is a C++ span
// after all: cppTango does not see the context otherwise.
std::unique_ptr<TraceContextScope> attach_trace_context(const std::array<std::uint8_t, 16> &trace_id,
                                                        const std::array<std::uint8_t, 8> &span_id,
                                                        std::uint8_t flags,
                                                        rust::Str tracestate);

// No context is the current one, and nothing goes on. Null where that is so already.
std::unique_ptr<TraceContextScope> detach_trace_context();

} // namespace cpptango_telemetry
