//! What a caller knows of a record's form: fixed text, and free parts between.
//!
//! Records of one kind print the same words again and again; what differs from one to the next is a few
//! *free parts*: times, numbers, handles, names. A *shape* is the text around them. Of it most of a
//! pattern's answer follows, and a [`Set`](crate::Set) keeps that answer (see `set/memory.rs`).
//!
//! Who knows the records gives with each an [`Outline`], which has to be cheap, and answers the questions of
//! [`Shaped`], most of them once per shape.

use core::ops::Range;

use crate::document::Document;

/// Number of kinds of free parts that a caller can tell apart.
pub const SLOTS: usize = 32;

/// Number of values of which a caller says more than where they are.
pub const SKETCHES: usize = 2;

/// Number of free parts of a [`Front`].
pub const FRONT_PARTS: usize = 4;

/// A record's free parts, by their lengths alone.
///
/// The caller's promise, on which answers rest: if two records have the same fixed text, each with its own
/// lengths of free parts between, then their free parts are where the lengths say, hold bytes of their
/// [`Class`] only (those that are [`FreePart::is_checked`] are looked at again), and the values for which
/// [`Shaped::is_of_shape`] holds are the same.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outline {
    /// Equal for records of one shape, mostly different for others. It only finds the shape; the text is
    /// always compared.
    pub mark: u64,
    /// What the caller has compared already.
    pub front: Front,
    /// Bytes of the free part of each slot. Slots that the record does not have may hold anything.
    pub lengths: [u32; SLOTS],
}

/// A record's fixed text as two numbers: what is cheaper to compare than the text.
///
/// The caller's promise: records with equal gists have the same fixed text around the same free parts, the parts hold bytes
/// of their [`Class`] only, and the values for which [`Shaped::is_of_shape`] holds are the same.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Gist {
    one: u64,
    other: u64,
}

impl Gist {
    /// No gist.
    pub const NONE: Self = Self { one: 0, other: 0 };

    /// The gist that has these numbers; none if the first is 0.
    #[inline]
    #[must_use]
    pub const fn new((one, other): (u64, u64)) -> Self {
        Self { one, other }
    }

    /// Whether the record has none.
    #[inline]
    #[must_use]
    pub const fn is_none(self) -> bool {
        self.one == 0
    }

    /// A number that is mostly another for another gist.
    #[inline]
    pub(crate) const fn mark(self) -> u64 {
        (self.one.rotate_left(29) ^ self.other).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

/// The front of a record, if it is one that the caller knows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Front {
    /// 0, or else equal for records whose fronts have the same fixed text around the same
    /// [`FRONT_PARTS`] free parts, with one of which the front ends.
    pub kind: u32,
    /// Its bytes in [`Shaped::form`].
    pub bytes: u32,
}

/// Where a free part of the record at hand is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FreePart {
    /// Its slot in [`Outline::lengths`], of which `range` has the length.
    pub slot: usize,
    /// Its bytes in the text.
    pub range: Range<usize>,
    /// What it may hold.
    pub class: Class,
    /// Whether the class has to be checked for each record, since nothing else guarantees it.
    pub is_checked: bool,
}

/// What a free part may hold. Complete by nature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Any bytes: somebody chose them.
    Any,
    /// Digits.
    Decimal,
    /// Hex digits of either case.
    Hex,
    /// Digits and `/:.`, blanks and TABs.
    Time,
}

/// What [`Shaped::glance`] says of the value that a selector reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Glance<'a> {
    /// It reaches nothing.
    Nothing,
    /// It reaches one number, which is printed in decimal digits without leading zeros.
    Number(u64),
    /// It reaches one text, which is this but for the case of ASCII letters, and has U+FFFD for what is not UTF-8.
    Text(&'a [u8]),
    /// Look.
    Unknown,
}

/// A document whose shape is known; its bytes live for `'a`.
pub trait Shaped<'a>: Document {
    /// The bytes at hand, and whether they are escaped: then each line end of the text is written `\n` in
    /// them, all else is the same, and the text is made when asked for.
    fn form(&self) -> (&'a [u8], bool);

    /// The text of the record: what patterns see.
    fn text(&self) -> &'a [u8];

    /// What its fixed text follows from.
    fn gist(&self) -> Gist;

    /// At most how many bytes the free part of a slot has, if that is cheap to tell.
    fn length_max(&self, slot: usize) -> Option<usize>;

    /// Where the free part of a slot is in [`Self::text`], if that is cheap to tell.
    fn part(&self, slot: usize) -> Option<Range<usize>>;

    /// Sets the outline; false: it has no shape. What the outline said of parts that this record does not have may stay.
    fn set_outline(&self, outline: &mut Outline) -> bool;

    /// Appends the free parts of [`Self::text`] in their order, neither touching nor overlapping and without
    /// line ends. False: its shape is not worth remembering.
    fn free_parts(&self, parts: &mut Vec<FreePart>) -> bool;

    /// Whether what the selector reaches follows from the shape.
    fn is_of_shape(&self, selector: usize) -> bool;

    /// For the values that are asked for most, what [`Glance::sketch`] says of them.
    fn sketches(&self) -> [u64; SKETCHES];

    /// Which of [`Self::sketches`] is that of the selector's value.
    fn sketch_of(&self, selector: usize) -> Option<usize>;

    /// The value of a selector, if it is cheap to tell.
    fn glance(&self, selector: usize) -> Glance<'a>;
}

impl Glance<'_> {
    /// A number that is the same for the same value, letters in any case: a number itself, of a text its length
    /// and last bytes. Of no value any number will do.
    #[inline]
    #[must_use]
    pub fn sketch(self) -> u64 {
        match self {
            Self::Number(number) => number,
            Self::Text(text) => text_sketch(text),
            Self::Nothing | Self::Unknown => 0,
        }
    }
}

/// What a view has for bytes that are not UTF-8.
pub(crate) const REPLACEMENT: &[u8] = "\u{fffd}".as_bytes();

/// Length and last bytes of a text, ASCII letters in any case.
#[inline]
pub(crate) fn text_sketch(text: &[u8]) -> u64 {
    const LOWER: u64 = 0x2020_2020_2020_2020;
    let tail = match text.last_chunk::<8>() {
        Some(chunk) => u64::from_le_bytes(*chunk) | LOWER,
        None => text.iter().fold(0, |word, byte| word << 8 | u64::from(byte | 0x20)),
    };
    tail ^ (text.len() as u64) << 58
}

impl Outline {
    /// The length of the free part of a slot.
    #[inline]
    pub(crate) fn length(&self, slot: u8) -> usize {
        self.lengths.get(usize::from(slot) % SLOTS).map_or(0, |length| *length as usize)
    }
}

impl Class {
    /// Whether a free part may hold this byte.
    #[must_use]
    pub const fn holds(self, byte: u8) -> bool {
        match self {
            Self::Any => true,
            Self::Decimal => byte.is_ascii_digit(),
            Self::Hex => byte.is_ascii_hexdigit(),
            Self::Time => byte.is_ascii_digit() || matches!(byte, b'/' | b':' | b'.' | b' ' | b'\t'),
        }
    }

    /// Whether a free part may hold these bytes.
    #[must_use]
    pub fn holds_all(self, bytes: &[u8]) -> bool {
        self == Self::Any || bytes.iter().all(|byte| self.holds(*byte))
    }
}
