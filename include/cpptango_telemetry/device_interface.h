// SPDX-License-Identifier: MIT OR Apache-2.0
//
// The telemetry interface of a device, replaced where cppTango would change it in place.
//
// cppTango's own way (the virtual methods of DeviceImpl) changes an interface that requests are using, which crashes
// the server under load, and waits for what is pending to be exported, which takes 10 to 20 s if the collector is dead.
// Here a change makes a new interface of a changed copy of the configuration. Requests in progress keep the old one to
// their end; the last to let go of it hands it over to the reaper.
#pragma once

#include "cpptango_telemetry/cpptango.h"
#include "cpptango_telemetry/device_log.h"
#include "cpptango_telemetry/interface_slot.h"
#include "cpptango_telemetry/request_gate.h"

#include <functional>
#include <memory>
#include <string>

namespace cpptango_telemetry
{

// To be made before DeviceImpl's constructor and initialize_telemetry_interface. They read the device's properties,
// which are checked here, and they replace without restoring it: this thread's current interface, which would be pinned
// there, and the logger provider that all devices share.
class BeforeInitialization final
{
  public:
    // Throws a DevFailed if the properties are not right.
    explicit BeforeInitialization(const std::string &device_name);
    // Restores both, if cppTango has thrown.
    ~BeforeInitialization();
    BeforeInitialization(const BeforeInitialization &) = delete;
    BeforeInitialization &operator=(const BeforeInitialization &) = delete;

    const DeviceProperties properties;

    // Each once: to keep an interface longer would keep its threads.
    void restore_interface() noexcept;
    LoggerProvider take_logger_provider() noexcept;

  private:
    bool pending = true;
    Tango::telemetry::InterfacePtr interface;
    LoggerProvider shared_provider;
};

class DeviceInterface final
{
  public:
    DeviceInterface() = default;
    ~DeviceInterface();
    DeviceInterface(const DeviceInterface &) = delete;
    DeviceInterface &operator=(const DeviceInterface &) = delete;

    // Takes over the interface that cppTango has just made of environment and device properties.
    void take_over(Tango::DeviceImpl &device, BeforeInitialization &before);

    // Whether something changed. Throws what a new interface throws; everything stays as it was then.
    bool change(Tango::DeviceImpl &device, const std::function<void(Configuration &)> &change);

    // Records go where the configuration says now.
    void update_logging(Tango::DeviceImpl &device);

    RequestGate gate;
    // For Rust.
    const std::shared_ptr<InterfaceSlot> slot = std::make_shared<InterfaceSlot>();

  private:
    void replace(Tango::telemetry::InterfacePtr &current, Tango::telemetry::InterfacePtr replacing);

    DeviceLog log;
};

} // namespace cpptango_telemetry
