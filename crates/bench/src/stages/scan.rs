//! Line ends counted and memory copied: no parser that looks at every byte once is faster than the first, none that
//! moves every byte faster than the second.

use super::{Corpus, Error, Group, Take};
use crate::buffer::Buffer;
use crate::rounds::Job;
use core::hint::black_box;

pub(super) fn groups(corpus: &Corpus, take: Take<'_>) -> Result<(), Error> {
    let buffer = &corpus.buffer;
    let jobs = vec![line_ends(buffer), copy(buffer), search(buffer)];
    let title = "read and copy, the whole buffer at once";
    take(Group::of_records(title, buffer, jobs))
}

/// Line ends, counted by the vector code of `memchr`.
pub(super) fn line_ends(buffer: &Buffer) -> Job<'_> {
    let expected = buffer.bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
    Job::new("line ends counted, memchr", expected, || {
        memchr::memchr_iter(b'\n', black_box(&buffer.bytes)).count() as u64
    })
}

/// A copy to memory that is there already.
pub(super) fn copy(buffer: &Buffer) -> Job<'_> {
    let mut copy = vec![0; buffer.bytes.len()];
    Job::new("memcpy", buffer.bytes.len() as u64, move || {
        copy.copy_from_slice(black_box(&buffer.bytes));
        black_box(&copy).len() as u64
    })
}

/// One word of an answer, found by `memchr`: what a rule would cost that is a substring.
fn search(buffer: &Buffer) -> Job<'_> {
    const WORD: &[u8] = b"RET_USER_LOGIN_FAILURE";
    let expected = memchr::memmem::find_iter(&buffer.bytes, WORD).count() as u64;
    let finder = memchr::memmem::Finder::new(WORD);
    Job::new("one word found, memchr::memmem", expected, move || {
        finder.find_iter(black_box(&buffer.bytes)).count() as u64
    })
}
