//! Names of members, looked up by their length and their first eight bytes.
//!
//! Most names of an event lead nowhere, and differ from those that do already in these: then nothing else is read.

use hsmstream_json::{Member, Text};

/// Names, each with a number.
#[derive(Debug, Default)]
pub(crate) struct Names {
    list: Vec<(Box<[u8]>, usize)>,
    /// A power of two, at least twice as many as names; none if there are no names.
    slots: Vec<Slot>,
}

/// What of a name is compared first, and where the name is in the list.
#[derive(Debug, Clone, Copy)]
struct Slot {
    /// The first eight bytes, zeros behind the end.
    head: u64,
    length: u32,
    place: u32,
}

const FREE: u32 = u32::MAX;

impl Names {
    pub(crate) const fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The number of a name, if it is known.
    pub(crate) fn find(&self, name: &[u8]) -> Option<usize> {
        self.find_from(head(name), length(name), || name)
    }

    /// The number of a member's name without escapes, if it is known. `text` is called for the name itself, if that is
    /// needed.
    #[inline(always)]
    pub(crate) fn find_member<'a>(&self, member: &Member, text: impl Fn() -> Text<'a>) -> Option<usize> {
        self.find_from(member.head, member.length, || text().raw())
    }

    #[inline(always)]
    fn find_from<'a>(&self, head: u64, length: u32, name: impl Fn() -> &'a [u8]) -> Option<usize> {
        let mut at = own_slot(head, length);
        loop {
            let slot = self.slots.get(at & self.slots.len().wrapping_sub(1))?;
            if slot.place == FREE {
                return None;
            }
            if slot.head == head && slot.length == length {
                let (known, number) = self.list.get(slot.place as usize)?;
                if known.len() <= HEAD || **known == *name() {
                    return Some(*number);
                }
            }
            at = at.wrapping_add(1);
        }
    }

    /// Adds a name that is not known.
    pub(crate) fn add(&mut self, name: &[u8], number: usize) {
        self.list.push((name.into(), number));
        if self.slots.len() < 2 * self.list.len() {
            let free = Slot { head: 0, length: 0, place: FREE };
            self.slots = vec![free; (4 * self.list.len()).next_power_of_two()];
            (0..self.list.len()).for_each(|place| self.put(place));
        } else {
            self.put(self.list.len() - 1);
        }
    }

    /// Puts a name of the list into the first free slot from its own on.
    fn put(&mut self, place: usize) {
        let Some((name, _)) = self.list.get(place) else { return };
        let (head, length) = (head(name), length(name));
        let own = own_slot(head, length) & (self.slots.len() - 1);
        let (before, behind) = self.slots.split_at_mut(own);
        if let Some(slot) = behind.iter_mut().chain(before).find(|slot| slot.place == FREE)
            && let Ok(place) = u32::try_from(place)
        {
            *slot = Slot { head, length, place };
        }
    }
}

/// Bytes of a name that are compared first.
const HEAD: usize = 8;

/// As [`Member::head`].
fn head(name: &[u8]) -> u64 {
    name.iter().take(HEAD).rev().fold(0, |head, byte| head << 8 | u64::from(*byte))
}

/// As [`Member::length`].
fn length(name: &[u8]) -> u32 {
    u32::try_from(name.len()).unwrap_or(u32::MAX)
}

/// The number of a name's own slot, among as many as there can be.
#[inline(always)]
const fn own_slot(head: u64, length: u32) -> usize {
    let mixed = (head ^ length as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 32) as usize
}

#[cfg(test)]
mod tests {
    use super::Names;

    #[test]
    fn names_of_every_length_are_told_apart() {
        let mut names = Names::default();
        assert_eq!(names.find(b""), None);
        let long = b"abcdefghijklmnopqrstuvwxyz";
        // Of the same length and with the same ends, as far as a digest goes.
        let twin = b"abcdefghijkl-nopqrstuvwxyz";
        let known: Vec<&[u8]> = (0..=long.len()).map(|length| &long[..length]).chain([&twin[..]]).collect();
        for (number, name) in known.iter().enumerate() {
            assert_eq!(names.find(name), None);
            names.add(name, number + 7);
            for (number, name) in known.iter().enumerate().take(number + 1) {
                assert_eq!(names.find(name), Some(number + 7), "{}", name.escape_ascii());
            }
        }
        for name in [&b"b"[..], b"\0", b"ab\0", b"abc\0", b"abcdefgX", b"abcdefghijklm nopqrstuvwxyz"] {
            assert_eq!(names.find(name), None, "{}", name.escape_ascii());
        }
    }
}
