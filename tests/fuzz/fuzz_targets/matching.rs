//! Matching: interpreter, program and set, each with and without prefilters, say the same of any event.
//!
//! The input is one or more patterns and an event, with a NUL behind each pattern. If the event is an audit record, the
//! patterns are rules as well, and see it again and again with other digits: so its shape is learned.

#![no_main]

use std::hint::black_box;

use hsmstream_pattern::{Limits, Pattern, Program, Scratch, Set, Tuning, interpret, parse};
use hsmstream_record::{Body, Origin, Record};
use hsmstream_rules::{MatchScratch, Query, RuleFile};
use libfuzzer_sys::fuzz_target;

/// The interpreter's time grows with the square of the event.
const EVENT_BYTES_MAX: usize = 2048;
const PATTERNS_MAX: usize = 6;

fuzz_target!(|data: &[u8]| {
    let mut parts: Vec<&[u8]> = data.split(|byte| *byte == 0).collect();
    let Some(event) = parts.pop().filter(|event| event.len() <= EVENT_BYTES_MAX) else { return };
    let texts = parts.iter().take(PATTERNS_MAX).filter_map(|part| std::str::from_utf8(part).ok());
    let patterns: Vec<Pattern> = texts.filter_map(|text| parse(text, &Limits::lifted()).ok()).collect();
    let expected: Vec<bool> =
        patterns.iter().map(|pattern| interpret::matches_text(pattern, event)).collect();

    let mut scratch = Scratch::new();
    let all = Tuning::default();
    for tuning in [all, Tuning { samples: false, ..all }, Tuning { prefilters: false, ..all }] {
        for (pattern, expected) in patterns.iter().zip(&expected) {
            let program = Program::compile_with(pattern, tuning);
            let found = program.matches_text(event, &mut scratch);
            assert_eq!(found, *expected, "{pattern} by its program with {tuning:?}");
            let captures = program.extract(event, &mut scratch);
            assert!(captures.is_none() || *expected, "{pattern} extracts from what it does not match");
            black_box(program.explain(event));
        }
        let set = Set::compile_with(patterns.iter(), tuning);
        let mut matched = Vec::new();
        set.matches_text(event, &mut scratch, &mut matched);
        let wanted = expected.iter().zip(0_u32..).filter_map(|(expected, number)| expected.then_some(number));
        assert!(wanted.eq(matched.iter().copied()), "{patterns:?} as a set with {tuning:?}: {matched:?}");
    }
    match_records(&patterns, event);
});

/// A rule set with its memory of shapes against each pattern alone.
fn match_records(patterns: &[Pattern], event: &[u8]) {
    let limits = hsmstream_record::Limits::default();
    if hsmstream_record::parse(event, &limits).is_err() {
        return;
    }
    let rule = |(number, pattern): (usize, &Pattern)| {
        let text = serde_json::to_string(pattern.text()).expect("a text is JSON");
        format!("---\nid: r{number}\nseverity: low\npattern: {text}\n")
    };
    let file: String = patterns.iter().enumerate().map(rule).collect();
    let loaded =
        hsmstream_rules::load([RuleFile { name: "f.yaml", bytes: file.as_bytes() }], &Default::default());
    let queries: Vec<Query> =
        loaded.set.rules().iter().filter_map(|rule| rule.pattern.as_deref()).map(Query::compile).collect();
    let (mut scratch, mut alone, mut matched) =
        (MatchScratch::default(), MatchScratch::default(), Vec::new());
    let mut text = event.to_vec();
    for digit in [0, 0, b'1', b'3', b'8', 0] {
        text.iter_mut().filter(|byte| **byte == digit && digit != 0).for_each(|byte| *byte = digit + 1);
        let Ok(audit) = hsmstream_record::parse(&text, &limits) else { return };
        let record = Record { origin: Origin::default(), body: Body::Audit(audit) };
        loaded.set.matches(&record, &mut scratch, &mut matched);
        let together = matched.iter().map(|index| index.get() as usize);
        let alone = (0..queries.len()).filter(|number| queries[*number].matches(&record, &mut alone));
        assert!(together.eq(alone), "{file}: {}", text.escape_ascii());
    }
}
