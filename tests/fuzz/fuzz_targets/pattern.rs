//! Patterns: no text makes the parser panic; mistakes point into the text; what is accepted prints and parses again.

#![no_main]

use std::hint::black_box;

use hsmstream_pattern::{Limits, Program, parse};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for limits in [Limits::default(), Limits::lifted()] {
        match parse(text, &limits) {
            Ok(pattern) => {
                for warning in pattern.warnings() {
                    assert!(
                        text.get(warning.span.clone()).is_some(),
                        "a warning outside the text: {warning:?}"
                    );
                }
                let canonical = pattern.to_string();
                let lifted = Limits { chars_max: usize::MAX, ..Limits::lifted() };
                let again = parse(&canonical, &lifted)
                    .unwrap_or_else(|problems| panic!("{text:?} printed as {canonical:?}: {problems:?}"));
                assert_eq!(again.to_string(), canonical, "printing {text:?} does not settle");
                assert_eq!(again.kind(), pattern.kind(), "printing {text:?} changes its kind");
                black_box(Program::compile(&pattern));
            }
            Err(problems) => {
                assert!(!problems.is_empty(), "refused without a reason");
                for problem in problems {
                    assert!(
                        text.get(problem.span.clone()).is_some(),
                        "a mistake outside the text: {problem:?}"
                    );
                }
            }
        }
    }
});
