// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Values and errors on their way between cppTango and Rust.
#pragma once

#include "rust/cxx.h"

#include <tango/tango.h>

#include <functional>
#include <string>

namespace tango_bindings
{

// Shared with Rust, defined by cxx.
struct Value;
struct DevError;
struct Reply;
enum class Kind : std::uint8_t;

Tango::DeviceData to_device_data(const Value &value);
Value from_device_data(Tango::DeviceData &data);
Tango::DeviceAttribute to_device_attribute(const std::string &name, const Value &value);
Value from_device_attribute(Tango::DeviceAttribute &attribute);
long tango_type(Kind kind);

std::vector<std::string> to_vector(const rust::Vec<rust::String> &strings);
Value from_vector(const std::vector<std::string> &strings);
Value from_number(long number);
// One property, with the strings of the value.
Tango::DbData to_property(rust::Str name, const Value &value);
Value from_property(const Tango::DbData &property);

// Runs `body`; its exception becomes the errors of the reply.
Reply reply_of(const std::function<void(Value &)> &body) noexcept;

// The other way round.
void throw_if_failed(const rust::Vec<DevError> &errors);

} // namespace tango_bindings
