//! State of others: no changelog entry makes an operator panic, and what it accepts it writes again unchanged.
//!
//! The first byte chooses the operator, the second the length of the key; the rest is the entry's value.

#![no_main]

mod operators;

use hsmstream_window::{EventTime, Operator, Output};
use libfuzzer_sys::fuzz_target;
use operators::{apply, show};

fuzz_target!(|data: &[u8]| {
    let [choice, key_bytes, rest @ ..] = data else { return };
    let (key, value) = rest.split_at(usize::from(*key_bytes).min(rest.len()));
    let mut operator = operators::build(*choice);
    let restored = operator.restore(key, Some(value));
    if let Err(error) = restored {
        assert!(error.position() as usize <= data.len(), "an error outside the entry");
    }
    if operator.finish_restore().is_err() || restored.is_err() {
        return;
    }
    let written = operators::export(&operator);
    let mut again = operators::build(*choice);
    for (key, value) in &written {
        again.restore(key, Some(value)).expect("what an operator writes it can read");
    }
    again.finish_restore().expect("what an operator writes is complete");
    assert_eq!(operators::export(&again), written, "reading and writing changes the state");
    exhaust(&mut operator, *choice);
});

/// Drives an operator with restored state to its end.
fn exhaust(operator: &mut Operator, choice: u8) {
    let mut log = Vec::new();
    apply(operator, EventTime(1_000), EventTime(990), choice, 1, &mut log);
    let sink = &mut |output: Output<'_>| log.push(show(&output));
    operator.advance_idle(EventTime(1_010), sink);
    operator.advance(EventTime(2_000), sink);
    operator.flush_revisions(sink);
    operator.finish(EventTime::MAX, sink);
}
