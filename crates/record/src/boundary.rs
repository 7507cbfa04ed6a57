//! The two things about a record's text that framing must know as well: how one begins, how one ends.

/// Tells whether `line` begins a record: `Time: dd/dd/dd`, blanks and TABs around the colon optional.
///
/// The line may go on behind the date, and may still have its line end.
#[must_use]
pub fn is_boundary(line: &[u8]) -> bool {
    let Some(rest) = line.strip_prefix(b"Time") else { return false };
    let Some(rest) = trim_blanks_start(rest).strip_prefix(b":") else { return false };
    match trim_blanks_start(rest) {
        [a, b, b'/', c, d, b'/', e, f, ..] => [a, b, c, d, e, f].iter().all(|byte| byte.is_ascii_digit()),
        _ => false,
    }
}

/// Cuts off the line ends and blanks behind a frame: they are no part of it.
#[inline]
#[must_use]
pub fn trim_end(mut frame: &[u8]) -> &[u8] {
    while let [rest @ .., b' ' | b'\t' | b'\n' | b'\r'] = frame {
        frame = rest;
    }
    frame
}

/// Cuts off blanks and TABs in front.
#[inline]
pub(crate) fn trim_blanks_start(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = bytes {
        bytes = rest;
    }
    bytes
}

/// Cuts off blanks and TABs behind. Line ends and form feeds are data, so this is not `trim_ascii`.
#[inline]
pub(crate) fn trim_blanks_end(mut bytes: &[u8]) -> &[u8] {
    while let [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

/// Cuts off blanks and TABs on both sides.
#[inline]
pub(crate) fn trim_blanks(bytes: &[u8]) -> &[u8] {
    trim_blanks_end(trim_blanks_start(bytes))
}
