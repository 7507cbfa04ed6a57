//! Matching rules allocates nothing once shapes are known and storage has grown: counted by a global allocator of
//! this test's own.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use hsmstream_record::{Body, Document, Kind, Limits as RecordLimits, Origin, Record, parse};
use hsmstream_rules::{Limits, MatchScratch, RuleFile, load};

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

fn count() {
    // The cell is gone while a thread ends; what is allocated then is not the matcher's.
    ALLOCATIONS.try_with(|allocations| allocations.set(allocations.get() + 1)).unwrap_or_default();
}

#[expect(unsafe_code, reason = "an allocator cannot be written without; this one only counts and passes on")]
// SAFETY: every call goes unchanged to the system's allocator, which upholds the contract.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's duties are those of `System::alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's duties are those of `System::dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller's duties are those of `System::realloc`.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

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
id: trail
severity: low
on: cloudtrail
pattern: '{ $.eventName = "DeleteHsm" && $.userIdentity.userName != "ops" && $.errorCode NOT EXISTS }'
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
    assert_eq!(loaded.set.len(), 5, "{:?}", loaded.diagnostics);
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
    let before = ALLOCATIONS.get();
    let again = run();
    assert_eq!((again, ALLOCATIONS.get() - before), (found, 0));
}
