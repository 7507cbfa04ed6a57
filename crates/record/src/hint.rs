//! Known labels recognised by the first bytes of a line, before anybody knows where its colon is.
//!
//! In: a line. Out: the label it begins with, and what stands behind its colon; or `None`, which says nothing. Six
//! bytes choose the only label that it can be, which is then compared in words of eight bytes.

use crate::boundary::trim_blanks_start;
use crate::label::{Label, TABLE};
use crate::swar;

/// Bytes of a line that are looked at: more than the longest label has.
const WINDOW: usize = 24;

/// A label to compare with.
#[derive(Debug, Clone, Copy)]
struct Hint {
    words: [u64; WINDOW / 8],
    /// The bytes that count.
    masks: [u64; WINDOW / 8],
    length: usize,
    label: Label,
}

/// Finds the label that a line begins with, if it is one that has a hint and stands as records print it: exactly, then
/// blanks or none, a colon, blanks or none. `rest` is the text from the line on; the line has no blanks behind, nor has
/// the value.
#[inline(always)]
pub(crate) fn label<'a>(rest: &[u8], line: &'a [u8]) -> Option<(Label, &'a [u8])> {
    // What lies behind the line makes no difference: no label holds a line end.
    let [first, second, third] = front(rest);
    let hint = HINTS.get(place(first))?;
    let ([first_known, second_known, third_known], [first_mask, second_mask, third_mask]) =
        (hint.words, hint.masks);
    let differ = (first ^ first_known) & first_mask
        | (second ^ second_known) & second_mask
        | (third ^ third_known) & third_mask;
    if differ != 0 {
        return None;
    }
    let behind = line.get(hint.length..)?;
    let usual = behind.first_chunk().is_some_and(|chunk| {
        let chunk = u32::from_le_bytes(*chunk);
        chunk & 0x00ff_ffff == USUAL && b' ' < chunk.to_le_bytes()[3]
    });
    let value = if usual {
        behind.get(3..)?
    } else {
        trim_blanks_start(trim_blanks_start(behind).strip_prefix(b":")?)
    };
    Some((hint.label, value))
}

/// Finds a line's first colon. `rest` is the text from the line on.
#[inline(always)]
pub(crate) fn colon(rest: &[u8], line: &[u8]) -> Option<usize> {
    let mut base = 0;
    for word in front(rest) {
        if let Some(place) = swar::first(word, b':') {
            return Some(place + base).filter(|colon| *colon < line.len());
        }
        base += 8;
    }
    Some(WINDOW + memchr::memchr(b':', line.get(WINDOW..)?)?)
}

/// The first words of a text.
#[inline(always)]
fn front(rest: &[u8]) -> [u64; WINDOW / 8] {
    let end;
    let window = match rest.first_chunk() {
        Some(window) => window,
        None => {
            end = padded(rest);
            &end
        }
    };
    match window.as_chunks::<8>() {
        (&[first, second, third], _) => [first, second, third].map(u64::from_le_bytes),
        _ => [0; WINDOW / 8],
    }
}

/// The end of a text, with zeros behind.
#[inline(never)]
fn padded(rest: &[u8]) -> [u8; WINDOW] {
    let mut window = [0; WINDOW];
    if let Some(place) = window.get_mut(..rest.len()) {
        place.copy_from_slice(rest);
    }
    window
}

/// The place of a hint, by the first six bytes.
#[inline(always)]
const fn place(front: u64) -> usize {
    let [highest, ..] = (front << 16).wrapping_mul(FACTOR).to_be_bytes();
    (highest >> (8 - PLACES_BITS)) as usize
}

/// With this factor no two labels have the same place.
const FACTOR: u64 = 0x0eaa_bac5_8ae9_677d;
const PLACES_BITS: u32 = 5;

/// What stands behind nearly all labels.
const USUAL: u32 = u32::from_le_bytes(*b" : \0");

static HINTS: [Hint; 1 << PLACES_BITS] = hints();

/// `Time` has a place for each way in which its colon stands. Of the labels that begin with `Target`, one has a hint.
const fn hints() -> [Hint; 1 << PLACES_BITS] {
    // No line is like this one: its front would have another place.
    let unlike_all = Hint { words: [0; 3], masks: [u64::MAX; 3], length: 0, label: Label::Time };
    let mut hints = [unlike_all; 1 << PLACES_BITS];
    insert(&mut hints, b"Time: ", Label::Time);
    insert(&mut hints, b"Time :", Label::Time);
    let mut rest: &[(&[u8], Label)] = &TABLE;
    while let [(text, label), others @ ..] = rest {
        if !matches!(label, Label::Time | Label::TargetUserType | Label::TargetUserId) {
            insert(&mut hints, text, *label);
        }
        rest = others;
    }
    hints
}

const fn insert(hints: &mut [Hint; 1 << PLACES_BITS], text: &[u8], label: Label) {
    let length = if let Label::Time = label { 4 } else { text.len() };
    let words = [word(text, 0), word(text, 8), word(text, 16)];
    let (_, behind) = hints.split_at_mut(place(words[0]));
    let [free, ..] = behind else { panic!("a place in the table") };
    assert!(free.length == 0, "two labels have the same place");
    assert!(length <= WINDOW, "a window holds the label");
    *free = Hint { words, masks: [mask(length, 0), mask(length, 8), mask(length, 16)], length, label };
}

/// The bytes of the word at `place` that a text of `length` bytes has.
const fn mask(length: usize, place: usize) -> u64 {
    match length.saturating_sub(place) {
        0 => 0,
        1..8 => !(u64::MAX << (8 * (length - place))),
        _ => u64::MAX,
    }
}

/// Eight bytes from a place on; zeros behind the end.
const fn word(text: &[u8], place: usize) -> u64 {
    let (_, mut rest) = text.split_at(if place < text.len() { place } else { text.len() });
    let (mut word, mut shift) = (0, 0);
    while let [byte, others @ ..] = rest
        && shift < 64
    {
        word |= (*byte as u64) << shift;
        shift += 8;
        rest = others;
    }
    word
}
