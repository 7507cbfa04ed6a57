//! Windows: an operator that is restarted from its changelog says exactly what one that runs on says.
//!
//! The first byte chooses the operator; each pair of bytes after it is a step: an event, progress of the watermark, a
//! commit, or a commit followed by a restart.

#![no_main]

mod operators;

use hsmstream_window::{EventTime, Operator, Output};
use libfuzzer_sys::fuzz_target;
use operators::Entries;

/// An operator and what it has said.
struct Run {
    operator: Operator,
    changelog: Entries,
    log: Vec<String>,
}

/// Adds what changed to a changelog.
fn drain(operator: &mut Operator, changelog: &mut Entries) {
    operator.drain_dirty(&mut |key, value| {
        match value {
            Some(value) => changelog.insert(key.to_vec(), value.to_vec()),
            None => changelog.remove(key),
        };
    });
}

impl Run {
    fn new(choice: u8) -> Self {
        Self { operator: operators::build(choice), changelog: Entries::new(), log: Vec::new() }
    }

    fn step(&mut self, step: impl FnOnce(&mut Operator, &mut dyn FnMut(Output<'_>))) {
        let log = &mut self.log;
        step(&mut self.operator, &mut |output| log.push(operators::show(&output)));
    }

    fn commit(&mut self) {
        self.step(Operator::flush_revisions);
        drain(&mut self.operator, &mut self.changelog);
    }

    fn restart(&mut self, choice: u8) {
        let before = operators::export(&self.operator);
        assert_eq!(self.changelog, before, "the changelog is not the state");
        self.operator = operators::build(choice);
        for (key, value) in &self.changelog {
            self.operator.restore(key, Some(value)).expect("what an operator writes it can read");
        }
        self.operator.finish_restore().expect("what an operator writes is complete");
        assert_eq!(operators::export(&self.operator), before, "the restored state is not the state");
    }
}

fuzz_target!(|data: &[u8]| {
    let [choice, steps @ ..] = data else { return };
    let mut runs = [Run::new(*choice), Run::new(*choice)];
    let mut highest = 100;
    for (number, step) in steps.chunks_exact(2).take(200).enumerate() {
        let [what, byte] = [step[0], step[1]];
        let watermark = EventTime(highest - 20);
        for (index, run) in runs.iter_mut().enumerate() {
            match what {
                0..=0xdf => {
                    // Up to 40 before the highest time so far, or up to 23 after it.
                    let time = EventTime(highest + u64::from(what & 0x3f) - 40);
                    let watermark = watermark.max(time.minus(hsmstream_window::Span(20)));
                    operators::apply(&mut run.operator, time, watermark, byte, number as u64, &mut run.log);
                }
                0xe0..=0xe7 => {
                    run.step(|operator, out| operator.advance(EventTime(highest + u64::from(byte)), out))
                }
                0xe8..=0xeb => run.step(|operator, out| operator.advance_idle(watermark, out)),
                0xec..=0xf3 => run.commit(),
                _ => {
                    run.commit();
                    if index == 1 {
                        run.restart(*choice);
                    }
                }
            }
        }
        match what {
            0..=0xdf => highest = highest.max(highest + u64::from(what & 0x3f) - 40),
            0xe0..=0xe7 => highest = highest.max(highest + u64::from(byte) + 20),
            _ => {}
        }
        assert_eq!(runs[0].log, runs[1].log, "a restart changed what was said");
    }
    for run in &mut runs {
        run.step(|operator, out| operator.finish(EventTime(highest), out));
    }
    assert_eq!(runs[0].log, runs[1].log, "a restart changed what was said at the end");
});
