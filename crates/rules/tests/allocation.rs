//! Matching rules allocates nothing once shapes are known and storage has grown: counted by the allocator
//! of `allocation-counter`.

use hsmstream_record::{Body, Document, Kind, Limits as RecordLimits, Origin, Record, parse};
use hsmstream_rules::{Limits, MatchScratch, RuleFile, load};

const RULES: &str = r#"
id: failed
severity: low
pattern: '{ $.opcode = "CN_LOGIN" && $.response.code = 163 }'
---
id: names
severity: low
pattern: '{ $.user.name = "app-1*" || $.user.name = %^ro+t$% }'
---
id: sessions
severity: low
pattern: '{ $.session = "0x7004001" && $.sequence >= 7 }'
---
id: terms
severity: low
pattern: '?"app-12" ?"User Name : app-3"'
---
id: anything
severity: low
pattern: '{ $.* = "MGMT_USER_DETAILS_LOG" && $.user.* = "app-7" }'
---
id: trail
severity: low
on: cloudtrail
pattern: '{ $.eventName = "DeleteHsm" && $.userIdentity.userName != "ops" && $.errorCode NOT EXISTS }'
---
id: anywhere
severity: low
on: cloudtrail
pattern: '{ $.userIdentity.* = "mallory" && $.*.userName = "mal*" }'
"#;

const TRAIL: &[u8] =
    br#"{"eventName":"Delete\u0048sm","userIdentity":{"userName":"eve","userName":"mallory"}}"#;

fn audit(number: u32) -> String {
    let response = if number.is_multiple_of(3) {
        "163:HSM Error: RET_USER_LOGIN_FAILURE"
    } else {
        "0:HSM Return: SUCCESS"
    };
    format!(
        "Time: 01/24/18 17:44:25.013218, usecs:1516815865013218\nSequence No : {number:#x}\nReboot counter : 0xe8\n\
         Command Type(hex) : CN_MGMT_CMD (0x0)\nOpcode : CN_LOGIN (0xd)\nSession Handle : {:#x}\nResponse : {response}\n\
         Log type : MGMT_USER_DETAILS_LOG (2)\nUser Name : app-{number}\nUser Type : CN_CRYPTO_USER (1)",
        0x700_4000 + number,
    )
}

#[test]
fn a_warm_rule_set_allocates_nothing() {
    let loaded = load([RuleFile { name: "r.yaml", bytes: RULES.as_bytes() }], &Limits::default());
    assert_eq!(loaded.set.len(), 7, "{:?}", loaded.diagnostics);
    let texts: Vec<String> = (0..40).map(audit).collect();
    let limits = RecordLimits::default();
    let records: Vec<Record<'_>> = texts
        .iter()
        .map(|text| Body::Audit(parse(text.as_bytes(), &limits).expect("a record")))
        .chain([Body::Document(Document { kind: Kind::CloudTrail, time_usecs: None, json: TRAIL })])
        .map(|body| Record { origin: Origin::default(), body })
        .collect();
    let (mut scratch, mut matched) = (MatchScratch::default(), Vec::new());
    let mut run = || -> usize {
        let count = |record| {
            loaded.set.matches(record, &mut scratch, &mut matched);
            matched.len()
        };
        records.iter().map(count).sum()
    };
    let found = run();
    assert!(found > records.len() / 2, "{found} matches");
    let counted = allocation_counter::measure(|| assert_eq!(run(), found));
    assert_eq!(counted.count_total, 0);
}
