//! The engine's own small encodings for the changelog: LEB128 numbers and optional byte strings.
//!
//! Decoding takes hostile bytes: every read is checked, nothing is trusted, nothing allocates.

/// Appends an unsigned LEB128 number.
pub(crate) fn put_u64(out: &mut Vec<u8>, mut number: u64) {
    loop {
        let low = u8::try_from(number & 0x7f).unwrap_or_default();
        number >>= 7;
        if number == 0 {
            out.push(low);
            return;
        }
        out.push(low | 0x80);
    }
}

/// Appends a byte string, or its absence.
pub(crate) fn put_bytes(out: &mut Vec<u8>, bytes: Option<&[u8]>) {
    match bytes {
        None => put_u64(out, 0),
        Some(bytes) => {
            put_u64(out, bytes.len() as u64 + 1);
            out.extend_from_slice(bytes);
        }
    }
}

/// Reads what the functions above wrote.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) fn byte(&mut self) -> Option<u8> {
        let (&first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(first)
    }

    pub(crate) fn u64(&mut self) -> Option<u64> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let part = u64::from(byte & 0x7f);
            number |= part.checked_shl(shift).filter(|shifted| shifted >> shift == part)?;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    /// `None`: the input is broken. `Some(None)`: an absent string.
    #[expect(clippy::option_option, reason = "broken and absent are two things")]
    pub(crate) fn bytes(&mut self) -> Option<Option<&'a [u8]>> {
        let Some(length) = self.u64()?.checked_sub(1) else { return Some(None) };
        let (bytes, rest) = self.rest.split_at_checked(usize::try_from(length).ok()?)?;
        self.rest = rest;
        Some(Some(bytes))
    }

    pub(crate) fn rest(self) -> &'a [u8] {
        self.rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_strings_come_back() {
        let mut out = Vec::new();
        let numbers = [0, 1, 127, 128, 300, u64::MAX];
        for number in numbers {
            put_u64(&mut out, number);
        }
        put_bytes(&mut out, None);
        put_bytes(&mut out, Some(b""));
        put_bytes(&mut out, Some(b"abc"));
        let mut reader = Reader::new(&out);
        for number in numbers {
            assert_eq!(reader.u64(), Some(number));
        }
        assert_eq!(reader.bytes(), Some(None));
        assert_eq!(reader.bytes(), Some(Some(&b""[..])));
        assert_eq!(reader.bytes(), Some(Some(&b"abc"[..])));
        assert!(reader.rest().is_empty());
    }

    #[test]
    fn broken_input_is_refused() {
        assert_eq!(Reader::new(&[0x80]).u64(), None);
        assert_eq!(Reader::new(&[0xff; 11]).u64(), None);
        assert_eq!(Reader::new(&[5, 1]).bytes(), None);
    }
}
