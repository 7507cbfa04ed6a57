//! Whole messages: the entry point for Kafka.

use crate::format::Format;
use crate::item::{Counts, Item, Reject};
use crate::origin::{Named, resolve};
use crate::out::{Out, Tally};
use crate::peel::{Core, Source};
use crate::sink::{Items, Records, Sink};
use crate::text::Piece;
use hsmstream_record::{Limits, Origin, Reason, Record, TextBuffer, parse_fast_into};

/// Cuts messages of one format into frames. Its buffers are reused; make one a thread.
#[derive(Debug)]
pub struct Framer {
    format: Format,
    limits: Limits,
    core: Core,
    buffer: TextBuffer,
}

impl Framer {
    /// Makes a framer. Costs little; what compressed and wrapped messages need is made at the first one.
    #[must_use]
    pub fn new(format: Format, limits: Limits) -> Self {
        Self { format, limits, core: Core::new(0), buffer: TextBuffer::new() }
    }

    /// Cuts a message into frames and rejects, in order. `fixed` fills what the message does not say of its
    /// origin. An item borrows from the message and from the framer's buffers, until `sink` returns.
    ///
    /// Allocates nothing once the buffers are large enough. One pass over the message, and one over each
    /// layer inside; two over an envelope that names its origin behind its events.
    pub fn split(&mut self, message: &[u8], fixed: &Origin<'_>, sink: &mut dyn FnMut(Item<'_>)) -> Counts {
        self.run(message, fixed, &mut Items(sink))
    }

    /// Cuts a message into frames and parses them: records and rejects, in order. See [`Self::split`].
    pub fn records(
        &mut self,
        message: &[u8],
        fixed: &Origin<'_>,
        sink: &mut dyn FnMut(&Result<Record<'_>, Reject<'_>>),
    ) -> Counts {
        if single(self.format, message, fixed, &self.limits, sink) {
            return Counts { frames: 1, ..Counts::default() };
        }
        let mut buffer = core::mem::take(&mut self.buffer);
        let mut sink = Records::new(self.limits, &mut buffer, sink);
        let counts = self.run(message, fixed, &mut sink).without_malformed(sink.malformed);
        self.buffer = buffer;
        counts
    }

    fn run(&mut self, message: &[u8], fixed: &Origin<'_>, sink: &mut dyn Sink) -> Counts {
        let mut tally = Tally { cumulative: true, ..Tally::default() };
        let mut out = Out { limits: &self.limits, fixed, tally: &mut tally, sink };
        let raw = Piece { bytes: message, offset: 0 };
        if message.len() > self.limits.message_bytes_max {
            out.reject(Reason::TooLarge, raw, Named::default());
        } else {
            self.core.run(self.format, message, Source { raw, compressions: 0 }, &mut out);
        }
        tally.counts
    }
}

/// A front for the most common message: one record as text, in a usual layout. Returns whether it was given out; if not,
/// ask the machines.
///
/// Why they would give the same: what begins with `Time: ` has no coat and is no JSON, column text or export,
/// so it is `raw` if it may be. The parser took all of it as one record without an anomaly; a second line that
/// begins a record would be one (`repeated_label` or `label_after_user`), so no boundary is inside.
#[inline(always)]
fn single(
    format: Format,
    message: &[u8],
    fixed: &Origin<'_>,
    limits: &Limits,
    sink: &mut dyn FnMut(&Result<Record<'_>, Reject<'_>>),
) -> bool {
    let raw = matches!(format, Format::Auto | Format::Raw) && message.starts_with(b"Time: ");
    if !raw || message.len() > limits.message_bytes_max || limits.events_max == 0 {
        return false;
    }
    let origin = resolve(Named::default(), fixed);
    let mut record = Ok(Record::of(origin));
    let audit = record.as_mut().ok().and_then(Record::audit_mut);
    let is_usual = audit.is_some_and(|audit| parse_fast_into(message, limits, audit));
    if is_usual {
        sink(&record);
    }
    is_usual
}
