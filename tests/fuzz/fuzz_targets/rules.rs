//! Rule files: no bytes make loading panic; what is said of them can be shown; loading is a function of the bytes.

#![no_main]

use std::hint::black_box;

use hsmstream_rules::{Limits, Loaded, RuleFile, load, render_all};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let file = RuleFile { name: "fuzz.yaml", bytes };
    let limits = Limits::default();
    let first = load([file], &limits);
    black_box(render_all(&first.diagnostics, true));
    assert!(first.left_out.is_empty() || !first.is_clean(), "a rule is left out without a word");
    let second = load([file], &limits);
    assert_eq!(first.diagnostics, second.diagnostics);
    assert_eq!(first.left_out, second.left_out);
    let shown = |loaded: &Loaded| format!("{:?}", loaded.set.rules());
    assert_eq!(shown(&first), shown(&second), "the same bytes give different rules");
});
