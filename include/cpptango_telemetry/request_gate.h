// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Keeps a device's interface in its place for the moment in which cppTango copies it. cppTango does so without a lock,
// at the beginning of each request; whoever replaces the interface has to keep away from that moment, or the server
// crashes.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>

namespace cpptango_telemetry
{

class RequestGate final
{
  public:
    // Around a request, on the thread that serves it. Requests may be nested, also those of different devices: the
    // outer one has made its copy when the inner one begins.
    class Entry final
    {
      public:
        explicit Entry(RequestGate &gate);
        ~Entry();
        Entry(const Entry &) = delete;
        Entry &operator=(const Entry &) = delete;
    };

    // The request of this thread has made its copy: nobody has to wait for it any longer.
    static void passed() noexcept;

    // Runs `replace`, which replaces the interface, while no request copies it. New requests wait meanwhile, so that it
    // comes to its turn under any load. It waits 50 ms at most: a request that is inside for so long has made its copy,
    // and is waiting for the device's monitor (to read attributes, where the propagator does not tell).
    template <class Replace>
    void exclusively(Replace &&replace)
    {
        const Closed closed(*this);
        replace();
    }

  private:
    class Closed final
    {
      public:
        explicit Closed(RequestGate &gate);
        ~Closed();

      private:
        RequestGate &gate;
        std::unique_lock<std::mutex> lock;
    };

    void enter();
    void leave() noexcept;

    // Requests that may not have made their copy yet.
    std::atomic<int> entering{0};
    std::atomic<bool> closed{false};
    std::mutex mutex;
    std::condition_variable changed;
    // How often the gate was opened again; under the mutex.
    unsigned long openings = 0;
};

} // namespace cpptango_telemetry
