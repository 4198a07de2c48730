// SPDX-License-Identifier: MIT OR Apache-2.0
//! Texts of others, as spans take them.

use std::borrow::Cow;

/// Of names, of most attributes, and of the status, in bytes.
pub(crate) const LIMIT: usize = 1024;

/// Of what an error says, in its event.
pub(crate) const ERROR_LIMIT: usize = 16 * 1024;

/// `text`, cut at `limit` bytes, and without the NUL that some backends refuse.
pub(crate) fn bounded<'a>(text: impl Into<Cow<'a, str>>, limit: usize) -> String {
    let text = text.into();
    if text.len() <= limit && !text.contains('\0') {
        return text.into_owned();
    }
    let text = cut(&text, limit).replace('\0', "\u{fffd}");
    cut(&text, limit).to_string()
}

fn cut(text: &str, limit: usize) -> &str {
    let mut end = limit.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::bounded;

    #[test]
    fn texts_are_cut_between_characters() {
        assert_eq!(bounded("abc", 3), "abc");
        assert_eq!(bounded("äbc", 1), "");
        assert_eq!(bounded("aäb", 3), "aä");
        assert_eq!(bounded("", 0), "");
        assert_eq!(bounded("x".repeat(1 << 20), 1024).len(), 1024);
    }

    #[test]
    fn a_nul_is_replaced_within_the_limit() {
        assert_eq!(bounded("a\0b", 16), "a\u{fffd}b");
        assert_eq!(bounded("\0\0", 4), "\u{fffd}");
    }
}
