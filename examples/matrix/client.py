#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""The same as client.rs in PyTango."""

import sys

import tango
from opentelemetry import context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator


def call(leader):
    count = leader.command_inout("TurnFollowersOn", 42.0)
    if count != 1:
        sys.exit(f"{count} followers are on")


def serve(leader):
    print("ready", flush=True)
    for line in sys.stdin:
        _, number, *traceparent = line.split()
        outer = TraceContextTextMapPropagator().extract({"traceparent": "".join(traceparent)}, context.Context())
        token = context.attach(outer)
        call(leader)
        context.detach(token)
        print(f"call {number}: done", flush=True)


serve(tango.DeviceProxy(sys.argv[1]))
