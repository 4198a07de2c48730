// A device server of one device class that Rust defines.
#pragma once

#include "tango_bindings/value.h"

namespace tango_bindings
{

// Rust's.
struct ClassDefinition;

// Returns when the server has been told to end.
Reply run_server(rust::Vec<rust::String> arguments, rust::Box<ClassDefinition> definition) noexcept;

} // namespace tango_bindings
