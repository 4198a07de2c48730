// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cpptango_telemetry/w3c_headers.h"

#include <opentelemetry/trace/context.h>
#include <opentelemetry/trace/propagation/http_trace_context.h>

#include <cstdint>
#include <utility>

namespace context = opentelemetry::context;
namespace propagation = opentelemetry::context::propagation;
namespace trace = opentelemetry::trace;
namespace nostd = opentelemetry::nostd;

namespace cpptango_telemetry
{

namespace
{

// As in src/trace_context.rs: sampled, and (level 2) random trace id.
constexpr std::uint8_t KNOWN_FLAGS = 0x03;

class Carrier final : public propagation::TextMapCarrier
{
  public:
    explicit Carrier(Headers headers) :
        headers(std::move(headers))
    {
    }

    nostd::string_view Get(nostd::string_view key) const noexcept override
    {
        return key == trace::propagation::kTraceParent ? headers.traceparent : headers.tracestate;
    }

    void Set(nostd::string_view key, nostd::string_view value) noexcept override
    {
        auto &header = key == trace::propagation::kTraceParent ? headers.traceparent : headers.tracestate;
        header.assign(value.data(), value.size());
    }

    Headers headers;
};

} // namespace

trace::SpanContext span_context_of(Headers headers) noexcept
{
    if(headers.traceparent.empty())
    {
        return trace::SpanContext::GetInvalid();
    }
    context::Context nothing;
    const auto extracted = trace::propagation::HttpTraceContext().Extract(Carrier(std::move(headers)), nothing);
    return trace::GetSpan(extracted)->GetContext();
}

Headers headers_of(const trace::SpanContext &span_context) noexcept
{
    Carrier carrier({});
    write_headers(carrier, span_context);
    return carrier.headers;
}

// Not HttpTraceContext: it would need a context with a span made for it, and writes unknown flags, in upper case.
void write_headers(propagation::TextMapCarrier &carrier, const trace::SpanContext &span_context) noexcept
{
    if(!span_context.IsValid())
    {
        return;
    }
    char traceparent[] = "00-00000000000000000000000000000000-0000000000000000-00";
    span_context.trace_id().ToLowerBase16(nostd::span<char, 32>{traceparent + 3, 32});
    span_context.span_id().ToLowerBase16(nostd::span<char, 16>{traceparent + 36, 16});
    const trace::TraceFlags flags(span_context.trace_flags().flags() & KNOWN_FLAGS);
    flags.ToLowerBase16(nostd::span<char, 2>{traceparent + 53, 2});
    carrier.Set(trace::propagation::kTraceParent, traceparent);
    if(!span_context.trace_state()->Empty())
    {
        carrier.Set(trace::propagation::kTraceState, span_context.trace_state()->ToHeader());
    }
}

} // namespace cpptango_telemetry
