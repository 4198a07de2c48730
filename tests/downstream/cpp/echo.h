// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include <cpptango_telemetry/telemetry_handle.h>
#include <rust/cxx.h>

// A device server with these arguments; returns when it ends.
void serve(rust::Vec<rust::String> arguments);

// What a client calls. These throw std::runtime_error with the text of the DevFailed.
std::int32_t call_echo(rust::Str device, std::int32_t number);
std::int32_t read_answer(rust::Str device);
