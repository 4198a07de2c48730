#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""`pytango_client.py DEVICE COMMAND CALLS`: prints the median time of a call, in microseconds."""

import statistics
import sys
import time

import tango

device = tango.DeviceProxy(sys.argv[1])
times = []
for _ in range(int(sys.argv[3])):
    begun = time.perf_counter_ns()
    device.command_inout(sys.argv[2])
    times.append(time.perf_counter_ns() - begun)
print(statistics.median(times) / 1000)
