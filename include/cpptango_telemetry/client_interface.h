// SPDX-License-Identifier: MIT OR Apache-2.0
//
// The telemetry interface of this process as a client, for calls made outside any device, and who calls a device.
#pragma once

#include "cpptango_telemetry/interface_scope.h"
#include "rust/cxx.h"

#include <tango/tango.h>

#include <memory>

namespace cpptango_telemetry
{

// Shared with Rust, defined by cxx.
struct TelemetryConfiguration;
struct ClientIdent;
struct ThreadInfo;

// Creates the client's interface from the environment, and tells its configuration. To be called once, before any
// scope. Throws DevFailed where cppTango cannot read the environment.
TelemetryConfiguration configure_client(rust::Str service_name);

std::unique_ptr<InterfaceScope> enter_client_interface();

// The process ends: the reaper exports what is pending of the client's interface, and of cppTango's default one.
void retire_client_interfaces() noexcept;

// Who called the device method that runs on this thread, as cppTango knows it.
ClientIdent client_ident();

// This thread as cppTango's spans name it.
ThreadInfo thread_info();

} // namespace cpptango_telemetry
