// SPDX-License-Identifier: MIT OR Apache-2.0
//
// The part of TelemetryDevice<Base> that does not depend on Base: the way from a device to its Rust trampoline.
#pragma once

#include "cpptango_telemetry/cpptango.h"
#include "rust/cxx.h"

#include <memory>

namespace cpptango_telemetry
{

// Rust's `bridge::Trampoline`.
struct Trampoline;

class InterfaceSlot;

class TelemetryHandle final
{
  public:
    TelemetryHandle();
    // Rust makes no span for the device from here on, and exports what is pending.
    ~TelemetryHandle();
    TelemetryHandle(const TelemetryHandle &) = delete;
    TelemetryHandle &operator=(const TelemetryHandle &) = delete;

    // To be called once from the device's constructor, with the configuration that cppTango has made of environment and
    // device properties. Before it there is no Rust device.
    void initialize(Tango::DeviceImpl &device, std::shared_ptr<InterfaceSlot> slot);

    // A virtual method was called that changes nothing of tracing. `method` is its name.
    void called(const char *method) const noexcept;

    // A virtual method has changed the configuration of tracing. Throws a DevFailed with what Rust could not do; the
    // change in cppTango stays, and the device works on without Rust spans.
    void reconfigured(const char *method, Tango::DeviceImpl &device) const;

    // The same for cppTango's noexcept methods: what Rust could not do goes to the device's logger, as a warning.
    void reconfigured_noexcept(const char *method, Tango::DeviceImpl &device) const noexcept;

    // A noexcept method could not do its work. To be called where the exception is being handled: it goes to the
    // device's logger, as a warning.
    void failed(const char *method) const noexcept;

  private:
    friend const Trampoline &trampoline_of(const TelemetryHandle &handle) noexcept;

    struct State;
    std::unique_ptr<State> state;
};

// Only after initialize().
const Trampoline &trampoline_of(const TelemetryHandle &handle) noexcept;

} // namespace cpptango_telemetry
