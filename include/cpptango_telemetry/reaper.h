// SPDX-License-Identifier: MIT OR Apache-2.0
//
// What waits for a collector when it is destroyed (an interface, a logger provider: 10 to 20 s if the collector is
// dead) is destroyed by the reaper, Rust's src/reaper.rs, on a thread where nobody waits for it.
#pragma once

#include "cpptango_telemetry/cpptango.h"

#include <memory>

namespace cpptango_telemetry
{

// Something that is destroyed with it.
class Retired final
{
  public:
    explicit Retired(std::shared_ptr<void> something);

  private:
    std::shared_ptr<void> something;
};

// Hands it over to the reaper. If it has other owners, the last of them destroys it.
void retire(std::shared_ptr<void> something) noexcept;

// Has Rust's `at_exit` called when the process ends, before what has been constructed by now is destroyed.
void register_at_exit();

// The same, where an interface with these exporters is the first of its kind: libraries construct what they need then.
void register_at_exit(const Configuration &configuration);

} // namespace cpptango_telemetry
