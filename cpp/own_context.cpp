// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cpptango_telemetry/own_context.h"

#include "cpptango_telemetry/owned_interface.h"
#include "cpptango_telemetry/w3c_headers.h"

#include <opentelemetry/trace/context.h>

namespace context = opentelemetry::context;
namespace trace = opentelemetry::trace;
namespace nostd = opentelemetry::nostd;

namespace cpptango_telemetry
{

namespace
{

constexpr char OWN_KEY[] = "cpptango_telemetry.context";

using Own = nostd::shared_ptr<trace::SpanContext>;

// Null without the key.
Own own_context(const context::Context &context) noexcept
{
    const auto value = context.GetValue(OWN_KEY);
    const auto *own = nostd::get_if<Own>(&value);
    return own != nullptr ? *own : Own();
}

trace::SpanContext current_span(const context::Context &context) noexcept
{
    const auto value = context.GetValue(trace::kSpanKey);
    const auto *span = nostd::get_if<nostd::shared_ptr<trace::Span>>(&value);
    return span != nullptr ? (*span)->GetContext() : trace::SpanContext::GetInvalid();
}

trace::SpanContext sent_by(const Tango::ClntIdent &client) noexcept
{
    const Tango::TraceContext *sent = nullptr;
    switch(client._d())
    {
    case Tango::CPP_6:
        sent = &client.cpp_clnt_6().trace_context;
        break;
    case Tango::JAVA_6:
        sent = &client.java_clnt_6().trace_context;
        break;
    default:
        // IDL 5 and older.
        return trace::SpanContext::GetInvalid();
    }
    const auto &headers = sent->data();
    return span_context_of({headers.trace_parent.in(), headers.trace_state.in()});
}

nostd::unique_ptr<context::Token> attach(const trace::SpanContext &own) noexcept
{
    return context::RuntimeContext::Attach(with_own_context(context::RuntimeContext::GetCurrent(), own));
}

} // namespace

context::Context with_own_context(const context::Context &context, const trace::SpanContext &own) noexcept
{
    if(!own.IsValid() && own_context(context))
    {
        return context;
    }
    auto with = context;
    return with.SetValue(OWN_KEY, Own(new trace::SpanContext(own)));
}

GoingOn going_on(const context::Context &context) noexcept
{
    return going_on(context, current_span(context));
}

GoingOn going_on(const context::Context &context, const trace::SpanContext &current) noexcept
{
    const auto own = own_context(context);
    if(!own)
    {
        return {current, false};
    }
    // cppTango samples anew, whatever the caller has decided.
    const bool unsampled = own->IsValid() && !own->IsSampled();
    const bool exported = current.IsValid() && current.IsSampled() && current_interface_exports();
    return exported && !unsampled ? GoingOn{current, false} : GoingOn{*own, true};
}

void begin_trace(const std::array<std::uint8_t, 16> &trace_id) noexcept
{
    const auto own = own_context(context::RuntimeContext::GetCurrent());
    if(own && !own->trace_id().IsValid())
    {
        // Nobody but this thread, in this request, has it.
        *own = trace::SpanContext(trace::TraceId(nostd::span<const std::uint8_t, 16>(trace_id)),
                                  trace::SpanId(),
                                  trace::TraceFlags(),
                                  false);
    }
}

IncomingContext::IncomingContext() noexcept :
    token(attach(trace::SpanContext::GetInvalid()))
{
}

IncomingContext::IncomingContext(const Tango::ClntIdent &client) noexcept :
    token(attach(sent_by(client)))
{
}

} // namespace cpptango_telemetry
