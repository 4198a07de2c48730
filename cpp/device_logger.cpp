// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cpptango_telemetry/device_logger.h"

#include <string>

namespace cpptango_telemetry
{

DeviceLogger::DeviceLogger(Tango::DeviceImpl &device) :
    device(&device)
{
}

void DeviceLogger::forget() noexcept
{
    const std::lock_guard<std::mutex> lock(mutex);
    device = nullptr;
}

void DeviceLogger::warn(rust::Str text) const noexcept
{
    const std::lock_guard<std::mutex> lock(mutex);
    if(device != nullptr)
    {
        DEV_WARN_STREAM(device) << std::string(text) << std::endl;
    }
}

} // namespace cpptango_telemetry
