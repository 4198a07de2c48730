#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""What the matrix needs of examples/follower.rs in PyTango."""

from tango.server import Device, command, run


class Follower(Device):
    @command(dtype_in="DevDouble")
    def Go(self, position):
        self.position = position

    def is_Go_allowed(self):
        return True


if __name__ == "__main__":
    run((Follower,))
