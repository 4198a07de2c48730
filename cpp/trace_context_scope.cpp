// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cpptango_telemetry/trace_context_scope.h"

#include "cpptango-telemetry/src/bridge.rs.h"

#include <opentelemetry/trace/context.h>
#include <opentelemetry/trace/default_span.h>
#include <opentelemetry/trace/span_context.h>

namespace context = opentelemetry::context;
namespace trace = opentelemetry::trace;
namespace nostd = opentelemetry::nostd;

namespace cpptango_telemetry
{

TraceContextScope::TraceContextScope(Tango::telemetry::ScopePtr span_scope) :
    span_scope(std::move(span_scope))
{
}

TraceContextScope::TraceContextScope(const context::Context &context) :
    token(context::RuntimeContext::Attach(context))
{
}

namespace
{

// cppTango's functions below are noexcept, but create the default interface where the thread has none, which throws if
// the environment is bad. So it is created here.
void ensure_interface()
{
    Tango::telemetry::Interface::get_current();
}

} // namespace

TraceHeaders get_trace_context()
{
    ensure_interface();
    // A disabled interface leaves them as they are.
    std::string traceparent;
    std::string tracestate;
    Tango::telemetry::Interface::get_trace_context(traceparent, tracestate);
    return {rust::String::lossy(traceparent), rust::String::lossy(tracestate)};
}

std::unique_ptr<TraceContextScope> set_trace_context(rust::Str span_name, const TraceHeaders &headers, std::int32_t kind)
{
    ensure_interface();
    auto scope = Tango::telemetry::Interface::set_trace_context(std::string(span_name),
                                                                std::string(headers.traceparent),
                                                                std::string(headers.tracestate),
                                                                static_cast<Tango::telemetry::Span::Kind>(kind));
    return scope ? std::make_unique<TraceContextScope>(std::move(scope)) : nullptr;
}

std::unique_ptr<TraceContextScope> attach_trace_context(const std::array<std::uint8_t, 16> &trace_id,
                                                        const std::array<std::uint8_t, 8> &span_id,
                                                        std::uint8_t flags,
                                                        rust::Str tracestate)
{
    const trace::SpanContext span_context{trace::TraceId(nostd::span<const std::uint8_t, 16>(trace_id)),
                                          trace::SpanId(nostd::span<const std::uint8_t, 8>(span_id)),
                                          trace::TraceFlags(flags),
                                          true,
                                          trace::TraceState::FromHeader({tracestate.data(), tracestate.size()})};
    auto current = context::RuntimeContext::GetCurrent();
    const nostd::shared_ptr<trace::Span> span{new trace::DefaultSpan(span_context)};
    return std::make_unique<TraceContextScope>(trace::SetSpan(current, span));
}

} // namespace cpptango_telemetry
