// SPDX-License-Identifier: MIT OR Apache-2.0
//
// What bindgen reads for src/bridge.rs: names and enumerators are cppTango's own, not retyped. All of tango.h, because
// its versions have them in different headers.
#include <tango/tango.h>
