//! Ids are as documented, and everything that should tell two things apart does.

use std::collections::BTreeSet;

use hsmstream_output::*;

use crate::examples::{self, GROUP, position, sequenced, time};

/// Computed by an independent implementation of the table in `id.rs`. A change of these breaks every
/// consumer that drops repeats by id.
#[test]
fn ids_are_as_documented() {
    let rule = examples::rule();
    assert_eq!(examples::alert(&rule, &[]).id.as_str(), "hsa-61d66ec8479bd7d83844e5ebd856921b");
    assert_eq!(examples::closing(&rule).id, examples::alert(&rule, &[]).id);
    assert_eq!(examples::rollup(&rule).id.as_str(), "hsr-52f8cab487cbbec2bfca0db488fb35c9");
    assert_eq!(examples::reject().id.as_str(), "hsx-f002da6ef91cd746f7787ce13406ff80");
    assert_eq!(examples::operational().id.as_str(), "hso-0454b1de46848209ee57e6228055755a");
}

#[test]
fn alert_ids_depend_on_each_part() {
    let rule = examples::rule();
    let other_id = RuleInfo { id: "other".to_owned(), ..rule.clone() };
    let other_hash = RuleInfo { content_hash: [0; 32], ..rule.clone() };
    let other_words = RuleInfo { title: "other".to_owned(), ..rule.clone() };
    let one = |value| [GroupField { name: "x", value }];
    let groups = [
        one(GroupValue::Missing),
        one(GroupValue::Text(b"")),
        one(GroupValue::Text(b"1")),
        one(GroupValue::Lexeme(b"1")),
        one(GroupValue::Number(1)),
        one(GroupValue::Text(b"\x01\0\0\0\0\0\0\0")),
        one(GroupValue::Text(b"\xff")),
        one(GroupValue::Text("\u{fffd}".as_bytes())),
        [GroupField { name: "y", value: GroupValue::Missing }],
    ];
    let records = [
        sequenced(1),
        sequenced(2),
        RecordIdentity::Sequenced { stream: b"hsm-nwbbiqbj4jk", reboot: 264, sequence: 1 },
        RecordIdentity::Sequenced { stream: b"hsm-other", reboot: 263, sequence: 1 },
        RecordIdentity::Named { stream: b"hsm-nwbbiqbj4jk", name: b"1" },
        RecordIdentity::Named { stream: b"hsm-nwbbiqbj4jk1", name: b"" },
        RecordIdentity::Positioned(position(1)),
        RecordIdentity::Positioned(Position { index: 1, ..position(1) }),
    ];
    let same = alert_id(&rule, &[], &records[0], &records[0], time(0));
    assert_eq!(same, alert_id(&other_words, &[], &records[0], &records[0], time(0)));
    let mut ids = BTreeSet::from([same]);
    for rule in [&other_id, &other_hash] {
        assert!(ids.insert(alert_id(rule, &[], &records[0], &records[0], time(0))));
    }
    for group in &groups {
        assert!(ids.insert(alert_id(&rule, group, &records[0], &records[0], time(0))), "{group:?}");
    }
    for (index, record) in records.iter().enumerate().skip(1) {
        assert!(ids.insert(alert_id(&rule, &[], record, &records[0], time(0))), "first {index}");
        assert!(ids.insert(alert_id(&rule, &[], &records[0], record, time(0))), "last {index}");
    }
}

#[test]
fn rollup_ids_depend_on_rule_group_window_and_start() {
    let size_usecs = 60_000_000;
    let windows = [
        Window::Tumbling { size_usecs },
        Window::Tumbling { size_usecs: 1 },
        Window::Hopping { size_usecs, every_usecs: size_usecs },
        Window::Hopping { size_usecs, every_usecs: 1 },
        Window::Session { gap_usecs: size_usecs },
    ];
    let mut ids = BTreeSet::new();
    for window in windows {
        for group in [&GROUP[..], &GROUP[..1], &[]] {
            for start in [time(0), time(1)] {
                assert!(ids.insert(rollup_id("a", group, window, start, None)));
                assert!(ids.insert(rollup_id("b", group, window, start, None)));
                assert!(ids.insert(rollup_id("a", group, window, start, Some(time(2)))));
            }
        }
    }
}

#[test]
fn reject_ids_depend_on_the_position() {
    let at = position(5);
    let ids = BTreeSet::from([
        reject_id(&at, 0),
        reject_id(&at, 1),
        reject_id(&Position { index: 1, ..at }, 0),
        reject_id(&Position { offset: 6, ..at }, 0),
        reject_id(&Position { partition: 4, ..at }, 0),
        reject_id(&Position { topic: "other", ..at }, 0),
    ]);
    assert_eq!(ids.len(), 6);
}

#[test]
fn operational_ids_depend_on_kind_rule_and_position() {
    let kind = OperationalKind::StateLimit;
    let ids = BTreeSet::from([
        operational_id(kind, None, None),
        operational_id(kind, Some(""), None),
        operational_id(kind, Some("a"), None),
        operational_id(kind, None, Some(&position(1))),
        operational_id(kind, None, Some(&position(2))),
        operational_id(OperationalKind::RejectFlood, None, None),
    ]);
    assert_eq!(ids.len(), 6);
}
