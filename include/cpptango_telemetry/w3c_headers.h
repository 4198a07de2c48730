// SPDX-License-Identifier: MIT OR Apache-2.0
//
// The W3C headers as opentelemetry-cpp, and so cppTango, reads and writes them.
#pragma once

#include <opentelemetry/context/propagation/text_map_propagator.h>
#include <opentelemetry/trace/span_context.h>

#include <string>

namespace cpptango_telemetry
{

struct Headers
{
    std::string traceparent;
    std::string tracestate;
};

// Invalid where they say nothing.
opentelemetry::trace::SpanContext span_context_of(Headers headers) noexcept;

// Empty for an invalid one.
Headers headers_of(const opentelemetry::trace::SpanContext &span_context) noexcept;

void write_headers(opentelemetry::context::propagation::TextMapCarrier &carrier,
                   const opentelemetry::trace::SpanContext &span_context) noexcept;

} // namespace cpptango_telemetry
