// SPDX-License-Identifier: MIT OR Apache-2.0
//
// class MyDevice : public cpptango_telemetry::TelemetryDevice<Tango::Device_6Impl>
//
// Forwards the virtual telemetry methods of Tango::DeviceImpl to Rust: first the base does what it does, then Rust is
// told. Those about logging change nothing that the Rust tracer depends on, and so cannot fail because of it. cppTango
// calls none of them while a device is constructed (not even initialize_telemetry_interface: a base's constructor does
// not dispatch to us), so our constructor pulls the state that environment and device properties have made.
//
// cppTango calls them on the thread that serves the admin device, without the device's monitor.
#pragma once

#include "cpptango_telemetry/telemetry_handle.h"

#include <string>
#include <utility>
#include <vector>

namespace cpptango_telemetry
{

template <class Base>
class TelemetryDevice : public Base
{
  public:
    using Collector = Tango::telemetry::Configuration::Collector;

    template <class... Args>
    explicit TelemetryDevice(Args &&...args) :
        Base(std::forward<Args>(args)...)
    {
        handle.initialize(*this);
    }

    // For Rust: DeviceTelemetry::from_handle.
    const TelemetryHandle &telemetry_handle() const noexcept
    {
        return handle;
    }

    void initialize_telemetry_interface() override
    {
        Base::initialize_telemetry_interface();
        handle.reconfigured("initialize_telemetry_interface", *this);
    }

    void cleanup_telemetry_interface() noexcept override
    {
        Base::cleanup_telemetry_interface();
        handle.reconfigured_noexcept("cleanup_telemetry_interface", *this);
    }

    void enable_telemetry() noexcept override
    {
        Base::enable_telemetry();
        handle.reconfigured_noexcept("enable_telemetry", *this);
    }

    void disable_telemetry() noexcept override
    {
        Base::disable_telemetry();
        handle.reconfigured_noexcept("disable_telemetry", *this);
    }

    bool is_telemetry_enabled() noexcept override
    {
        auto result = Base::is_telemetry_enabled();
        handle.called("is_telemetry_enabled");
        return result;
    }

    void set_telemetry_topics(const std::vector<std::string> &topics) override
    {
        Base::set_telemetry_topics(topics);
        handle.reconfigured("set_telemetry_topics", *this);
    }

    std::vector<std::string> get_telemetry_topics() noexcept override
    {
        auto result = Base::get_telemetry_topics();
        handle.called("get_telemetry_topics");
        return result;
    }

    void set_telemetry_tracing(bool enable_flag) noexcept override
    {
        Base::set_telemetry_tracing(enable_flag);
        handle.reconfigured_noexcept("set_telemetry_tracing", *this);
    }

    bool is_telemetry_tracing_enabled() noexcept override
    {
        auto result = Base::is_telemetry_tracing_enabled();
        handle.called("is_telemetry_tracing_enabled");
        return result;
    }

    void set_telemetry_tracing_endpoints(std::vector<Collector> collectors) override
    {
        Base::set_telemetry_tracing_endpoints(std::move(collectors));
        handle.reconfigured("set_telemetry_tracing_endpoints", *this);
    }

    std::vector<Collector> get_telemetry_tracing_endpoints() override
    {
        auto result = Base::get_telemetry_tracing_endpoints();
        handle.called("get_telemetry_tracing_endpoints");
        return result;
    }

    void add_telemetry_tracing_endpoint(Collector collector) override
    {
        Base::add_telemetry_tracing_endpoint(std::move(collector));
        handle.reconfigured("add_telemetry_tracing_endpoint", *this);
    }

    void remove_telemetry_tracing_endpoint(Collector collector) override
    {
        Base::remove_telemetry_tracing_endpoint(std::move(collector));
        handle.reconfigured("remove_telemetry_tracing_endpoint", *this);
    }

    void update_telemetry_logging() override
    {
        Base::update_telemetry_logging();
        handle.called("update_telemetry_logging");
    }

    void set_telemetry_logging(bool enable_flag) override
    {
        Base::set_telemetry_logging(enable_flag);
        handle.called("set_telemetry_logging");
    }

    bool is_telemetry_logging_enabled() noexcept override
    {
        auto result = Base::is_telemetry_logging_enabled();
        handle.called("is_telemetry_logging_enabled");
        return result;
    }

    void set_telemetry_logging_endpoints(std::vector<Collector> collectors) override
    {
        Base::set_telemetry_logging_endpoints(std::move(collectors));
        handle.called("set_telemetry_logging_endpoints");
    }

    std::vector<Collector> get_telemetry_logging_endpoints() override
    {
        auto result = Base::get_telemetry_logging_endpoints();
        handle.called("get_telemetry_logging_endpoints");
        return result;
    }

    void add_telemetry_logging_endpoint(Collector collector) override
    {
        Base::add_telemetry_logging_endpoint(std::move(collector));
        handle.called("add_telemetry_logging_endpoint");
    }

    void remove_telemetry_logging_endpoint(Collector collector) override
    {
        Base::remove_telemetry_logging_endpoint(std::move(collector));
        handle.called("remove_telemetry_logging_endpoint");
    }

  private:
    TelemetryHandle handle;
};

} // namespace cpptango_telemetry
