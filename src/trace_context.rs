// SPDX-License-Identifier: MIT OR Apache-2.0
//! The W3C trace context as a value.

use std::fmt;

use opentelemetry::{
    Context,
    trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId},
};

use crate::{error::Error, trace_state};

/// The flags that the W3C has given a meaning: sampled, and (level 2) random trace id.
const KNOWN_FLAGS: TraceFlags = TraceFlags::new(0x03);

/// A W3C trace context: what the headers `traceparent` and `tracestate` say, or nothing.
///
/// Source of the rules: W3C Trace Context, level 1 and (for the flags) level 2. opentelemetry's own
/// `TraceContextPropagator` accepts more than those. However it was made, a value has no flags without a meaning, and
/// no entry in its `tracestate` that opentelemetry-cpp or opentelemetry would reject, and the others with it.
///
/// ```
/// # use cpptango_telemetry::TraceContext;
/// let cx = TraceContext::parse("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "vendor=value")?;
/// assert_eq!(cx.traceparent(), "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
/// assert_eq!(cx.tracestate(), "vendor=value");
/// # Ok::<(), cpptango_telemetry::Error>(())
/// ```
#[derive(Clone, PartialEq)]
pub struct TraceContext(SpanContext);

impl TraceContext {
    /// No trace context.
    pub const EMPTY: Self = Self(SpanContext::NONE);

    /// Reads the two headers.
    ///
    /// Version 00 is exactly 55 bytes of lower-case hexadecimal digits and dashes; of a higher version the first 55
    /// bytes count, which must be followed by a dash or nothing. An empty `traceparent` is an empty context.
    ///
    /// Of `tracestate` the valid entries count, at most 32. The others are dropped one by one (W3C 4.3), and never
    /// affect `traceparent` (W3C 3.3).
    ///
    /// # Errors
    /// [`Error::TraceParent`] for any other `traceparent`.
    pub fn parse(traceparent: &str, tracestate: &str) -> Result<Self, Error> {
        if traceparent.is_empty() {
            return Ok(Self::EMPTY);
        }
        let bytes = traceparent.as_bytes();
        if bytes.len() < 55 || bytes[2] != b'-' || bytes[35] != b'-' || bytes[52] != b'-' {
            return Err(Error::TraceParent("wrong length or dashes"));
        }
        let version = hex::<1>(&bytes[..2])?[0];
        match (version, bytes.get(55)) {
            (0xff, _) => return Err(Error::TraceParent("version ff is not allowed")),
            (0, Some(_)) => return Err(Error::TraceParent("version 00 is longer than 55 bytes")),
            (_, Some(byte)) if *byte != b'-' => {
                return Err(Error::TraceParent("no dash after the first 55 bytes"));
            }
            _ => {}
        }
        let trace_id = TraceId::from_bytes(hex(&bytes[3..35])?);
        let span_id = SpanId::from_bytes(hex(&bytes[36..52])?);
        let flags = TraceFlags::new(hex::<1>(&bytes[53..55])?[0]);
        if trace_id == TraceId::INVALID {
            return Err(Error::TraceParent("the trace id is zero"));
        }
        if span_id == SpanId::INVALID {
            return Err(Error::TraceParent("the parent id is zero"));
        }
        let state = trace_state::parse(tracestate);
        Ok(Self(SpanContext::new(
            trace_id,
            span_id,
            flags & KNOWN_FLAGS,
            true,
            state,
        )))
    }

    /// Whether there is no trace context.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.0.is_valid()
    }

    /// The `traceparent` header, always of version 00 and in lower case; empty where there is no trace context.
    #[must_use]
    pub fn traceparent(&self) -> String {
        if self.is_empty() {
            return String::new();
        }
        let mut text = String::with_capacity(55);
        text.push_str("00");
        // Not by format!, which takes several times as long.
        let mut push = |bytes: &[u8]| {
            text.push('-');
            for byte in bytes {
                let digit = |value: u8| char::from(b"0123456789abcdef"[usize::from(value)]);
                text.push(digit(byte >> 4));
                text.push(digit(byte & 0xf));
            }
        };
        push(&self.0.trace_id().to_bytes());
        push(&self.0.span_id().to_bytes());
        push(&[self.0.trace_flags().to_u8()]);
        text
    }

    /// The `tracestate` header; empty where there is none.
    #[must_use]
    pub fn tracestate(&self) -> String {
        self.0.trace_state().header()
    }

    /// The same as OpenTelemetry's value; invalid where there is no trace context.
    #[must_use]
    pub fn span_context(&self) -> &SpanContext {
        &self.0
    }

    /// `parent` with this as its remote span; `parent` itself where there is no trace context.
    #[must_use]
    pub fn to_context(&self, parent: &Context) -> Context {
        if self.is_empty() {
            parent.clone()
        } else {
            parent.with_remote_span_context(self.0.clone())
        }
    }
}

impl Default for TraceContext {
    fn default() -> Self {
        Self::EMPTY
    }
}

/// Empty for an invalid one.
impl From<SpanContext> for TraceContext {
    fn from(made: SpanContext) -> Self {
        if !made.is_valid() {
            return Self::EMPTY;
        }
        // Whoever made it may have been less strict.
        Self(SpanContext::new(
            made.trace_id(),
            made.span_id(),
            made.trace_flags() & KNOWN_FLAGS,
            made.is_remote(),
            trace_state::valid(made.trace_state()),
        ))
    }
}

/// The context of the span of `cx`; empty where it has none.
impl From<&Context> for TraceContext {
    fn from(cx: &Context) -> Self {
        cx.span().span_context().clone().into()
    }
}

impl fmt::Debug for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TraceContext")
            .field("traceparent", &self.traceparent())
            .field("tracestate", &self.tracestate())
            .finish()
    }
}

/// `2 * N` lower-case hexadecimal digits.
fn hex<const N: usize>(digits: &[u8]) -> Result<[u8; N], Error> {
    let value = |digit: u8| match digit {
        b'0'..=b'9' => Ok(digit - b'0'),
        b'a'..=b'f' => Ok(digit - b'a' + 10),
        _ => Err(Error::TraceParent("not a lower-case hexadecimal digit")),
    };
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = value(pair[0])? << 4 | value(pair[1])?;
    }
    Ok(bytes)
}
