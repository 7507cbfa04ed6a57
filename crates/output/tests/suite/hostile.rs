//! Hostile content: whatever bytes and numbers an output holds, its documents are valid, capped and marked.

use hsmstream_output::*;
use hsmstream_record::{Origin, Reason};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value;

use crate::examples;
use crate::schemas::assert_valid;

/// Bytes that break naive writers: invalid UTF-8, quotes, controls, cut characters, numbers, long runs.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        vec(any::<u8>(), 0..40),
        ".{0,12}".prop_map(String::into_bytes),
        Just(b"\"},\"rule\":\"forged\",\"x\":{\"".to_vec()),
        Just(b"\xf0\x9f\x98".to_vec()),
        Just(b"1e999".to_vec()),
        Just(b"-0.0E+5".to_vec()),
        Just(Vec::new()),
        Just(b"\x00\x1f\x7f\r\n\\u0000".to_vec()),
        (any::<u8>(), 100_usize..400).prop_map(|(byte, count)| vec![byte; count]),
    ]
}

fn words() -> impl Strategy<Value = String> {
    prop_oneof![".{0,20}", Just("\u{0}\u{202e}\"\\".to_owned()), Just("é".repeat(200))]
}

#[derive(Clone, Debug)]
enum Held {
    Missing,
    Number(u64),
    Text(Vec<u8>),
    Lexeme(Vec<u8>),
}

fn held() -> impl Strategy<Value = Held> {
    prop_oneof![
        Just(Held::Missing),
        any::<u64>().prop_map(Held::Number),
        bytes().prop_map(Held::Text),
        bytes().prop_map(Held::Lexeme),
        "-?[0-9]{1,25}(\\.[0-9]{1,5})?(e[0-9]{1,3})?".prop_map(|text| Held::Lexeme(text.into_bytes())),
    ]
}

fn names() -> impl Strategy<Value = String> {
    prop_oneof![words(), Just("user.name".to_owned()), Just("hsm".to_owned()), Just("account".to_owned())]
}

fn rules() -> impl Strategy<Value = RuleInfo> {
    let attack = prop_oneof![words(), "T[0-9]{4}(\\.[0-9]{3})?", "TA[0-9]{4}"];
    let kinds = OperatorKind::ALL.into_iter().filter(|it| *it != OperatorKind::Rollup).collect::<Vec<_>>();
    (
        (words(), words(), proptest::option::of(words()), proptest::option::of(words())),
        (vec(attack, 0..4), vec(words(), 0..3), any::<[u8; 32]>()),
        (0_usize..5, any::<bool>(), proptest::sample::select(kinds)),
    )
        .prop_map(|((id, title, description, author), (attack, references, content_hash), last)| {
            RuleInfo {
                id,
                title,
                license: description.clone(),
                description,
                severity: Severity::ALL[last.0],
                stage: if last.1 { Stage::Production } else { Stage::Staging },
                attack,
                references,
                author,
                content_hash,
                kind: last.2,
            }
        })
}

/// Everything an output is made of; [`Parts::outputs`] lends it.
#[derive(Clone, Debug)]
struct Parts {
    rule: RuleInfo,
    group: Vec<(String, Held)>,
    texts: Vec<Option<Vec<u8>>>,
    raws: Vec<(u8, Vec<u8>)>,
    topic: String,
    numbers: [u64; 6],
    flags: [bool; 4],
}

fn parts() -> impl Strategy<Value = Parts> {
    (
        rules(),
        vec((names(), held()), 0..6),
        vec(proptest::option::of(bytes()), 8),
        vec((0_u8..3, bytes()), 0..6),
        words(),
        any::<[u64; 6]>(),
        any::<[bool; 4]>(),
    )
        .prop_map(|(rule, group, texts, raws, topic, numbers, flags)| Parts {
            rule,
            group,
            texts,
            raws,
            topic,
            numbers,
            flags,
        })
}

impl Parts {
    fn group(&self) -> Vec<GroupField<'_>> {
        let value = |held| match held {
            &Held::Missing => GroupValue::Missing,
            &Held::Number(number) => GroupValue::Number(number),
            Held::Text(text) => GroupValue::Text(text),
            Held::Lexeme(text) => GroupValue::Lexeme(text),
        };
        self.group.iter().map(|(name, held)| GroupField { name, value: value(held) }).collect()
    }

    fn origin(&self) -> Origin<'_> {
        let text = |index: usize| self.texts[index].as_deref();
        Origin {
            account: text(0),
            log_group: text(1),
            log_stream: text(2),
            cluster: text(3),
            hsm: text(4),
            event_id: text(5),
            event_timestamp_ms: self.flags[0].then(|| self.numbers[0].cast_signed()),
        }
    }

    fn position(&self) -> Position<'_> {
        let [a, b, ..] = self.numbers;
        Position {
            topic: &self.topic,
            partition: low(a).cast_signed(),
            offset: b.cast_signed(),
            index: low(b),
        }
    }

    fn evidence(&self) -> Vec<Evidence<'_>> {
        let text = |index: usize| self.texts[index].as_deref();
        self.raws
            .iter()
            .map(|(state, bytes)| Evidence {
                position: self.position(),
                origin: self.origin(),
                reboot: self.flags[1].then_some(low(self.numbers[3])),
                sequence: self.flags[2].then_some(self.numbers[4]),
                time: self.flags[3].then(|| Timestamp::from_micros(self.numbers[5])),
                opcode: text(6),
                user: text(7),
                raw: match state {
                    0 => Raw::NotHeld,
                    1 => Raw::Whole(bytes),
                    _ => Raw::Cut { bytes, length: self.numbers[2] },
                },
            })
            .collect()
    }

    /// Hands each kind of output, made of these parts, to `check`.
    fn outputs(&self, check: &mut dyn FnMut(AlertFormat, Output<'_>)) {
        self.alerts(check);
        self.others(check);
    }

    fn alerts(&self, check: &mut dyn FnMut(AlertFormat, Output<'_>)) {
        let (group, evidence) = (self.group(), self.evidence());
        let [a, b, c, d, ..] = self.numbers;
        let time = Timestamp::from_micros;
        let actor = self.texts[7].as_deref().map(|name| Actor {
            name,
            user_type: self.texts[6].as_deref(),
            how: Attribution::ALL[self.raws.len() % 3],
        });
        let alert = Alert {
            group: &group,
            fire_time: time(a),
            count: b,
            threshold: self.flags[3].then_some(c),
            first: time(c),
            last: time(d),
            suppressed_before: d,
            evidence_total: a,
            actor,
            flags: Flags { late: self.flags[0], capped: self.flags[1], reopened: self.flags[2] },
            ..examples::alert(&self.rule, &evidence)
        };
        let closing = Closing {
            group: &group,
            fire_time: time(a),
            first: time(b),
            last: time(c),
            suppressed: d.max(1),
            ..examples::closing(&self.rule)
        };
        for format in examples::ALL_FORMATS {
            check(format, Output::Alert(alert));
            check(format, Output::Closing(closing));
        }
    }

    fn others(&self, check: &mut dyn FnMut(AlertFormat, Output<'_>)) {
        let group = self.group();
        let [a, b, c, d, ..] = self.numbers;
        let time = Timestamp::from_micros;
        let name = |index: usize| self.group.get(index).map_or("", |(name, _)| name);
        let measures = [
            Measure { name: name(0), value: MeasureValue::Number(a) },
            Measure { name: name(1), value: MeasureValue::Absent },
            Measure { name: name(2), value: MeasureValue::Number(b) },
        ];
        let rollup = Rollup {
            group: &group,
            window_start: time(a),
            window_end: time(b),
            measures: &measures,
            complete: self.flags[0],
            revision: low(c),
            retracted: self.flags[1],
            reopened: self.flags[2],
            ..examples::rollup(&self.rule)
        };
        let reject = Reject {
            id: reject_id(&self.position(), c),
            reason: Reason::ALL[self.raws.len()],
            offset: low(d),
            message_offset: c,
            raw: self.texts[0].as_deref().unwrap_or_default(),
            length: b,
            origin: self.origin(),
            position: self.position(),
            first_seen: Timestamp::from_kafka_millis(a.cast_signed()),
        };
        let operational = Operational {
            id: operational_id(OperationalKind::TooManyKeys, Some(&self.rule.id), Some(&self.position())),
            kind: OperationalKind::ALL[self.raws.len()],
            message: &self.rule.title,
            rule: self.flags[0].then_some(&self.rule.id),
            position: self.flags[1].then(|| self.position()),
            first_occurrence: self.flags[2].then(|| time(a)),
            counters: &measures,
        };
        for output in [Output::Rollup(rollup), Output::Reject(reject), Output::Operational(operational)] {
            check(AlertFormat::Flat, output);
        }
    }
}

fn low(number: u64) -> u32 {
    u32::try_from(number & u64::from(u32::MAX)).unwrap()
}

proptest! {
    #[test]
    fn whatever_is_emitted_is_valid(parts in parts()) {
        parts.outputs(&mut |format, output| {
            let (cut, _, document) = examples::encoded(Encoder::new(format), &output);
            assert_eq!(cut, Cut::Nothing);
            assert_valid(output.schema_name(format), &document);
            assert!(output.message_key().len() <= KEY_BYTES_MAX);
        });
    }

    #[test]
    fn summaries_are_short(parts in parts()) {
        parts.outputs(&mut |_, output| {
            let line = match output {
                Output::Alert(it) => it.summary(),
                Output::Closing(it) => it.summary(),
                Output::Rollup(it) => it.summary(),
                Output::Reject(_) | Output::Operational(_) => String::new(),
            };
            assert!(line.len() <= 1024, "{} bytes", line.len());
        });
    }

    #[test]
    fn group_texts_survive(text in bytes()) {
        let rule = examples::rule();
        let group = [GroupField { name: "user.name", value: GroupValue::Text(&text) }];
        let closing = Closing { group: &group, ..examples::closing(&rule) };
        let document = examples::document(AlertFormat::Flat, &Output::Closing(closing));
        prop_assert_eq!(document["group"]["user.name"].as_str(), Some(&*String::from_utf8_lossy(&text)));
    }
}

/// Encodes an alert whose parts have the given sizes under the smallest cap, in all forms.
fn capped(raw_bytes: usize, events: usize, text_bytes: usize, list: usize) -> Vec<(Cut, Value)> {
    // A control character takes six bytes in JSON, the worst there is.
    let text = vec![1; text_bytes];
    let words = String::from_utf8(text.clone()).unwrap();
    let raw = vec![1; raw_bytes];
    let mut rule = examples::rule();
    rule.title = words.clone();
    rule.id = words.clone();
    rule.description = Some(words.clone());
    rule.author = Some(words.clone());
    rule.license = Some(words.clone());
    rule.references = vec![words.clone(); list];
    rule.attack = vec![words.clone(); list];
    let names: Vec<String> = (0..list).map(|index| format!("{index}{words}")).collect();
    let group: Vec<GroupField<'_>> =
        ["account", "cluster", "hsm", "user.name", "target_user.name", "actor.name"]
            .into_iter()
            .chain(names.iter().map(String::as_str))
            .map(|name| GroupField { name, value: GroupValue::Text(&text) })
            .collect();
    let origin = Origin {
        account: Some(&text),
        log_group: Some(&text),
        log_stream: Some(&text),
        cluster: Some(&text),
        hsm: Some(&text),
        event_id: Some(&text),
        event_timestamp_ms: Some(i64::MIN),
    };
    let evidence: Vec<Evidence<'_>> = (0..events)
        .map(|_| Evidence {
            position: Position { topic: &words, partition: i32::MIN, offset: i64::MIN, index: u32::MAX },
            origin,
            opcode: Some(&text),
            user: Some(&text),
            raw: Raw::Whole(&raw),
            ..examples::evidence()[0]
        })
        .collect();
    let alert = Alert {
        group: &group,
        actor: Some(Actor { name: &text, user_type: Some(&text), how: Attribution::Login }),
        ..examples::alert(&rule, &evidence)
    };
    examples::ALL_FORMATS
        .into_iter()
        .map(|format| {
            let encoder = Encoder::new(format).with_cap(SizeCap::MIN);
            let (cut, bytes, document) = examples::encoded(encoder, &Output::Alert(alert));
            assert!(bytes.len() <= SizeCap::MIN.bytes(), "{} bytes, {cut:?}", bytes.len());
            assert_valid(Output::Alert(alert).schema_name(format), &document);
            (cut, document)
        })
        .collect()
}

#[test]
fn caps_hold_and_are_marked() {
    // Raw texts, events, other texts, lists: what must go.
    let cases = [
        ((1000, 3, 10, 2), Cut::Nothing),
        ((64 * 1024, 3, 10, 2), Cut::Raw),
        ((10, 500, 10, 2), Cut::Evidence),
        ((10, 3, 64 * 1024, 2), Cut::Texts),
        ((10, 3, 10, 2_000), Cut::Texts),
        ((64 * 1024, 20, 128, 200), Cut::Texts),
        ((64 * 1024, 20, 4 * 1024, 200), Cut::Texts),
    ];
    for ((raw_bytes, events, text_bytes, list), expected) in cases {
        for (cut, document) in capped(raw_bytes, events, text_bytes, list) {
            assert_eq!(cut, expected, "{raw_bytes} {events} {text_bytes} {list}");
            let is_flat = document["type"] == "alert";
            let body = if is_flat { &document } else { &document["unmapped"]["hsmstream"] };
            let marks = if cut == Cut::Nothing { Value::Null } else { cut.marks().into() };
            assert_eq!(body["truncated"], marks);
            assert_eq!(body["evidence_total"], 5);
            let shown = if is_flat { &document["evidence"] } else { &document["evidences"] };
            let shown = shown.as_array().unwrap();
            assert_eq!(shown.len(), if cut < Cut::Evidence { events } else { 2 });
            let first = if is_flat { &shown[0] } else { &shown[0]["data"] };
            assert_eq!(first["raw_state"], if cut == Cut::Nothing { "whole" } else { "dropped" });
            if document["metadata"]["version"] == "1.8.0" && cut != Cut::Nothing {
                assert_eq!(document["metadata"]["is_truncated"], true);
                assert!(document["metadata"]["untruncated_size"].as_u64() > Some(256 * 1024));
            }
        }
    }
}

#[test]
fn a_long_origin_of_a_reject_is_cut() {
    let text = vec![b'\xff'; 4 << 20];
    let origin = Origin { log_group: Some(&text), log_stream: Some(&text), ..Origin::default() };
    let reject = Reject { origin, ..examples::reject() };
    let encoder = Encoder::new(AlertFormat::Flat).with_cap(SizeCap::MIN);
    let (cut, bytes, document) = examples::encoded(encoder, &Output::Reject(reject));
    assert_eq!(cut, Cut::Texts);
    assert!(bytes.len() <= SizeCap::MIN.bytes());
    assert_valid("reject", &document);
    assert!(document["log_group"].as_str().unwrap().ends_with('…'));
    assert_eq!(document["raw"], "VGltZTogeWVzdGVyZGF5");
}

#[test]
fn a_cut_text_ends_at_a_character() {
    let mut rule = examples::rule();
    rule.references = vec!["é".repeat(100); 20_000];
    for lead in ["", "x"] {
        rule.title = lead.to_owned() + &"é".repeat(100);
        let alert = Output::Alert(examples::alert(&rule, &[]));
        let (cut, _, document) = examples::encoded(Encoder::new(AlertFormat::Flat), &alert);
        assert_eq!(cut, Cut::Texts);
        let title = document["title"].as_str().unwrap();
        assert!(title.len() <= 128 + 3 && title.ends_with("é…") && !title.contains('\u{fffd}'), "{title}");
    }
}

#[test]
fn caps_below_the_smallest_are_refused() {
    assert_eq!(SizeCap::new(SizeCap::MIN.bytes() - 1), None);
    assert_eq!(SizeCap::new(SizeCap::MIN.bytes()), Some(SizeCap::MIN));
    assert_eq!(SizeCap::DEFAULT.bytes(), 900 * 1024);
}
