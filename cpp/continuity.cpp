// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cpptango_telemetry/continuity.h"

#include "cpptango-telemetry/src/bridge.rs.h"
#include "cpptango_telemetry/interface_scope.h"
#include "cpptango_telemetry/own_context.h"
#include "cpptango_telemetry/owned_interface.h"
#include "cpptango_telemetry/propagator.h"
#include "cpptango_telemetry/w3c_headers.h"

#include <opentelemetry/trace/context.h>
#include <opentelemetry/trace/default_span.h>

#include <array>

namespace context = opentelemetry::context;
namespace trace = opentelemetry::trace;
namespace nostd = opentelemetry::nostd;

namespace cpptango_telemetry
{

namespace
{

trace::SpanContext known()
{
    constexpr std::array<std::uint8_t, 16> trace_id{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
    constexpr std::array<std::uint8_t, 8> span_id{1, 2, 3, 4, 5, 6, 7, 8};
    return {trace::TraceId(nostd::span<const std::uint8_t, 16>(trace_id)),
            trace::SpanId(nostd::span<const std::uint8_t, 8>(span_id)),
            trace::TraceFlags(trace::TraceFlags::kIsSampled),
            true};
}

// Whether cppTango hands on the known context from there.
bool is_handed_on(const context::Context &context)
{
    const auto token = context::RuntimeContext::Attach(context);
    Headers headers;
    Tango::telemetry::Interface::get_trace_context(headers.traceparent, headers.tracestate);
    return headers.traceparent == headers_of(known()).traceparent;
}

Continuity tried()
{
    const InterfaceScope scope(propagating_interface());
    // After the first interface was made: that one installs cppTango's.
    install_propagator();
    context::Context nothing;
    const nostd::shared_ptr<trace::Span> span(new trace::DefaultSpan(known()));
    return {is_handed_on(trace::SetSpan(nothing, span)), is_handed_on(with_own_context(nothing, known()))};
}

} // namespace

Continuity continuity()
{
    static const Continuity found = tried();
    return found;
}

bool is_whole() noexcept
{
    try
    {
        const auto found = continuity();
        return found.context_shared && found.propagator_shared;
    }
    catch(const Tango::DevFailed &)
    {
        return true;
    }
}

} // namespace cpptango_telemetry
