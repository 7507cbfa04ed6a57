//! The text of a shape: fixed text and free parts in turn, and the comparison of a record with it.
//!
//! The comparison is what makes the memory of shapes sound, and most of its cost; so it reads whole words
//! and has few branches that differ from record to record.

use crate::shape::{Class, FRONT_PARTS, FreePart, Outline};

/// Fixed text with free parts.
#[derive(Debug, Clone, Default)]
pub(super) struct Template {
    gaps: Vec<Gap>,
    /// All fixed text: before each gap, and behind the last.
    text: Box<[u8]>,
    /// The kind of the front that the caller compares, 0 for none, and the fixed text in it.
    front: (u32, u16),
}

/// Fixed text and the free part behind it.
#[derive(Debug, Clone, Copy)]
struct Gap {
    /// Bytes of fixed text before it.
    before: u16,
    slot: u8,
    class: Class,
    is_checked: bool,
}

/// A free part with the fixed text on both sides.
#[derive(Debug, Clone, Copy)]
pub(super) struct Neighbours<'t> {
    pub(super) before: &'t [u8],
    pub(super) slot: u8,
    pub(super) class: Class,
    pub(super) behind: &'t [u8],
}

impl Template {
    /// The template of the record at hand, whose line ends are written `\n` if it is escaped. `None` if the
    /// parts are not as they must be.
    pub(super) fn of(event: &[u8], parts: &[FreePart], outline: &Outline) -> Option<Self> {
        let (mut gaps, mut text, mut end) = (Vec::with_capacity(parts.len()), Vec::new(), 0);
        for part in parts {
            let before = event.get(end..part.range.start)?;
            let bytes = event.get(part.range.clone())?;
            let length = outline.lengths.get(part.slot).and_then(|length| usize::try_from(*length).ok())?;
            let is_right = length == bytes.len() && part.class.holds_all(bytes) && !bytes.contains(&b'\n');
            if !is_right || before.is_empty() {
                return None;
            }
            text.extend_from_slice(before);
            gaps.push(Gap {
                before: u16::try_from(before.len()).ok()?,
                slot: u8::try_from(part.slot).ok()?,
                class: part.class,
                is_checked: part.is_checked,
            });
            end = part.range.end;
        }
        text.extend_from_slice(event.get(end..)?);
        Some(Self { gaps, text: text.into_boxed_slice(), front: (0, 0) }.with_front(outline))
    }

    /// Notes the fixed text that the caller compares.
    fn with_front(self, outline: &Outline) -> Self {
        let fixed = self.gaps.iter().take(FRONT_PARTS).map(|gap| gap.before).sum();
        let is_known = outline.front.kind != 0 && self.gaps.len() >= FRONT_PARTS;
        Self { front: if is_known { (outline.front.kind, fixed) } else { (0, 0) }, ..self }
    }

    /// The same for records whose line ends are written `\n`.
    pub(super) fn escaped(&self, outline: &Outline) -> Option<Self> {
        let mut gaps = self.gaps.clone();
        let mut text = Vec::with_capacity(self.text.len() + 32);
        for (number, fixed) in self.texts().enumerate() {
            let start = text.len();
            for byte in fixed {
                text.extend_from_slice(if *byte == b'\n' { b"\\n" } else { core::slice::from_ref(byte) });
            }
            if let Some(gap) = gaps.get_mut(number) {
                gap.before = u16::try_from(text.len() - start).ok()?;
            }
        }
        Some(Self { gaps, text: text.into_boxed_slice(), front: (0, 0) }.with_front(outline))
    }

    /// Whether a record is of this shape.
    #[inline(always)]
    pub(super) fn fits(&self, event: &[u8], outline: &Outline) -> bool {
        let (mut gaps, mut text, mut at) = (&*self.gaps, &*self.text, 0);
        let (kind, fixed) = self.front;
        if outline.front.kind != kind {
            return false;
        }
        if kind != 0 {
            at = outline.front.bytes as usize;
            gaps = gaps.get(FRONT_PARTS..).unwrap_or_default();
            text = text.get(usize::from(fixed)..).unwrap_or_default();
        }
        for gap in gaps {
            let before = usize::from(gap.before);
            let Some((expected, more)) = text.split_at_checked(before) else { return false };
            let Some(rest) = event.get(at..) else { return false };
            let Some(found) = rest.get(..before) else { return false };
            if !is_same(expected, found) {
                return false;
            }
            let length = outline.length(gap.slot);
            if gap.is_checked
                && !rest.get(before..before + length).is_some_and(|part| gap.class.holds_all(part))
            {
                return false;
            }
            text = more;
            at = at.wrapping_add(before + length);
        }
        let is_same = event.get(at..).is_some_and(|rest| rest.len() == text.len() && is_same(rest, text));
        debug_assert!(!is_same || self.keeps_promise(event, outline), "{}", event.escape_ascii());
        is_same
    }

    /// Whether the parts of a record of this shape are of their classes.
    fn keeps_promise(&self, event: &[u8], outline: &Outline) -> bool {
        self.gaps.iter().enumerate().all(|(number, gap)| {
            let part = event.get(self.range(number, outline));
            part.is_some_and(|part| gap.class.holds_all(part) && !part.contains(&b'\n'))
        })
    }

    /// The free parts with what stands around them.
    pub(super) fn parts(&self) -> impl Iterator<Item = Neighbours<'_>> {
        let ends = self.gaps.iter().scan(0, |end, gap| {
            *end += usize::from(gap.before);
            Some(*end)
        });
        self.gaps.iter().zip(ends).enumerate().map(|(number, (gap, end))| {
            let behind = self.text.get(end..).unwrap_or_default();
            let length = self.gaps.get(number + 1).map_or(behind.len(), |next| usize::from(next.before));
            Neighbours {
                before: self.text.get(end - usize::from(gap.before)..end).unwrap_or_default(),
                slot: gap.slot,
                class: gap.class,
                behind: behind.get(..length).unwrap_or_default(),
            }
        })
    }

    /// The fixed texts.
    pub(super) fn texts(&self) -> impl Iterator<Item = &[u8]> {
        let last = self.parts().last().map_or(&*self.text, |part| part.behind);
        self.parts().map(|part| part.before).chain([last])
    }

    /// Where the free part of that number is in a record of this shape.
    pub(super) fn range(&self, number: usize, outline: &Outline) -> core::ops::Range<usize> {
        let length = |gap: &Gap| usize::from(gap.before) + outline.length(gap.slot);
        let before = self.gaps.iter().take(number).map(length).sum::<usize>();
        let gap = self.gaps.get(number);
        let start = before + gap.map_or(0, |gap| usize::from(gap.before));
        start..before + gap.map_or(0, length)
    }

    /// Bytes of fixed text.
    pub(super) fn len(&self) -> usize {
        self.text.len()
    }
}

/// Compares texts of the same length. Those of 4 to 128 bytes are compared in halves of one of a few sizes,
/// which overlap; so the length matters to one branch only.
#[inline(always)]
fn is_same(one: &[u8], other: &[u8]) -> bool {
    let found = match one.len() {
        129.. => None,
        64.. => quarters(one, other),
        32.. => halves::<32>(one, other),
        16.. => halves::<16>(one, other),
        8.. => halves::<8>(one, other),
        4.. => halves::<4>(one, other),
        _ => None,
    };
    found.unwrap_or_else(|| one == other)
}

/// Compares the first and the last bytes. `None` if there are less than that.
#[inline(always)]
fn halves<const N: usize>(one: &[u8], other: &[u8]) -> Option<bool> {
    let (front, behind) = (one.first_chunk::<N>()?, one.last_chunk::<N>()?);
    let (other_front, other_behind) = (other.first_chunk::<N>()?, other.last_chunk::<N>()?);
    Some(front == other_front && behind == other_behind)
}

/// Compares the first and the last 64 bytes, 32 at a time: arrays of 64 are compared by a call.
#[inline(always)]
fn quarters(one: &[u8], other: &[u8]) -> Option<bool> {
    let (front, behind) = (one.first_chunk::<64>()?, one.last_chunk::<64>()?);
    let (other_front, other_behind) = (other.first_chunk::<64>()?, other.last_chunk::<64>()?);
    Some(is_same_64(front, other_front) && is_same_64(behind, other_behind))
}

#[inline(always)]
fn is_same_64(one: &[u8; 64], other: &[u8; 64]) -> bool {
    let (([a, b], _), ([c, d], _)) = (one.as_chunks::<32>(), other.as_chunks::<32>()) else { return false };
    a == c && b == d
}

#[cfg(test)]
mod tests;
