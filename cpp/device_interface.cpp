// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cpptango_telemetry/device_interface.h"

#include "cpptango_telemetry/owned_interface.h"

#include <opentelemetry/logs/provider.h>

#include <utility>

namespace cpptango_telemetry
{

BeforeInitialization::BeforeInitialization(const std::string &device_name) :
    properties(device_name),
    interface(Tango::telemetry::current_telemetry_interface),
    shared_provider(opentelemetry::logs::Provider::GetLoggerProvider())
{
}

BeforeInitialization::~BeforeInitialization()
{
    if(pending)
    {
        opentelemetry::logs::Provider::SetLoggerProvider(take_logger_provider());
        restore_interface();
    }
}

void BeforeInitialization::restore_interface() noexcept
{
    pending = false;
    Tango::telemetry::current_telemetry_interface = std::move(interface);
}

LoggerProvider BeforeInitialization::take_logger_provider() noexcept
{
    return std::move(shared_provider);
}

DeviceInterface::~DeviceInterface()
{
    slot->set(nullptr);
}

void DeviceInterface::take_over(Tango::DeviceImpl &device, BeforeInitialization &before)
{
    before.restore_interface();
    log.take_over(device, before.take_logger_provider());
    auto &current = device.telemetry();
    const auto mine = owned(current, slot.get());
    replace(current, mine);
    if(change(device, [&](Configuration &configuration) { before.properties.apply(configuration); }))
    {
        update_logging(device);
    }
}

bool DeviceInterface::change(Tango::DeviceImpl &device, const std::function<void(Configuration &)> &change)
{
    auto &current = device.telemetry();
    auto configuration = current->get_configuration();
    change(configuration);
    if(same(configuration, current->get_configuration()))
    {
        return false;
    }
    replace(current, make_interface(configuration, slot.get()));
    return true;
}

void DeviceInterface::replace(Tango::telemetry::InterfacePtr &current, Tango::telemetry::InterfacePtr replacing)
{
    slot->set(replacing);
    gate.exclusively([&] { current.swap(replacing); });
}

void DeviceInterface::update_logging(Tango::DeviceImpl &device)
{
    log.follow(*device.telemetry());
}

} // namespace cpptango_telemetry
