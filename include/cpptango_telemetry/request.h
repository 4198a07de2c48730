// SPDX-License-Identifier: MIT OR Apache-2.0
//
// A request to a device, on the thread that serves it: from its entry into the device to its end.
#pragma once

#include "cpptango_telemetry/cpptango.h"
#include "cpptango_telemetry/interface_scope.h"
#include "cpptango_telemetry/own_context.h"
#include "cpptango_telemetry/request_gate.h"

#include <opentelemetry/context/runtime_context.h>

#include <optional>

namespace cpptango_telemetry
{

class Request final
{
  public:
    // One that says who sends it, and in which trace context. The base makes the device's interface the current one.
    Request(Tango::DeviceImpl &device, RequestGate &gate, const Tango::ClntIdent &client);

    // One that does not: state, status, a polled command. The base leaves this thread whatever interface it has; so the
    // device's own is made the current one here.
    Request(Tango::DeviceImpl &device, RequestGate &gate);

    ~Request();
    Request(const Request &) = delete;
    Request &operator=(const Request &) = delete;

    // Whether this thread is serving a request to this device, and to none that came later.
    static bool is_to(const Tango::DeviceImpl &device) noexcept;

  private:
    void begin(const Tango::DeviceImpl &device,
               const Tango::telemetry::InterfacePtr &its,
               const Tango::ClntIdent *client) noexcept;
    void begin_in_silence() noexcept;
    void make_current(const opentelemetry::trace::SpanContext &span_context) noexcept;

    RequestGate::Entry entry;
    const Tango::DeviceImpl *outer;
    std::optional<OwnContext> own;
    opentelemetry::nostd::unique_ptr<opentelemetry::context::Token> current;
    std::optional<InterfaceScope> interface;
};

// cppTango lets a disabled interface hand on nothing, and so do devices and client of this process, unless this is set.
void propagate_when_disabled(bool propagate) noexcept;

} // namespace cpptango_telemetry
