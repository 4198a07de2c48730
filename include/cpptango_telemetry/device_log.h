// SPDX-License-Identifier: MIT OR Apache-2.0
//
// The log records that cppTango exports for a device.
//
// cppTango's own appender cannot be had without two faults: it finds its provider in a place that all devices of the
// process share, so that the records of all carry the name of the last one and an operator who silences one silences
// all; and it waits for the old collector, under that device's logger, when endpoints change. So here each device has
// an appender that holds the device's own provider. The provider is made by cppTango nevertheless, and the records are
// the same.
#pragma once

#include "cpptango_telemetry/cpptango.h"

#include <opentelemetry/logs/logger_provider.h>
#include <opentelemetry/nostd/shared_ptr.h>

#include <memory>

namespace cpptango_telemetry
{

using LoggerProvider = opentelemetry::nostd::shared_ptr<opentelemetry::logs::LoggerProvider>;

class DeviceLog final
{
  public:
    DeviceLog();
    ~DeviceLog();
    DeviceLog(const DeviceLog &) = delete;
    DeviceLog &operator=(const DeviceLog &) = delete;

    // Takes the place of cppTango's appender, which has just been put on the device's logger, and takes its provider
    // over.
    // `shared` is what was in the shared place before.
    void take_over(Tango::DeviceImpl &device, const LoggerProvider &shared);

    // From now on records go where the interface's configuration says; nothing is done where they do so already.
    void follow(Tango::telemetry::Interface &interface);

  private:
    class Appender;
    struct Sink;
    // Also the appender's, which the logger owns.
    std::shared_ptr<Sink> sink;
    Configuration followed;
};

} // namespace cpptango_telemetry
