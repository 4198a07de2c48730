// SPDX-License-Identifier: MIT OR Apache-2.0
//! Rust types as Tango types.

pub use crate::bridge::ffi::Value;
use crate::{bridge::ffi::Kind, error::DevFailed};

/// A Rust type that commands and attributes may have: scalars and strings; for commands also `()`, string arrays and
/// `(Vec<i32>, Vec<String>)`, which is a `DevVarLongStringArray`.
pub trait TangoType: Sized {
    #[doc(hidden)]
    const KIND: Kind;
    #[doc(hidden)]
    fn into_value(self) -> Value;
    #[doc(hidden)]
    fn take(value: Value) -> Self;

    #[doc(hidden)]
    fn from_value(value: Value) -> Result<Self, DevFailed> {
        if value.kind == Self::KIND {
            return Ok(Self::take(value));
        }
        Err(DevFailed::new(
            "API_IncompatibleCmdArgumentType",
            format!("expected {:?}, got {:?}", Self::KIND, value.kind),
            "tango_bindings",
        ))
    }
}

macro_rules! tango_type {
    ($type:ty, $kind:ident, $($field:ident),*) => {
        impl TangoType for $type {
            const KIND: Kind = Kind::$kind;
            fn into_value(self) -> Value {
                #[allow(unused_parens)]
                let ($($field),*) = self;
                Value {
                    kind: Kind::$kind,
                    $($field,)*
                    ..Default::default()
                }
            }
            fn take(value: Value) -> Self {
                #[allow(unused_parens)]
                ($(value.$field),*)
            }
        }
    };
}

tango_type!(bool, Boolean, boolean);
tango_type!(i32, Long, number);
tango_type!(f64, Double, real);
tango_type!(String, String, text);
tango_type!(Vec<String>, StringArray, strings);
tango_type!((Vec<i32>, Vec<String>), LongStringArray, numbers, strings);

impl TangoType for () {
    const KIND: Kind = Kind::Void;
    fn into_value(self) -> Value {
        Value::default()
    }
    fn take(_: Value) -> Self {}
}
