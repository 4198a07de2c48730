// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cpptango_telemetry/request_gate.h"

#include <chrono>

namespace cpptango_telemetry
{

namespace
{

constexpr std::chrono::milliseconds LONGEST_WAIT{50};

// The gate that this thread's request has not passed yet.
thread_local RequestGate *held = nullptr;

} // namespace

RequestGate::Entry::Entry(RequestGate &gate)
{
    passed();
    gate.enter();
    held = &gate;
}

RequestGate::Entry::~Entry()
{
    passed();
}

void RequestGate::passed() noexcept
{
    if(held != nullptr)
    {
        held->leave();
        held = nullptr;
    }
}

void RequestGate::enter()
{
    entering.fetch_add(1);
    if(!closed.load())
    {
        return;
    }
    leave();
    std::unique_lock<std::mutex> lock(mutex);
    // One replacement goes first, not a row of them.
    changed.wait(lock, [this, seen = openings] { return !closed.load() || openings != seen; });
    entering.fetch_add(1);
}

void RequestGate::leave() noexcept
{
    if(entering.fetch_sub(1) == 1 && closed.load())
    {
        const std::lock_guard<std::mutex> lock(mutex);
        changed.notify_all();
    }
}

RequestGate::Closed::Closed(RequestGate &gate) :
    gate(gate)
{
    // A request may reconfigure its own device.
    passed();
    lock = std::unique_lock<std::mutex>(gate.mutex);
    gate.closed.store(true);
    gate.changed.wait_for(lock, LONGEST_WAIT, [&] { return gate.entering.load() == 0; });
}

RequestGate::Closed::~Closed()
{
    gate.openings++;
    gate.closed.store(false);
    gate.changed.notify_all();
}

} // namespace cpptango_telemetry
