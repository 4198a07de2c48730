// SPDX-License-Identifier: MIT OR Apache-2.0
#include "tango_bindings/w3c_reference.h"

#include "tango-bindings/src/bridge.rs.h"

#include <opentelemetry/context/propagation/text_map_propagator.h>
#include <opentelemetry/trace/propagation/http_trace_context.h>

#include <map>
#include <string>

namespace context = opentelemetry::context;
namespace nostd = opentelemetry::nostd;

namespace tango_bindings
{

namespace
{

class Headers final : public context::propagation::TextMapCarrier
{
  public:
    nostd::string_view Get(nostd::string_view key) const noexcept override
    {
        const auto found = headers.find(std::string(key));
        return found == headers.end() ? nostd::string_view() : nostd::string_view(found->second);
    }

    void Set(nostd::string_view key, nostd::string_view value) noexcept override
    {
        headers[std::string(key)] = std::string(value);
    }

  private:
    std::map<std::string, std::string> headers;
};

} // namespace

TraceHeaders cpp_propagator(rust::Str traceparent, rust::Str tracestate) noexcept
{
    const nostd::string_view names[] = {opentelemetry::trace::propagation::kTraceParent,
                                        opentelemetry::trace::propagation::kTraceState};
    Headers read;
    read.Set(names[0], {traceparent.data(), traceparent.size()});
    read.Set(names[1], {tracestate.data(), tracestate.size()});
    opentelemetry::trace::propagation::HttpTraceContext propagator;
    context::Context empty;
    Headers written;
    propagator.Inject(written, propagator.Extract(read, empty));
    const auto text = [&](nostd::string_view name)
    {
        const auto value = written.Get(name);
        return rust::String::lossy(value.data(), value.size());
    };
    return {text(names[0]), text(names[1])};
}

} // namespace tango_bindings
