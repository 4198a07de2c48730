// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Where the interface that a device has now is to be had from any thread, also when the device is gone: for what is done
// in a device's name elsewhere than in its requests.
#pragma once

#include "cpptango_telemetry/cpptango.h"
#include "cpptango_telemetry/interface_scope.h"

#include <memory>
#include <mutex>

namespace cpptango_telemetry
{

class InterfaceSlot final
{
  public:
    // One of owned_interface.h that is this slot's, or null.
    void set(Tango::telemetry::InterfacePtr interface);

    Tango::telemetry::InterfacePtr current() const;

    // Makes `interface`, or if that is null the slot's, the current one of this thread. Null, and no change, where it is
    // that already, or there is none; and, unless `latest`, where the current one has been in the slot before: a request
    // keeps the interface that it began with.
    std::unique_ptr<InterfaceScope> enter(bool latest, const Tango::telemetry::InterfacePtr &interface) const;

  private:
    mutable std::mutex mutex;
    Tango::telemetry::InterfacePtr interface;
};

} // namespace cpptango_telemetry
