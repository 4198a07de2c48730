// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cpptango_telemetry/owned_interface.h"

#include "cpptango_telemetry/reaper.h"

#include <memory>
#include <utility>

namespace cpptango_telemetry
{

namespace
{

using Tango::telemetry::Configuration;
using Tango::telemetry::Interface;
using Tango::telemetry::InterfaceFactory;
using Tango::telemetry::InterfacePtr;

bool exports(const Configuration &configuration)
{
    return configuration.enabled && configuration.tracing_enabled && !configuration.get_tracing_collectors().empty();
}

// Travels with each copy of the pointer.
struct Owner
{
    InterfacePtr interface;
    bool exports;
    const InterfaceSlot *slot;

    void operator()(Interface *)
    {
        retire(std::move(interface));
    }
};

} // namespace

InterfacePtr owned(InterfacePtr interface, const InterfaceSlot *slot)
{
    auto *pointer = interface.get();
    const auto &configuration = interface->get_configuration();
    register_at_exit(configuration);
    const bool exporting = exports(configuration);
    return InterfacePtr(pointer, Owner{std::move(interface), exporting, slot});
}

InterfacePtr make_interface(const Configuration &configuration, const InterfaceSlot *slot)
{
    return owned(InterfaceFactory::create(configuration), slot);
}

bool is_current_interface_of(const InterfaceSlot *slot) noexcept
{
    const auto *owner = std::get_deleter<Owner>(Tango::telemetry::current_telemetry_interface);
    return owner != nullptr && owner->slot == slot;
}

bool current_interface_exports() noexcept
{
    if(const auto *owner = std::get_deleter<Owner>(Tango::telemetry::current_telemetry_interface))
    {
        return owner->exports;
    }
    try
    {
        return exports(Interface::get_current()->get_configuration());
    }
    catch(...)
    {
        // cppTango's default interface cannot be made, because the environment is bad.
        return false;
    }
}

InterfacePtr interface_of(Tango::DeviceImpl &device) noexcept
{
    try
    {
        return device.telemetry();
    }
    catch(...)
    {
        return nullptr;
    }
}

const InterfacePtr &propagating_interface()
{
    // Not destroyed: it may be current until the very end.
    static const auto &interface = *new InterfacePtr(
        []
        {
            Configuration configuration("cpptango_telemetry", "tango", Configuration::Client("cpptango_telemetry"));
            configuration.enabled = true;
            configuration.tracing_enabled = false;
            configuration.logging_enabled = false;
            configuration.set_tracing_collectors(Configuration::CollectorSet());
            configuration.set_logging_collectors(Configuration::CollectorSet());
            return make_interface(configuration);
        }());
    return interface;
}

} // namespace cpptango_telemetry
