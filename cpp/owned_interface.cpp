// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cpptango_telemetry/owned_interface.h"

#include "cpptango_telemetry/reaper.h"

#include <memory>
#include <utility>

namespace cpptango_telemetry
{

namespace
{

using Tango::telemetry::Interface;
using Tango::telemetry::InterfaceFactory;
using Tango::telemetry::InterfacePtr;

// Travels with each copy of the pointer.
struct Owner
{
    InterfacePtr interface;
    bool enabled;
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
    const Owner owner{interface, configuration.enabled, exports_spans(configuration), slot};
    return InterfacePtr(pointer, owner);
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

bool is_enabled(const InterfacePtr &interface) noexcept
{
    const auto *owner = std::get_deleter<Owner>(interface);
    return owner != nullptr ? owner->enabled : interface && interface->is_enabled();
}

bool current_interface_is_enabled() noexcept
{
    try
    {
        return is_enabled(Interface::get_current());
    }
    catch(...)
    {
        // As below.
        return false;
    }
}

bool current_interface_exports() noexcept
{
    if(const auto *owner = std::get_deleter<Owner>(Tango::telemetry::current_telemetry_interface))
    {
        return owner->exports;
    }
    try
    {
        return exports_spans(Interface::get_current()->get_configuration());
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
    static const auto &interface = *new InterfacePtr(make_interface(propagating_configuration()));
    return interface;
}

} // namespace cpptango_telemetry
