// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cpptango_telemetry/configuration.h"

#include "cpptango-telemetry/src/bridge.rs.h"

#include <algorithm>

namespace cpptango_telemetry
{

namespace
{

using Configuration = Tango::telemetry::Configuration;
using Collectors = Configuration::CollectorSet;

bool same(const Collectors &a, const Collectors &b)
{
    return std::equal(a.begin(),
                      a.end(),
                      b.begin(),
                      b.end(),
                      [](const auto &x, const auto &y)
                      { return x.exporter_type == y.exporter_type && x.endpoint == y.endpoint; });
}

bool same_topics(const Configuration &a, const Configuration &b)
{
    auto x = a.get_topics();
    auto y = b.get_topics();
    std::sort(x.begin(), x.end());
    std::sort(y.begin(), y.end());
    return x == y;
}

// The elements of a property, which may be lists themselves.
std::string joined(Tango::DbDatum &datum)
{
    std::string list;
    for(const auto &element : datum.value_string)
    {
        list += (list.empty() ? "" : ",") + element;
    }
    return list;
}

} // namespace

TelemetryConfiguration to_shared(const Tango::telemetry::Configuration &configuration)
{
    TelemetryConfiguration shared{};
    shared.enabled = configuration.enabled;
    shared.tracing_enabled = configuration.tracing_enabled;
    for(const auto &topic : configuration.get_topics())
    {
        shared.topics.push_back(rust::String::lossy(topic));
    }
    for(const auto &collector : configuration.get_tracing_collectors())
    {
        shared.tracing_collectors.push_back(
            {static_cast<std::int32_t>(collector.exporter_type), rust::String::lossy(collector.endpoint)});
    }
    return shared;
}

bool same(const Configuration &a, const Configuration &b)
{
    return a.tracing_enabled == b.tracing_enabled && same_topics(a, b) &&
           same(a.get_tracing_collectors(), b.get_tracing_collectors()) && same_logging(a, b);
}

bool same_logging(const Configuration &a, const Configuration &b)
{
    return a.enabled == b.enabled && a.logging_enabled == b.logging_enabled &&
           same(a.get_logging_collectors(), b.get_logging_collectors());
}

void apply_list_properties(Tango::DeviceImpl &device, Configuration &configuration)
{
    if(!Tango::Util::_UseDb)
    {
        return;
    }
    Tango::DbData data;
    for(const char *name : {"telemetry_types",
                            "telemetry_topics",
                            "telemetry_tracing_exporters",
                            "telemetry_tracing_endpoints",
                            "telemetry_logging_exporters",
                            "telemetry_logging_endpoints"})
    {
        data.emplace_back(name);
    }
    device.get_db_device()->get_property(data);
    const auto is_list = [&](std::size_t i) { return data[i].size() > 1; };
    const std::string source = "device properties of " + device.get_name();
    if(is_list(0))
    {
        configuration.enable_telemetry_types(joined(data[0]));
    }
    if(is_list(1))
    {
        configuration.set_topics(joined(data[1]));
    }
    if(is_list(2) || is_list(3))
    {
        configuration.set_tracing_collectors(joined(data[2]), joined(data[3]), source);
    }
    if(is_list(4) || is_list(5))
    {
        configuration.set_logging_collectors(joined(data[4]), joined(data[5]), source);
    }
}

} // namespace cpptango_telemetry
