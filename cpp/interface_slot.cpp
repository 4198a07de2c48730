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

std::unique_ptr<InterfaceScope> InterfaceSlot::enter(bool latest) const
{
    if(!latest && is_current_interface_of(this))
    {
        return nullptr;
    }
    Tango::telemetry::InterfacePtr its;
    {
        const std::lock_guard<std::mutex> lock(mutex);
        its = interface;
    }
    if(!its || its == Tango::telemetry::current_telemetry_interface)
    {
        return nullptr;
    }
    return std::make_unique<InterfaceScope>(std::move(its));
}

} // namespace cpptango_telemetry
