//! The fast paths against the rendered view: for every selector, the same values.

use hsmstream_pattern::{Document as _, Scalar, Step};
use hsmstream_record::{Audit, Body, Document, Field, Kind, Limits, Origin, Record};
use proptest::prelude::*;

use super::{Reach, View, ViewScratch};

/// All values that `reach` gives, in order.
fn values(record: &Record<'_>, reach: Reach) -> Vec<String> {
    let mut found = Vec::new();
    let mut scratch = ViewScratch::default();
    let reaches = [reach];
    let mut view = View::new(record, &reaches, &mut scratch);
    view.visit(0, &mut |scalar| {
        found.push(match scalar {
            Scalar::Null => "null".to_owned(),
            Scalar::True => "true".to_owned(),
            Scalar::False => "false".to_owned(),
            Scalar::Number(lexeme) => lexeme.escape_ascii().to_string(),
            Scalar::String(text) => format!("\"{}\"", text.escape_ascii()),
            Scalar::Array { has_null } => format!("array {has_null}"),
            Scalar::Object => "object".to_owned(),
        });
        false
    });
    found
}

fn steps(path: &str) -> Vec<Step> {
    path.split('.')
        .flat_map(|part| match part.strip_suffix("[*]") {
            Some(name) => vec![Step::Name(name.as_bytes().into()), Step::AnyElement],
            None if part == "*" => vec![Step::AnyMember],
            None => vec![Step::Name(part.as_bytes().into())],
        })
        .collect()
}

fn same_both_ways(record: &Record<'_>) {
    for path in
        Field::NAMES.iter().copied().chain(["extra.x", "extra.Foo Bar", "extra.", "anomalies[*]", "user"])
    {
        let steps = steps(path);
        let fast = values(record, Reach::resolve(&steps, Kind::Audit));
        assert_eq!(fast, values(record, Reach::Walk(steps)), "{path}");
    }
}

fn parsed(text: &[u8]) -> Option<Audit<'_>> {
    hsmstream_record::parse(text, &Limits::default()).ok()
}

#[test]
fn plain_selectors_need_no_rendering() {
    assert_eq!(Reach::resolve(&steps("user.name"), Kind::Audit), Reach::Field(Field::UserName));
    assert_eq!(
        Reach::resolve(&steps("extra.A b"), Kind::Audit),
        Reach::Field(Field::Extra(b"A b".as_slice().into()))
    );
    assert_eq!(Reach::resolve(&steps("anomalies[*]"), Kind::Audit), Reach::Anomalies);
    for path in ["user", "*", "user[*]", "extra[*]", "extra", "user.name.x", "event.x", "extra.\u{fffd}"] {
        assert_eq!(Reach::resolve(&steps(path), Kind::Audit), Reach::Walk(steps(path)), "{path}");
    }
    // A document's own names, not the view's.
    assert_eq!(Reach::resolve(&steps("opcode"), Kind::CloudTrail), Reach::Walk(steps("opcode")));
}

#[test]
fn documents_are_read_from_their_own_root() {
    let json = br#" {"a":{"b":[1,null,{"c":"x\ny"}]},"a2":1.50,"n":null,"t":true,"a":{"b":[2,{"c":"last"}]},"h":463180677312929947} "#;
    let record = Record {
        origin: Origin::default(),
        body: Body::Document(Document { kind: Kind::CloudTrail, time_usecs: None, json }),
    };
    let reach = |steps: Vec<Step>| values(&record, Reach::resolve(&steps, Kind::CloudTrail));
    assert_eq!(reach(steps("a.b")), ["array false"]);
    assert_eq!(reach(steps("a.b[*].c")), ["\"last\""]);
    assert_eq!(
        reach(vec![Step::Name(b"a".as_slice().into()), Step::Name(b"b".as_slice().into()), Step::Index(0)]),
        ["2"]
    );
    assert_eq!(reach(steps("a2")), ["1.50"]);
    assert_eq!(reach(steps("h")), ["463180677312929947"]);
    assert_eq!(reach(steps("*")), ["object", "1.50", "463180677312929947", "null", "true"]);
    assert_eq!(reach(steps("missing.x")), Vec::<String>::new());
}

#[test]
fn documents_that_are_no_json_reach_nothing() {
    let record = Record {
        origin: Origin::default(),
        body: Body::Document(Document { kind: Kind::Metric, time_usecs: None, json: b"{\"a\":1" }),
    };
    let reaches = [Reach::Walk(steps("a"))];
    let mut scratch = ViewScratch::default();
    let mut view = View::new(&record, &reaches, &mut scratch);
    assert!(!view.visit(0, &mut |_| true));
    assert!(!view.visit(0, &mut |_| true), "also when asked again");
}

const LINES: &[&str] = &[
    "Sequence No : 0x5",
    "Reboot counter : 0x107",
    "Command Type(hex) : CN_MGMT_CMD (0x0)",
    "Opcode : CN_LOGIN (0xd)",
    "Opcode : X",
    "Session Handle : 0xC008002",
    "Response : 163:HSM Error: RET",
    "Response : 0:HSM Return: SUCCESS",
    "Response : 1:HSM Return: SUCCESS",
    "Log type : MGMT_USER_DETAILS_LOG (2)",
    "User Name : a\"b\\",
    "User Name : \u{e9}",
    "User Type : CN_CRYPTO_USER (1)",
    "Priv/Secret Key Handle : 0",
    "Public Key Handle : 7",
    "Key Handle : 99999999999999999999",
    "Version No : 2",
    "User id : 9",
    "Target User Name : t",
    "x : y",
    "x : z",
    "Foo Bar : baz",
    "no colon",
    "Mechanism : 1",
    "local time : 01/24/18 17:44:25.013218, usec:5",
    "propagation delay : usec:39",
    "Operation : SHARE (1)",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn fast_paths_give_what_the_view_gives(
        lines in prop::collection::vec(prop::sample::select(LINES), 0..16),
        junk in prop::collection::vec(any::<u8>(), 0..12),
        place in 0usize..16,
        hsm in prop::option::of(prop::collection::vec(any::<u8>(), 0..6)),
        stamp in prop::option::of(any::<i64>()),
    ) {
        let mut text = b"Time: 01/24/18 17:44:25.013218, usecs:1516815865013218\nSequence No : 0x1\nOpcode : CN_LOGIN (0xd)".to_vec();
        for (index, line) in lines.iter().enumerate() {
            text.push(b'\n');
            text.extend_from_slice(line.as_bytes());
            if index == place {
                text.extend_from_slice(&junk);
            }
        }
        if let Some(audit) = parsed(&text) {
            let origin = Origin { hsm: hsm.as_deref(), event_timestamp_ms: stamp, ..Origin::default() };
            same_both_ways(&Record { origin, body: Body::Audit(audit) });
        }
    }
}
