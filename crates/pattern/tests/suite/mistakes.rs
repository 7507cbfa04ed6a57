//! Every mistake of a pattern is reported at its place, with what to write instead.

use hsmstream_pattern::{Diagnostic, Limits, mended, parse};

/// A pattern, the texts its problems are at with a part of their words, and the pattern with all
/// replacements made (again and again while there are any), if that is then accepted.
type Case = (&'static str, &'static [(&'static str, &'static str)], Option<&'static str>);

const TERMS: &[Case] = &[
    (
        "ERR* hello-world \"ok\" a=b",
        &[("ERR*", "needs quotes"), ("hello-world", "needs quotes"), ("a=b", "needs quotes")],
        Some("\"ERR*\" \"hello-world\" \"ok\" \"a=b\""),
    ),
    (
        "-x* ?caf\u{e9}",
        &[("-x*", "wildcards"), ("?caf\u{e9}", "needs quotes")],
        Some("-\"x*\" ?\"caf\u{e9}\""),
    ),
    ("ERROR || WARN", &[("||", "`?` before each")], None),
    ("a && b", &[("&&", "side by side")], None),
    ("!SUCCESS !a-b", &[("!SUCCESS", "`!`"), ("!a-b", "`!`")], Some("-SUCCESS -\"a-b\"")),
    ("- ?", &[("-", "stands alone"), ("?", "stands alone")], None),
    ("a \"b c", &[("\"b c", "never closed")], None),
    ("\"a\"b", &[("\"a\"b", "directly behind")], None),
    ("%a", &[("%a", "never closed")], None),
    ("%a(b)%", &[("(", "no groups"), (")", "\\x29")], Some("%a\\x28b\\x29%")),
    ("%\\(%", &[("(", "in place of the escape")], None),
    ("%\u{e9}%", &[("\u{e9}", "only ASCII")], None),
    ("%*a%", &[("*", "nothing to repeat")], Some("%\\*a%")),
    ("%a**%", &[("*", "a count behind a count")], None),
    ("%a{3,2}%", &[("{3,2", "counts down")], None),
    ("%a{2000}%", &[("{2000", "a count above 1000")], None),
    ("%a{1000}b%", &[("b", "more than 1000 positions")], None),
    ("%[b-a]%", &[("b-a", "backwards")], None),
    ("%[a-\\d]%", &[("a-\\d", "end with a set")], None),
    ("%a\\%", &[("\\", "nothing is behind")], None),
    ("%\\bword%", &[("\\b", "means nothing")], None),
    ("%\\x4%", &[("\\x", "two hexadecimal digits")], None),
    ("%%", &[("", "empty regular expression")], None),
    ("%[ab%", &[("[", "never closed")], Some("%\\[ab%")),
    ("%a% %b% %c%", &[("%c%", "more than 2")], None),
];

const JSON: &[Case] = &[
    (
        "{ $.a == 1 AND $.b <> 2 or $.c =~ %x% }",
        &[
            ("==", "no operator"),
            ("AND", "not joined"),
            ("<>", "no operator"),
            ("or", "not joined"),
            ("=~", "regular expression"),
        ],
        Some("{ $.a = 1 && $.b != 2 || $.c = %x% }"),
    ),
    (
        "{ a.b = 1 & .c = 2 | $.d = 3 }",
        &[("a.b", "begins with a selector"), ("&", "not joined"), (".c", "begins with"), ("|", "not joined")],
        Some("{ $.a.b = 1 && $.c = 2 || $.d = 3 }"),
    ),
    (
        "{ $.a = foo:bar && $.b = 'x y' }",
        &[("foo:bar", "double quotes"), ("'x y'", "double quotes")],
        Some("{ $.a = \"foo:bar\" && $.b = \"x y\" }"),
    ),
    ("{ $.a = 'x' }", &[("'x'", "double quotes")], Some("{ $.a = \"x\" }")),
    ("{ $.a = x y }", &[("y", "left over")], None),
    ("{ $.a = null || $.b != null }", &[("= null", "no value"), ("!= null", "`$.b = *`")], None),
    (
        "{ $.a is null && $.b NOT exist && $.c IS NOT FALSE }",
        &[("is null", "capitals"), ("NOT exist", "capitals"), ("IS NOT FALSE", "not in the language")],
        Some("{ $.a IS NULL && $.b NOT EXISTS && $.c IS TRUE }"),
    ),
    ("{ $.a EXISTS }", &[("EXISTS", "`= *`")], None),
    ("{ $.a IN [1,2] }", &[("IN", "write `(")], None),
    ("{ $.a }", &[("$.a", "nothing is asked")], None),
    ("{ $.a = }", &[("", "a value is missing")], None),
    (
        "{ $.a > \"5\" && $.b < x && $.c >= %1% }",
        &[("\"5\"", "numbers only"), ("x", "numbers only"), ("%1%", "numbers only")],
        None,
    ),
    ("{ $.a >= \"5\" }", &[("\"5\"", "numbers only")], Some("{ $.a >= 5 }")),
    ("{ !($.a = 1) }", &[("!($.a = 1)", "not in the language")], Some("{ ($.a != 1 || $.a NOT EXISTS) }")),
    ("{ !($.a[*] = 1) }", &[("!($.a[*] = 1)", "opposite condition")], None),
    ("{ ($.a = 1 && ($.b = 2) }", &[("(", "never closed")], None),
    ("{ $.a = 1) }", &[(")", "never opened")], None),
    ("{ () }", &[("", "missing")], None),
    ("{ && $.a = 1 || }", &[("", "missing"), ("", "missing")], None),
    (
        "{ $..a = 1 && $.b. = 2 && $ = 3 }",
        &[("..", "`..`"), (".", "name is missing"), ("$", "selects nothing")],
        None,
    ),
    (
        "{ $.a[-1] = 1 || $.b[0:2] = 1 || $.c[x] = 1 || $.d[4294967296] = 1 }",
        &[("[-1]", "no index"), ("[0:2]", "no index"), ("[x]", "no index"), ("[4294967296]", "too large")],
        None,
    ),
    (
        "{ $['a b'] = 1 && $.[\"c\"] = 2 && $.@t = 3 }",
        &[("['a b']", "quoted name"), (".[\"c\"]", "quoted name"), (".@t", "needs quotes")],
        Some("{ $.['a b'] = 1 && $.['c'] = 2 && $.['@t'] = 3 }"),
    ),
    ("{ $.['a = 1 }", &[(".['a = 1 ", "never closed")], None),
    ("{ \"detail\": { \"v\": [1] } }", &[("\"detail\"", "EventBridge")], None),
    ("{ $.a = \"x }", &[("\"x ", "never closed")], None),
    ("{ $.a = \"x\"y }", &[("\"x\"y", "directly behind")], None),
    ("{ $.a = 1", &[("{ $.a = 1", "must end with `}`")], None),
    ("{", &[("{", "must end with `}`"), ("", "missing")], None),
    ("{}", &[("", "missing")], None),
    ("{ $.a[*] = 1 || $.b[*] = 1 || $.* = 1 || $.c[*] = 1 }", &[("$.c[*]", "more than 3")], None),
    ("{ $.a[*][*] = 1 }", &[("$.a[*][*]", "more than 1")], None),
    ("{ $.a = a+b }", &[("a+b", "double quotes")], Some("{ $.a = \"a+b\" }")),
];

const SPACE: &[Case] = &[
    (
        "[a == 1, b AND c, 5, a b]",
        &[("==", "no operator"), ("b AND c", "no field"), ("5", "no field"), ("a b", "no field")],
        None,
    ),
    ("[a, b, a, ..., ...]", &[("a", "twice"), ("...", "twice")], None),
    ("[s = 4* && b > 1, b]", &[("b", "another field")], None),
    ("[a, b = ]", &[("", "value is missing")], None),
    ("[a, b = x y]", &[("y", "left over")], None),
    ("[a", &[("[a", "must end with `]`")], None),
    ("[!(a = 1), b]", &[("!(a = 1)", "no field")], None),
    (
        "[a = 1 && !(a = 2 || a > 3), b]",
        &[("!(a = 2 || a > 3)", "not in the language")],
        Some("[a = 1 && (a != 2 && a <= 3), b]"),
    ),
    ("[a = x:y, ... = 1]", &[("x:y", "double quotes"), ("...", "nothing can be asked")], None),
    ("[a = x && , b]", &[("", "missing")], None),
    ("[(a = x, b]", &[("(", "never closed")], None),
];

fn says(mistake: &Diagnostic, words: &str) -> bool {
    mistake.message.contains(words) || mistake.suggestion.as_deref().is_some_and(|hint| hint.contains(words))
}

#[test]
fn every_mistake_has_its_place_and_its_remedy() {
    let mut problems = Vec::new();
    for (text, expected, whole) in [TERMS, JSON, SPACE].concat() {
        let mistakes = parse(text, &Limits::default()).expect_err(text);
        let is_right = mistakes.len() == expected.len()
            && mistakes
                .iter()
                .zip(expected)
                .all(|(mistake, (at, words))| &text[mistake.span.clone()] == *at && says(mistake, words));
        if !is_right {
            let found: Vec<_> =
                mistakes.iter().map(|one| (&text[one.span.clone()], one.to_string())).collect();
            problems.push(format!("{text}\n   expected {expected:?}\n   found {found:#?}"));
        }
        let found = mended(text, &Limits::default());
        if found.as_deref() != whole {
            problems.push(format!("{text}\n   mended to {found:?}"));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn too_long_is_too_long_in_characters() {
    let limits = Limits::default();
    assert!(parse(&"\u{e9}".repeat(1022).replace("\u{e9}\u{e9}", "ab"), &limits).is_ok());
    assert!(parse(&format!("\"{}\"", "\u{e9}".repeat(1022)), &limits).is_ok());
    let mistakes = parse(&format!("\"{}\"", "\u{e9}".repeat(1023)), &limits).expect_err("1,025 characters");
    assert_eq!((mistakes.len(), mistakes[0].span.clone()), (1, 2047..2048));
}

#[test]
fn parentheses_have_a_limit() {
    let nested = |depth: usize| format!("{{ {}$.a = 1{} }}", "(".repeat(depth), ")".repeat(depth));
    assert!(parse(&nested(64), &Limits::default()).is_ok());
    let mistakes = parse(&nested(65), &Limits::default()).expect_err("65 deep");
    assert!(says(&mistakes[0], "deeper than 64"), "{mistakes:?}");
    assert!(parse(&nested(128), &Limits::lifted()).is_ok());
    let endless = Limits { nesting_max: usize::MAX, chars_max: usize::MAX, ..Limits::default() };
    assert!(parse(&nested(100_000), &endless).is_err());
    assert!(parse(&format!("{{ {}", "!(".repeat(100_000)), &endless).is_err());
}

#[test]
fn problems_have_a_limit() {
    let mistakes = parse(&"* ".repeat(500), &Limits::default()).expect_err("bad words");
    assert_eq!(mistakes.len(), 64);
}

/// What may be lifted has an end: the regular expressions of one pattern together.
#[test]
fn regular_expressions_have_a_limit_together() {
    let pattern = |count: usize| vec!["%a{1000}%"; count].join(" ");
    assert!(parse(&pattern(4), &Limits::lifted()).is_ok());
    let mistakes = parse(&pattern(5), &Limits::lifted()).expect_err("5,000 positions");
    assert!(mistakes.len() == 1 && says(&mistakes[0], "more than 4000 positions"), "{mistakes:?}");
    assert_eq!(mistakes[0].span, 40..49);
    assert!(parse("%a{1000}% %b{1000}%", &Limits::default()).is_ok());
}
