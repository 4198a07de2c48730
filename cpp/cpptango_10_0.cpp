// SPDX-License-Identifier: MIT OR Apache-2.0
//
// cppTango 10.0 to 10.2: one exporter and one endpoint for spans, one for log records; no topics, and no properties of
// devices.
#include "cpptango-telemetry/src/bridge.rs.h"
#include "cpptango_telemetry/cpptango.h"

#include <regex>

namespace cpptango_telemetry
{

namespace
{

using Exporter = Configuration::Exporter;

[[noreturn]] void refuse(const std::string &what)
{
    Tango::Except::throw_exception("API_InvalidArgs", what, "cpptango_telemetry");
}

// As cppTango, whose own check is private.
void check_endpoint_of(Exporter exporter, const std::string &endpoint)
{
    const char *pattern = "";
    switch(exporter)
    {
    case Exporter::http:
#ifndef TANGO_TELEMETRY_USE_HTTP
        refuse("this cppTango was compiled without the exporter http");
#endif
        pattern = "(http|https)://[^/]+:\\d+(/.*)?";
        break;
    case Exporter::grpc:
#ifndef TANGO_TELEMETRY_USE_GRPC
        refuse("this cppTango was compiled without the exporter grpc");
#endif
        pattern = "grpc://[^/]+:\\d+";
        break;
    case Exporter::console:
        pattern = "cout|cerr";
        break;
    case Exporter::none:
        return;
    }
    if(!std::regex_match(endpoint, std::regex(pattern)))
    {
        refuse("the endpoint " + endpoint + " is not one for the exporter " + to_string(exporter));
    }
}

} // namespace

TelemetryConfiguration to_shared(const Configuration &configuration)
{
    TelemetryConfiguration shared{};
    shared.enabled = configuration.enabled;
    shared.tracing_enabled = configuration.traces_exporter != Exporter::none;
    shared.topics.push_back("all");
    if(shared.tracing_enabled)
    {
        shared.tracing_collectors.push_back({static_cast<std::int32_t>(configuration.traces_exporter),
                                             rust::String::lossy(configuration.traces_endpoint)});
    }
    return shared;
}

void from_shared(const TelemetryConfiguration &shared, Configuration &configuration)
{
    if(shared.topics.size() != 1 || shared.topics[0] != "all")
    {
        refuse("cppTango before 10.3 has no topics: give it `all`");
    }
    if(shared.tracing_collectors.size() > 1)
    {
        refuse("cppTango before 10.3 has one endpoint: give it that one, or none");
    }
    configuration.enabled = shared.enabled;
    if(!shared.tracing_enabled || shared.tracing_collectors.empty())
    {
        configuration.traces_exporter = Exporter::none;
        configuration.traces_endpoint.clear();
        return;
    }
    const auto &collector = shared.tracing_collectors[0];
    const auto exporter = static_cast<Exporter>(collector.exporter);
    const std::string endpoint(collector.endpoint);
    check_endpoint_of(exporter, endpoint);
    configuration.traces_exporter = exporter;
    configuration.traces_endpoint = endpoint;
}

bool same(const Configuration &a, const Configuration &b)
{
    return a.traces_exporter == b.traces_exporter && a.traces_endpoint == b.traces_endpoint && same_logging(a, b);
}

bool same_logging(const Configuration &a, const Configuration &b)
{
    return a.enabled == b.enabled && a.logs_exporter == b.logs_exporter && a.logs_endpoint == b.logs_endpoint;
}

bool exports_spans(const Configuration &configuration)
{
    return configuration.enabled && configuration.traces_exporter != Exporter::none;
}

bool exports_logs(const Configuration &configuration)
{
    return configuration.enabled && configuration.logs_exporter != Exporter::none;
}

unsigned exporters_of(const Configuration &configuration)
{
    return 1U << static_cast<unsigned>(configuration.traces_exporter) |
           1U << static_cast<unsigned>(configuration.logs_exporter);
}

Configuration propagating_configuration()
{
    Configuration configuration("cpptango_telemetry", "tango", Configuration::Client{"cpptango_telemetry"});
    configuration.enabled = true;
    configuration.traces_exporter = Exporter::none;
    configuration.logs_exporter = Exporter::none;
    return configuration;
}

void check_collector(const std::string &exporter, const std::string &endpoint)
{
    for(const auto one : {Exporter::http, Exporter::grpc, Exporter::console})
    {
        if(exporter == to_string(one))
        {
            check_endpoint_of(one, endpoint);
        }
    }
}

DeviceProperties::DeviceProperties(const std::string &) { }

void DeviceProperties::apply(Configuration &) const { }

} // namespace cpptango_telemetry
