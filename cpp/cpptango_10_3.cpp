// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cpptango_telemetry/cpptango.h"

#include "cpptango-telemetry/src/bridge.rs.h"

#include <algorithm>
#include <utility>

namespace cpptango_telemetry
{

namespace
{

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

// Empty where the property is not set.
std::string list_of(const std::map<std::string, std::string> &lists, const std::string &name)
{
    const auto found = lists.find(name);
    return found == lists.end() ? "" : found->second;
}

} // namespace

TelemetryConfiguration to_shared(const Configuration &configuration)
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

void from_shared(const TelemetryConfiguration &shared, Configuration &configuration)
{
    configuration.enabled = shared.enabled;
    configuration.tracing_enabled = shared.tracing_enabled;
    std::vector<std::string> topics;
    for(const auto &topic : shared.topics)
    {
        topics.emplace_back(topic);
    }
    configuration.set_topics(topics);
    Collectors collectors;
    for(const auto &collector : shared.tracing_collectors)
    {
        collectors.push_back(Configuration::create_collector_from_endpoint(
            static_cast<Configuration::Exporter>(collector.exporter), std::string(collector.endpoint)));
    }
    configuration.set_tracing_collectors(std::move(collectors));
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

bool exports_spans(const Configuration &configuration)
{
    return configuration.enabled && configuration.tracing_enabled && !configuration.get_tracing_collectors().empty();
}

bool exports_logs(const Configuration &configuration)
{
    return configuration.enabled && configuration.logging_enabled && !configuration.get_logging_collectors().empty();
}

unsigned exporters_of(const Configuration &configuration)
{
    unsigned exporters = 0;
    for(const auto &collectors : {configuration.get_tracing_collectors(), configuration.get_logging_collectors()})
    {
        for(const auto &collector : collectors)
        {
            exporters |= 1U << static_cast<unsigned>(collector.exporter_type);
        }
    }
    return exporters;
}

Configuration propagating_configuration()
{
    Configuration configuration("cpptango_telemetry", "tango", Configuration::Client{"cpptango_telemetry"});
    configuration.enabled = true;
    configuration.tracing_enabled = false;
    configuration.logging_enabled = false;
    configuration.set_tracing_collectors(Collectors());
    configuration.set_logging_collectors(Collectors());
    return configuration;
}

void check_collector(const std::string &exporter, const std::string &endpoint)
{
    Configuration::create_collector_from_endpoint(exporter, endpoint);
}

DeviceProperties::DeviceProperties(const std::string &device_name) :
    source("device properties of " + device_name)
{
    if(!Tango::Util::_UseDb)
    {
        return;
    }
    Tango::DbData data;
    for(const auto &name : telemetry_properties())
    {
        data.emplace_back(std::string(name));
    }
    Tango::Util::instance()->get_database()->get_device_property(device_name, data);
    rust::Vec<Property> given;
    for(const auto &datum : data)
    {
        if(!datum.value_string.empty())
        {
            rust::Vec<rust::String> elements;
            for(const auto &element : datum.value_string)
            {
                elements.push_back(rust::String::lossy(element));
            }
            given.push_back({rust::String::lossy(datum.name), std::move(elements)});
        }
    }
    try
    {
        for(const auto &property : check_properties(std::move(given)))
        {
            std::string list;
            for(const auto &element : property.elements)
            {
                list += (list.empty() ? "" : ",") + std::string(element);
            }
            lists[std::string(property.name)] = list;
        }
    }
    catch(const rust::Error &error)
    {
        Tango::Except::throw_exception("API_InvalidArgs", source + ": " + error.what(), "TelemetryDevice");
    }
}

void DeviceProperties::apply(Configuration &configuration) const
{
    const auto types = list_of(lists, "telemetry_types");
    if(!types.empty())
    {
        configuration.enable_telemetry_types(types);
    }
    const auto topics = list_of(lists, "telemetry_topics");
    if(!topics.empty())
    {
        configuration.set_topics(topics);
    }
    const auto tracing = list_of(lists, "telemetry_tracing_exporters");
    if(!tracing.empty())
    {
        configuration.set_tracing_collectors(tracing, list_of(lists, "telemetry_tracing_endpoints"), source);
    }
    const auto logging = list_of(lists, "telemetry_logging_exporters");
    if(!logging.empty())
    {
        configuration.set_logging_collectors(logging, list_of(lists, "telemetry_logging_endpoints"), source);
    }
}

} // namespace cpptango_telemetry
