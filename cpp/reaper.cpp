// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cpptango_telemetry/reaper.h"

#include "cpptango-telemetry/src/bridge.rs.h"

#include <atomic>
#include <cstdlib>
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

void register_at_exit()
{
    std::atexit([] { at_exit(); });
}

void register_at_exit(const Configuration &configuration)
{
    static std::atomic<unsigned> known{0};
    const unsigned kinds = 1 | exporters_of(configuration) << 1;
    if((known.fetch_or(kinds) & kinds) != kinds)
    {
        register_at_exit();
    }
}

} // namespace cpptango_telemetry
