//! The memory of shapes changes no answer: rule sets over records of few shapes, of many, and of hostile ones,
//! compared with each rule's pattern alone.
//!
//! Terms are pieces of other records of the same shapes, so they cross the borders of fixed and free parts in
//! every way; names are lines, labels, opcodes, digits and bytes that are no text.

#![expect(clippy::indexing_slicing, reason = "tests may panic")]

use hsmstream_record::{Body, Limits as RecordLimits, Origin, Record, TextBuffer, parse, parse_escaped};
use hsmstream_rules::{Level, Limits, MatchScratch, Query, RuleFile, RuleIndex, RuleSet, load};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

const OPCODES: &[&str] =
    &["CN_LOGIN (0xd)", "CN_LOGOUT (0xe)", "CN_GENERATE_KEY (0x17)", "CN_NEW_ONE", "X (0x1)"];
const RESPONSES: &[&str] =
    &["0:HSM Return: SUCCESS", "163:HSM Error: RET_USER_LOGIN_FAILURE", "5: odd words", "0:HSM Error: X"];
const LOG_TYPES: &[&str] =
    &["MINIMAL_LOG_ENTRY (0)", "MGMT_USER_DETAILS_LOG (2)", "MGMT_KEY_DETAILS_LOG (1)"];
const NAMES: &[&str] = &[
    "",
    "admin",
    "app-17",
    "CN_LOGIN",
    "163",
    "0x7004003",
    " two words",
    "Response : 0:HSM Return: SUCCESS",
    "x\nOpcode : CN_LOGOUT (0xe)",
    "x\nUser Type : CN_CRYPTO_USER (1)",
    "User Type",
    "x\r",
    "caf\u{e9}",
    "\u{fffd}",
    "17:44",
    "a:b : c",
    "svc-1 svc-2 svc-3 svc-4 svc-5 svc-6 svc-7 svc-8 svc-9 RET_DENIED",
];

const JSON: &[&str] = &[
    r#"{ $.opcode = "CN_LOGIN" && $.response.code = 163 }"#,
    r#"{ $.user.name = "app-*" && $.outcome = "failure" }"#,
    r#"{ $.user.name = "*CN_LOGIN*" }"#,
    r#"{ $.user.name NOT EXISTS }"#,
    r#"{ $.user.name != "admin" }"#,
    r#"{ $.user.name = %^[a-z]+-[0-9]+$% || $.opcode = "CN_LOGOUT" }"#,
    r#"{ $.session = "0x7004003" }"#,
    r#"{ $.session = "0x7004*" && $.user.type = "CN_CRYPTO_USER" }"#,
    r#"{ $.session NOT EXISTS }"#,
    r#"{ $.key.handle = 262145 || $.key.handle = 7 }"#,
    r#"{ $.key.handle NOT EXISTS && $.opcode = "CN_GENERATE_KEY" }"#,
    r#"{ $.key.private_handle > 6 && $.key.public_handle <= 262145 }"#,
    r#"{ $.sequence >= 40 && $.sequence < 4096 }"#,
    r#"{ $.response.code > 0 && $.response.code != 163 }"#,
    r#"{ $.connection = "0x7004" }"#,
    r#"{ $.anomalies[*] = "*" }"#,
    r#"{ $.extra.Foo NOT EXISTS }"#,
    r#"{ $.* = "CN_LOGIN" }"#,
    r#"{ $.user.id = 7 || $.user.id = "7" || $.target_user.name = "admin" }"#,
    r#"{ $.host_time_usecs > 5 }"#,
];

const TERMS: &[&str] = &[
    "Opcode CN_LOGIN",
    "-CN_LOGIN",
    "-SUCCESS -admin",
    "0x",
    "163",
    r#""17:44""#,
    r#"?RET_DENIED ?"svc-7""#,
    "%0x7[0-9a-f]+%",
    "%CN_[A-Z]+ .0x[de]%",
    "%[0-9]{3}:HSM Error% -CN_LOGOUT",
    "\" \"",
    "\"\n\"",
    "\": \"",
    r#""usecs:15""#,
    "[a, b = \"*1*\", ...]",
    "[..., last = 1*]",
    "",
];

/// The parts of a record that a generator chooses.
#[derive(Debug, Clone)]
struct Draft {
    usecs: u64,
    sequence: u64,
    reboot: Option<u32>,
    version: bool,
    opcode: &'static str,
    session: u64,
    response: &'static str,
    log_type: &'static str,
    tail: Tail,
    colon: &'static str,
    extra: bool,
}

#[derive(Debug, Clone)]
enum Tail {
    Nothing,
    User(String),
    Target(String, String),
    Keys(u64, u64, Option<u64>),
    Clock(u64),
}

fn tail() -> impl Strategy<Value = Tail> {
    let number = || prop_oneof![0_u64..12, 262_140_u64..262_150, any::<u64>()];
    let name = || prop_oneof![4 => select(NAMES).prop_map(str::to_owned), 1 => "[ -~]{0,20}", 1 => "[A-Z0-9_ :x]{0,8}"];
    prop_oneof![
        2 => Just(Tail::Nothing),
        4 => name().prop_map(Tail::User),
        1 => (name(), name()).prop_map(|(name, other)| Tail::Target(name, other)),
        3 => (number(), number(), prop::option::of(number())).prop_map(|(one, two, three)| Tail::Keys(one, two, three)),
        1 => (0_u64..4_000_000_000_000_000).prop_map(Tail::Clock),
    ]
}

fn draft() -> impl Strategy<Value = Draft> {
    let usecs = prop_oneof![1_514_764_800_000_000_u64..1_893_456_000_000_000, 0_u64..2_000_000_000_000_000];
    let numbers =
        (usecs, prop_oneof![0_u64..300, any::<u64>()], prop::option::of(any::<u32>()), any::<u64>());
    let words = (select(OPCODES), select(RESPONSES), select(LOG_TYPES));
    let rare = (
        prop::bool::weighted(0.3),
        select(vec![" : ", " : ", " : ", ": ", "\t: "]),
        prop::bool::weighted(0.1),
    );
    (numbers, words, tail(), rare, 0_u32..3).prop_map(|(numbers, words, tail, rare, session)| Draft {
        usecs: numbers.0,
        sequence: numbers.1,
        reboot: numbers.2.map(|reboot| reboot % 300),
        version: rare.0,
        opcode: words.0,
        session: if session == 0 { numbers.3 } else { 0x700_4000 + u64::from(session) },
        response: words.1,
        log_type: words.2,
        tail,
        colon: rare.1,
        extra: rare.2,
    })
}

impl Draft {
    /// The record's text.
    fn text(&self) -> Vec<u8> {
        let mut text = b"Time: ".to_vec();
        hsmstream_record::time::printed(self.usecs, &mut text);
        let mut lines = vec![format!(", usecs:{}", self.usecs)];
        let mut line = |label: &str, value: &str| lines.push(format!("\n{label}{}{value}", self.colon));
        if self.version {
            line("Version No", "2");
        }
        line("Sequence No", &format!("{:#x}", self.sequence));
        if let Some(reboot) = self.reboot {
            line("Reboot counter", &format!("{reboot:#x}"));
        }
        line("Command Type(hex)", "CN_MGMT_CMD (0x0)");
        line("Opcode", self.opcode);
        if self.version {
            line("User id", "7");
        }
        line("Session Handle", &format!("{:#x}", self.session));
        line("Response", self.response);
        line("Log type", self.log_type);
        if self.extra {
            line("Foo", "bar");
        }
        match &self.tail {
            Tail::Nothing => {}
            Tail::User(name) => {
                line("User Name", name);
                line("User Type", "CN_CRYPTO_USER (1)");
            }
            Tail::Target(name, other) => {
                line("User Name", name);
                line("User Type", "CN_CRYPTO_OFFICER (2)");
                line("Target User Name", other);
                line("Target User id", "9");
            }
            Tail::Keys(private, public, object) => {
                line("Priv/Secret Key Handle", &private.to_string());
                line("Public Key Handle", &public.to_string());
                if let Some(object) = object {
                    line("Key Handle", &object.to_string());
                }
            }
            Tail::Clock(usecs) => {
                let mut printed = Vec::new();
                hsmstream_record::time::printed(*usecs, &mut printed);
                let printed = String::from_utf8(printed).expect("digits");
                line("local time", &format!("{printed}, usec:{usecs}"));
                line("host time", &format!("{printed} usec:{usecs}"));
                line("propagation delay", "usec:39");
            }
        }
        text.extend_from_slice(lines.concat().as_bytes());
        text
    }
}

/// A term pattern that looks for a piece of a record, if the language takes it.
fn piece(text: &[u8], start: usize, length: usize, sign: &str) -> Option<String> {
    let start = start % text.len();
    let piece = text.get(start..(start + length).min(text.len()))?;
    let piece = str::from_utf8(piece).ok().filter(|piece| !piece.contains(['"', '\\', '\r', '%']))?;
    Some(format!("{sign}\"{piece}\""))
        .filter(|text| hsmstream_pattern::parse(text, &Default::default()).is_ok())
}

/// One rule for each pattern.
fn rule_set(patterns: &[String]) -> RuleSet {
    let mut file = String::new();
    for (number, pattern) in patterns.iter().enumerate() {
        let quoted =
            pattern.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n").replace('\t', "\\t");
        file += &format!("---\nid: r{number:04}\nseverity: low\npattern: \"{quoted}\"\n");
    }
    let limits = Limits { diagnostics_max: 10 * patterns.len() + 10, ..Limits::default() };
    let loaded = load([RuleFile { name: "t.yaml", bytes: file.as_bytes() }], &limits);
    let mistakes: Vec<_> =
        loaded.diagnostics.iter().filter(|diagnostic| diagnostic.level == Level::Error).collect();
    assert!(mistakes.is_empty(), "{}", mistakes[0]);
    assert_eq!(loaded.set.len(), patterns.len());
    loaded.set
}

/// A rule set with its patterns one by one.
struct Both {
    set: RuleSet,
    queries: Vec<Query>,
    scratch: MatchScratch,
    alone: MatchScratch,
    matched: Vec<RuleIndex>,
}

impl Both {
    fn new(patterns: &[String]) -> Self {
        let set = rule_set(patterns);
        let queries =
            set.rules().iter().filter_map(|rule| rule.pattern.as_deref()).map(Query::compile).collect();
        Self {
            set,
            queries,
            scratch: MatchScratch::default(),
            alone: MatchScratch::default(),
            matched: Vec::new(),
        }
    }

    fn check(&mut self, record: &Record<'_>) {
        self.set.matches(record, &mut self.scratch, &mut self.matched);
        let together: Vec<usize> = self.matched.iter().map(|index| index.get() as usize).collect();
        let alone: Vec<usize> = (0..self.queries.len())
            .filter(|number| self.queries[*number].matches(record, &mut self.alone))
            .collect();
        let text = |numbers: &[usize]| -> Vec<String> {
            let pattern =
                |number: &usize| self.set.rules()[*number].pattern.as_ref().map(ToString::to_string);
            numbers.iter().filter_map(pattern).collect()
        };
        assert_eq!(text(&together), text(&alone), "{}", record.raw().escape_ascii());
    }

    /// Checks a record as it stands, and as it stands in a JSON envelope.
    fn check_text(&mut self, text: &[u8]) {
        let limits = RecordLimits::default();
        let Ok(audit) = parse(text, &limits) else { return };
        let origin = Origin { hsm: Some(b"hsm-1"), ..Origin::default() };
        self.check(&Record { origin, body: Body::Audit(audit) });
        if text.iter().any(|byte| matches!(byte, b'"' | b'\\')) {
            return;
        }
        let mut escaped = Vec::new();
        for byte in text {
            escaped.extend_from_slice(if *byte == b'\n' { b"\\n" } else { std::slice::from_ref(byte) });
        }
        escaped.push(b'"');
        let mut buffer = TextBuffer::new();
        if let Some((audit, _)) = parse_escaped(&escaped, &limits, &mut buffer) {
            assert_eq!(audit.raw.bytes(), hsmstream_record::trim_end(text));
            self.check(&Record { origin, body: Body::Audit(audit) });
        }
    }
}

fn fixed_patterns() -> Vec<String> {
    JSON.iter().chain(TERMS).map(|pattern| (*pattern).to_owned()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Each shape is shown several times with other free parts: unknown, seen once, then known.
    #[test]
    fn sets_agree_with_each_pattern_alone(
        drafts in vec(draft(), 1..8),
        others in vec((draft(), tail()), 1..4),
        pieces in vec((any::<prop::sample::Index>(), 0_usize..400, 1_usize..24, select(vec!["", "-", "?"])), 0..12),
    ) {
        let texts: Vec<Vec<u8>> = drafts.iter().map(Draft::text).collect();
        let mut patterns = fixed_patterns();
        patterns.extend(pieces.iter().filter_map(|(index, start, length, sign)| {
            piece(index.get(texts.as_slice()).as_slice(), *start, *length, sign)
        }));
        let mut both = Both::new(&patterns);
        for round in 0..4 {
            for (number, draft) in drafts.iter().enumerate() {
                // The same shape, or nearly, with the free parts of another.
                let (other, tail) = &others[(number + round) % others.len()];
                let tail = match (&draft.tail, tail) {
                    (Tail::User(_), Tail::User(_)) | (Tail::Keys(..), Tail::Keys(..)) => tail.clone(),
                    _ => draft.tail.clone(),
                };
                let varied = Draft {
                    usecs: other.usecs,
                    sequence: other.sequence,
                    reboot: draft.reboot.and(other.reboot),
                    session: other.session,
                    tail,
                    ..draft.clone()
                };
                both.check_text(&texts[number]);
                both.check_text(&varied.text());
            }
        }
    }
}

/// More shapes than are remembered, then the usual ones, in turns.
#[test]
fn a_flood_of_shapes_changes_nothing() {
    let mut both = Both::new(&fixed_patterns());
    for round in 0..3 {
        for number in 0..600_u32 {
            let text = format!(
                "Time: 01/24/18 17:44:25.013218, usecs:1516815865013218\nSequence No : {:#x}\nOpcode : CN_{}_{} (0x{:x})\n\
                 Session Handle : 0x7004003\nResponse : {}:HSM Error: RET_{number}\nUser Name : app-{}\nUser Type : T (1)",
                number + round,
                if number % 2 == 0 { "LOGIN" } else { "OTHER" },
                number % 7,
                number % 5,
                number % 300,
                number + round,
            );
            both.check_text(text.as_bytes());
            both.check_text(text.as_bytes());
            let usual = format!(
                "Time: 01/24/18 17:44:25.013218, usecs:1516815865013218\nSequence No : {number:#x}\nOpcode : CN_LOGIN (0xd)\n\
                 Session Handle : {:#x}\nResponse : 163:HSM Error: RET_USER_LOGIN_FAILURE\nUser Name : app-{number}\nUser Type : T (1)",
                0x700_4000 + number % 8,
            );
            both.check_text(usual.as_bytes());
        }
    }
}

/// Records that differ from a known shape in what a careless comparison overlooks.
#[test]
fn near_relatives_of_a_shape_are_told_apart() {
    let usual = "Time: 01/24/18 17:44:25.013218, usecs:1516815865013218\nSequence No : 0x5\nReboot counter : 0xe8\n\
                 Command Type(hex) : CN_MGMT_CMD (0x0)\nOpcode : CN_LOGIN (0xd)\nSession Handle : 0x7004003\n\
                 Response : 163:HSM Error: RET_USER_LOGIN_FAILURE\nLog type : MGMT_USER_DETAILS_LOG (2)\n\
                 User Name : admin\nUser Type : CN_CRYPTO_USER (1)";
    let changes = [
        ("0x5", "0x05"),
        ("0xe8", "0xE8"),
        ("0xe8", "0x0e8"),
        ("0x7004003", "0x7004003\nfoo:"),
        ("0x7004003", "0x7004003 "),
        ("(0xd)", "(0xD)"),
        ("(0xd)", "(0x0d)"),
        ("(0xd)", "(d)"),
        ("Opcode : ", "Opcode:  "),
        ("Opcode : ", "Opcode\t: "),
        ("Sequence No : ", "Sequence No:  "),
        ("usecs:1516815865013218", "usecs:01516815865013218"),
        (", usecs:", " usecs: "),
        (", usecs:", ",usecs :"),
        ("17:44:25.013218", "17:44:25.01321800"),
        (" 17:44", "\t17:44"),
        (" 17:44", "  17:44"),
        ("admin", "admin\nbar:"),
        ("admin", "admin "),
        ("admin", ""),
        (": admin", ":"),
        ("User Name", "Target User Name"),
        ("\nReboot counter : 0xe8", ""),
        ("CN_LOGIN ", "CN_LOGON "),
        ("163:", "164:"),
        ("\n", "\r\n"),
        ("\nLog", "\n\nLog"),
    ];
    let mut patterns = fixed_patterns();
    for text in [
        "foo", "bar", "0x05", "E8", "D)", "(d", "0d)", ":  ", "\t", ", usecs", ",u", "800", "\n\n", "LOGON",
        "164",
    ] {
        patterns.push(format!("\"{text}\""));
        patterns.push(format!("-\"{text}\" CN_LOGIN"));
    }
    let mut both = Both::new(&patterns);
    for _ in 0..4 {
        both.check_text(usual.as_bytes());
        for (from, to) in changes {
            both.check_text(usual.replacen(from, to, 1).as_bytes());
            both.check_text(usual.replace(from, to).as_bytes());
        }
    }
}

/// Bytes that are no UTF-8 are seen as U+FFFD by patterns, and as they are by what is asked before.
#[test]
fn names_that_are_no_utf_8_are_seen_as_the_view_has_them() {
    let names: [&[u8]; 12] = [
        b"bad\xffbyte",
        b"bad\xff\xfebyte",
        b"bad",
        b"\xff",
        b"",
        b"\xef\xbf",
        b"bad\xef\xbf\xbdbyte",
        b"BAD\xc3byte",
        "b\u{e4}d".as_bytes(),
        b"b\xc3\xa4\xa4d",
        b"svc-1\xf0\x9f",
        b"app-17\xff",
    ];
    let constants =
        ["bad\u{fffd}byte", "bad\u{fffd}\u{fffd}byte", "\u{fffd}", "bad", "b\u{e4}d", "b\u{e4}\u{fffd}d"];
    let mut patterns = fixed_patterns();
    for constant in constants {
        patterns.push(format!(r#"{{ $.user.name = "{constant}" }}"#));
        patterns.push(format!(r#"{{ $.user.name = "*{constant}*" && $.opcode = "CN_LOGIN" }}"#));
        patterns.push(format!(r#"{{ $.user.name = "{constant}*" && $.session = "0x7004003" }}"#));
        patterns.push(format!(r#"{{ $.user.name != "{constant}" && $.opcode = "CN_LOGOUT" }}"#));
    }
    // All together, and each alone, so that nothing else keeps its shape open.
    let alone = patterns.iter().map(|pattern| Both::new(std::slice::from_ref(pattern)));
    for mut both in alone.chain([Both::new(&patterns)]) {
        for (opcode, name) in ["CN_LOGIN (0xd)", "CN_LOGOUT (0xe)"]
            .iter()
            .flat_map(|opcode| names.iter().cycle().take(4 * names.len()).map(move |name| (opcode, name)))
        {
            let mut text = format!(
                "Time: 01/24/18 17:44:25.013218, usecs:1516815865013218\nSequence No : 0x5\nReboot counter : 0xe8\n\
                 Command Type(hex) : CN_MGMT_CMD (0x0)\nOpcode : {opcode}\nSession Handle : 0x7004003\n\
                 Response : 0:HSM Return: SUCCESS\nLog type : MGMT_USER_DETAILS_LOG (2)\nUser Name : "
            )
            .into_bytes();
            text.extend_from_slice(name);
            text.extend_from_slice(b"\nUser Type : CN_CRYPTO_USER (1)");
            both.check_text(&text);
        }
    }
}
