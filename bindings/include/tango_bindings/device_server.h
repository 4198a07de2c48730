// A device server of one device class that Rust defines.
#pragma once

#include "tango_bindings/value.h"

namespace tango_bindings
{

// Rust's.
struct ClassDefinition;

// A warning on the logger of a device of this process.
void log_warn(rust::Str device, rust::Str text) noexcept;

// Returns when the server has been told to end.
Reply run_server(rust::Vec<rust::String> arguments, rust::Box<ClassDefinition> definition) noexcept;

} // namespace tango_bindings
