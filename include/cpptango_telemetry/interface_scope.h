// SPDX-License-Identifier: MIT OR Apache-2.0
//
// cppTango's current telemetry interface of this thread, which its spans belong to.
#pragma once

#include "cpptango_telemetry/cpptango.h"

namespace cpptango_telemetry
{

// Makes an interface the current one of this thread until its end. Unlike Tango::telemetry::InterfaceScope it does not
// create cppTango's default interface where there is no current one.
class InterfaceScope final
{
  public:
    explicit InterfaceScope(Tango::telemetry::InterfacePtr interface);
    ~InterfaceScope();
    InterfaceScope(const InterfaceScope &) = delete;
    InterfaceScope &operator=(const InterfaceScope &) = delete;

  private:
    Tango::telemetry::InterfacePtr interface;
    Tango::telemetry::InterfacePtr previous;
};

} // namespace cpptango_telemetry
