//! Findings: what is said to match nothing matches nothing, and sensible patterns stay clean.

use hsmstream_pattern::{Diagnostic, Limits, Lint, interpret, parse};

/// Conditions on one value, between them every operator and kind of operand.
const CONDITIONS: &[&str] = &[
    "= a",
    "= b",
    "= \"a*\"",
    "= \"*b\"",
    "= \"b*\"",
    "= *",
    "= 1",
    "= 1.0",
    "= 2",
    "= 1e1",
    "= \"1\"",
    "= \"1.0\"",
    "= \"10\"",
    "= 1*",
    "= \"\"",
    "!= a",
    "!= \"a*\"",
    "!= 1",
    "!= \"1\"",
    "!= *",
    "< 1",
    "<= 1",
    "> 1",
    ">= 1",
    "> 5",
    "< 5",
    "= %a%",
    "!= %a%",
    "= %^1%",
    "!= %^1%",
    "= \"x y\"",
];

/// What only JSON asks.
const JSON_CONDITIONS: &[&str] = &["IS NULL", "IS TRUE", "IS FALSE", "NOT EXISTS"];

/// Values of `$.v`, as JSON; the empty text stands for none.
const VALUES: &[&str] = &[
    "", "null", "true", "false", "{}", "[]", "[null]", "[1]", "1", "1.0", "1e0", "0", "2", "-1", "5", "6",
    "10", "1e1", "100", "\"\"", "\"a\"", "\"b\"", "\"ab\"", "\"ba\"", "\"1\"", "\"1.0\"", "\"10\"", "\"2\"",
    "\"x y\"", "\"1a\"",
];

fn findings(pattern: &str) -> Vec<Diagnostic> {
    parse(pattern, &Limits::default())
        .unwrap_or_else(|mistakes| panic!("{pattern}: {mistakes:?}"))
        .warnings()
        .to_vec()
}

/// Whether some finding says that nothing matches.
fn is_said_to_be_void(pattern: &str) -> bool {
    findings(pattern).iter().any(|finding| {
        finding.lint == Some(Lint::Never)
            || (finding.lint == Some(Lint::Contradiction)
                && (finding.message.starts_with("nothing matches")
                    || finding
                        .suggestion
                        .as_deref()
                        .is_some_and(|hint| hint.starts_with("so nothing matches"))))
    })
}

fn matches(pattern: &str, event: &str) -> bool {
    interpret::matches_text(&parse(pattern, &Limits::default()).expect("a pattern"), event.as_bytes())
}

#[test]
fn what_is_said_to_match_nothing_matches_nothing() {
    let (mut void, mut possible) = (0, 0);
    for one in CONDITIONS.iter().chain(JSON_CONDITIONS) {
        for other in CONDITIONS.iter().chain(JSON_CONDITIONS) {
            let pattern = format!("{{ $.v {one} && $.v {other} }}");
            let event =
                |value: &str| if value.is_empty() { "{}".into() } else { format!("{{\"v\":{value}}}") };
            let is_matched = VALUES.iter().any(|value| matches(&pattern, &event(value)));
            let is_void = is_said_to_be_void(&pattern);
            assert!(!(is_void && is_matched), "{pattern} is said to be void");
            void += usize::from(is_void);
            possible += usize::from(is_matched);
        }
    }
    assert!(void > 500 && possible > 300, "{void} void, {possible} possible");
    for one in CONDITIONS {
        for other in CONDITIONS {
            let pattern = format!("[v {one} && v {other}]");
            let tokens =
                VALUES.iter().map(|value| value.trim_matches('"')).filter(|token| !token.contains(' '));
            let is_matched = tokens.map(|token| token.to_string()).any(|token| matches(&pattern, &token));
            assert!(!(is_said_to_be_void(&pattern) && is_matched), "{pattern} is said to be void");
        }
    }
}

/// Pattern, lint, what it is about.
const FOUND: &[(&str, Lint, &str)] = &[
    ("CN_LOGIN -CN_LOGIN", Lint::Contradiction, "-CN_LOGIN"),
    ("CN_LOGIN -LOGIN", Lint::Contradiction, "-LOGIN"),
    ("CN_LOGIN -%L[A-Z]+N%", Lint::Contradiction, "-%L[A-Z]+N%"),
    ("a -\"\"", Lint::Never, "-\"\""),
    ("a -%x*%", Lint::Never, "-%x*%"),
    ("?a ?\"\"", Lint::Always, "?\"\""),
    ("?a b", Lint::Ignored, "?a"),
    ("{ $.a = x && $.a = y }", Lint::Contradiction, "$.a = y"),
    ("{ $.a = 1 && $.b = 2 && $.a = 3 }", Lint::Contradiction, "$.a = 3"),
    ("{ $.a > 5 && $.a < 5 }", Lint::Contradiction, "$.a < 5"),
    ("{ $.a >= 5 && $.a < 5 }", Lint::Contradiction, "$.a < 5"),
    ("{ $.a NOT EXISTS && $.a = 1 }", Lint::Contradiction, "$.a = 1"),
    ("{ $.a[*] NOT EXISTS && $.a[*] = 1 }", Lint::Contradiction, "$.a[*] = 1"),
    ("{ $.a IS NULL && $.a IS TRUE }", Lint::Contradiction, "$.a IS TRUE"),
    ("{ $.a = \"x*\" && $.a = \"y*\" }", Lint::Contradiction, "$.a = \"y*\""),
    ("{ ($.a = x || $.b = 1) && $.a = y }", Lint::Contradiction, "$.a = x"),
    ("{ $.a != * }", Lint::Never, "$.a != *"),
    ("{ $.a != %x*% }", Lint::Never, "$.a != %x*%"),
    ("[a = x && a = y, b]", Lint::Contradiction, "a = y"),
    ("[a, b > 5 && b < 3]", Lint::Contradiction, "b < 3"),
];

/// What is meant, and must stay without a finding.
const CLEAN: &[&str] = &[
    "",
    "[]",
    "ERROR -ERRORS",
    "CN_LOGIN -SUCCESS",
    "-Opcode",
    "%^$%",
    "%^\\s*$%",
    "x -%^x%",
    "-ab a b",
    "{ $.a = 1 && $.a = \"1.0\" }",
    "{ $.a = 1 && $.a = 1.0 }",
    "{ $.a >= 5 && $.a <= 5 }",
    "{ $.a > 1 && $.a < 2 }",
    "{ $.a = \"x*\" && $.a = \"*y\" }",
    "{ $.a[*] = 1 && $.a[*] = 2 }",
    "{ ($.a = 1 || $.a = 2) && ($.a = 2 || $.a = 3) }",
    "{ $.a = x || $.a = y }",
    "{ ($.a = x && $.b = 1) || ($.a = y && $.b = 2) }",
    "{ $.a = 4* && $.a > 404 }",
    "[a = x || a = y, b != 1 && b != 2]",
];

#[test]
fn findings_are_at_their_places() {
    let mut problems = Vec::new();
    for (pattern, lint, place) in FOUND {
        let found = findings(pattern);
        if !found.iter().any(|one| one.lint == Some(*lint) && &pattern[one.span.clone()] == *place) {
            problems.push(format!("{pattern}: no {lint:?} at {place}: {found:#?}"));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn an_alternative_that_never_holds_is_not_the_whole() {
    let found = findings("{ ($.a = x || $.b = 1) && $.a = y }");
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].suggestion.as_deref().is_some_and(|hint| hint.contains("this alternative")),
        "{found:?}"
    );
}

#[test]
fn sensible_patterns_stay_clean() {
    for pattern in CLEAN {
        assert_eq!(findings(pattern), [], "{pattern}");
    }
}

/// Every finding of a parse has its kind, so that scripts can tell them apart.
#[test]
fn every_warning_names_its_lint() {
    for (pattern, ..) in FOUND {
        assert!(findings(pattern).iter().all(|finding| finding.lint.is_some()), "{pattern}");
    }
    for pattern in ["%a+?%", "%\\t%", "\" \"", "AND x", "{ $.a = true }", "{ $.a = a*b }", "[(a = x), b]"] {
        let found = findings(pattern);
        assert!(
            !found.is_empty() && found.iter().all(|finding| finding.lint.is_some()),
            "{pattern}: {found:?}"
        );
    }
}
