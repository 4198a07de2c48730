// SPDX-License-Identifier: MIT OR Apache-2.0
//
// The telemetry interface of this process as a client, for calls made outside any device, and who calls a device.
#pragma once

#include "cpptango_telemetry/cpptango.h"
#include "cpptango_telemetry/interface_scope.h"
#include "rust/cxx.h"

#include <memory>

namespace cpptango_telemetry
{

// Shared with Rust, defined by cxx.
struct TelemetryConfiguration;
struct ClientIdent;
struct ThreadInfo;

// An interface of the client as the environment says. Throws DevFailed where cppTango cannot read it.
Tango::telemetry::InterfacePtr client_interface(rust::Str service_name);

// Another one, of a changed configuration. Throws DevFailed where cppTango does not take that.
Tango::telemetry::InterfacePtr changed_interface(const Tango::telemetry::Interface &interface,
                                                 const TelemetryConfiguration &configuration);

TelemetryConfiguration configuration_of(const Tango::telemetry::Interface &interface);

std::unique_ptr<InterfaceScope> enter_interface(const Tango::telemetry::InterfacePtr &interface);

// The same with propagating_interface().
std::unique_ptr<InterfaceScope> enter_propagating_interface();

// The process ends: the reaper exports what is pending of cppTango's default interface.
void retire_default_interface() noexcept;

// Who called the device method that runs on this thread, as cppTango knows it.
ClientIdent client_ident();

// This thread as cppTango's spans name it.
ThreadInfo thread_info();

} // namespace cpptango_telemetry
