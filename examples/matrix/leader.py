#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""The same as examples/leader.rs in PyTango."""

import os

import tango
from tango.server import Device, command, run


class Leader(Device):
    def init_device(self):
        super().init_device()
        self.followers = [tango.DeviceProxy(name) for name in os.environ["FOLLOWERS"].split(",")]

    @command(dtype_in="DevDouble", dtype_out="DevLong")
    def TurnFollowersOn(self, position):
        for follower in self.followers:
            follower.command_inout("Go", position)
        return len(self.followers)


if __name__ == "__main__":
    run((Leader,))
