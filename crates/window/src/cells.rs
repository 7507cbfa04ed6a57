//! Memory for many small pieces of bytes: slabs by size, addressed by 32-bit handles.
//!
//! A key's cell changes its size often and by little. A general allocator spends as much on that as the
//! operator on its work, and 16 bytes on the pointer; here a piece costs its size in steps of 32 bytes, and
//! moving it to another size is two list operations and a copy.
//!
//! Freed pieces are used again for the same size; memory goes back to the system with the whole store. The
//! waste is at most the difference between the peaks of the sizes and their present use.
//!
//! Pieces of [`BIG`] bytes and more, which only hostile values cause, are boxes of their own.

const STEP: usize = 32;
const CLASS_BITS: u32 = 5;
const BIG: usize = STEP << CLASS_BITS;
const CHUNK_BITS: u32 = 10;

/// Where a piece lies: the size in steps (0 = a box of its own) and the place among those.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Handle(u32);

impl Handle {
    /// No piece.
    pub(crate) const NONE: Self = Self(u32::MAX);

    fn class(self) -> usize {
        as_usize(self.0 & ((1 << CLASS_BITS) - 1))
    }

    fn place(self) -> usize {
        as_usize(self.0 >> CLASS_BITS)
    }
}

#[derive(Debug)]
pub(crate) struct Cells {
    classes: Vec<Class>,
}

#[derive(Debug, Default)]
struct Class {
    chunks: Vec<Vec<u8>>,
    big: Vec<Box<[u8]>>,
    used: u32,
    free: Vec<u32>,
}

impl Cells {
    pub(crate) fn new() -> Self {
        Self { classes: std::iter::repeat_with(Class::default).take(1 << CLASS_BITS).collect() }
    }

    /// The bytes that a piece of `len` takes.
    pub(crate) fn size(len: usize) -> usize {
        len.next_multiple_of(STEP).max(STEP)
    }

    /// A piece of at least `len` bytes of any content, and of [`Cells::size`] exactly.
    pub(crate) fn take(&mut self, len: usize) -> Handle {
        let size = Self::size(len);
        let number = if size < BIG { size / STEP } else { 0 };
        let class = class_mut(&mut self.classes, number);
        let place = class.free.pop().unwrap_or_else(|| class.add(number * STEP));
        if number == 0
            && let Some(piece) = class.big.get_mut(as_usize(place))
        {
            *piece = vec![0; size].into_boxed_slice();
        }
        assert!(place < u32::MAX >> CLASS_BITS, "fewer keys of a size than 2^27");
        Handle(place << CLASS_BITS | u32::try_from(number).unwrap_or(0))
    }

    pub(crate) fn give_back(&mut self, handle: Handle) {
        let class = class_mut(&mut self.classes, handle.class());
        if let Some(piece) = class.big.get_mut(handle.place()) {
            *piece = Box::default();
        }
        class.free.push(handle.0 >> CLASS_BITS);
    }

    /// A piece of at least `len` bytes in place of another, whose first `kept` bytes it gets.
    pub(crate) fn resize(&mut self, handle: Handle, len: usize, kept: usize) -> Handle {
        let new = self.take(len);
        let [from, to] = [handle.class(), new.class()];
        if from == to {
            let bytes = self.get(handle).get(..kept).unwrap_or_default().to_vec();
            copy(&bytes, self.get_mut(new), kept);
        } else if from < to {
            let (low, high) = self.classes.split_at_mut(to);
            copy(low.get(from).map_or(&[], |class| class.get(handle)), first_mut(high, new), kept);
        } else {
            let (low, high) = self.classes.split_at_mut(from);
            copy(
                high.first().map_or(&[], |class| class.get(handle)),
                first_mut(low.get_mut(to..).unwrap_or_default(), new),
                kept,
            );
        }
        self.give_back(handle);
        new
    }

    pub(crate) fn get(&self, handle: Handle) -> &[u8] {
        class_of(&self.classes, handle.class()).get(handle)
    }

    pub(crate) fn get_mut(&mut self, handle: Handle) -> &mut [u8] {
        class_mut(&mut self.classes, handle.class()).get_mut(handle)
    }
}

fn first_mut(classes: &mut [Class], handle: Handle) -> &mut [u8] {
    classes.first_mut().map_or(&mut [], |class| class.get_mut(handle))
}

fn copy(from: &[u8], to: &mut [u8], len: usize) {
    if let (Some(from), Some(to)) = (from.get(..len), to.get_mut(..len)) {
        to.copy_from_slice(from);
    }
}

impl Class {
    fn get(&self, handle: Handle) -> &[u8] {
        if handle.class() == 0 {
            return self.big.get(handle.place()).map_or(&[], |piece| piece);
        }
        let (chunk, begin, end) = range(handle);
        self.chunks.get(chunk).and_then(|chunk| chunk.get(begin..end)).unwrap_or_default()
    }

    fn get_mut(&mut self, handle: Handle) -> &mut [u8] {
        if handle.class() == 0 {
            return self.big.get_mut(handle.place()).map_or(&mut [], |piece| piece);
        }
        let (chunk, begin, end) = range(handle);
        self.chunks.get_mut(chunk).and_then(|chunk| chunk.get_mut(begin..end)).unwrap_or_default()
    }

    fn add(&mut self, size: usize) -> u32 {
        let place = self.used;
        self.used += 1;
        if size == 0 {
            self.big.push(Box::default());
            return place;
        }
        let chunk_bytes = size << CHUNK_BITS;
        match self.chunks.last_mut() {
            Some(chunk) if chunk.len() < chunk_bytes => chunk.resize(chunk.len() + size, 0),
            None => self.chunks.push(vec![0; size]),
            // All but the first chunk are allocated whole, so that nothing large doubles.
            Some(_) => {
                let mut chunk = Vec::with_capacity(chunk_bytes);
                chunk.resize(size, 0);
                self.chunks.push(chunk);
            }
        }
        place
    }
}

/// Chunk of a piece, and its bytes in there.
fn range(handle: Handle) -> (usize, usize, usize) {
    let size = handle.class() * STEP;
    let begin = (handle.place() & ((1 << CHUNK_BITS) - 1)) * size;
    (handle.place() >> CHUNK_BITS, begin, begin + size)
}

fn as_usize(value: u32) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}

#[expect(clippy::indexing_slicing, reason = "a class has five bits, and there are 32 classes")]
fn class_of(classes: &[Class], number: usize) -> &Class {
    &classes[number]
}

#[expect(clippy::indexing_slicing, reason = "a class has five bits, and there are 32 classes")]
fn class_mut(classes: &mut [Class], number: usize) -> &mut Class {
    &mut classes[number]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Cells, Handle};

    proptest! {
        #[test]
        fn pieces_keep_their_bytes(calls in prop::collection::vec((0usize..20, 0usize..1_500, any::<u8>()), 0..200)) {
            let mut cells = Cells::new();
            let mut pieces: Vec<(Handle, Vec<u8>)> = Vec::new();
            for (at, len, fill) in calls {
                if at < pieces.len() {
                    let (handle, bytes) = pieces.swap_remove(at);
                    prop_assert_eq!(cells.get(handle), &bytes[..]);
                    cells.give_back(handle);
                }
                let handle = cells.take(len);
                let bytes = vec![fill; Cells::size(len)];
                cells.get_mut(handle).copy_from_slice(&bytes);
                let kept = len.min(at * 7);
                let handle = cells.resize(handle, at * 70, kept.min(at * 70));
                let mut bytes = vec![fill; kept];
                bytes.resize(Cells::size(at * 70), 3);
                cells.get_mut(handle)[kept..].fill(3);
                pieces.push((handle, bytes));
                for (handle, bytes) in &pieces {
                    prop_assert_eq!(cells.get(*handle), &bytes[..]);
                }
            }
        }
    }
}
