// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cpptango_telemetry/environment.h"

#include "cpptango_telemetry/cpptango.h"

#include <opentelemetry/sdk/common/global_log_handler.h>

namespace internal_log = opentelemetry::sdk::common::internal_log;

namespace cpptango_telemetry
{

bool get_env_var(rust::Str name, rust::String &value)
{
    std::string text;
    if(Tango::ApiUtil::get_env_var(std::string(name).c_str(), text) != 0)
    {
        return false;
    }
    value = rust::String::lossy(text);
    return true;
}

void check_endpoint(rust::Str exporter, rust::Str endpoint)
{
    check_collector(std::string(exporter), std::string(endpoint));
}

void read_environment()
{
    const Configuration configuration("", "tango", Configuration::Client{""});
}

void set_sdk_log_level(std::uint8_t level)
{
    internal_log::GlobalLogHandler::SetLogLevel(static_cast<internal_log::LogLevel>(level));
}

} // namespace cpptango_telemetry
