// SPDX-License-Identifier: MIT OR Apache-2.0
//
// What bindgen reads for src/bridge.rs: names and enumerators are cppTango's own, not retyped.
#include <tango/common/telemetry/Configuration.h>
#include <tango/common/telemetry/Span.h>
#include <tango/common/telemetry/consts.h>
