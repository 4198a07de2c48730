// SPDX-License-Identifier: MIT OR Apache-2.0
//
// The telemetry interface of this process as a client, for calls made outside any device, and who calls a device.
#pragma once

#include "rust/cxx.h"

#include <tango/tango.h>

#include <memory>

namespace cpptango_telemetry
{

// Shared with Rust, defined by cxx.
struct TelemetryConfiguration;
struct ClientIdent;
struct ThreadInfo;

// Makes the client's interface the current one of this thread until its end. Unlike Tango::telemetry::InterfaceScope it
// does not create cppTango's default interface where there is no current one.
class ClientInterfaceScope final
{
  public:
    ClientInterfaceScope();
    ~ClientInterfaceScope();
    ClientInterfaceScope(const ClientInterfaceScope &) = delete;
    ClientInterfaceScope &operator=(const ClientInterfaceScope &) = delete;

  private:
    Tango::telemetry::InterfacePtr previous;
};

// Creates the client's interface from the environment, and tells its configuration. To be called once, before any
// scope. Throws DevFailed where cppTango cannot read the environment.
TelemetryConfiguration configure_client(rust::Str service_name);

std::unique_ptr<ClientInterfaceScope> enter_client_interface();

// The shared form of cppTango's configuration.
TelemetryConfiguration to_shared(const Tango::telemetry::Configuration &configuration);

// Who called the device method that runs on this thread, as cppTango knows it.
ClientIdent client_ident();

// This thread as cppTango's spans name it.
ThreadInfo thread_info();

// Has Rust's `at_exit` called when the process ends.
void register_at_exit();

} // namespace cpptango_telemetry
