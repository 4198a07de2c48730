// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cpptango_telemetry/telemetry_handle.h"

#include "cpptango-telemetry/src/bridge.rs.h"
#include "cpptango_telemetry/device_logger.h"
#include "cpptango_telemetry/owned_interface.h"

namespace cpptango_telemetry
{

namespace
{

TelemetryConfiguration configuration_of(Tango::DeviceImpl &device)
{
    const auto its = interface_of(device);
    return its ? to_shared(its->get_configuration()) : TelemetryConfiguration{};
}

} // namespace

struct TelemetryHandle::State
{
    std::shared_ptr<DeviceLogger> logger;
    rust::Box<Trampoline> trampoline;
};

TelemetryHandle::TelemetryHandle() = default;

TelemetryHandle::~TelemetryHandle()
{
    if(state)
    {
        state->logger->forget();
    }
}

void TelemetryHandle::initialize(Tango::DeviceImpl &device, std::shared_ptr<InterfaceSlot> slot)
{
    auto logger = std::make_shared<DeviceLogger>(device);
    auto trampoline = trampoline_new(device.get_device_class()->get_name(), device.get_name(), logger, std::move(slot));
    state = std::make_unique<State>(State{std::move(logger), std::move(trampoline)});
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
        state->logger->warn(std::string(method) + ": " + error.what());
    }
}

void TelemetryHandle::failed(const char *method) const noexcept
{
    state->logger->warn(std::string(method) + ": telemetry stays as it was: " +
                        Tango::telemetry::Interface::extract_exception_info());
}

const Trampoline &trampoline_of(const TelemetryHandle &handle) noexcept
{
    return *handle.state->trampoline;
}

} // namespace cpptango_telemetry
