//! The two parsers of records on the corpus: where the fast one answers, the careful one says the same; and
//! the fast one answers for nearly all records.

use hsmstream_corpus::{Config, Corpus, Share};
use hsmstream_record::{Limits, parse, parse_carefully, parse_fast};

const RECORDS: usize = 20_000;

/// Of how many records in 1,000 the fast parser has to take care itself.
const FAST_PER_MILLE_MIN: usize = 990;

/// Compares the parsers on a corpus and on each of its records with something removed or replaced; gives how
/// many records the fast one took.
fn compare(config: Config) -> usize {
    let limits = Limits::default();
    let mut corpus = Corpus::new(config);
    let mut fast = 0;
    let mut text = Vec::new();
    for number in 0..RECORDS {
        text.clear();
        corpus.next_into(&mut text);
        let careful = parse_carefully(&text, &limits);
        assert!(careful.is_ok_and(|audit| audit.anomalies.is_empty()), "{}", text.escape_ascii());
        let taken = parse_fast(&text, &limits);
        assert!(taken.is_none_or(|audit| Ok(audit) == careful), "{}", text.escape_ascii());
        fast += usize::from(taken.is_some());
        spoil(&mut text, number);
        assert_eq!(parse(&text, &limits), parse_carefully(&text, &limits), "{}", text.escape_ascii());
    }
    fast
}

/// Changes a place of the record, another one and in another way with each number.
fn spoil(text: &mut Vec<u8>, number: usize) {
    let at = number.wrapping_mul(0x9e37_79b9) % text.len();
    match number % 5 {
        0 => text.truncate(at),
        1 => drop(text.remove(at)),
        2 => text.insert(at, b"\n: \t\r0(x"[number / 5 % 8]),
        3 => text[at] = (number / 5) as u8,
        _ => text[at] ^= 1 << (number / 5 % 8),
    }
}

#[test]
fn first_layout() {
    let fast = compare(Config { second_layout: Share::NONE, ..Config::new(11) });
    assert!(fast * 1000 >= RECORDS * FAST_PER_MILLE_MIN, "only {fast} of {RECORDS}");
}

#[test]
fn second_layout() {
    let fast = compare(Config { second_layout: Share::percent(100), ..Config::new(12) });
    assert!(fast * 1000 >= RECORDS * FAST_PER_MILLE_MIN, "only {fast} of {RECORDS}");
}

#[test]
fn failures_and_attacks() {
    let config =
        Config { login_failures: Share::percent(50), attack_every_usecs: 1_000_000, ..Config::new(13) };
    let fast = compare(config);
    assert!(fast * 1000 >= RECORDS * FAST_PER_MILLE_MIN, "only {fast} of {RECORDS}");
}
