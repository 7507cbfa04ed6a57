//! Any number of threads gives what one gives: lines, counts, and the failure of an input that is not there.

use std::fs;
use std::path::Path;

use hsmstream_corpus::{Config, Corpus};
use hsmstream_frame::{Format, Reject};
use hsmstream_record::{Limits, Origin, Record};

use super::{Block, Reading, Work, read};
use crate::inputs::Input;

/// Shows all that can be seen of an item; counts rejects.
struct Show;

impl Work for Show {
    type Scratch = ();
    const PRINTS_ALL: bool = true;

    fn take(&self, item: &Result<Record<'_>, Reject<'_>>, (): &mut (), block: &mut Block) {
        match item {
            Ok(record) => record.write_view(&mut block.lines),
            Err(reject) => {
                block.count += 1;
                block.lines.extend_from_slice(format!("{reject:?}").as_bytes());
            }
        }
        block.lines.push(b'\n');
    }
}

/// Shows one record of so many, by its sequence number: where that is seldom, no thread parses for another.
/// Counts all items.
struct OneIn(u64);

impl Work for OneIn {
    type Scratch = ();
    const PRINTS_ALL: bool = false;

    fn take(&self, item: &Result<Record<'_>, Reject<'_>>, (): &mut (), block: &mut Block) {
        block.count += 1;
        if let Ok(record) = item
            && record.sequence().is_some_and(|sequence| sequence.is_multiple_of(self.0))
        {
            record.write_view(&mut block.lines);
            block.lines.push(b'\n');
        }
    }
}

/// Reads with so many threads: lines, what was counted, and how it failed, if it did.
fn run(work: &impl Work, inputs: &[Input], limits: Limits, threads: usize) -> (Vec<u8>, u64, Option<String>) {
    let fixed = Origin { hsm: Some(b"hsm"), ..Origin::default() };
    let reading = Reading { format: Format::Auto, limits, fixed: &fixed, threads };
    let (mut lines, mut count) = (Vec::new(), 0);
    let outcome = read(inputs, reading, work, &mut |block| {
        lines.extend_from_slice(&block.lines);
        count += block.count;
    });
    (lines, count, outcome.err().map(|error| format!("{error:#}")))
}

/// What any number of threads gives of [`Show`]; of others, only that it is the same.
fn check(inputs: &[Input], limits: Limits) -> (usize, u64, Option<String>) {
    for one_in in [10, 20, u64::MAX] {
        check_one(&OneIn(one_in), inputs, limits);
    }
    check_one(&Show, inputs, limits)
}

fn check_one(work: &impl Work, inputs: &[Input], limits: Limits) -> (usize, u64, Option<String>) {
    let alone = run(work, inputs, limits, 1);
    for threads in [2, 3, 8] {
        let several = run(work, inputs, limits, threads);
        // Not assert_eq: the difference would be megabytes.
        assert!(several.0 == alone.0, "{threads} threads give other lines");
        assert_eq!((several.1, &several.2), (alone.1, &alone.2), "{threads} threads");
    }
    (line_count(&alone.0), alone.1, alone.2)
}

fn line_count(lines: &[u8]) -> usize {
    lines.iter().filter(|&&byte| byte == b'\n').count()
}

fn file(folder: &Path, name: &str, bytes: &[u8]) -> Input {
    let path = folder.join(name);
    fs::write(&path, bytes).expect("a folder of this test's own");
    Input::File(path)
}

/// So many records, one behind the other.
fn text(records: usize) -> Vec<u8> {
    let mut corpus = Corpus::new(Config::new(7));
    let mut text = Vec::new();
    for _ in 0..records {
        corpus.next_into(&mut text);
    }
    text
}

/// The same as an export, whose first lines have a time before them.
fn export(records: usize) -> Vec<u8> {
    let text = String::from_utf8(text(records)).expect("the generator writes UTF-8");
    text.replace("Time: ", "2018-01-24T17:44:25.013Z Time: ").into_bytes()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

#[test]
fn several_inputs_of_any_form() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = |name: &str, bytes: &[u8]| file(folder.path(), name, bytes);
    let inputs = [
        file("text", &text(3000)),
        file("empty", b""),
        file("white", b" \n\n"),
        file("members", &[gzip(&text(2000)), gzip(b"garbage\n"), gzip(&text(1000))].concat()),
        file("garbage", b"no record at all"),
        file("export", &export(3000)),
        file("cut", &gzip(&export(1000))[..20_000]),
        file("more text", &[b"\n\r\n".to_vec(), text(1500)].concat()),
    ];
    let (lines, rejects, failure) = check(&inputs, Limits::default());
    assert!(lines > 10_500, "{lines} lines");
    assert_eq!((rejects, failure), (3, None));
    for input in inputs {
        check(&[input], Limits::default());
    }
}

#[test]
fn texts_with_records_that_are_odd_or_too_long() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let record = text(1);
    let long = [&record[..], b"Vendor : ", &vec![b'x'; 3 << 20], b"\n"].concat();
    let odd = b"Time: 01/24/18 no record\nTime : 01/24/18 none either\n\nTime: 01/24\n\nTime: 99/99/99";
    let pieces = [&text(1200)[..], odd, b"\n", &long, &text(1200), odd];
    let input = file(folder.path(), "odd", &pieces.concat());
    let (lines, rejects, failure) = check(std::slice::from_ref(&input), Limits::default());
    assert_eq!((lines, rejects, failure), (2400 + 7, 7, None));
    // A window that the framer for files may not exceed ends the file, wherever it was cut before.
    let limits = Limits { inflated_bytes_max: 2 << 20, ..Limits::default() };
    let (lines, rejects, failure) = check(&[input], limits);
    assert_eq!((lines, rejects, failure), (1200 + 3 + 1, 4, None));
}

/// What is too long shows itself wherever a chunk ends: one thread reads other chunks than several.
#[test]
fn limits_of_any_size() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = |name: &str, bytes: &[u8]| file(folder.path(), name, bytes);
    let long = [&text(3)[..], b"Vendor : ", &vec![b'x'; 20_000], b"\n"].concat();
    let often_long = long.repeat(40);
    let mut broken = gzip(&text(8000));
    let checksum = broken.len() - 8;
    broken[checksum] ^= 1;
    let inputs = [
        file("text", &often_long),
        file("export", &export(1500)),
        file("whole", &gzip(&often_long)),
        file("checksum", &[gzip(&text(10)), broken].concat()),
    ];
    for inflated_bytes_max in [1 << 10, 8 << 10, 100_000, 777 << 10] {
        let limits = Limits { inflated_bytes_max, ..Limits::default() };
        for input in &inputs {
            check_one(&Show, std::slice::from_ref(input), limits);
        }
        check_one(&OneIn(20), &inputs, limits);
    }
}

/// As a pipe, which is read when its turn comes.
#[cfg(unix)]
#[test]
fn an_input_that_fails_does_not_wait_for_a_pipe() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
    // Nobody ever writes to it: who opens it waits for ever.
    let inputs =
        [file(folder.path(), "text", &text(10)), Input::File(folder.path().into()), Input::File(pipe)];
    for threads in [1, 2, 8] {
        let (lines, _, failure) = run(&Show, &inputs, Limits::default(), threads);
        assert_eq!(line_count(&lines), 10);
        assert!(failure.is_some_and(|failure| failure.contains("directory")));
    }
}

#[test]
fn an_input_that_is_not_there_ends_the_others_behind_it() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let inputs = [
        file(folder.path(), "first", &text(2000)),
        Input::File(folder.path().join("absent")),
        file(folder.path(), "third", &text(2000)),
    ];
    let (lines, rejects, failure) = check(&inputs, Limits::default());
    assert_eq!((lines, rejects), (2000, 0));
    assert!(failure.is_some_and(|failure| failure.contains("absent")));
    assert_eq!(check(&[], Limits::default()), (0, 0, None));
}
