// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cpptango_telemetry/reaper.h"

#include "cpptango-telemetry/src/bridge.rs.h"

#include <utility>

namespace cpptango_telemetry
{

Retired::Retired(std::shared_ptr<void> something) :
    something(std::move(something))
{
}

void retire(std::shared_ptr<void> something) noexcept
{
    reap(std::make_unique<Retired>(std::move(something)));
}

} // namespace cpptango_telemetry
