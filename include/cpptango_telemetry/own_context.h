// SPDX-License-Identifier: MIT OR Apache-2.0
//
// The trace context that goes on where cppTango's would break the trace.
//
// Where the spans of an interface are not exported (other topics, no tracing, no endpoints), cppTango makes one of them
// the current span all the same, and hands its context on with requests: that of a span which nobody will ever see, or
// none. So this crate keeps the context that is to go on in such cases beside it, for each thread.
#pragma once

#include "cpptango_telemetry/cpptango.h"

#include <opentelemetry/context/context.h>
#include <opentelemetry/trace/span_context.h>

#include <array>
#include <cstdint>

namespace cpptango_telemetry
{

// While it lives, this is the context of the crate's own on this thread. An invalid one stands for "there is none",
// which is not to be mixed up with no own context at all: cppTango's span does not go on then either.
//
// They nest. One that ends before those that were made later ends these too, as opentelemetry-cpp's RuntimeContext does.
class OwnContext final
{
  public:
    explicit OwnContext(opentelemetry::trace::SpanContext span_context) noexcept;
    ~OwnContext();
    OwnContext(const OwnContext &) = delete;
    OwnContext &operator=(const OwnContext &) = delete;

    // Of this thread; null where there is none.
    static OwnContext *innermost() noexcept;

    opentelemetry::trace::SpanContext span_context;

  private:
    OwnContext *outer;
};

struct GoingOn
{
    opentelemetry::trace::SpanContext span_context;
    // It is not the current span's.
    bool own;
};

// What is to go on with a request that this thread makes, where `current` is cppTango's current span: that one, unless
// it is not exported and there is an own context; and never a sampled one below one that is not. An invalid one may have
// the trace id of begin_trace.
GoingOn going_on(const opentelemetry::trace::SpanContext &current) noexcept;

// Whether that is what Rust has attached last: C++ has made no span since.
bool is_attached(const opentelemetry::trace::SpanContext &current) noexcept;

// The current span of opentelemetry-cpp's context; invalid where there is none.
opentelemetry::trace::SpanContext span_of(const opentelemetry::context::Context &context) noexcept;
opentelemetry::trace::SpanContext current_span() noexcept;

// A context in which that is the current span; it may be invalid.
opentelemetry::context::Context with_span(opentelemetry::context::Context context,
                                          const opentelemetry::trace::SpanContext &span_context) noexcept;

// Where nothing is to go on yet: all that begins there is to be of this trace. So the spans of one request are, although
// none is the parent of all.
void begin_trace(const std::array<std::uint8_t, 16> &trace_id) noexcept;

} // namespace cpptango_telemetry
