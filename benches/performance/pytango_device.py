#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""A PyTango device whose command Noop does nothing."""

from tango.server import Device, command, run


class PyNoop(Device):
    @command
    def Noop(self):
        pass


if __name__ == "__main__":
    run((PyNoop,))
