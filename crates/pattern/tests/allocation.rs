//! Matching allocates nothing once its storage has grown: counted by the allocator of `allocation-counter`.

use hsmstream_pattern::{Limits, Pattern, Program, Scratch, Set, parse};

/// Runs `work` and tells how often it allocated.
fn allocations(work: impl FnOnce()) -> u64 {
    allocation_counter::measure(work).count_total
}

const PATTERNS: [&str; 15] = [
    "",
    "Opcode CN_LOGIN -SUCCESS",
    "?CN_CREATE_USER ?CN_DELETE_USER ?CN_LOGIN",
    "%Response\\s*:\\s*[1-9][0-9]*:HSM%",
    "-%[a-z]+ing$% %[0-9]{3}.*x%",
    "[]",
    "[first, ..., last = *e]",
    "[a, b = \":\" && b != 5, rest = *LOGIN*]",
    "{ $.opcode = CN_LOGIN && $.response.code >= 1 }",
    "{ $.user.name = \"adm*\" || $.user.name = %^root|[ie]n$% }",
    "{ $.items[*].id = 2 && $.* != 7 && $.none NOT EXISTS }",
    "{ $.response.code = 163 || $.response.code = 164.0 || $.response.text IS NULL }",
    "{ $.extra.['a b'] = \"caf\u{e9}\" }",
    "{ $.*.none NOT EXISTS && $.* = 100 && $.*.a != 7 }",
    "{ $.items[1] IS TRUE && ($.a = 1 || $.b != 1 || $.c < 5) }",
];

const EVENTS: [&[u8]; 6] = [
    include_bytes!("../../../tests/samples/02-alphagov-hsm_login_error_user_doesnt_exist.txt"),
    br#"{"opcode":"CN_LOGIN","response":{"code":163},"user":{"name":"admin"},"items":[{"id":2},true]}"#,
    br#"{"opcode":"CN_LOGIN","user":{"name":"\u0061dmin \u00e9"},"extra":{"a b":"caf\u00e9"},"a":1,"a":2,"c":1e0}"#,
    b"x \"quoted token\" [bracketed token] 163 : : \"open",
    b"{ not json",
    b"\xff\xfe hostile \x00 \xc3",
];

/// [`EVENTS`], and one with many members, some of the same name, each an object or a number.
fn events() -> Vec<Vec<u8>> {
    let member = |number: u32| match number % 3 {
        0 => format!("\"m{}\":{{\"\\u0061\":{number},\"a\":8}}", number / 2),
        _ => format!("\"m{number}\":{number}"),
    };
    let members: Vec<String> = (0..200).map(member).collect();
    let large = format!("{{{}}}", members.join(",")).into_bytes();
    EVENTS.iter().map(|event| event.to_vec()).chain([large]).collect()
}

fn patterns() -> Vec<Pattern> {
    PATTERNS.iter().map(|text| parse(text, &Limits::default()).expect("a pattern")).collect()
}

#[test]
fn the_counter_counts() {
    assert_eq!(allocations(|| drop(std::hint::black_box(vec![1_u8]))), 1);
}

#[test]
fn a_warm_set_allocates_nothing() {
    let set = Set::compile(patterns().iter());
    let (mut scratch, mut matched) = (Scratch::new(), Vec::with_capacity(PATTERNS.len()));
    let events = events();
    let mut run = || {
        let mut found = 0;
        for event in &events {
            matched.clear();
            set.matches_text(event, &mut scratch, &mut matched);
            found += matched.len();
        }
        found
    };
    let found = run();
    assert!(found > EVENTS.len() * 3, "{found} matches");
    assert_eq!(allocations(|| assert_eq!(run(), found)), 0);
}

#[test]
fn a_warm_program_allocates_nothing() {
    let (patterns, events) = (patterns(), events());
    for pattern in &patterns {
        let program = Program::compile(pattern);
        let mut scratch = Scratch::new();
        let mut run = || events.iter().filter(|event| program.matches_text(event, &mut scratch)).count();
        let found = run();
        assert_eq!(allocations(|| assert_eq!(run(), found)), 0, "{}", pattern.text());
    }
}
