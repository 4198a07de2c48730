// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cpptango_telemetry/trace_context_scope.h"

#include "cpptango-telemetry/src/bridge.rs.h"
#include "cpptango_telemetry/continuity.h"
#include "cpptango_telemetry/own_context.h"
#include "cpptango_telemetry/owned_interface.h"
#include "cpptango_telemetry/w3c_headers.h"

#include <opentelemetry/trace/trace_state.h>

namespace context = opentelemetry::context;
namespace trace = opentelemetry::trace;
namespace nostd = opentelemetry::nostd;

namespace cpptango_telemetry
{

using Tango::telemetry::Interface;

TraceContextScope::TraceContextScope(const trace::SpanContext &span_context, bool also_none)
{
    if(span_context.IsValid() || also_none || OwnContext::innermost() == nullptr)
    {
        own.emplace(span_context);
    }
}

void TraceContextScope::make_current(const trace::SpanContext &span_context) noexcept
{
    token = context::RuntimeContext::Attach(with_span(context::RuntimeContext::GetCurrent(), span_context));
}

void TraceContextScope::set_trace_context(const std::string &span_name,
                                          const std::string &traceparent,
                                          const std::string &tracestate,
                                          Tango::telemetry::Span::Kind kind) noexcept
{
    span_scope = Interface::set_trace_context(span_name, traceparent, tracestate, kind);
}

namespace
{

// What cppTango says itself: its context is not ours.
trace::SpanContext said_by_cpptango() noexcept
{
    Headers headers;
    Interface::get_trace_context(headers.traceparent, headers.tracestate);
    return span_context_of(headers);
}

} // namespace

SpanContextParts get_trace_context()
{
    SpanContextParts parts{};
    // cppTango's own function is noexcept, but creates the default interface where the thread has none, which throws if
    // the environment is bad. So it is created here.
    if(!is_enabled(Interface::get_current()))
    {
        return parts;
    }
    const auto current = is_whole() ? current_span() : said_by_cpptango();
    const auto on = going_on(current);
    parts.known = on.own || on.span_context.IsValid();
    parts.of_rust = is_attached(current);
    on.span_context.trace_id().CopyBytesTo(parts.trace_id);
    on.span_context.span_id().CopyBytesTo(parts.span_id);
    parts.flags = on.span_context.trace_flags().flags();
    if(!on.span_context.trace_state()->Empty())
    {
        parts.tracestate = rust::String::lossy(on.span_context.trace_state()->ToHeader());
    }
    return parts;
}

std::unique_ptr<TraceContextScope> set_trace_context(rust::Str span_name, const TraceHeaders &headers, std::int32_t kind)
{
    if(!is_enabled(Interface::get_current()))
    {
        return nullptr;
    }
    // The propagator is to be there.
    continuity();
    const Headers given{std::string(headers.traceparent), std::string(headers.tracestate)};
    // First the own context, should the span not be exported.
    auto scope = std::make_unique<TraceContextScope>(span_context_of(given));
    scope->set_trace_context(
        std::string(span_name), given.traceparent, given.tracestate, static_cast<Tango::telemetry::Span::Kind>(kind));
    return scope;
}

std::unique_ptr<TraceContextScope> attach_trace_context(const std::array<std::uint8_t, 16> &trace_id,
                                                        const std::array<std::uint8_t, 8> &span_id,
                                                        std::uint8_t flags,
                                                        rust::Str tracestate)
{
    // It finds out at first use, before there is an own context.
    const bool whole = is_whole();
    const trace::SpanContext span_context{trace::TraceId(nostd::span<const std::uint8_t, 16>(trace_id)),
                                          trace::SpanId(nostd::span<const std::uint8_t, 8>(span_id)),
                                          trace::TraceFlags(flags),
                                          true,
                                          tracestate.empty()
                                              ? trace::TraceState::GetDefault()
                                              : trace::TraceState::FromHeader({tracestate.data(), tracestate.size()})};
    auto scope = std::make_unique<TraceContextScope>(span_context);
    if(!span_context.IsValid())
    {
        return scope;
    }
    scope->make_current(span_context);
    if(!whole)
    {
        const auto headers = headers_of(span_context);
        scope->set_trace_context("cpptango_telemetry::TraceContextScope::attach",
                                 headers.traceparent,
                                 headers.tracestate,
                                 Tango::telemetry::Span::Kind::kInternal);
    }
    return scope;
}

std::unique_ptr<TraceContextScope> detach_trace_context()
{
    const auto nothing = trace::SpanContext::GetInvalid();
    if(OwnContext::innermost() == nullptr && !current_span().IsValid())
    {
        return nullptr;
    }
    auto scope = std::make_unique<TraceContextScope>(nothing, true);
    scope->make_current(nothing);
    return scope;
}

} // namespace cpptango_telemetry
