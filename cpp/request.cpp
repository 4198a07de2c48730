// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cpptango_telemetry/request.h"

#include "cpptango_telemetry/owned_interface.h"

#include <atomic>
#include <utility>

namespace cpptango_telemetry
{

namespace
{

// The one that this thread's request is to.
thread_local const Tango::DeviceImpl *served = nullptr;

std::atomic<bool> when_disabled{false};

} // namespace

Request::Request(Tango::DeviceImpl &device, RequestGate &gate, const Tango::ClntIdent &client) :
    entry(gate),
    outer(served)
{
    const auto its = interface_of(device);
    if(propagates_when_disabled() || (its && its->is_enabled()))
    {
        incoming.emplace(client);
    }
    served = &device;
}

Request::Request(Tango::DeviceImpl &device, RequestGate &gate) :
    entry(gate),
    outer(served)
{
    if(auto its = interface_of(device))
    {
        interface.emplace(std::move(its));
    }
    RequestGate::passed();
    incoming.emplace();
    served = &device;
}

Request::~Request()
{
    served = outer;
}

bool Request::is_to(const Tango::DeviceImpl &device) noexcept
{
    return served == &device;
}

void propagate_when_disabled(bool propagate) noexcept
{
    when_disabled.store(propagate);
}

bool propagates_when_disabled() noexcept
{
    return when_disabled.load(std::memory_order_relaxed);
}

} // namespace cpptango_telemetry
