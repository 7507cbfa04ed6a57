//! Generators of patterns and events: from the words of audit records, and hostile ones.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

/// Words of audit records and words that overlap with them.
const WORDS: &[&str] = &[
    "Opcode",
    "CN_LOGIN",
    "CN_LOGOUT",
    "CN_GENERATE_KEY",
    "CN_GENERATE_KEY_PAIR",
    "KEY",
    "Response",
    "SUCCESS",
    "HSM",
    "Error",
    "User",
    "Name",
    "CN_CRYPTO_USER",
    "CN_CRYPTO_OFFICER",
    "0xd",
    "RET_USER_LOGIN_FAILURE",
    "a",
    "aa",
    "ab",
    "1",
    "10",
];

/// Texts that need quotes.
const PHRASES: &[&str] = &[
    "HSM Error",
    "User Name : ",
    "(0xd)",
    "a\\\"b",
    "a\\\\b",
    " ",
    "",
    "é",
    "0:HSM Return: SUCCESS",
    "\\t",
    "*",
    "a*b",
    "a b",
    "[x]",
    "\t",
    "\n",
];

/// Parts of texts with `*`.
const PARTS: &[&str] = &["a", "b", "aa", "CN_", "LOGIN", "1", "0", "", ".", "x", "admin"];

const NUMBERS: &[&str] = &[
    "0",
    "1",
    "-1",
    "1.0",
    "1e0",
    "10e-1",
    "163",
    "1.5",
    "463180677312929947",
    "463180677312929946",
    "1e400",
    "-0.0",
    "007",
    "+1",
];

/// Member names; some need quotes.
const NAMES: &[&str] = &["a", "b", "opcode", "user", "name", "Number of Users", "k.v", ""];

const ESCAPES: &[&str] = &[
    ".", "\\d", "\\D", "\\s", "\\S", "\\w", "\\W", "\\x41", "\\xe9", "\\xff", "\\.", "\\\\", "\\[", "\\t",
    "\\n",
];

const SETS: &[&str] = &[
    "[ab]",
    "[^a]",
    "[a-z0-9]",
    "[]a]",
    "[^]]",
    "[a[]",
    "[\\d_-]",
    "[--:]",
    "[\\x41-\\x5a]",
    "[^\\d\\D]",
    "[\\xc3]",
    "[^\\n]",
];

const SCRAPS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    "$",
    ".",
    "..",
    "...",
    "*",
    "%",
    "\"",
    "'",
    "\\",
    "=",
    "==",
    "!=",
    "!(",
    "<",
    ">=",
    "&&",
    "||",
    "&",
    "|",
    " AND ",
    " or ",
    "IS",
    "NOT",
    "EXISTS",
    "NULL",
    "null",
    "TRUE",
    " ",
    "\n",
    ",",
    "-",
    "?",
    "1",
    "1e9",
    "a",
    "é",
    "\u{1F600}",
    "[0]",
    "['x']",
    ".['x']",
    "[*]",
    ".*",
    "$.a",
    "{2}",
    "{,",
    "[:alpha:]",
    "\\x4",
    "^",
    "$",
    "+",
    "#",
    "\0",
];

const LEXEMES: &[&str] =
    &["0", "1", "-1", "1.0", "1e0", "163", "1.5", "463180677312929947", "1E400", "10", "-0.0"];

const TEXTS: &[&str] = &[
    "",
    "true",
    "1.0",
    "a*b",
    "a b",
    "CN_LOGINa",
    "xadmin1",
    "\\u0061\\u0061",
    "\\ud800",
    "caf\\u00e9",
    "é",
];

const TOKENS: &[&str] = &[
    "\"a b\"",
    "[a b]",
    "\"a",
    "[",
    "]",
    "\"",
    "\\\"",
    "\"a\\\" b\"",
    "\"x\"y",
    ":",
    "-",
    "1.0",
    "1e0",
    "é",
    "b",
];

fn owned(list: &'static [&'static str]) -> impl Strategy<Value = String> {
    select(list).prop_map(str::to_owned)
}

/// A regular expression between its `%`.
pub(crate) fn regex() -> impl Strategy<Value = String> {
    let atom = prop_oneof![
        4 => owned(&["a", "b", "CN_", "LOGIN", "1", " ", ":", "0x", "]", "}", "#"]),
        1 => owned(ESCAPES),
        1 => owned(SETS),
    ];
    let count =
        select(vec!["", "", "", "", "*", "+", "?", "{2}", "{0}", "{1,}", "{,2}", "{2,4}", "*?", "+?"]);
    let piece = prop_oneof![
        8 => (atom, count).prop_map(|(atom, count)| format!("{atom}{count}")),
        1 => select(vec!["^", "$"]).prop_map(str::to_owned),
    ];
    let branch = vec(piece, 0..5).prop_map(|pieces| pieces.concat());
    vec(branch, 1..3)
        .prop_map(|branches| branches.join("|"))
        .prop_filter("not empty", |text| !text.is_empty())
        .prop_flat_map(|text| {
            let anchored = format!("%^{}$%", text.replace('|', "$|^"));
            prop_oneof![3 => Just(format!("%{text}%")), 1 => Just(anchored)]
        })
}

fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

/// A term pattern.
pub(crate) fn terms() -> impl Strategy<Value = String> {
    let sign = select(vec!["", "", "", "?", "?", "-"]);
    let text = prop_oneof![
        6 => owned(WORDS),
        3 => owned(PHRASES).prop_map(|text| quoted(&text)),
        1 => regex(),
    ];
    let item = (sign, text).prop_map(|(sign, text)| format!("{sign}{text}"));
    vec(item, 0..5).prop_map(|items| items.join(" "))
}

/// A right-hand side of `=` or `!=`.
fn operand() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => owned(NUMBERS),
        2 => owned(NUMBERS).prop_map(|text| quoted(&text)),
        4 => owned(WORDS),
        2 => owned(PHRASES).prop_map(|text| quoted(&text)),
        4 => vec(owned(PARTS), 1..4).prop_map(|parts| quoted(&parts.join("*"))),
        2 => regex(),
        1 => Just("*".to_owned()),
        1 => Just("true".to_owned()),
    ]
}

fn comparison() -> impl Strategy<Value = String> {
    prop_oneof![
        (select(vec!["=", "=", "!="]), operand()).prop_map(|(operator, right)| format!("{operator} {right}")),
        (select(vec!["<", "<=", ">", ">="]), owned(NUMBERS))
            .prop_map(|(operator, right)| format!("{operator}{right}")),
    ]
}

fn joined(leaf: BoxedStrategy<String>) -> impl Strategy<Value = String> {
    leaf.prop_recursive(3, 8, 3, |inner| {
        (vec(inner, 1..4), select(vec![" && ", " || ", "&&", "||"]))
            .prop_map(|(parts, joint)| format!("({})", parts.join(joint)))
    })
}

fn selector() -> impl Strategy<Value = String> {
    let step = prop_oneof![
        6 => owned(NAMES).prop_map(|name| match name.is_empty() || name.contains(['.', ' ']) {
            true => format!(".['{name}']"),
            false => format!(".{name}"),
        }),
        1 => (0..3_u32).prop_map(|index| format!("[{index}]")),
        1 => Just("[*]".to_owned()),
        1 => Just(".*".to_owned()),
    ];
    vec(step, 1..4).prop_map(|steps| format!("${}", steps.concat()))
}

/// A JSON pattern.
pub(crate) fn json() -> impl Strategy<Value = String> {
    let test = prop_oneof![
        6 => comparison(),
        2 => owned(&["IS NULL", "IS TRUE", "IS FALSE", "NOT EXISTS", "NOT EXISTS"]),
    ];
    let condition = (selector(), test).prop_map(|(selector, test)| format!("{selector} {test}")).boxed();
    joined(condition).prop_map(|expr| format!("{{ {expr} }}"))
}

/// A space-delimited pattern.
pub(crate) fn space() -> impl Strategy<Value = String> {
    let field = option::weighted(0.6, joined(comparison().prop_map(|test| format!("NAME {test}")).boxed()));
    (vec(option::weighted(0.9, field), 0..5), option::weighted(0.5, 0..5_usize)).prop_map(|(fields, rest)| {
        let mut fields: Vec<String> = fields
            .into_iter()
            .enumerate()
            .map(|(index, field)| match field {
                None => String::new(),
                Some(None) => format!("f{index}"),
                Some(Some(test)) => test.replace("NAME", &format!("f{index}")),
            })
            .collect();
        if let Some(rest) = rest {
            fields.insert(rest.min(fields.len()), "...".to_owned());
        }
        format!("[{}]", fields.join(", "))
    })
}

/// A pattern of any form that the language accepts under lifted limits.
pub(crate) fn pattern() -> impl Strategy<Value = String> {
    prop_oneof![terms(), json(), space()].prop_filter("accepted", |text| {
        hsmstream_pattern::parse(text, &hsmstream_pattern::Limits::lifted()).is_ok()
    })
}

/// Text that the parser will mostly refuse.
pub(crate) fn hostile_pattern() -> impl Strategy<Value = String> {
    let token = owned(SCRAPS);
    prop_oneof![
        vec(token, 0..24).prop_map(|tokens| tokens.concat()),
        (json(), vec((any::<prop::sample::Index>(), any::<char>()), 1..4))
            .prop_map(|(text, edits)| edit(&text, &edits)),
        (space(), vec((any::<prop::sample::Index>(), any::<char>()), 1..4))
            .prop_map(|(text, edits)| edit(&text, &edits)),
        (terms(), vec((any::<prop::sample::Index>(), any::<char>()), 1..4))
            .prop_map(|(text, edits)| edit(&text, &edits)),
        any::<String>(),
    ]
}

/// Replaces some characters.
fn edit(text: &str, edits: &[(prop::sample::Index, char)]) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    for (place, letter) in edits {
        if !letters.is_empty() {
            let place = place.index(letters.len());
            letters[place] = *letter;
        }
    }
    letters.into_iter().collect()
}

/// A JSON value.
fn value() -> impl Strategy<Value = String> {
    let scalar = prop_oneof![
        2 => select(vec!["null", "true", "false"]).prop_map(str::to_owned),
        3 => owned(LEXEMES),
        3 => owned(WORDS).prop_map(|text| quoted(&text)),
        2 => owned(TEXTS)
            .prop_map(|text| quoted(&text)),
    ];
    scalar.prop_recursive(3, 24, 4, |inner| {
        let name = select(vec!["a", "b", "opcode", "user", "name", "Number of Users", "k.v", "", "\\u0061"]);
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(|elements| format!("[{}]", elements.join(","))),
            vec((name, inner), 0..5).prop_map(|members| {
                let members: Vec<String> =
                    members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
                format!("{{{}}}", members.join(", "))
            }),
        ]
    })
}

/// An event: an audit record, lines of words, JSON, or bytes.
pub(crate) fn event() -> impl Strategy<Value = Vec<u8>> {
    let word = prop_oneof![
        6 => owned(WORDS),
        2 => owned(TOKENS),
    ];
    let separator = select(vec![" ", " ", "  ", "\t", "\n", " : ", ""]);
    let words = vec((word, separator), 0..12).prop_map(|pairs| {
        pairs.iter().flat_map(|(word, separator)| [word.as_bytes(), separator.as_bytes()].concat()).collect()
    });
    prop_oneof![
        4 => words,
        2 => record().prop_map(String::into_bytes),
        4 => vec((select(vec!["a", "b", "opcode", "user", "name", "k.v", "a"]), value()), 0..5).prop_map(|list| {
            let members: Vec<String> = list.iter().map(|(name, value)| format!("\"{name}\": {value}")).collect();
            format!(" {{{}}}\n", members.join(",")).into_bytes()
        }),
        1 => value().prop_map(String::into_bytes),
        1 => vec(owned(&["a", "b", "\u{20ac}", "\u{1F600}", "\u{e9}", "1", " "]), 0..8)
            .prop_map(|parts| parts.concat().into_bytes()),
        1 => vec(any::<u8>(), 0..24),
        1 => vec(select(vec![b'a', b'b', b'1', b' ', 0xc3, 0xa9, 0xff, b'\n', b'.']), 0..16),
    ]
}

/// An audit record.
fn record() -> impl Strategy<Value = String> {
    let opcode = select(vec![
        "CN_LOGIN (0xd)",
        "CN_LOGOUT (0xe)",
        "CN_GENERATE_KEY (0x17)",
        "CN_GENERATE_KEY_PAIR (0x19)",
    ]);
    let response = select(vec!["0:HSM Return: SUCCESS", "163:HSM Error: RET_USER_LOGIN_FAILURE"]);
    let user = select(vec!["a", "admin", "SUCCESS", "é", "x y"]);
    (opcode, response, user, any::<u32>()).prop_map(|(opcode, response, user, sequence)| {
        format!(
            "Time: 12/19/17 21:01:16.962174, usecs:1513717276962174\nSequence No : 0x{sequence:x}\n\
             Reboot counter : 0xe8\nCommand Type(hex) : CN_MGMT_CMD (0x0)\nOpcode : {opcode}\n\
             Session Handle : 0x1004001\nResponse : {response}\n\
             Log type : MGMT_USER_DETAILS_LOG (2)\nUser Name : {user}\nUser Type : CN_CRYPTO_USER (1)\n"
        )
    })
}
