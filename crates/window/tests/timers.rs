//! Timers and rows by hand: closing updates at the edge, idle input, revisions, retractions, reopened rows.

#![expect(clippy::unwrap_used, reason = "a test's own functions: a panic is a failure")]

use hsmstream_window::{
    Contribution, Event, EventTime, Limits, Measure, MeasureInput, Operator, Output, Plain, Rollup,
    RollupSpec, Span, Threshold, ThresholdSpec, ThresholdWhat, WindowKind,
};

fn secs(seconds: u64) -> EventTime {
    EventTime(seconds * 1_000_000)
}

fn apply(operator: &mut Operator, key: &str, time: EventTime, watermark: EventTime) -> Vec<String> {
    let contribution = Contribution { time, ..Contribution::default() };
    let measures = [MeasureInput::Missing];
    let event = Event { key: key.as_bytes(), contribution, value: None, number: None, measures: &measures };
    collect(|out| operator.apply(&event, watermark, out))
}

fn advance(operator: &mut Operator, watermark: EventTime) -> Vec<String> {
    collect(|out| operator.advance(watermark, out))
}

fn advance_idle(operator: &mut Operator, horizon: EventTime) -> Vec<String> {
    collect(|out| operator.advance_idle(horizon, out))
}

fn flush(operator: &mut Operator) -> Vec<String> {
    collect(|out| operator.flush_revisions(out))
}

fn collect(call: impl FnOnce(&mut dyn FnMut(Output<'_>))) -> Vec<String> {
    let mut lines = Vec::new();
    call(&mut |output| lines.push(line(output)));
    lines
}

fn line(output: Output<'_>) -> String {
    let text = |key: &[u8]| String::from_utf8(key.to_vec()).unwrap();
    let at = |time: EventTime| if time.0.is_multiple_of(1_000_000) { time.0 / 1_000_000 } else { time.0 };
    match output {
        Output::Firing(firing) => {
            let (time, before) = (at(firing.fire_time), firing.suppressed_before);
            let capped = if firing.capped { " capped" } else { "" };
            format!("fire {} {time} n={} before={before}{capped}", text(firing.key), firing.observed)
        }
        Output::Closing(closing) => {
            format!("close {} {} n={}", text(closing.key), at(closing.fire_time), closing.suppressed)
        }
        Output::Row(row) => {
            let marks = [
                (row.complete, " complete"),
                (row.retracted, " retracted"),
                (row.reopened, " reopened"),
                (row.capped, " capped"),
            ];
            let marks: String = marks.iter().filter(|(is, _)| *is).map(|(_, mark)| *mark).collect();
            let value = row.measures.first().copied().flatten().unwrap();
            format!(
                "row {} {}-{} n={value} r{}{marks}",
                text(row.key),
                at(row.start),
                at(row.end),
                row.revision
            )
        }
    }
}

const LATENESS: Span = Span::from_secs(100);

fn plain(suppress: u64) -> Operator {
    Operator::Plain(Plain::new(Span::from_secs(suppress), LATENESS, Limits::default()))
}

fn rollup(window: WindowKind) -> Operator {
    let spec = RollupSpec { window, measures: vec![Measure::Count], allowed_lateness: LATENESS };
    Operator::Rollup(Rollup::new(spec, Limits::default()).unwrap())
}

fn minutes() -> Operator {
    rollup(WindowKind::Tumbling { size: Span::from_secs(60) })
}

fn sessions() -> Operator {
    rollup(WindowKind::Session { gap: Span::from_secs(60) })
}

#[test]
fn a_closing_update_comes_once_when_the_lateness_is_over() {
    let mut operator = plain(60);
    assert_eq!(apply(&mut operator, "k", secs(1_000), secs(990)), ["fire k 1000 n=1 before=0"]);
    assert!(apply(&mut operator, "k", secs(1_059), secs(990)).is_empty());
    assert!(apply(&mut operator, "k", secs(900), secs(990)).is_empty(), "older fire times are silent too");
    assert!(operator.next_deadline().is_some_and(|next| next <= secs(1_160)));
    assert!(advance(&mut operator, EventTime(secs(1_160).0 - 1)).is_empty());
    assert_eq!(advance(&mut operator, secs(1_160)), ["close k 1000 n=2"]);
    assert!(advance(&mut operator, secs(9_000)).is_empty());
    assert_eq!(
        apply(&mut operator, "k", secs(9_000), secs(9_000)),
        ["fire k 9000 n=1 before=2"],
        "told again"
    );
}

#[test]
fn no_closing_update_of_nothing() {
    let mut operator = plain(60);
    apply(&mut operator, "k", secs(1_000), secs(990));
    assert!(advance(&mut operator, secs(1_160)).is_empty());
    assert_eq!(operator.keys(), 1, "kept for late records: those older than the alert are silent");
    assert!(apply(&mut operator, "k", secs(900), secs(1_160)).is_empty());
    assert_eq!(
        advance(&mut operator, secs(1_161)),
        ["close k 1000 n=1"],
        "the one update, when there is something"
    );
    assert!(apply(&mut operator, "k", secs(900), secs(1_161)).is_empty());
    assert!(
        advance(&mut operator, secs(1_159 + 86_400)).is_empty(),
        "what came after it is told by the next alert"
    );
    let told = apply(&mut operator, "k", secs(1_060), secs(1_159 + 86_400));
    assert_eq!(told, ["fire k 1060 n=1 before=2"]);
    assert!(advance(&mut operator, secs(400_000)).is_empty());
    assert_eq!(operator.keys(), 0, "and nothing is kept for ever");
}

#[test]
fn the_next_alert_closes_the_one_before() {
    let mut operator = plain(60);
    apply(&mut operator, "k", secs(1_000), secs(990));
    apply(&mut operator, "k", secs(1_001), secs(990));
    let told = apply(&mut operator, "k", secs(1_060), secs(1_050));
    assert_eq!(told, ["close k 1000 n=1", "fire k 1060 n=1 before=1"]);
    assert!(advance(&mut operator, secs(5_000)).is_empty());
}

#[test]
fn closing_updates_come_in_the_order_of_deadline_and_key() {
    let mut operator = plain(60);
    for (key, time) in [("c", 1_000), ("b", 1_001), ("a", 1_001)] {
        apply(&mut operator, key, secs(time), secs(990));
        apply(&mut operator, key, secs(time), secs(990));
    }
    assert_eq!(
        advance(&mut operator, secs(5_000)),
        ["close c 1000 n=1", "close a 1001 n=1", "close b 1001 n=1"]
    );
}

#[test]
fn idle_input_closes_silences_by_wall_clock() {
    let mut operator = plain(60);
    apply(&mut operator, "k", secs(1_000), secs(990));
    apply(&mut operator, "k", secs(1_001), secs(990));
    assert!(advance_idle(&mut operator, secs(1_159)).is_empty());
    assert_eq!(advance_idle(&mut operator, secs(1_160)), ["close k 1000 n=1"]);
    assert!(advance_idle(&mut operator, secs(1_200)).is_empty());
    assert!(
        apply(&mut operator, "k", secs(1_002), secs(1_001)).is_empty(),
        "the silence itself is event time"
    );
    assert_eq!(advance(&mut operator, secs(1_160)), ["close k 1000 n=2"], "nothing is suppressed untold");
}

#[test]
fn a_backlog_is_silenced_although_its_time_has_passed() {
    let mut operator = plain(60);
    assert_eq!(apply(&mut operator, "k", secs(10), secs(5_000)).len(), 1);
    assert!(apply(&mut operator, "k", secs(11), secs(5_000)).is_empty());
    assert_eq!(advance(&mut operator, secs(5_060)), ["close k 10 n=1"]);
}

#[test]
fn a_backlog_reaches_its_threshold() {
    let window = WindowKind::Sliding { within: Span::from_secs(60) };
    let spec = ThresholdSpec {
        what: ThresholdWhat::Count(2),
        window,
        suppress: window.length(),
        allowed_lateness: LATENESS,
    };
    let mut operator = Operator::Threshold(Threshold::new(spec, Limits::default()).unwrap());
    assert!(apply(&mut operator, "k", secs(10), secs(5_000)).is_empty());
    assert_eq!(apply(&mut operator, "k", secs(70), secs(5_000)), ["fire k 70 n=2 before=0"]);
}

#[test]
fn an_event_counts_to_the_last_watermark_at_which_it_can() {
    let window = WindowKind::Sliding { within: Span::from_secs(60) };
    let spec = ThresholdSpec {
        what: ThresholdWhat::Count(2),
        window,
        suppress: Span::ZERO,
        allowed_lateness: LATENESS,
    };
    for (watermark, fires) in [(secs(1_160), 1), (EventTime(secs(1_160).0 + 1), 0)] {
        let mut operator = Operator::Threshold(Threshold::new(spec, Limits::default()).unwrap());
        apply(&mut operator, "k", secs(1_000), secs(990));
        apply(&mut operator, "k", secs(1_300), watermark);
        assert_eq!(apply(&mut operator, "k", secs(1_060), watermark).len(), fires);
    }
}

#[test]
fn a_pause_does_not_lose_a_threshold() {
    let window = WindowKind::Sliding { within: Span::from_secs(60) };
    let spec = ThresholdSpec {
        what: ThresholdWhat::Count(2),
        window,
        suppress: window.length(),
        allowed_lateness: LATENESS,
    };
    let mut operator = Operator::Threshold(Threshold::new(spec, Limits::default()).unwrap());
    apply(&mut operator, "k", secs(1_000), secs(990));
    assert!(advance_idle(&mut operator, secs(900_000)).is_empty());
    assert_eq!(apply(&mut operator, "k", secs(1_060), secs(1_050)), ["fire k 1060 n=2 before=0"]);
}

#[test]
fn rows_come_on_time_then_as_revisions_then_never() {
    let mut operator = minutes();
    apply(&mut operator, "k", secs(60), secs(50));
    assert!(advance(&mut operator, EventTime(119_999_999)).is_empty());
    assert_eq!(advance(&mut operator, secs(120)), ["row k 60-120 n=1 r0 complete"]);
    assert!(apply(&mut operator, "k", secs(61), secs(130)).is_empty());
    assert!(apply(&mut operator, "k", secs(62), secs(130)).is_empty());
    assert_eq!(flush(&mut operator), ["row k 60-120 n=3 r1 complete"]);
    assert!(flush(&mut operator).is_empty());
    apply(&mut operator, "k", secs(63), secs(219));
    assert_eq!(advance(&mut operator, secs(220)), ["row k 60-120 n=4 r2 complete"], "before it is forgotten");
    assert_eq!(operator.keys(), 0);
}

#[test]
fn a_final_window_is_reopened_beside_its_row() {
    let mut operator = minutes();
    apply(&mut operator, "k", secs(60), secs(50));
    assert_eq!(advance(&mut operator, secs(1_000)), ["row k 60-120 n=1 r0 complete"]);
    apply(&mut operator, "k", secs(61), secs(1_000));
    assert_eq!(flush(&mut operator), ["row k 60-120 n=1 r0 complete reopened"]);
    apply(&mut operator, "k", secs(62), secs(1_100));
    assert_eq!(
        flush(&mut operator),
        ["row k 60-120 n=2 r1 complete reopened"],
        "one reopened row while it lives"
    );
    apply(&mut operator, "k", secs(62), secs(1_101));
    assert_eq!(
        flush(&mut operator),
        ["row k 60-120 n=1 r0 complete reopened"],
        "reopened at another watermark"
    );
}

#[test]
fn idle_input_publishes_open_windows_as_they_stand_and_closed_ones_complete() {
    let mut operator = minutes();
    apply(&mut operator, "k", secs(60), secs(50));
    apply(&mut operator, "k", secs(130), secs(100));
    let told = advance_idle(&mut operator, secs(150));
    assert_eq!(told, ["row k 60-120 n=1 r0 complete", "row k 120-180 n=1 r0"]);
    assert!(advance_idle(&mut operator, secs(151)).is_empty());
    assert_eq!(advance_idle(&mut operator, secs(180)), ["row k 120-180 n=1 r1 complete"]);
    assert!(advance_idle(&mut operator, secs(9_000)).is_empty());
    apply(&mut operator, "k", secs(131), secs(110));
    assert!(flush(&mut operator).is_empty(), "its window is open again: it waits for the watermark");
    assert_eq!(advance(&mut operator, secs(180)), ["row k 120-180 n=2 r2 complete"]);
}

#[test]
fn a_session_closes_behind_its_inclusive_end() {
    let mut operator = sessions();
    apply(&mut operator, "k", secs(1_000), secs(990));
    apply(&mut operator, "k", secs(1_060), secs(990));
    assert!(advance(&mut operator, secs(1_120)).is_empty(), "an event at 1120 would join");
    assert_eq!(advance(&mut operator, EventTime(1_120_000_001)), ["row k 1000-1120 n=2 r0 complete"]);
}

#[test]
fn a_bridge_retracts_the_later_session() {
    let mut operator = sessions();
    apply(&mut operator, "k", secs(1_000), secs(990));
    apply(&mut operator, "k", secs(1_070), secs(990));
    let told = advance(&mut operator, secs(1_131));
    assert_eq!(told, ["row k 1000-1060 n=1 r0 complete", "row k 1070-1130 n=1 r0 complete"]);
    let told = apply(&mut operator, "k", secs(1_050), secs(1_131));
    assert_eq!(told, ["row k 1070-1130 n=1 r1 complete retracted"]);
    assert_eq!(flush(&mut operator), ["row k 1000-1130 n=3 r1 complete"]);
}

#[test]
fn an_earlier_start_is_another_row() {
    let mut operator = sessions();
    apply(&mut operator, "k", secs(1_000), secs(990));
    assert_eq!(advance(&mut operator, secs(1_061)), ["row k 1000-1060 n=1 r0 complete"]);
    let told = apply(&mut operator, "k", secs(970), secs(1_061));
    assert_eq!(told, ["row k 1000-1060 n=1 r1 complete retracted"]);
    assert_eq!(flush(&mut operator), ["row k 970-1060 n=2 r0 complete"]);
}

#[test]
fn a_session_that_grows_back_to_a_forgotten_start_is_reopened() {
    let mut operator = sessions();
    apply(&mut operator, "k", secs(1_000), secs(990));
    assert_eq!(advance(&mut operator, secs(1_161)), ["row k 1000-1060 n=1 r0 complete"]);
    assert!(apply(&mut operator, "k", secs(1_030), secs(1_161)).is_empty());
    assert!(apply(&mut operator, "k", secs(1_000), secs(1_161)).is_empty());
    assert_eq!(flush(&mut operator), ["row k 1000-1090 n=2 r0 complete reopened"], "not the row told before");
}

#[test]
fn a_session_that_grows_after_its_row_is_published_again_on_time() {
    let mut operator = sessions();
    apply(&mut operator, "k", secs(1_000), secs(990));
    assert_eq!(advance_idle(&mut operator, secs(5_000)), ["row k 1000-1060 n=1 r0 complete"]);
    apply(&mut operator, "k", secs(1_060), secs(1_050));
    assert!(flush(&mut operator).is_empty());
    assert_eq!(advance(&mut operator, secs(1_121)), ["row k 1000-1120 n=2 r1 complete"]);
}

#[test]
fn windows_do_not_start_before_the_epoch() {
    let mut operator = rollup(WindowKind::Hopping { size: Span::from_secs(10), every: Span::from_secs(4) });
    apply(&mut operator, "k", secs(1), EventTime::ZERO);
    apply(&mut operator, "k", secs(9), EventTime::ZERO);
    let told = collect(|out| operator.finish(secs(14), out));
    assert_eq!(told, ["row k 0-10 n=2 r0 complete", "row k 4-14 n=1 r0 complete", "row k 8-18 n=1 r0"]);
}

#[test]
fn the_end_of_time_is_survived() {
    for mut operator in [plain(60), minutes(), sessions()] {
        apply(&mut operator, "k", EventTime::MAX, EventTime::ZERO);
        apply(&mut operator, "k", EventTime::ZERO, EventTime::MAX);
        apply(&mut operator, "k", EventTime::MAX, EventTime::MAX);
        advance_idle(&mut operator, EventTime::MAX);
        advance(&mut operator, EventTime::MAX);
        operator.finish(EventTime::MAX, &mut |_| ());
        assert_eq!(operator.keys(), 0);
    }
}
