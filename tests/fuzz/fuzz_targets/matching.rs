//! Matching: interpreter, program and set, each with and without prefilters, say the same of any event.
//!
//! The input is one or more patterns and an event, with a NUL behind each pattern.

#![no_main]

use std::hint::black_box;

use hsmstream_pattern::{Limits, Pattern, Program, Scratch, Set, Tuning, interpret, parse};
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
    for tuning in [Tuning::default(), Tuning { prefilters: false, ..Tuning::default() }] {
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
});
