//! Patterns: no text makes the parser or the lints panic; mistakes and findings point into the text; what is accepted
//! prints and parses again; what is said to be mended is accepted.

#![no_main]

use std::hint::black_box;

use hsmstream_pattern::{Limits, Program, mended, outline, parse};
use hsmstream_record::Kind;
use hsmstream_rules::lint;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for limits in [Limits::default(), Limits::lifted()] {
        match parse(text, &limits) {
            Ok(pattern) => {
                let spans = outline(&pattern).into_iter().map(|item| item.span);
                assert!(spans.into_iter().all(|span| text.get(span).is_some()), "an item outside the text");
                for warning in pattern.warnings().iter().chain(&lint(&pattern, Kind::Audit)) {
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
                if let Some(mended) = mended(text, &limits) {
                    assert!(parse(&mended, &limits).is_ok(), "mended to {mended:?}, which is refused");
                }
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
