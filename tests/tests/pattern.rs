//! What a user sees of `pattern test`, `explain` and `check`, of the warnings of `query`, and of the page that
//! `help pattern` prints. Every conformance vector goes through the binary, every example of the page too.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;

use hsmstream_tests::command::{Folder, Said, command, finish, run};
use hsmstream_tests::repository;
use serde_json::{Value, json};

/// Runs `pattern` with these arguments.
fn pattern(arguments: &[&str], input: &[u8]) -> Said {
    let home = Folder::new();
    run(home.path(), &[&["pattern"], arguments].concat(), input)
}

/// The numbers of the events that match, from 1, with what they extract.
fn matches(said: &Said) -> BTreeMap<u64, Value> {
    let answer: Value = serde_json::from_slice(&said.stdout).expect("JSON");
    let found = answer["matches"].as_array().expect("a list").iter();
    found.map(|one| (one["eventNumber"].as_u64().expect("a number"), one.clone())).collect()
}

/// Text of a file of the repository.
fn text(path: &str) -> String {
    std::fs::read_to_string(repository::root().join(path)).expect("a file")
}

#[test]
fn every_vector_holds() {
    let vectors: Vec<Value> = text("tests/vectors/filter-patterns.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).expect("a line is JSON"))
        .collect();
    assert_eq!(vectors.len(), 1470);
    // All events of one pattern in one run.
    let mut by_pattern: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for vector in &vectors {
        by_pattern.entry(vector["pattern"].as_str().expect("a pattern")).or_default().push(vector);
    }
    let (mut problems, mut checked) = (Vec::new(), 0);
    for (text, cases) in by_pattern {
        let events: Vec<&Value> = cases.iter().map(|case| &case["event"]).collect();
        let said = pattern(
            &["test", "--filter-pattern", text, "--log-event-messages", "-"],
            json!(events).to_string().as_bytes(),
        );
        checked += cases.len();
        if cases.iter().any(|case| case["invalid"] == true) {
            let reasons = cases.iter().filter_map(|case| case["error"].as_str());
            let is_told =
                reasons.clone().all(|reason| said.err().contains(&format!("the service says: {reason}")));
            if said.code != Some(2) || !said.stdout.is_empty() || !said.err().contains('^') || !is_told {
                problems.push(format!("{text:?} is to be refused: {said:?}"));
            }
            continue;
        }
        if said.code != Some(0) {
            problems.push(format!("{text:?} is to be accepted: {}", said.err()));
            continue;
        }
        let found = matches(&said);
        for (number, case) in (1..).zip(&cases) {
            let one = found.get(&number);
            if one.is_some() != (case["match"] == true) {
                problems.push(format!("{}: {text:?} on {:?}", case["id"], case["event"]));
            }
            let Some(one) = one else { continue };
            assert_eq!(one["eventMessage"], case["event"], "{}", case["id"]);
            for (name, value) in case["extracts"].as_object().into_iter().flatten() {
                assert_eq!(&one["extractedValues"][name], value, "{}: {name}", case["id"]);
            }
            if !text.trim_start().starts_with('[') {
                assert_eq!(one["extractedValues"], json!({}), "{}", case["id"]);
            }
        }
    }
    assert_eq!(checked, 1470);
    assert!(problems.is_empty(), "{} problems\n{}", problems.len(), problems.join("\n"));
}

/// As the AWS command prints it, to the byte: taken from aws-cli 1.45 with the same answer.
#[test]
fn the_output_is_that_of_the_aws_command() {
    let events = [r#"[10/Oct] "GET /" 404 12"#, "x", "a \u{e9}\u{1f600}\\\t\u{1} 4 \"y\""];
    let arguments = ["test", "--filter-pattern", "[at, ..., status = 4*, bytes]", "--log-event-messages"];
    let said = pattern(
        &[
            &arguments[..],
            &events,
            &["--region", "us-east-1", "--output", "json", "--no-cli-pager", "--color", "off"],
        ]
        .concat(),
        b"",
    );
    let expected = r#"{
    "matches": [
        {
            "eventNumber": 1,
            "eventMessage": "[10/Oct] \"GET /\" 404 12",
            "extractedValues": {
                "$at": "10/Oct",
                "$2": "GET /",
                "$status": "404",
                "$bytes": "12"
            }
        },
        {
            "eventNumber": 3,
            "eventMessage": "a é😀\\\t\u0001 4 \"y\"",
            "extractedValues": {
                "$at": "a",
                "$2": "é😀\\",
                "$3": "\u0001",
                "$status": "4",
                "$bytes": "y"
            }
        }
    ]
}
"#;
    assert_eq!((said.code, said.out().as_str(), said.err().as_str()), (Some(0), expected, ""));
    let none = pattern(&["test", "--filter-pattern", "nothing", "--log-event-messages", "x"], b"").expect(0);
    assert_eq!(none.out(), "{\n    \"matches\": []\n}\n");
    let terms = pattern(&["test", "--log-event-messages", "x", "--filter-pattern", "x"], b"").expect(0);
    assert!(terms.out().contains("            \"extractedValues\": {}\n"), "{}", terms.out());
}

#[test]
fn events_come_from_arguments_lines_arrays_and_files() {
    let home = Folder::new();
    home.write("lines.txt", b"a1\r\nb\n\na2");
    home.write("array.json", b" \n [ \"a1\", \"b\\na\", \"\" , \"x\"]\n");
    home.write("bracket.log", b"[\"a\" broken\n[a] 2\n");
    home.write("pattern.txt", b"a\n");
    home.write("input.json", br#"{"filterPattern":"a","logEventMessages":["b","a"]}"#);
    let numbers = |arguments: &[&str], input: &[u8]| -> Vec<u64> {
        let said = run(home.path(), &[&["pattern", "test"], arguments].concat(), input).expect(0);
        matches(&said).into_keys().collect()
    };
    let a = ["--filter-pattern", "a"];
    let with = |more: &[&'static str]| [&a[..], more].concat();
    assert_eq!(numbers(&with(&["--log-event-messages", "a", "b", "a"]), b""), [1, 3]);
    assert_eq!(numbers(&with(&["--log-event-messages", "[\"b\", \"a\"]"]), b""), [2], "one JSON array");
    assert_eq!(numbers(&with(&["--log-event-messages", "[\"b\"]", "[\"a\"]"]), b""), [2], "two events");
    assert_eq!(numbers(&with(&["--log-event-messages", "[a] b"]), b""), [1], "text in brackets");
    assert_eq!(numbers(&with(&["--log-event-messages", "-"]), b"a\nb\r\na"), [1, 3]);
    assert_eq!(numbers(&with(&["--log-event-messages", "-"]), b"  [\"a\",\"b\",\"\\u0061\"]"), [1, 3]);
    assert_eq!(numbers(&with(&["--file", "lines.txt"]), b""), [1, 4]);
    assert_eq!(numbers(&with(&["--file", "array.json"]), b""), [1, 2]);
    assert_eq!(numbers(&with(&["--file", "bracket.log", "--lines"]), b""), [1, 2]);
    assert_eq!(numbers(&with(&["--log-event-messages", "file://lines.txt"]), b""), [1, 4]);
    assert_eq!(
        numbers(&["--filter-pattern", "file://pattern.txt", "--log-event-messages", "a"], b""),
        [1],
        "a pattern from a file, with its line end"
    );
    assert_eq!(numbers(&["--cli-input-json", "file://input.json"], b""), [2]);
    assert_eq!(
        numbers(
            &[
                "--cli-input-json",
                r#"{"filterPattern":"a","logEventMessages":["a"]}"#,
                "--filter-pattern",
                "b"
            ],
            b""
        ),
        [0_u64; 0],
        "an option goes before the object"
    );
    assert_eq!(
        numbers(&["--filter-pattern", "-a", "--log-event-messages", "a", "b"], b""),
        [2],
        "a dash first"
    );
    assert_eq!(
        numbers(&["--filter-pattern", "", "--log-event-messages", "a", ""], b""),
        [1, 2],
        "everything"
    );
    // Many lines take no more memory than one; the count is what matters here.
    let lines = "a\nb\n".repeat(30_000);
    assert_eq!(numbers(&with(&["--log-event-messages", "-"]), lines.as_bytes()).len(), 30_000);
}

#[test]
fn events_that_cannot_be_read_are_told() {
    let home = Folder::new();
    home.write("empty.txt", b"");
    home.write("long.txt", vec![b'a'; (16 << 20) + 1]);
    let long_array = [b"[\"".to_vec(), vec![b'a'; 64 << 20], b"\"]".to_vec()].concat();
    home.write("long.json", long_array);
    for (arguments, input, code, words) in [
        (&["--file", "empty.txt"][..], &b""[..], 2, "there is no event"),
        (&["--log-event-messages", "-"], b"", 2, "there is no event"),
        (&["--log-event-messages", "-"], b"[]", 2, "there is no event"),
        (&[], b"", 2, "there is no event: give --log-event-messages"),
        (&["--file", "absent.txt"], b"", 3, "absent.txt"),
        (&["--file", "."], b"", 3, "cannot read ."),
        (
            &["--log-event-messages", "-"],
            b"[\"a\", \"b\"",
            3,
            "standard input: this begins like a JSON array",
        ),
        (&["--log-event-messages", "-"], b"[\"a\", 1]", 3, "expected a string at line 1 column 7"),
        (&["--log-event-messages", "-"], b"[\"a\"] tail", 3, "trailing characters"),
        (&["--log-event-messages", "-"], b"[\"a\xff\"]", 3, "not UTF-8 at byte 3"),
        (&["--log-event-messages", "[\"a\", \"b\""], b"", 3, "the argument: this begins like a JSON array"),
        (&["--file", "long.txt"], b"", 3, "line 1 has more than 16 MiB"),
        (&["--file", "long.json"], b"", 3, "more than 64 MiB"),
        (&["--file", "empty.txt", "--log-event-messages", "a"], b"", 2, "cannot be used with"),
        (&["--log-event-messages", "a", "--query", "matches"], b"", 2, "jq"),
        (&["--log-event-messages", "a", "--output", "table"], b"", 2, "json"),
        (&["--cli-input-json", "{"], b"", 2, "--cli-input-json"),
        (&["--cli-input-json", "{\"filterPatern\":\"a\"}"], b"", 2, "unknown key \"filterPatern\""),
        (&["--cli-input-json", "{\"logEventMessages\":\"a\"}"], b"", 2, "no array of strings"),
    ] {
        let said =
            run(home.path(), &[&["pattern", "test", "--filter-pattern", "a"], arguments].concat(), input)
                .expect(code);
        assert!(said.err().contains(words), "{arguments:?}: {}", said.err());
        assert_eq!(said.out(), "", "{arguments:?}");
    }
    let said = pattern(&["test", "--log-event-messages", "a"], b"").expect(2);
    assert!(said.err().contains("--filter-pattern"), "{}", said.err());
}

#[test]
fn a_refused_pattern_is_shown_with_every_mistake() {
    let said =
        pattern(&["test", "--filter-pattern", "ERR* (x) && ok", "--log-event-messages", "x"], b"").expect(2);
    assert_eq!(said.out(), "");
    let expected = "\
error in the pattern: `ERR*` needs quotes
  ERR* (x) && ok
  ^^^^ there are no wildcards in terms: a term is found anywhere, also inside a word; quote it to find the `*` itself
  the service says: Invalid character(s) in term '*'
error in the pattern: `(x)` needs quotes
  ERR* (x) && ok
       ^^^ write `\"(x)\"`
  the service says: Invalid character(s) in term '('
error in the pattern: `&&` is not for terms
  ERR* (x) && ok
           ^^ write the terms side by side: all must occur
  the service says: Invalid character(s) in term '&'
";
    assert_eq!(said.err(), expected);
    for (text, words) in [
        ("{ !($.a = 1 && $.b IS TRUE) }", "accepted is: { (($.a != 1 || $.a NOT EXISTS)"),
        ("[s = 4* && b > 1, b]", "another field"),
        ("%a(b)%", "write `\\x29`"),
        ("%a% %b% %c%", "or lift the limit by --lift-limits, up to 32"),
        ("{ $.a = \u{1b}[31m }", "\\x1b[31m"),
    ] {
        let said = pattern(&["test", "--filter-pattern", text, "--log-event-messages", "x"], b"").expect(2);
        assert!(said.err().contains(words), "{text}: {}", said.err());
        assert!(!said.err().contains('\u{1b}'), "{}", said.err());
    }
    // A long pattern is shown around its mistake.
    let long = format!("{} ERR* {}", "a".repeat(400), "b".repeat(400));
    let said = pattern(&["test", "--filter-pattern", &long, "--log-event-messages", "x"], b"").expect(2);
    let lines: Vec<String> = said.err().lines().map(str::to_owned).collect();
    assert!(lines[1].chars().count() < 120 && lines[1].contains(" ERR* "), "{}", lines[1]);
    let caret = lines[2].chars().position(|letter| letter == '^').expect("a caret");
    assert_eq!(lines[1].chars().skip(caret).take(4).collect::<String>(), "ERR*");
}

#[test]
fn limits_are_lifted_by_an_option() {
    let patterns =
        ["%a% %b% %c%".to_owned(), format!("\"{}\"", "a".repeat(1100)), "{ $.a[*].b[*] = 1 }".to_owned()];
    for text in &patterns {
        for (arguments, code) in [
            (&["test", "--log-event-messages", "x", "--filter-pattern"][..], 0),
            (&["check", "--on", "any"], 0),
            (&["explain"], 0),
        ] {
            let plain = pattern(&[arguments, &[text]].concat(), b"").expect(2);
            assert!(plain.err().contains("--lift-limits"), "{}", plain.err());
            let lifted =
                pattern(&[&arguments[..1], &["--lift-limits"], &arguments[1..], &[text]].concat(), b"");
            assert_eq!(lifted.code, Some(code), "{arguments:?}: {}", lifted.err());
        }
    }
    let beyond = format!("\"{}\"", "a".repeat(20_000));
    assert_eq!(pattern(&["check", "--lift-limits", &beyond], b"").code, Some(2));
}

#[test]
fn terms_match_on_bytes_that_are_not_text() {
    let event = b"user \xff\xfe says \xe9 ERROR\n\xc3\n";
    let found = |text: &str| {
        let said = pattern(&["test", "--filter-pattern", text, "--log-event-messages", "-"], event).expect(0);
        (matches(&said), said.err())
    };
    let (one, told) = found("ERROR");
    assert_eq!(one[&1]["eventMessage"], "user \u{fffd}\u{fffd} says \u{fffd} ERROR");
    assert_eq!(told, "note: 1 of the events printed hold bytes that are not UTF-8, shown as U+FFFD\n");
    // Bytes are compared, not what is shown of them.
    assert!(found("\"\u{fffd}\"").0.is_empty());
    assert!(found("\"\u{e9}\"").0.is_empty(), "UTF-8 in the pattern, Latin-1 in the event");
    assert_eq!(found("-ERROR").0.len(), 1);
    assert_eq!(found("%says . ERROR%").0.len(), 1);
    assert_eq!(found("[a, b, ..., last = ERROR]").0[&1]["extractedValues"]["$b"], "\u{fffd}\u{fffd}");
    assert!(found("{ $.a NOT EXISTS }").0.is_empty());

    // As an argument, and in records that `query` searches.
    let home = Folder::new();
    let mut test =
        command(home.path(), &["pattern", "test", "--filter-pattern", "ok", "--log-event-messages"]);
    test.arg(OsString::from_vec(b"\xff ok".to_vec()));
    assert_eq!(matches(&finish(test, b"").expect(0)).len(), 1);
    let record = b"Time: 12/19/17 21:01:16.962174, usecs:1513717276962174\nSequence No : 0x0\nOpcode : CN_LOGIN (0xd)\n\
        User Name : caf\xe9 \xff\n";
    home.write("in.log", record);
    let count = |text: &str| run(home.path(), &["query", text, "in.log", "--count"], b"").out();
    assert_eq!(count("caf"), "1\n");
    assert_eq!(count("\"caf\u{e9}\""), "0\n");
    assert_eq!(count("%caf. .%"), "1\n");
    assert_eq!(count("{ $.user.name = \"caf\u{fffd} \u{fffd}\" }"), "1\n", "the view shows U+FFFD");
}

const LOGIN: &str = "Time: 12/19/17 21:01:16.962174, usecs:1513717276962174\nSequence No : 0x0\nReboot counter : 0xe8\n\
    Command Type(hex) : CN_MGMT_CMD (0x0)\nOpcode : CN_LOGIN (0xd)\nSession Handle : 0x1004001\n\
    Response : 163:HSM Error: RET_USER_LOGIN_FAILURE\nLog type : MGMT_USER_DETAILS_LOG (2)\nUser Name : bob\n\
    User Type : CN_CRYPTO_USER (1)";

#[test]
fn explain_says_what_each_item_asks_and_what_decided() {
    let said =
        pattern(&["explain", "ERROR ?WARN -\"not found\"", "--event", "ERROR not found"], b"").expect(0);
    let out = said.out();
    for line in [
        "  ERROR         has to occur",
        "  ?WARN         ignored: `?` counts only where every term has it",
        "  -\"not found\"  may not occur",
        "the event does not match",
        "    yes  ERROR         found at byte 0",
        "    -    ?WARN         ignored",
        "  * no   -\"not found\"  found at byte 6",
    ] {
        assert!(out.lines().any(|one| one == line), "{line:?} in\n{out}");
    }
    assert!(said.err().contains("this term is ignored"), "{}", said.err());

    let text = "{ ($.opcode = CN_LOGIN || $.user.name = ad*) && $.response.code > 200 }";
    let out = pattern(&["explain", text, "--event", LOGIN], b"").expect(0).out();
    for line in [
        "  all of",
        "    one of",
        "      $.opcode = \"CN_LOGIN\"  the text \"CN_LOGIN\"",
        "    $.response.code > 200    a number greater than 200",
        "    yes  $.opcode = \"CN_LOGIN\"  of \"CN_LOGIN\"",
        "  * no   $.response.code > 200  of 163",
    ] {
        assert!(out.lines().any(|one| one == line), "{line:?} in\n{out}");
    }
    assert!(out.contains("It is an audit record"), "{out}");

    let out = pattern(&["explain", "[ip, ..., code > 5]", "--event", "-"], b"h 1 7\n").expect(0).out();
    for line in ["  ip          token 1, whatever it is", "  $ip    h", "  $2     1", "  $code  7"] {
        assert!(out.lines().any(|one| one == line), "{line:?} in\n{out}");
    }
    assert!(pattern(&["explain", ""], b"").expect(0).out().contains("every event matches"));
    let hostile = pattern(&["explain", "\"\u{1b}[31m\" x", "--event", "\u{1b}[31m \u{202e}"], b"").expect(0);
    assert!(!hostile.out().contains(['\u{1b}', '\u{202e}']), "{:?}", hostile.out());
    assert_eq!(pattern(&["explain", "a*"], b"").code, Some(2));
}

#[test]
fn explain_answers_scripts() {
    let said = pattern(&["explain", "--json", "?a b", "--event", "a b"], b"").expect(0);
    let object = &said.json_lines()[0];
    assert_eq!((&object["form"], &object["canonical"]), (&json!("terms"), &json!("?a b")));
    assert_eq!(object["items"][0]["ignored"], true);
    assert_eq!(object["event"]["matches"], true);
    assert_eq!(object["event"]["items"][1]["decisive"], true);
    assert_eq!(object["event"]["items"][1]["evidence"], json!({ "found": { "start": 2, "end": 3 } }));
    assert_eq!(object["findings"][0]["lint"], "ignored");
    let said = pattern(&["explain", "--json", "[a, b]", "--event", "x y z"], b"").expect(0);
    assert_eq!(said.json_lines()[0]["event"]["extracted"], json!({ "$a": "x", "$b": "y z" }));
    let said = pattern(&["explain", "--json", "a*"], b"").expect(2);
    assert_eq!(said.json_lines()[0]["mistakes"][0]["replacement"], "\"a*\"");
}

#[test]
fn check_tells_warnings_notes_and_mistakes_apart() {
    for (text, code, words) in [
        ("CN_LOGIN -SUCCESS", 0, ""),
        ("{ $.opcode = CN_LOGIN && $.user.name != bob }", 0, "note: does not hold where"),
        ("CN_GENERATE_KEY", 0, "note: `CN_GENERATE_KEY` is also found in"),
        ("CN_LOGIN -CN_LOGIN", 1, "warning: nothing matches"),
        ("{ $.a = 1 && $.a = 2 }", 1, "contradicts"),
        ("{ $.sequence > 5 && $.sequence < 3 }", 1, "so nothing matches"),
        ("?CN_LOGIN SUCCESS", 1, "warning: this term is ignored"),
        ("", 1, "this matches every event"),
        ("CN_LOGN", 1, "did you mean `CN_LOGIN`?"),
        ("RET_USER_LOGIN_FAILED", 1, "did you mean `RET_USER_LOGIN_FAILURE`?"),
        ("cn_login", 1, "case counts"),
        ("CN_LOGIN bob", 1, "only a name that somebody chose can hold `bob`"),
        ("{ $.opcod = CN_LOGIN }", 1, "did you mean `$.opcode`?"),
        ("CN_*", 2, "needs quotes"),
    ] {
        let said = pattern(&["check", text], b"").expect(code);
        assert!(said.err().contains(words), "{text}: {}", said.err());
        assert_eq!(said.err().is_empty(), words.is_empty(), "{text}: {}", said.err());
    }
    let said = pattern(&["check", "CN_LOGIN", "CN_LOGN", "CN_*", "CN_GENERATE_KEY"], b"").expect(2);
    assert_eq!(said.out(), "4 patterns: 1 mistake, 1 warning, 1 note\n");
    // Other logs have another vocabulary.
    for on in ["any", "cloudtrail", "metric", "certificate"] {
        assert_eq!(
            pattern(&["check", "--on", on, "ERROR bob", "{ $.eventName = x }"], b"").expect(0).err(),
            ""
        );
    }
    let said = pattern(&["check", "--json", "CN_LOGN", "{ $.opcode != x }", "a*", "CN_LOGIN"], b"").expect(2);
    let lines = said.json_lines();
    assert_eq!(lines[0]["findings"][0]["lint"], "unknown-word");
    assert_eq!(lines[1]["findings"][0]["note"], true);
    assert_eq!(lines[2]["accepted"], "\"a*\"");
    assert_eq!(lines[3], json!({ "pattern": "CN_LOGIN", "mistakes": [], "findings": [] }));
}

/// Patterns of the service's documents, and of its users, must not be told off.
#[test]
fn sensible_patterns_are_clean() {
    let mut patterns: Vec<String> = text("tests/vectors/filter-patterns.jsonl")
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON"))
        .filter(|vector| vector["match"] == true && vector["pattern"] != "")
        .map(|vector| vector["pattern"].as_str().expect("a pattern").to_owned())
        .collect();
    patterns.sort();
    patterns.dedup();
    let home = Folder::new();
    let arguments: Vec<&str> = patterns.iter().map(String::as_str).collect();
    let said = run(
        home.path(),
        &[&["pattern", "check", "--json", "--on", "any", "--"], &arguments[..]].concat(),
        b"",
    );
    for line in said.json_lines() {
        for finding in line["findings"].as_array().into_iter().flatten() {
            // What has matched an event of the service neither contradicts itself nor is void.
            assert!(
                !["never", "contradiction"].contains(&finding["lint"].as_str().expect("a lint")),
                "{line}"
            );
        }
    }
    assert_eq!(said.json_lines().len(), patterns.len());
}

#[test]
fn query_warns_of_what_audit_records_do_not_have() {
    let home = Folder::new();
    home.write("in.log", LOGIN);
    home.write(
        "trail.json",
        br#"{"eventVersion":"1.08","eventTime":"2020-01-01T00:00:00Z","eventName":"DeleteHsm"}"#,
    );
    let query = |text: &str, file: &str| run(home.path(), &["query", text, file, "--count"], b"");
    let said = query("{ $.opcod = CN_LOGIN }", "in.log").expect(1);
    assert_eq!(
        said.err(),
        "warning: `$.opcod` is no field of an audit record\n  { $.opcod = CN_LOGIN }\n    \
         ^^^^^^^^^^^^^^^^^^ did you mean `$.opcode`?\n"
    );
    assert!(query("CN_LOGN", "in.log").expect(1).err().contains("did you mean `CN_LOGIN`?"));
    assert_eq!(query("bob", "in.log").expect(0).err(), "", "a search for a name");
    assert_eq!(query("{ $.opcode = CN_LOGIN }", "in.log").expect(0).err(), "");
    // A document has other fields: nothing is said where there is no audit record.
    let said = query("{ $.eventName = DeleteHsm }", "trail.json").expect(0);
    assert_eq!((said.out().as_str(), said.err().as_str()), ("1\n", ""));
}

/// One example of the page: the pattern and its lines.
fn examples(page: &str) -> Vec<Vec<&str>> {
    let parts = page.split("```pattern\n").skip(1);
    parts.map(|part| part.split("```").next().expect("an end").lines().collect()).collect()
}

/// The bytes that an event of the page stands for.
fn event(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut parts = text.split('\\');
    bytes.extend(parts.next().unwrap_or_default().bytes());
    for part in parts {
        match part.as_bytes() {
            [b'n', rest @ ..] => bytes.extend([&b"\n"[..], rest].concat()),
            [b't', rest @ ..] => bytes.extend([&b"\t"[..], rest].concat()),
            [b'x', _, _, rest @ ..] => {
                bytes.push(u8::from_str_radix(&part[1..3], 16).expect("two digits"));
                bytes.extend(rest);
            }
            rest => bytes.extend([&b"\\"[..], rest].concat()),
        }
    }
    bytes
}

#[test]
fn every_example_of_the_page_holds_on_the_command_line() {
    let page = text("crates/pattern/PATTERNS.md");
    let home = Folder::new();
    let mut count = 0;
    for block in examples(&page) {
        let (text, lines) = (block[0], &block[1..]);
        let lines: Vec<(&str, &str)> = lines
            .iter()
            .map(|line| line.trim_start().split_once(' ').expect("a verb and a text"))
            .map(|(verb, rest)| (verb, rest.trim_start()))
            .collect();
        let said = pattern(&["check", "--json", "--on", "any", "--", text], b"");
        let told = said.json_lines()[0].clone();
        let has = |list: &Value, words: &str| {
            list.as_array().into_iter().flatten().any(|one| {
                let says = |key: &str| one[key].as_str().is_some_and(|text| text.contains(words));
                says("message") || says("suggestion")
            })
        };
        for (verb, words) in &lines {
            match *verb {
                "refused" => assert!(has(&told["mistakes"], words), "{text}: {words}: {told}"),
                "warns" => assert!(has(&told["findings"], words), "{text}: {words}: {told}"),
                "write" => assert_eq!(told["mistakes"][0]["replacement"], *words, "{text}"),
                _ => {}
            }
        }
        let events: Vec<(&str, Vec<u8>)> = lines
            .iter()
            .filter(|(verb, _)| matches!(*verb, "yes" | "no"))
            .map(|(verb, text)| (*verb, event(text)))
            .collect();
        if events.is_empty() {
            continue;
        }
        let mut test =
            command(home.path(), &["pattern", "test", "--filter-pattern", text, "--log-event-messages"]);
        test.args(events.iter().map(|(_, event)| OsString::from_vec(event.clone())));
        let found = matches(&finish(test, b"").expect(0));
        for (number, (verb, event)) in (1..).zip(&events) {
            assert_eq!(found.contains_key(&number), *verb == "yes", "{text} on {}", event.escape_ascii());
            count += 1;
        }
        let mut number = 0;
        for (verb, rest) in &lines {
            number += u64::from(matches!(*verb, "yes" | "no"));
            if let ("gives", Some((name, value))) = (*verb, rest.split_once('=')) {
                assert_eq!(found[&number]["extractedValues"][name], value, "{text}: {name}");
            }
        }
    }
    assert!(count >= 100, "{count} events");
}

#[test]
fn help_prints_the_pages_and_the_help_of_commands() {
    let home = Folder::new();
    let help = |arguments: &[&str]| run(home.path(), &[&["help"], arguments].concat(), b"");
    let page = text("crates/pattern/PATTERNS.md");
    let shown = help(&["pattern"]).expect(0).out();
    // Every heading, every line of an example and every word of every table is there; no markup is.
    for line in page.lines().filter(|line| line.starts_with('#')) {
        assert!(shown.contains(line.trim_start_matches('#').trim()), "{line}");
    }
    for line in examples(&page).concat() {
        assert!(shown.lines().any(|shown| shown.trim() == line.trim()), "{line}");
    }
    assert!(!shown.contains("```") && !shown.contains("**(ours)**") && !shown.contains("|---"), "{shown}");
    assert!(
        shown
            .lines()
            .filter(|line| line.starts_with(char::is_alphabetic))
            .all(|line| line.chars().count() <= 80)
    );
    assert!(help(&["rules"]).expect(0).out().contains("pattern_limits"));
    assert!(help(&["query"]).expect(0).out().contains("--start-time"));
    assert!(help(&["pattern", "test"]).expect(0).out().contains("--log-event-messages"));
    assert!(help(&[]).expect(0).out().contains("Exit codes"));
    assert!(help(&["patern"]).expect(2).err().contains("no help on \"patern\""));
    // Without a subcommand the command itself says what there is.
    assert!(run(home.path(), &["pattern"], b"").expect(2).err().contains("hsmstream help pattern"));
}

#[test]
fn broken_json_is_counted() {
    let home = Folder::new();
    home.write("rules.yaml", "id: no-error\non: cloudtrail\npattern: '{ $.errorCode NOT EXISTS }'\n");
    home.write("whole.json", r#"{"eventVersion":"1.08","eventTime":"2020-01-01T00:00:00Z"}"#);
    home.write("broken.json", r#"{"eventVersion":"1.08","eventTime":"2020-01-01T00:00:00Z""#);
    home.write("event.json", r#"{"message":"{\"eventVersion\":\"1.08\"","timestamp":1}"#);
    let told = |file: &str| {
        let arguments = ["run", "--input", file, "--rules", "rules.yaml", "--format", "table"];
        let said = run(home.path(), &arguments, b"").expect(0).err();
        said.lines().find(|line| line.contains(" in 1 input: ")).expect("a summary").to_owned()
    };
    assert_eq!(told("whole.json"), "1 record in 1 input: 1 alert, 0 rollup rows, 0 rejects");
    assert_eq!(told("broken.json"), "0 records in 1 input: 0 alerts, 0 rollup rows, 1 reject");
    assert_eq!(told("event.json"), "0 records in 1 input: 0 alerts, 0 rollup rows, 1 reject");
    let said = pattern(
        &["test", "--filter-pattern", "{ $.a NOT EXISTS }", "--log-event-messages", "{}", "{", "[]", "x"],
        b"",
    )
    .expect(0);
    assert_eq!(matches(&said).into_keys().collect::<Vec<_>>(), [1]);
    assert_eq!(
        said.err(),
        "note: of 4 events 3 are not one JSON object; a JSON pattern never matches those\n"
    );
}

#[test]
fn a_rule_whose_evidence_is_cut_is_named() {
    let home = Folder::new();
    let rule = "id: wide\npattern: CN_LOGIN\nevidence: 20\ndetect: { threshold: { count: 2, within: 1m } }\n";
    home.write("r.yaml", rule);
    home.write("in.log", LOGIN);
    let words = "warning: rule `wide` asks for 20 records of evidence; output.evidence_max keeps 5";
    let cut = ["--set", "output.evidence_max=5"];
    let said = run(home.path(), &[&["check", "r.yaml"], &cut[..]].concat(), b"").expect(0);
    assert_eq!(said.err().trim_end(), words);
    assert!(
        said.out().contains("1 rule in 1 file: 0 mistakes, 1 warning, 0 rules left out"),
        "{}",
        said.out()
    );
    let said =
        run(home.path(), &[&["run", "--input", "in.log", "--rules", "r.yaml"], &cut[..]].concat(), b"");
    assert!(said.expect(0).err().contains(words));
    assert_eq!(run(home.path(), &["check", "r.yaml"], b"").expect(0).err(), "");
}

#[test]
fn a_rule_lifts_the_limits_of_its_pattern() {
    let home = Folder::new();
    home.write("r.yaml", "id: r\npattern: '%LOGIN% %Opcode% %bob%'\npattern_limits: { regexes: 3 }\n");
    home.write("in.log", LOGIN);
    let said = run(home.path(), &["run", "--input", "in.log", "--rules", "r.yaml"], b"").expect(0);
    assert_eq!(said.json_lines().len(), 1, "{}", said.err());
    assert!(Path::new(&home.write("s.yaml", "id: s\npattern: '%a% %b% %c%'\n")).exists());
    let said = run(home.path(), &["check", "s.yaml"], b"").expect(2);
    assert!(said.err().contains("pattern_limits: { regexes: … }"), "{}", said.err());
}
