// SPDX-License-Identifier: MIT OR Apache-2.0
//
// The telemetry interfaces that are this crate's: of its devices, of the client. Their configuration never changes, they
// are replaced instead; so what follows from it is found out once.
#pragma once

#include "cpptango_telemetry/cpptango.h"

namespace cpptango_telemetry
{

class InterfaceSlot;

// A new one, for that slot if there is one. Throws what cppTango throws.
Tango::telemetry::InterfacePtr make_interface(const Configuration &configuration,
                                              const InterfaceSlot *slot = nullptr);

// The same of one that cppTango has made. The last to let go of the result hands the interface over to the reaper.
Tango::telemetry::InterfacePtr owned(Tango::telemetry::InterfacePtr interface, const InterfaceSlot *slot = nullptr);

// Whether this thread's current interface is for that slot.
bool is_current_interface_of(const InterfaceSlot *slot) noexcept;

// As it was made: cppTango 10.0 disables the current interface for moments. False for a null one.
bool is_enabled(const Tango::telemetry::InterfacePtr &interface) noexcept;

// The same of this thread's current interface.
bool current_interface_is_enabled() noexcept;

// Whether the sampled spans of this thread's current interface are exported. Neither locks nor allocates where that one
// is ours.
bool current_interface_exports() noexcept;

// Null where the device has none, after cleanup_telemetry_interface.
Tango::telemetry::InterfacePtr interface_of(Tango::DeviceImpl &device) noexcept;

// An interface that is enabled and makes no spans: it only has requests carry a trace context. Made once.
const Tango::telemetry::InterfacePtr &propagating_interface();

} // namespace cpptango_telemetry
