// SPDX-License-Identifier: MIT OR Apache-2.0
//
// The trace context that goes on where cppTango's would break the trace.
//
// Where the spans of an interface are not exported (other topics, no tracing, no endpoints), cppTango makes one of them
// the current span all the same, and hands its context on with requests: that of a span which nobody will ever see, or
// none. So the crate keeps the context that is to go on in such cases beside it, under a key of its own in
// opentelemetry-cpp's RuntimeContext. cppTango's scopes replace the current span only and leave the key alone.
#pragma once

#include <opentelemetry/context/runtime_context.h>
#include <opentelemetry/trace/span_context.h>
#include <tango/tango.h>

#include <array>
#include <cstdint>

namespace cpptango_telemetry
{

// `context` with `own` under the key. An invalid one stands for "there is none", which is not to be mixed up with no
// key at all: cppTango's span does not go on then either. It takes no other's place.
opentelemetry::context::Context with_own_context(const opentelemetry::context::Context &context,
                                                 const opentelemetry::trace::SpanContext &own) noexcept;

struct GoingOn
{
    opentelemetry::trace::SpanContext span_context;
    // It is not the current span's.
    bool own;
};

// What is to go on with a request made in `context` on this thread: what cppTango would hand on, unless there is the
// key and that is the context of a span that is not exported; and never a sampled one below one that is not. An invalid
// one may have the trace id of begin_trace.
GoingOn going_on(const opentelemetry::context::Context &context) noexcept;

// The same where cppTango says itself what it would hand on.
GoingOn going_on(const opentelemetry::context::Context &context,
                 const opentelemetry::trace::SpanContext &current) noexcept;

// Where nothing is to go on yet: all that begins there is to be of this trace. So the spans of one request are, although
// none is the parent of all.
void begin_trace(const std::array<std::uint8_t, 16> &trace_id) noexcept;

// For the time of a request: what it brought is the own context. A request without one may be part of another (cppTango
// reads the attributes of write_read_attributes with an empty identification) or be made by one on the same thread; it
// leaves theirs in place.
class IncomingContext final
{
  public:
    // Of a request that carries no identification: state, status, polled commands.
    IncomingContext() noexcept;
    explicit IncomingContext(const Tango::ClntIdent &client) noexcept;

  private:
    opentelemetry::nostd::unique_ptr<opentelemetry::context::Token> token;
};

} // namespace cpptango_telemetry
