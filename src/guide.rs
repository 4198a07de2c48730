// SPDX-License-Identifier: MIT OR Apache-2.0
//! How to use it, by who uses it.

#[doc = include_str!("../docs/bindings.md")]
pub mod bindings {}

#[doc = include_str!("../docs/spans.md")]
pub mod spans {}

#[doc = include_str!("../docs/operators.md")]
pub mod operators {}
