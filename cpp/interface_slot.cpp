// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cpptango_telemetry/interface_slot.h"

#include "cpptango_telemetry/owned_interface.h"

#include <utility>

namespace cpptango_telemetry
{

void InterfaceSlot::set(Tango::telemetry::InterfacePtr replacing)
{
    // The other one ends with the argument, after the lock.
    const std::lock_guard<std::mutex> lock(mutex);
    interface.swap(replacing);
}

Tango::telemetry::InterfacePtr InterfaceSlot::current() const
{
    const std::lock_guard<std::mutex> lock(mutex);
    return interface;
}

std::unique_ptr<InterfaceScope> InterfaceSlot::enter(bool latest, const Tango::telemetry::InterfacePtr &wanted) const
{
    if(!latest && is_current_interface_of(this))
    {
        return nullptr;
    }
    auto its = wanted ? wanted : current();
    if(!its || its == Tango::telemetry::current_telemetry_interface)
    {
        return nullptr;
    }
    return std::make_unique<InterfaceScope>(std::move(its));
}

} // namespace cpptango_telemetry
