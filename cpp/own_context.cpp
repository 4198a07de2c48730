// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cpptango_telemetry/own_context.h"

#include "cpptango_telemetry/owned_interface.h"

#include <opentelemetry/context/runtime_context.h>
#include <opentelemetry/trace/default_span.h>
#include <opentelemetry/trace/span_metadata.h>

#include <memory>
#include <utility>

namespace context = opentelemetry::context;
namespace trace = opentelemetry::trace;
namespace nostd = opentelemetry::nostd;

namespace cpptango_telemetry
{

namespace
{

thread_local OwnContext *innermost_of_thread = nullptr;

} // namespace

OwnContext::OwnContext(trace::SpanContext span_context) noexcept :
    span_context(std::move(span_context)),
    outer(innermost_of_thread)
{
    innermost_of_thread = this;
}

OwnContext::~OwnContext()
{
    for(auto *one = innermost_of_thread; one != nullptr; one = one->outer)
    {
        if(one == this)
        {
            innermost_of_thread = outer;
            return;
        }
    }
}

OwnContext *OwnContext::innermost() noexcept
{
    return innermost_of_thread;
}

GoingOn going_on(const trace::SpanContext &current) noexcept
{
    if(innermost_of_thread == nullptr)
    {
        return {current, false};
    }
    const auto &own = innermost_of_thread->span_context;
    // cppTango samples anew, whatever the caller has decided.
    const bool unsampled = own.IsValid() && !own.IsSampled();
    const bool exported = current.IsValid() && current.IsSampled() && current_interface_exports();
    return exported && !unsampled ? GoingOn{current, false} : GoingOn{own, true};
}

bool is_attached(const trace::SpanContext &current) noexcept
{
    return innermost_of_thread != nullptr && innermost_of_thread->span_context.IsValid() &&
           innermost_of_thread->span_context.span_id() == current.span_id();
}

trace::SpanContext span_of(const context::Context &context) noexcept
{
    const auto value = context.GetValue(trace::kSpanKey);
    const auto *span = nostd::get_if<nostd::shared_ptr<trace::Span>>(&value);
    return span != nullptr ? (*span)->GetContext() : trace::SpanContext::GetInvalid();
}

trace::SpanContext current_span() noexcept
{
    return span_of(context::RuntimeContext::GetCurrent());
}

context::Context with_span(context::Context context, const trace::SpanContext &span_context) noexcept
{
    const nostd::shared_ptr<trace::Span> span(std::make_shared<trace::DefaultSpan>(span_context));
    return context.SetValue(trace::kSpanKey, span);
}

void begin_trace(const std::array<std::uint8_t, 16> &trace_id) noexcept
{
    if(innermost_of_thread != nullptr && !innermost_of_thread->span_context.trace_id().IsValid())
    {
        innermost_of_thread->span_context =
            trace::SpanContext(trace::TraceId(nostd::span<const std::uint8_t, 16>(trace_id)),
                               trace::SpanId(),
                               trace::TraceFlags(),
                               false);
    }
}

} // namespace cpptango_telemetry
