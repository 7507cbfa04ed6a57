//! Where a text may occur in a record of a shape, if it does not in the shape's fixed text.
//!
//! An occurrence that is not within one fixed text touches a free part: it holds a byte of the part, or
//! passes over an empty one. Then the text is A M B, where M is what it has of that part (bytes of the
//! part's class), A ends where the part begins, and B begins where it ends. As far as the fixed text before
//! reaches, A is its end; as far as the fixed text behind reaches, B is its beginning; what lies beyond them
//! is another free part and may be anything, which makes the answer larger, never wrong.
//!
//! So a text is through a part if there is such a division, and the longest A and B of all divisions say how
//! far around the part one has to look. Most texts have none for numbers (`RET_ERROR` holds no digits), and
//! for names only the one without A and B (`User Name : ` does not end like a beginning of `RET_ERROR`).

use super::template::Neighbours;

/// How many bytes on both sides of a free part an occurrence may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Overlap {
    pub(super) before: usize,
    pub(super) behind: usize,
}

impl Overlap {
    /// The larger of both on each side.
    pub(super) fn union(self, other: Self) -> Self {
        Self { before: self.before.max(other.before), behind: self.behind.max(other.behind) }
    }
}

/// How far around the part occurrences of `text` may reach that touch it; `None` if there can be none.
pub(super) fn through(text: &[u8], part: Neighbours<'_>) -> Option<Overlap> {
    let mut found: Option<Overlap> = None;
    for start in 0..text.len() {
        let (front, rest) = text.split_at(start);
        if !ends_like(part.before, front) {
            continue;
        }
        let run = rest.iter().position(|byte| !part.class.holds(*byte)).unwrap_or(rest.len());
        for length in 0..=run {
            let behind = rest.get(length..).unwrap_or_default();
            if start + length > 0 && begins_like(part.behind, behind) {
                let overlap = Overlap { before: start, behind: behind.len() };
                found = Some(found.map_or(overlap, |found| found.union(overlap)));
            }
        }
    }
    found
}

/// Whether `fixed` and what may stand before it can end with `text`. The last bytes mostly tell.
fn ends_like(fixed: &[u8], text: &[u8]) -> bool {
    match (fixed.last(), text.last()) {
        (Some(one), Some(other)) => one == other && (fixed.ends_with(text) || text.ends_with(fixed)),
        _ => true,
    }
}

/// Whether `fixed` and what may stand behind it can begin with `text`. The first bytes mostly tell.
fn begins_like(fixed: &[u8], text: &[u8]) -> bool {
    match (fixed.first(), text.first()) {
        (Some(one), Some(other)) => one == other && (fixed.starts_with(text) || text.starts_with(fixed)),
        _ => true,
    }
}

#[cfg(test)]
mod tests;
