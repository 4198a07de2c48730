// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cpptango_telemetry/request.h"

#include "cpptango_telemetry/owned_interface.h"
#include "cpptango_telemetry/w3c_headers.h"

#include <atomic>
#include <utility>

namespace context = opentelemetry::context;
namespace trace = opentelemetry::trace;

namespace cpptango_telemetry
{

namespace
{

// The one that this thread's request is to.
thread_local const Tango::DeviceImpl *served = nullptr;

std::atomic<bool> when_disabled{false};

trace::SpanContext sent_by(const Tango::ClntIdent &client) noexcept
{
    try
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
    catch(...)
    {
        return trace::SpanContext::GetInvalid();
    }
}

} // namespace

Request::Request(Tango::DeviceImpl &device, RequestGate &gate, const Tango::ClntIdent &client) :
    entry(gate),
    outer(served)
{
    begin(device, interface_of(device), &client);
}

Request::Request(Tango::DeviceImpl &device, RequestGate &gate) :
    entry(gate),
    outer(served)
{
    auto its = interface_of(device);
    RequestGate::passed();
    begin(device, its, nullptr);
    if(its)
    {
        interface.emplace(std::move(its));
    }
}

Request::~Request()
{
    served = outer;
}

bool Request::is_to(const Tango::DeviceImpl &device) noexcept
{
    return served == &device;
}

// Still in the name of whoever made the request, if that was on this thread: the current interface is theirs.
void Request::begin(const Tango::DeviceImpl &device,
                    const Tango::telemetry::InterfacePtr &its,
                    const Tango::ClntIdent *client) noexcept
{
    served = &device;
    if(!when_disabled.load(std::memory_order_relaxed) && !is_enabled(its))
    {
        begin_in_silence();
        return;
    }
    if(const auto sent = client != nullptr ? sent_by(*client) : trace::SpanContext::GetInvalid(); sent.IsValid())
    {
        own.emplace(sent);
        return;
    }
    // Part of another request (cppTango reads the attributes of write_read_attributes with an empty identification),
    // or made by one on this thread. cppTango would make its span the child of the current one, exported or not.
    const auto on = going_on(current_span());
    if(on.own)
    {
        make_current(on.span_context);
    }
    if(OwnContext::innermost() == nullptr)
    {
        own.emplace(trace::SpanContext::GetInvalid());
    }
}

// A stopped device ends the trace, also that of a caller on this thread.
void Request::begin_in_silence() noexcept
{
    const bool is_within = OwnContext::innermost() != nullptr;
    if(is_within || current_span().IsValid())
    {
        own.emplace(trace::SpanContext::GetInvalid());
        make_current(trace::SpanContext::GetInvalid());
    }
}

void Request::make_current(const trace::SpanContext &span_context) noexcept
{
    current = context::RuntimeContext::Attach(with_span(context::RuntimeContext::GetCurrent(), span_context));
}

void propagate_when_disabled(bool propagate) noexcept
{
    when_disabled.store(propagate);
}

} // namespace cpptango_telemetry
