//! Base64 in pieces of any size: standard alphabet, padding optional, white space ignored.
//!
//! Characters are gathered into blocks of a fixed count and decoded block by block, so that what comes
//! out before a mistake depends on the characters alone, not on how they were cut.

use crate::text::is_white;
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use hsmstream_record::Reason;

/// What base64 of gzip begins with.
pub(crate) const OF_GZIP: &[u8] = b"H4sI";

const ENGINE: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Characters decoded at once: a multiple of four.
const BLOCK: usize = 4096;

/// Decodes base64 that comes in pieces.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    block: Vec<u8>,
    padded: bool,
}

impl Decoder {
    pub(crate) fn restart(&mut self) {
        self.block.clear();
        self.padded = false;
    }

    /// Decodes what makes whole blocks with the characters before.
    pub(crate) fn push(&mut self, mut input: &[u8], out: &mut Vec<u8>) -> Result<(), Reason> {
        while let Some((&byte, rest)) = input.split_first() {
            if is_white(byte) {
                input = rest;
                continue;
            }
            if self.padded {
                return Err(Reason::BrokenBase64);
            }
            let run =
                input.iter().take(BLOCK - self.block.len()).take_while(|byte| !is_white(**byte)).count();
            let (run, rest) = input.split_at(run);
            self.block.extend_from_slice(run);
            input = rest;
            if self.block.len() == BLOCK {
                self.flush(out)?;
            }
        }
        Ok(())
    }

    /// Decodes what is left.
    pub(crate) fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), Reason> {
        self.flush(out)
    }

    fn flush(&mut self, out: &mut Vec<u8>) -> Result<(), Reason> {
        self.padded = self.block.ends_with(b"=");
        let before = out.len();
        let decoded = ENGINE.decode_vec(&self.block, out);
        if decoded.is_err() {
            out.truncate(before);
        }
        self.block.clear();
        decoded.map_err(|_| Reason::BrokenBase64)
    }
}

/// Decodes a whole text; appends to `out`, which is of no use after an error.
pub(crate) fn decode(text: &[u8], out: &mut Vec<u8>) -> Result<(), Reason> {
    if ENGINE.decode_vec(text, out).is_ok() {
        return Ok(());
    }
    out.clear();
    let mut decoder = Decoder::default();
    decoder.push(text, out)?;
    decoder.finish(out)
}
