// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include "cpptango_telemetry/cpptango.h"

#include <memory>
#include <mutex>

namespace cpptango_telemetry
{

// A command of the admin device about telemetry, while it runs; of others nothing. cppTango's own go through the
// devices of the server without a lock, also while a signal has it delete them, which crashes it.
class TelemetryCommand final
{
  public:
    // Throws a DevFailed where the server is shutting down.
    explicit TelemetryCommand(const char *name);

    // Until no other thread runs one, 2 s at most: what it uses is going to be deleted.
    static void wait() noexcept;

  private:
    std::unique_lock<std::recursive_timed_mutex> lock;
};

// The arguments of a command of the admin device as cppTango understands them, or null where they are that already:
// topics of SetTelemetryTopics in lower case, without blanks, and one for each word (as in PyTango's DeviceProxy, which
// does so for its own calls).
std::unique_ptr<CORBA::Any> normalized_arguments(const char *command, const CORBA::Any &arguments);

} // namespace cpptango_telemetry
