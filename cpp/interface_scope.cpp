// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cpptango_telemetry/interface_scope.h"

#include <utility>

namespace cpptango_telemetry
{

InterfaceScope::InterfaceScope(Tango::telemetry::InterfacePtr interface) :
    interface(std::move(interface)),
    previous(Tango::telemetry::current_telemetry_interface)
{
    Tango::telemetry::Interface::set_current(this->interface);
}

InterfaceScope::~InterfaceScope()
{
    // Else an outer scope has ended before this one, and has restored what was before both.
    if(Tango::telemetry::current_telemetry_interface == interface)
    {
        Tango::telemetry::Interface::set_current(previous);
    }
}

} // namespace cpptango_telemetry
