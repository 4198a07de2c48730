// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cpptango_telemetry/telemetry_handle.h"

#include "cpptango-telemetry/src/bridge.rs.h"
#include "cpptango_telemetry/client_interface.h"

namespace cpptango_telemetry
{

namespace
{

TelemetryConfiguration configuration_of(Tango::DeviceImpl &device)
{
    try
    {
        return to_shared(device.telemetry()->get_configuration());
    }
    catch(const Tango::DevFailed &)
    {
        // No interface: after cleanup_telemetry_interface.
        return {};
    }
}

} // namespace

struct TelemetryHandle::State
{
    rust::Box<Trampoline> trampoline;
};

TelemetryHandle::TelemetryHandle() = default;
TelemetryHandle::~TelemetryHandle() = default;

void TelemetryHandle::initialize(Tango::DeviceImpl &device)
{
    state = std::make_unique<State>(State{trampoline_new(device.get_device_class()->get_name(), device.get_name())});
    reconfigured_noexcept("constructor", device);
}

void TelemetryHandle::called(const char *method) const noexcept
{
    state->trampoline->called(method);
}

void TelemetryHandle::reconfigured(const char *method, Tango::DeviceImpl &device) const
{
    try
    {
        state->trampoline->reconfigured(method, configuration_of(device));
    }
    catch(const rust::Error &error)
    {
        Tango::Except::throw_exception("API_TelemetryError", error.what(), std::string("TelemetryDevice::") + method);
    }
}

void TelemetryHandle::reconfigured_noexcept(const char *method, Tango::DeviceImpl &device) const noexcept
{
    try
    {
        state->trampoline->reconfigured(method, configuration_of(device));
    }
    catch(const std::exception &error)
    {
        auto *logged = &device;
        DEV_WARN_STREAM(logged) << method << ": " << error.what() << std::endl;
    }
}

const Trampoline &trampoline_of(const TelemetryHandle &handle) noexcept
{
    return *handle.state->trampoline;
}

} // namespace cpptango_telemetry
