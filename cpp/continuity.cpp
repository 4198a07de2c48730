// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cpptango_telemetry/continuity.h"

#include "cpptango-telemetry/src/bridge.rs.h"
#include "cpptango_telemetry/interface_scope.h"
#include "cpptango_telemetry/own_context.h"
#include "cpptango_telemetry/owned_interface.h"
#include "cpptango_telemetry/propagator.h"
#include "cpptango_telemetry/w3c_headers.h"

#include <opentelemetry/context/runtime_context.h>

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

// Whether cppTango hands on the known context now.
bool is_handed_on()
{
    Headers headers;
    Tango::telemetry::Interface::get_trace_context(headers.traceparent, headers.tracestate);
    return headers.traceparent == headers_of(known()).traceparent;
}

Continuity tried()
{
    const InterfaceScope scope(propagating_interface());
    // After the first interface was made: that one installs cppTango's.
    install_propagator();
    const auto handed_on = [](const trace::SpanContext &current)
    {
        const auto token = context::RuntimeContext::Attach(with_span({}, current));
        return is_handed_on();
    };
    const bool context_shared = handed_on(known());
    const OwnContext own(known());
    return {context_shared, handed_on(trace::SpanContext::GetInvalid())};
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
    catch(...)
    {
        return true;
    }
}

} // namespace cpptango_telemetry
