//! A whole message: takes gzip and base64 of gzip off, layer by layer, then splits what is inside.
//!
//! What was inflated before a layer breaks counts, with one exception: of a member whose checksum is wrong,
//! nothing does. (Cut off, a member is right as far as it goes; with a wrong checksum, some byte of it is
//! not, and nobody knows which.) Items of the inside come first, the layer's reject behind them. A layer
//! inside one that broke is not reported again.

use crate::base64::{self, Decoder};
use crate::format::Format;
use crate::gzip::{self, Allowance, Fault, Gunzip, Inflated, Progress};
use crate::item::wide;
use crate::origin::Named;
use crate::out::Out;
use crate::splitter::Splitter;
use crate::text::{End, Piece, white_len};
use hsmstream_record::Reason;

/// Layers are numbered by hand, so a configuration cannot ask for any number of them.
pub(crate) const COMPRESSIONS_MAX: u32 = 8;

/// What a text is wrapped in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Coat {
    None,
    Gzip,
    Base64,
}

/// Tells the coat of a text by its first bytes; `None` if there are too few of them and `more` may follow.
pub(crate) fn coat(bytes: &[u8], more: bool) -> Option<Coat> {
    let begins = |bytes: &[u8], with: &[u8]| {
        let short = more && bytes.len() < with.len() && with.starts_with(bytes);
        (!short).then(|| bytes.starts_with(with))
    };
    if begins(bytes, &gzip::MAGIC)? {
        return Some(Coat::Gzip);
    }
    let text = bytes.get(white_len(bytes)..).unwrap_or_default();
    Some(if begins(text, base64::OF_GZIP)? { Coat::Base64 } else { Coat::None })
}

/// Where a message's bytes come from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Source<'a> {
    /// The bytes as they stand in what is around them: what a layer's reject shows.
    pub(crate) raw: Piece<'a>,
    /// Compressions around them.
    pub(crate) compressions: u32,
}

/// Layers and splitter for whole messages.
#[derive(Debug)]
pub(crate) struct Core {
    layers: Vec<Layer>,
    splitter: Splitter,
}

/// Buffers of one layer.
#[derive(Debug, Default)]
struct Layer {
    gunzip: Option<Box<Gunzip>>,
    decoder: Decoder,
    decoded: Vec<u8>,
    inflated: Inflated,
}

impl Core {
    /// Makes the machines for messages inside `level` wrappers.
    pub(crate) fn new(level: u32) -> Self {
        Self { layers: Vec::new(), splitter: Splitter::new(level) }
    }

    /// Splits a message.
    pub(crate) fn run(&mut self, format: Format, bytes: &[u8], source: Source<'_>, out: &mut Out<'_>) {
        if !out.tally.cumulative {
            out.tally.inflated = 0;
        }
        let allowed = out.limits.compressions_max.min(COMPRESSIONS_MAX).saturating_sub(source.compressions);
        let layers = usize::try_from(allowed).unwrap_or(0);
        if self.layers.len() < layers {
            self.layers.resize_with(layers, Layer::default);
        }
        self.splitter.restart(format, source.compressions);
        let layers = self.layers.get_mut(..layers).unwrap_or_default();
        descend(layers, &mut self.splitter, (bytes, End::Whole), source.raw, out);
    }
}

fn descend(
    layers: &mut [Layer],
    splitter: &mut Splitter,
    (bytes, end): (&[u8], End),
    raw: Piece<'_>,
    out: &mut Out<'_>,
) {
    let coat = coat(bytes, false).unwrap_or(Coat::None);
    if coat == Coat::None {
        return splitter.run(bytes, end, out);
    }
    let Some((layer, inner)) = layers.split_first_mut() else {
        if end == End::Whole {
            out.reject(Reason::NestedTooDeep, raw, Named::default());
        }
        return;
    };
    splitter.enter_compression();
    let left = out.limits.inflated_bytes_max.saturating_sub(out.tally.inflated);
    let peeled = layer.peel(bytes, coat, Allowance::new(out.limits, wide(left)));
    out.tally.inflated = out.tally.inflated.saturating_add(layer.inflated.text().len());
    let end_inside = if peeled.is_ok() { end } else { End::Cut };
    descend(inner, splitter, (layer.inflated.text(), end_inside), raw, out);
    if let (Err(reason), End::Whole) = (peeled, end) {
        out.reject(reason, raw, Named::default());
    }
}

impl Layer {
    /// Fills `inflated` with what is inside `bytes`, as far as it can be had.
    fn peel(&mut self, bytes: &[u8], coat: Coat, allowance: Allowance) -> Result<(), Reason> {
        self.inflated.truncate(0);
        let gunzip = self.gunzip.get_or_insert_with(|| Box::new(Gunzip::new()));
        gunzip.restart();
        if coat == Coat::Gzip {
            return whole(inflate(gunzip, bytes, allowance, &mut self.inflated));
        }
        self.decoded.clear();
        self.decoder.restart();
        let pushed = self.decoder.push(bytes, &mut self.decoded);
        let decoded = pushed.and_then(|()| self.decoder.finish(&mut self.decoded));
        let inflated = inflate(gunzip, &self.decoded, allowance, &mut self.inflated);
        match (decoded, inflated) {
            // Cut short because its base64 is: only that is a fault.
            (Err(broken), Ok(_)) => Err(broken),
            (_, inflated) => whole(inflated),
        }
    }
}

/// A stream that is cut short is broken.
fn whole(inflated: Result<bool, Reason>) -> Result<(), Reason> {
    if inflated? { Ok(()) } else { Err(Reason::BrokenGzip) }
}

/// Inflates what can be inflated; returns whether the stream is complete.
fn inflate(
    gunzip: &mut Gunzip,
    mut input: &[u8],
    allowance: Allowance,
    out: &mut Inflated,
) -> Result<bool, Reason> {
    let mut verified = 0;
    loop {
        match gunzip.step(&mut input, allowance, out) {
            Ok(Progress::Some) => {}
            Ok(Progress::Member) => verified = out.text().len(),
            Ok(Progress::Starved) => return Ok(gunzip.is_between()),
            Err(Fault::Broken) => return Err(Reason::BrokenGzip),
            Err(Fault::Checksum) => {
                out.truncate(verified);
                return Err(Reason::BrokenGzip);
            }
            Err(Fault::TooLarge) => return Err(Reason::InflatedTooLarge),
        }
    }
}
