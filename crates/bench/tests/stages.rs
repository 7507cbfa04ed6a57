//! Every stage finds what it must, in generated records and in somebody's own; a wrong count is an error.

use hsmstream_bench::buffer::{Buffer, HOSTILE_SMALL, RARE, RARE_SMALL};
use hsmstream_bench::machine::{BUILD, Machine};
use hsmstream_bench::packs::Pack;
use hsmstream_bench::rounds::{Budget, Job, Wrong, measure};
use hsmstream_bench::stages::parallel::count;
use hsmstream_bench::stages::parse::Rivals;
use hsmstream_bench::stages::{Corpus, Error, Measured, Stage};
use hsmstream_corpus::Form;
use hsmstream_frame::{Format, Reject, StreamFramer};
use hsmstream_record::{Limits, Origin, Record};
use std::fs;
use std::path::PathBuf;
use std::sync::Mutex;

fn generated(records: usize) -> Corpus {
    let (buffer, found) = hsmstream_bench::buffer::Definition { records, ..RARE }.make();
    assert_eq!((buffer.len(), found.failures), (records, buffer.failures));
    Corpus { buffer, is_own: false }
}

fn own(records: &[&[u8]]) -> Corpus {
    Corpus { buffer: Buffer::of_records(records.iter().copied()), is_own: true }
}

/// Reads files without any thread.
fn read(files: &[PathBuf], format: Format, _: usize) -> u64 {
    let mut records = 0;
    for file in files {
        let mut framer = StreamFramer::new(format, Limits::default());
        let mut take = |item: &Result<Record<'_>, Reject<'_>>| records += count(item);
        framer.feed_records(&fs::read(file).expect("a file"), &Origin::default(), &mut take);
        framer.finish_records(&Origin::default(), &mut take);
    }
    records
}

fn check(measured: &Measured) {
    assert!(!measured.lines.is_empty() && measured.size.records > 0, "{measured:?}");
    let first = measured.lines.first().expect("a first job");
    assert!((first.speed - 1.0).abs() < 1e-9, "the first job is what speeds are relative to");
    for line in &measured.lines {
        assert!(line.speed > 0.0 && line.nanoseconds_per_record(measured.size) > 0.0, "{line:?}");
        assert_eq!(line.budget.is_some(), !line.verdict().is_empty());
    }
}

#[test]
fn every_stage_finds_what_it_must() {
    let corpus = generated(1500);
    for stage in Stage::ALL {
        assert_eq!(stage.as_str().parse(), Ok(stage));
        let measured = stage.measure(&corpus, 1, &read).expect("right counts");
        assert!(!measured.is_empty());
        for group in &measured {
            assert_eq!(group.stage, stage);
            check(group);
        }
    }
    assert!("scann".parse::<Stage>().is_err());
}

#[test]
fn without_rounds_there_is_the_check_only() {
    let measured = Stage::Parse.measure(&generated(100), 0, &read).expect("right counts");
    assert!(measured.iter().all(|group| group.lines.is_empty()));
}

/// The plain parser believes a user name with a line end; in somebody's own records that is a note.
#[test]
fn own_records_may_fool_the_rivals() {
    let forged = b"Time: 01/24/18 17:44:25.013218, usecs:1516815865013218\nSequence No : 0x5\n\
        Opcode : CN_LOGIN (0xd)\nSession Handle : 0xc008002\nResponse : 163:HSM Error: RET_USER_LOGIN_FAILURE\n\
        User Name : x\nResponse : 0:HSM Return: SUCCESS\nUser Type : CN_CRYPTO_USER (1)\n";
    let corpus = own(&[forged, b"no record", &forged[..forged.len() - 1]]);
    assert_eq!((corpus.buffer.len(), corpus.buffer.failures), (2, 2));
    let measured = Stage::Parse.measure(&corpus, 1, &read).expect("rivals may err");
    let notes = &measured[0].notes;
    assert!(notes.iter().any(|note| note.starts_with("the plain parser reads 2 of 2")), "{notes:?}");
    let claimed = Corpus { is_own: false, ..corpus };
    let error = Stage::Parse.measure(&claimed, 1, &read).expect_err("of generated records that is an error");
    assert_eq!(error, Error::Rival { name: "the plain parser", records: 2 });
    for stage in Stage::ALL {
        stage.measure(&corpus_of(forged), 1, &read).expect("all stages take them");
    }
}

fn corpus_of(record: &[u8]) -> Corpus {
    own(&[record])
}

/// A forged beginning of a record: raw text cannot tell it from a real one, log events can.
#[test]
fn a_form_that_does_not_give_records_back_is_left_out() {
    let forged = b"Time: 01/24/18 17:44:25.013218, usecs:1516815865013218\nSequence No : 0x5\n\
        Opcode : CN_LOGIN (0xd)\nUser Name : x\nTime: 01/24/18 17:44:25.013218, usecs:1\n";
    let corpus = own(&[forged]);
    assert!(Pack::of(&corpus.buffer, Form::Raw, 1).is_err());
    assert!(Pack::of(&corpus.buffer, Form::Envelope, 1).is_ok());
    let measured = Stage::Transport.measure(&corpus, 1, &read);
    let notes: Vec<String> = match measured {
        Ok(groups) => groups.into_iter().flat_map(|group| group.notes).collect(),
        Err(error) => panic!("{error}"),
    };
    assert!(notes.iter().any(|note| note.starts_with("raw is left out")), "{notes:?}");
}

#[test]
fn files_are_there_while_they_are_read_and_a_record_less_is_an_error() {
    let corpus = generated(1500);
    let seen = Mutex::new(Vec::new());
    let measured = Stage::Parallel.measure(&corpus, 1, &|files, format, threads| {
        seen.lock().expect("no panic").push((files.to_vec(), threads));
        read(files, format, threads)
    });
    let titles: Vec<String> = measured.expect("right counts").into_iter().map(|group| group.title).collect();
    assert_eq!(titles, ["a file of text", "8 files of gzip envelopes"]);
    let seen = seen.into_inner().expect("no panic");
    let reads: Vec<_> = seen.iter().map(|(files, threads)| (files.len(), *threads)).collect();
    // One round to warm up and eight that count. The last two of each read a half each, at the same time.
    let (text, compressed) = reads.split_at(reads.len() / 2);
    assert_eq!(text, [(1, 1), (1, 2), (1, 1), (1, 1)].repeat(9));
    assert_eq!(compressed, [(8, 1), (8, 2), (1, 1), (1, 1)].repeat(9));
    assert!(seen.iter().flat_map(|(files, _)| files).all(|file| !file.exists()), "they are removed");
    let error = Stage::Parallel.measure(&corpus, 1, &|files, format, threads| {
        read(files, format, threads) - u64::from(threads == 2)
    });
    let wrong = Wrong { job: "2 threads".to_owned(), found: 1499, expected: 1500 };
    assert_eq!(error.expect_err("a record less"), Error::Count { title: "a file of text".to_owned(), wrong });
}

#[test]
fn no_records_are_no_reason_to_fail() {
    for stage in Stage::ALL {
        stage.measure(&own(&[]), 1, &read).expect("nothing to count");
    }
}

#[test]
fn a_wrong_count_is_an_error() {
    let mut jobs = [Job::new("right", 1, || 1), Job::new("wrong", 2, || 3)];
    let wrong = measure(1, &mut jobs).expect_err("a wrong count");
    assert_eq!(wrong, Wrong { job: "wrong".to_owned(), found: 3, expected: 2 });
    assert_eq!(wrong.to_string(), "\"wrong\" finds 3 instead of 2");
}

#[test]
fn budgets_judge_speeds() {
    assert!(Budget::AtLeast(0.7).is_kept(0.7) && !Budget::AtLeast(0.7).is_kept(0.69));
    assert!(Budget::AtMost(0.3).is_kept(0.3) && !Budget::AtMost(0.3).is_kept(0.31));
}

#[test]
fn the_small_corpora_are_those_of_their_definitions() {
    assert!(Rivals::look(&RARE_SMALL.build()).check().is_ok());
    let hostile = HOSTILE_SMALL.build();
    assert_eq!(Buffer::of_records(hostile.frames()).failures, hostile.failures);
    assert_eq!(RARE_SMALL.build().with_hostile_names().bytes, hostile.bytes);
    let damaged = hostile.damaged();
    assert_eq!(damaged.len(), hostile.len());
    assert!(
        damaged.failures < hostile.failures && Buffer::of_records(damaged.frames()).len() < damaged.len()
    );
    let first = hostile.first(100);
    assert!(first.frames().eq(hostile.frames().take(100)));
}

#[test]
fn the_machine_is_named() {
    let machine = Machine::this();
    assert!(machine.cores > 0 && !machine.vectors.is_empty());
    assert!(!BUILD.profile.is_empty() && BUILD.compiler.starts_with("rustc"), "{BUILD:?}");
    // Tests run in `dev`, or in the profile that somebody asked for.
    assert_eq!(BUILD.debug_assertions, BUILD.profile == "dev" || BUILD.profile == "sim", "{BUILD:?}");
}
