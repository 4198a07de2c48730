// SPDX-License-Identifier: MIT OR Apache-2.0
#include "tango_bindings/loops.h"

#include "cpptango-telemetry/src/bridge.rs.h"
#include "cpptango_telemetry/trace_context_scope.h"
#include "tango-bindings/src/bridge.rs.h"

#include <chrono>
#include <string>
#include <thread>

namespace tango_bindings
{

namespace
{

using Tango::telemetry::Interface;

template <class Body>
double time_of(Body body)
{
    const auto begun = std::chrono::steady_clock::now();
    body();
    return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - begun).count();
}

template <class Round>
double time_of_rounds(std::size_t rounds, Round round)
{
    return time_of(
        [&]
        {
            for(std::size_t i = 0; i < rounds; i++)
            {
                round();
            }
        });
}

} // namespace

double time_loop(Loop loop, std::size_t rounds) noexcept
{
    std::string traceparent;
    std::string tracestate;
    switch(loop)
    {
    case Loop::GetTraceContext:
        return time_of_rounds(rounds, [&] { Interface::get_trace_context(traceparent, tracestate); });
    case Loop::OwnGetTraceContext:
        return time_of_rounds(rounds, [] { cpptango_telemetry::get_trace_context(); });
    default:
        Interface::get_trace_context(traceparent, tracestate);
        const std::string name = "tango_bindings::kernel_span";
        return time_of_rounds(
            rounds,
            [&] { Interface::set_trace_context(name, traceparent, tracestate, Tango::telemetry::Span::Kind::kServer); });
    }
}

Reply time_commands(rust::Str device, rust::Str command, std::size_t calls, rust::Vec<double> &times) noexcept
{
    return reply_of(
        [&](Value &)
        {
            Tango::DeviceProxy proxy{std::string(device)};
            const std::string name(command);
            for(std::size_t i = 0; i < calls; i++)
            {
                times.push_back(time_of([&] { proxy.command_inout(name); }));
                // What exports spans is to have its turn, as between the calls of a real client.
                std::this_thread::sleep_for(std::chrono::microseconds(200));
            }
        });
}

} // namespace tango_bindings
