// SPDX-License-Identifier: MIT OR Apache-2.0
//! The header `tracestate`, entry by entry.
//!
//! W3C Trace Context, level 1: the list and its entries are 3.3.1, and 4.3 allows to discard invalid entries alone. Both
//! opentelemetry-cpp and opentelemetry discard the whole list where they do not like one entry, and they do not like the
//! same ones. So what is kept here is what the W3C and both of them accept. Of level 2 there is that a key may begin with
//! a digit.

use opentelemetry::trace::TraceState;

/// Of entries (W3C 3.3.1). opentelemetry has the same limit; here it bounds the search for keys that are there twice.
const MAX_ENTRIES: usize = 32;
/// Of a key, and of a value (W3C 3.3.1.3).
const MAX_LENGTH: usize = 256;
/// Of the two parts of a key with `@` (W3C 3.3.1.3.1). The W3C has 14 for the second; opentelemetry accepts 13.
const MAX_TENANT: usize = 241;
const MAX_SYSTEM: usize = 13;

/// The valid entries of a header.
pub(crate) fn parse(header: &str) -> TraceState {
    if header.is_empty() {
        return TraceState::NONE;
    }
    let members = header
        .split(',')
        .map(|member| member.trim_matches([' ', '\t']));
    valid(members.filter_map(|member| member.split_once('=')))
}

/// The valid ones of these entries, in their order: of two with the same key the first, which is the more recent one,
/// and for the same reason the first 32. Nothing is allocated where there is none.
pub(crate) fn valid<'a>(entries: impl IntoIterator<Item = (&'a str, &'a str)>) -> TraceState {
    let mut kept: Vec<(&str, &str)> = Vec::new();
    for (key, value) in entries {
        if kept.len() == MAX_ENTRIES {
            break;
        }
        if is_key(key) && is_value(value) && kept.iter().all(|(other, _)| *other != key) {
            kept.push((key, value));
        }
    }
    if kept.is_empty() {
        return TraceState::NONE;
    }
    TraceState::from_key_value(kept).unwrap_or_default()
}

fn is_key(key: &str) -> bool {
    let digit_too = |first: u8| first.is_ascii_lowercase() || first.is_ascii_digit();
    match key.split_once('@') {
        None => key.len() <= MAX_LENGTH && is_identifier(key, digit_too),
        Some((tenant, system)) => {
            tenant.len() <= MAX_TENANT
                && system.len() <= MAX_SYSTEM
                && is_identifier(tenant, digit_too)
                && is_identifier(system, |first| first.is_ascii_lowercase())
        }
    }
}

fn is_identifier(text: &str, begins: impl FnOnce(u8) -> bool) -> bool {
    let allowed = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'*' | b'/');
    text.bytes().next().is_some_and(begins) && text.bytes().all(allowed)
}

/// Printable ASCII without `,` and `=`; the last one is not a space.
fn is_value(value: &str) -> bool {
    let allowed = |byte| matches!(byte, b' '..=b'~') && byte != b',' && byte != b'=';
    value.len() <= MAX_LENGTH
        && value.bytes().all(allowed)
        && value.bytes().last().is_some_and(|last| last != b' ')
}
