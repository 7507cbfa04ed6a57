//! Where the lines of a record end: found for the whole text in one pass, 64 bytes at a time.
//!
//! In: text. Out: an [`Index`], the positions of the first line ends, and how many there are. No byte outside of the
//! text is read: the last block of a text overlaps the one before.
//!
//! A [`Scanner`] compares 64 bytes at once. There is one for AVX-512, one for AVX2, one for NEON, and one in ordinary
//! arithmetic, all with the same results. [`dispatch`] chooses one for a [`Task`], which is compiled once for each: so the
//! choice costs one test a record, and all that the task does is compiled for the processor that was found.
//!
//! `unsafe` stands in `scan/avx512.rs`, `scan/avx2.rs` and `scan/neon.rs` only. What it gains, a record of the main corpus:
//! 62 ns with AVX-512, 67 with AVX2, 118 without; 1,083 instructions with AVX2 instead of 1,830. With NEON 1,621 instead of
//! 1,970, counted on an emulated processor; its time was never measured.
//!
//! `tests/miri` runs the tests under Miri without vector instructions, with AVX2 and with NEON (it knows no AVX-512);
//! `tests/arm` runs them all on an emulated ARM processor.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod digits;
#[cfg(target_arch = "x86_64")]
mod found;
#[cfg(any(target_arch = "aarch64", test))]
mod neon;
mod portable;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64", test))]
mod tables;

use crate::swar;
pub(crate) use digits::NUMBER;
pub(crate) use portable::Portable;

/// Bytes that are compared at once.
pub(crate) const BLOCK: usize = 64;
/// Line ends that an index holds: more than a record of a usual layout has.
pub(crate) const LINES_MAX: usize = 32;
/// Line ends written for each block, whether there are so many or not; few blocks have more.
const AT_ONCE: usize = 4;

/// Finds bytes in 64 bytes.
pub(crate) trait Scanner: Copy {
    /// Sets the bit of each byte of the block that is `byte`; the first byte's is the lowest.
    fn equal(self, block: &[u8; BLOCK], byte: u8) -> u64;

    /// Sets the bit of each byte of the block that may not stand in a JSON string, or ends it: a quote, or less
    /// than 0x20.
    fn ends_string(self, block: &[u8; BLOCK]) -> u64;

    /// Whether all bytes that have a bit are the same in both blocks; those that have one are the last.
    #[inline(always)]
    fn same(self, block: &[u8; BLOCK], other: &[u8; BLOCK], bits: u64) -> bool {
        let from = bits.trailing_zeros() as usize;
        block.get(from..) == other.get(from..)
    }

    /// Whether one of the bytes that have a bit is not `byte`.
    #[inline(always)]
    fn has_other(self, block: &[u8; BLOCK], bits: u64, byte: u8) -> bool {
        bits & !self.equal(block, byte) != 0
    }

    /// Where a block begins.
    type Base: Base<Self>;

    /// The number that the last `count` bytes print in hex digits of either case. `None` if there are none or more than the
    /// block has, or one is no digit.
    #[inline(always)]
    fn hex(self, block: &[u8; NUMBER], count: usize) -> Option<u64> {
        digits::hex(*block, count)
    }

    /// The number that four hex digits with small letters print.
    #[inline(always)]
    fn hex_4(self, digits: u32) -> Option<u32> {
        swar::hex_4(digits)
    }

    /// The number that the last bytes print in decimal digits, as [`Self::hex`].
    #[inline(always)]
    fn decimal(self, block: &[u8; NUMBER], count: usize) -> Option<u64> {
        digits::decimal(*block, count)
    }

    /// The seconds since the epoch of a time printed `MM/DD/YY hh:mm:ss.uuuuuu`, in the 21st century. `None` if it is no
    /// time of day of any date, or `, usecs:` does not stand behind it. Digits behind the point are not looked at by
    /// all scanners: who asks compares them with others.
    #[inline(always)]
    fn printed_seconds(self, text: &[u8; PRINTED]) -> Option<u64> {
        let (time, label) = text.split_first_chunk()?;
        if label == USECS { swar::printed_seconds(time) } else { None }
    }
}

/// Bytes of a printed time and of the label behind it.
pub(crate) const PRINTED: usize = 32;
const USECS: &[u8] = b", usecs:";

/// Work that is compiled once for each scanner.
pub(crate) trait Task {
    type Output;

    /// Does the work. Has to be inlined, with all that it calls often.
    fn run<S: Scanner>(self, scanner: S) -> Self::Output;
}

/// Does the work with the best scanner that this processor has.
#[inline(always)]
pub(crate) fn dispatch<T: Task>(task: T) -> T::Output {
    #[cfg(target_arch = "x86_64")]
    if let Some(scanner) = avx512::Avx512::detect() {
        return scanner.run(task);
    }
    #[cfg(target_arch = "x86_64")]
    if let Some(scanner) = avx2::Avx2::detect() {
        return scanner.run(task);
    }
    #[cfg(target_arch = "aarch64")]
    return task.run(neon::Neon);
    #[cfg(not(target_arch = "aarch64"))]
    portable(task)
}

/// Does the work with a scanner, or with the next best that this processor has.
pub(crate) fn dispatch_with<T: Task>(vectors: Vectors, task: T) -> T::Output {
    #[cfg(target_arch = "x86_64")]
    {
        if vectors == Vectors::Avx512
            && let Some(scanner) = avx512::Avx512::detect()
        {
            return scanner.run(task);
        }
        if matches!(vectors, Vectors::Avx512 | Vectors::Avx2)
            && let Some(scanner) = avx2::Avx2::detect()
        {
            return scanner.run(task);
        }
    }
    #[cfg(target_arch = "aarch64")]
    if vectors != Vectors::Portable {
        return task.run(neon::Neon);
    }
    #[cfg(all(test, not(target_arch = "aarch64")))]
    if vectors == Vectors::Neon {
        return task.run(neon::Neon);
    }
    portable(task)
}

/// A function of its own: where another scanner is used, this one is not in the way.
#[inline(never)]
fn portable<T: Task>(task: T) -> T::Output {
    task.run(Portable)
}

/// The way in which line ends are found on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vectors {
    /// AVX-512: F, BW, VL and VBMI2, as servers have since 2021 or 2022.
    Avx512,
    /// AVX2, with the bit manipulation that all processors have that have it.
    Avx2,
    /// NEON, which all 64-bit ARM processors have.
    Neon,
    /// Ordinary arithmetic on eight bytes.
    Portable,
}

impl Vectors {
    /// All, the best first.
    pub const ALL: [Self; 4] = [Self::Avx512, Self::Avx2, Self::Neon, Self::Portable];

    /// What [`parse`](crate::parse) uses on this machine.
    #[must_use]
    pub fn in_use() -> Self {
        #[cfg(target_arch = "x86_64")]
        if avx512::Avx512::detect().is_some() {
            return Self::Avx512;
        }
        #[cfg(target_arch = "x86_64")]
        if avx2::Avx2::detect().is_some() {
            return Self::Avx2;
        }
        if cfg!(target_arch = "aarch64") { Self::Neon } else { Self::Portable }
    }

    /// Names it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Avx512 => "avx512",
            Self::Avx2 => "avx2",
            Self::Neon => "neon",
            Self::Portable => "portable",
        }
    }
}

/// Where a block begins, in the form in which a scanner adds it to places.
pub(crate) trait Base<S>: Copy {
    /// There.
    fn new(scanner: S, begin: u32) -> Self;

    /// That of the next block.
    fn next(self, scanner: S) -> Self;

    /// The places of the lowest bits, this added to each; of those that are not there, any number.
    fn places(self, scanner: S, bits: u64) -> [u32; AT_ONCE];
}

/// By ordinary arithmetic.
impl<S> Base<S> for u32 {
    #[inline(always)]
    fn new(_: S, begin: u32) -> Self {
        begin
    }

    #[inline(always)]
    fn next(self, _: S) -> Self {
        self.wrapping_add(64)
    }

    #[inline(always)]
    fn places(self, _: S, mut bits: u64) -> [u32; AT_ONCE] {
        let mut places = [0; AT_ONCE];
        for place in &mut places {
            *place = self.wrapping_add(bits.trailing_zeros());
            bits &= bits.wrapping_sub(1);
        }
        places
    }
}

/// Positions of line ends.
#[derive(Debug)]
pub(crate) struct Index {
    ends: [u32; PLACES],
    count: usize,
}

/// Places of an index: some more than are held, for those that are written at once.
pub(crate) const PLACES: usize = LINES_MAX + AT_ONCE;

impl Index {
    /// An empty index, to be filled where it lies: it is written in small pieces, and a copy would wait for them.
    pub(crate) const EMPTY: Self = Self { ends: [0; PLACES], count: 0 };

    /// Adds the line ends of a text. `None` if it is shorter than a block.
    #[inline(always)]
    pub(crate) fn add_lines<S: Scanner>(&mut self, scanner: S, text: &[u8]) -> Option<()> {
        let (blocks, rest) = text.as_chunks::<BLOCK>();
        let last = text.last_chunk()?;
        let mut base = S::Base::new(scanner, 0);
        let mut count = self.count;
        for block in blocks {
            count = self.add_at(scanner, count, base, scanner.equal(block, b'\n'));
            base = base.next(scanner);
        }
        if !rest.is_empty() {
            count = self.add_at(scanner, count, base, scanner.equal(last, b'\n') >> (BLOCK - rest.len()));
        }
        self.count = count;
        Some(())
    }

    /// Holds the line ends of a text of any length from `from` on instead of those before, and counts them; seals them
    /// if it holds all. Stops counting when there are more than `most`.
    #[inline(always)]
    pub(crate) fn refill<S: Scanner>(&mut self, scanner: S, text: &[u8], from: usize, most: usize) -> usize {
        self.count = 0;
        let (blocks, rest) = text.get(from..).unwrap_or_default().as_chunks::<BLOCK>();
        let mut base = S::Base::new(scanner, u32::try_from(from).unwrap_or(u32::MAX));
        for block in blocks {
            self.add(scanner, base, scanner.equal(block, b'\n'));
            base = base.next(scanner);
            if self.count > most {
                return self.count;
            }
        }
        let bits = match text.last_chunk() {
            _ if rest.is_empty() => 0,
            Some(last) => scanner.equal(last, b'\n') >> (BLOCK - rest.len()),
            None => {
                let mut block = [0; BLOCK];
                for (place, byte) in block.iter_mut().zip(rest) {
                    *place = *byte;
                }
                scanner.equal(&block, b'\n')
            }
        };
        self.add(scanner, base, bits);
        self.seal(text.len());
        self.count
    }

    /// Adds the line ends of a JSON string that `input` begins with, its opening quote cut off, and finds where it ends.
    /// `None` if no quote ends the string, or it has any other escape than that of a line end.
    #[inline(always)]
    pub(crate) fn add_string<S: Scanner>(&mut self, scanner: S, input: &[u8]) -> Option<usize> {
        let mut base = S::Base::new(scanner, 0);
        let mut count = self.count;
        let mut has_others = false;
        let mut rest = input;
        let stops = loop {
            let padded;
            let around: &[u8; BLOCK + 1] = match rest.first_chunk() {
                Some(around) => around,
                None => {
                    // Zeros end a string, too.
                    padded = with_zeros(rest);
                    &padded
                }
            };
            let (Some(block), Some(behind)) = (around.first_chunk(), around.last_chunk()) else {
                return None;
            };
            let stops = scanner.ends_string(block);
            let before = stops.wrapping_sub(1) & !stops;
            let escapes = scanner.equal(block, b'\\') & before;
            has_others |= scanner.has_other(behind, escapes, b'n');
            count = self.add_at(scanner, count, base, escapes);
            if stops != 0 {
                break stops;
            }
            base = base.next(scanner);
            rest = rest.get(BLOCK..)?;
        };
        self.count = count;
        let place = stops.trailing_zeros() as usize;
        let is_string = !has_others && rest.get(place) == Some(&b'"');
        is_string.then_some(input.len().wrapping_sub(rest.len()).wrapping_add(place))
    }

    /// Adds the places of the bits, counted from `base`.
    #[inline(always)]
    fn add<S: Scanner>(&mut self, scanner: S, base: S::Base, bits: u64) {
        self.count = self.add_at(scanner, self.count, base, bits);
    }

    /// The same behind `held` others, which are counted by who asks: in a register. Gives how many there are then.
    #[inline(always)]
    fn add_at<S: Scanner>(&mut self, scanner: S, held: usize, base: S::Base, bits: u64) -> usize {
        let count = bits.count_ones() as usize;
        if let Some(free) = self.ends.get_mut(held..).and_then(|free| free.first_chunk_mut()) {
            *free = base.places(scanner, bits);
        }
        if count > AT_ONCE {
            self.add_more(scanner, held, base, bits);
        }
        held.wrapping_add(count)
    }

    #[cold]
    #[inline(never)]
    fn add_more<S: Scanner>(&mut self, scanner: S, held: usize, base: S::Base, mut bits: u64) {
        for place in self.ends.iter_mut().skip(held) {
            if bits == 0 {
                break;
            }
            let [lowest, ..] = base.places(scanner, bits);
            *place = lowest;
            bits &= bits.wrapping_sub(1);
        }
    }

    /// How many line ends there are, those that are not held included.
    #[inline(always)]
    pub(crate) const fn count(&self) -> usize {
        self.count
    }

    /// Of a sealed index: how many lines have an end that is held, the last line of the text included.
    #[inline(always)]
    pub(crate) const fn lines_held(&self) -> usize {
        if self.count > LINES_MAX { LINES_MAX } else { self.count.wrapping_add(1) }
    }

    /// Forgets the last line end, if it is held and stands there; gives the place then.
    #[inline(always)]
    pub(crate) fn remove_at(&mut self, place: usize) -> Option<usize> {
        let last = self.count.wrapping_sub(1);
        if *self.ends.get(last)? as usize != place {
            return None;
        }
        self.count = last;
        Some(place)
    }

    /// Puts the end of the text behind the line ends.
    #[inline(always)]
    pub(crate) fn seal(&mut self, end: usize) {
        if let (Some(place), Ok(end)) = (self.ends.get_mut(self.count), u32::try_from(end)) {
            *place = end;
        }
    }

    /// Seals it, and gives all line ends, the text's, and a 0. `None` if there are more than `most`.
    #[inline(always)]
    pub(crate) fn sealed(&mut self, end: usize, most: usize) -> Option<&[u32; PLACES]> {
        self.seal(end);
        if self.count > most {
            return None;
        }
        *self.ends.get_mut(self.count.wrapping_add(1))? = 0;
        Some(&self.ends)
    }

    /// Position of a line end that is held, or of the text's end; of others, any.
    #[inline(always)]
    pub(crate) fn end(&self, number: usize) -> usize {
        self.ends.get(number).map_or(0, |end| *end as usize)
    }
}

/// Bytes with zeros behind.
#[cold]
fn with_zeros(bytes: &[u8]) -> [u8; BLOCK + 1] {
    let mut padded = [0; BLOCK + 1];
    for (place, byte) in padded.iter_mut().zip(bytes) {
        *place = *byte;
    }
    padded
}

#[cfg(test)]
mod tests;
