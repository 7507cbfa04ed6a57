//! Which line of a record is believed: the one place that decides it, for the parser and for `extra`.
//!
//! Before a user name the first line of each known label counts. Behind it somebody else has chosen bytes:
//! he may have forged lines. There only a few labels are taken, the last line of each (the HSM prints the
//! genuine one behind the forged), unless the label stood before the user name, out of his reach. All other
//! lines are kept aside as extra.

use crate::anomaly::{Anomalies, Anomaly};
use crate::label::Label;
use crate::pieces::{Piece, Pieces};
use crate::reading::{Reading, read};

/// What becomes of a piece.
#[derive(Debug)]
pub(crate) enum Step<'a> {
    /// It sets this field. A later one of the same label sets it anew.
    Field(Label, Reading<'a>),
    /// It is kept as text: label and value.
    Extra(&'a [u8], &'a [u8]),
    /// It is dropped.
    Dropped,
}

/// Walks a frame's pieces.
#[derive(Debug, Clone)]
pub(crate) struct Walk<P> {
    pieces: P,
    trust: Trust,
    v2: bool,
    /// Anomalies of the pieces so far.
    pub(crate) anomalies: Anomalies,
}

impl<'a> Walk<Pieces<'a>> {
    /// Starts at the front of a frame that has no line ends or blanks behind.
    pub(crate) fn new(frame: &'a [u8]) -> Self {
        let mut walk = Self::of_pieces(Pieces::new(frame));
        if matches!(walk.pieces, Pieces::Folded(_)) {
            walk.anomalies.insert(Anomaly::Folded);
        }
        walk
    }
}

impl<'a, P: Iterator<Item = Piece<'a>>> Walk<P> {
    /// Starts with the first of all pieces of a frame.
    pub(crate) const fn of_pieces(pieces: P) -> Self {
        Self { pieces, trust: Trust::NONE, v2: false, anomalies: Anomalies::NONE }
    }

    /// The next piece and what becomes of it.
    #[inline(always)]
    pub(crate) fn next(&mut self) -> Option<(Piece<'a>, Step<'a>)> {
        let piece = self.pieces.next()?;
        Some((piece, self.judge(piece)))
    }

    #[inline(always)]
    fn judge(&mut self, piece: Piece<'a>) -> Step<'a> {
        if piece.label.is_empty() {
            self.anomalies.insert(Anomaly::StrayLine);
            return aside(piece);
        }
        let Some(label) = piece.known else { return aside(piece) };
        match self.trust.judge(label, self.v2, &mut self.anomalies) {
            Belief::Taken => self.take(label, piece),
            Belief::Repeated => Step::Dropped,
            Belief::Aside => aside(piece),
        }
    }

    /// Reads the value of a believed label. One that does not parse is kept as text, except where the
    /// record stands or falls with it.
    #[inline(always)]
    fn take(&mut self, label: Label, piece: Piece<'a>) -> Step<'a> {
        let reading = read(label, piece.value);
        self.v2 |= label == Label::Version && matches!(reading, Reading::Text(_));
        if matches!(reading, Reading::Bad) && !matches!(label, Label::Time | Label::Sequence) {
            self.anomalies.insert(Anomaly::BadValue);
            return aside(piece);
        }
        Step::Field(label, reading)
    }
}

/// What the labels so far say about the next one.
#[derive(Debug, Clone)]
pub(crate) struct Trust {
    /// Labels seen up to the user name, as bits.
    seen: u32,
    /// Labels believed behind it.
    later: u32,
}

impl Trust {
    /// No label was seen.
    pub(crate) const NONE: Self = Self { seen: 0, later: 0 };

    /// Judges the next known label, of a record that has a version (`v2`) or none so far.
    #[inline(always)]
    pub(crate) fn judge(&mut self, label: Label, v2: bool, anomalies: &mut Anomalies) -> Belief {
        if self.has_seen(Label::UserName) {
            return self.judge_after_user(label, v2, anomalies);
        }
        if self.has_seen(label) {
            anomalies.insert(Anomaly::RepeatedLabel);
            return Belief::Repeated;
        }
        self.seen |= label.bit();
        Belief::Taken
    }

    /// Whether a line of this label stood before the user name, or is that.
    #[inline(always)]
    pub(crate) const fn has_seen(&self, label: Label) -> bool {
        self.seen & label.bit() != 0
    }

    #[inline]
    fn judge_after_user(&mut self, label: Label, v2: bool, anomalies: &mut Anomalies) -> Belief {
        if label != Label::UserName && !label.believed_after_user(v2) {
            anomalies.insert(Anomaly::LabelAfterUser);
            return Belief::Aside;
        }
        if (self.seen | self.later) & label.bit() != 0 {
            anomalies.insert(Anomaly::RepeatedLabel);
        }
        self.later |= label.bit();
        if self.has_seen(label) { Belief::Repeated } else { Belief::Taken }
    }
}

/// Whether a line counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Belief {
    Taken,
    Repeated,
    Aside,
}

/// Keeps a piece as text; an empty value is absent.
fn aside(piece: Piece<'_>) -> Step<'_> {
    if piece.value.is_empty() { Step::Dropped } else { Step::Extra(piece.label, piece.value) }
}
