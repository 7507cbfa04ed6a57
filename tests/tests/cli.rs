//! What a user sees of the commands that need no broker: texts, places of mistakes, exit codes, and that nothing
//! hostile reaches a terminal and no secret is printed.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::sync::mpsc;
use std::time::Duration;

use hsmstream_tests::command::{Folder, Said, command, finish, run};
use hsmstream_tests::wait;

/// Three records: a success at 21:01:17, a failure with a hostile user name a second later, another opcode.
fn records() -> Vec<u8> {
    let hostile = b"\x1b]0;owned\x07\x1b[31m\xc2\x9b31m\x9b\xe2\x80\xae\xe2\x81\xa6evil\x7f\x08\r";
    [
        record(0, 17, "CN_LOGIN (0xd)", "0:HSM Return: SUCCESS", b"bob"),
        record(1, 18, "CN_LOGIN (0xd)", "163:HSM Error: RET_USER_LOGIN_FAILURE", hostile),
        record(2, 19, "CN_CREATE_CO (0x4)", "0:HSM Return: SUCCESS", b"carol"),
    ]
    .concat()
}

/// A record of 2017-12-19 21:01 in the given second.
fn record(sequence: u64, second: u64, opcode: &str, response: &str, user: &[u8]) -> Vec<u8> {
    let usecs = 1_513_717_260_000_000 + second * 1_000_000;
    let head = format!(
        "Time: 12/19/17 21:01:{second}.000000, usecs:{usecs}\nSequence No : {sequence:#x}\nReboot counter : 0xe8\n\
         Command Type(hex) : CN_MGMT_CMD (0x0)\nOpcode : {opcode}\nSession Handle : 0x1004001\n\
         Response : {response}\nLog type : MGMT_USER_DETAILS_LOG (2)\nUser Name : "
    );
    [head.as_bytes(), user, b"\nUser Type : CN_CRYPTO_USER (1)\n\n"].concat()
}

/// Ten rules, each with another mistake, and one without.
const TEN_MISTAKES: &str = r#"id: misspelt-key
serverity: high
pattern: RET
---
id: unknown-selector
pattern: '{ $.opcod = "CN_LOGIN" }'
---
id: open-brace
pattern: '{ $.opcode = "CN_LOGIN" '
---
id: wrong-unit
pattern: RET
detect: { threshold: { count: 5, within: 2x, group_by: [hsm] } }
---
id: misspelt-severity
pattern: RET
severity: hihg
---
id: count-of-none
pattern: RET
detect: { threshold: { count: 0, within: 2m, group_by: [hsm] } }
---
id: misspelt-field
pattern: RET
detect: { threshold: { count: 5, within: 2m, group_by: [hsn] } }
---
id: no-pattern
---
id: misspelt-measure
pattern: RET
rollup:
  window: { tumbling: 1m }
  group_by: [hsm]
  measures: { events: cuont }
---
id: good
pattern: CN_LOGIN
---
id: good
pattern: CN_LOGIN
"#;

/// Place and words of each mistake of [`TEN_MISTAKES`], in order.
const TEN_PLACES: [(&str, &str, &str); 10] = [
    ("2:1", "unknown key `serverity`", "^^^^^^^^^ did you mean `severity`?"),
    ("6:13", "`$.opcod` is no field", "did you mean `$.opcode`?"),
    ("9:11", "a pattern that begins with `{` must end with `}`", "^"),
    ("13:42", "duration `2x` has an unknown unit", "^^ the units are"),
    ("17:11", "`hihg` is no severity", "^^^^ did you mean `high`?"),
    ("21:31", "`count` has to be between 1", "^"),
    ("25:57", "unknown field `hsn`", "^^^ did you mean `hsm`?"),
    ("27:5", "the rule has no `pattern`", "^ add `pattern: …`"),
    ("34:23", "not a measure", "^^^^^ write `count`"),
    ("39:5", "`good`", "^^^^"),
];

#[test]
fn check_reports_ten_mistakes_at_once() {
    let home = Folder::new();
    let file = home.write("rules/ten.yaml", TEN_MISTAKES);
    let said = run(home.path(), &["check", "rules"], b"").expect(2);
    let err = said.err();
    assert_eq!(err.lines().filter(|line| line.starts_with("error: ")).count(), 10, "{err}");
    assert!(
        said.out().contains("1 rule in 1 file: 10 mistakes, 0 warnings, 10 rules left out"),
        "{}",
        said.out()
    );
    let blocks: Vec<&str> = err.split("\n\n").collect();
    assert_eq!(blocks.len(), 10, "{err}");
    for (block, (place, words, caret)) in blocks.iter().zip(TEN_PLACES) {
        let lines: Vec<&str> = block.lines().collect();
        assert!(lines[0].contains(words), "{words} in\n{block}");
        assert!(lines[1].ends_with(&format!("--> rules/ten.yaml:{place}")), "{place} in\n{block}");
        let source = lines[3].split_once("| ").expect("a source line").1;
        assert!(TEN_MISTAKES.lines().any(|line| line == source), "{source} in\n{block}");
        assert!(lines[4].contains('^') && lines[4].contains(caret), "{caret} in\n{block}");
        // The caret stands under the column that the place names.
        let column: usize = place.split_once(':').expect("line and column").1.parse().expect("a number");
        let indent = lines[4].split_once("| ").expect("a caret line").1.find('^').expect("a caret");
        assert_eq!(indent + 1, column, "{block}");
    }
    std::fs::remove_file(file).expect("the file");
    let missing = run(home.path(), &["check", "rules/ten.yaml"], b"").expect(3);
    assert!(missing.err().contains("rules/ten.yaml"), "{}", missing.err());
}

#[test]
fn check_accepts_the_shipped_rules() {
    let home = Folder::new();
    let said = run(home.path(), &["check", SHIPPED], b"").expect(0);
    assert!(said.out().contains(" 0 mistakes, 0 warnings, 0 rules left out"), "{}", said.out());
    assert_eq!(said.err(), "");
}

#[test]
fn check_names_rules_that_partitions_would_split() {
    let home = Folder::new();
    home.write("r.yaml", "id: per-user\npattern: CN_LOGIN\ndetect: { threshold: { count: 2, within: 1m, group_by: [user.name] } }\n");
    let said = run(home.path(), &["check", "r.yaml", "--partitions", "4"], b"").expect(2);
    assert!(
        said.err().contains("rule `per-user` is exact only on a topic with one partition"),
        "{}",
        said.err()
    );
    assert!(said.err().contains("lacks hsm"), "{}", said.err());
    run(home.path(), &["check", "r.yaml", "--partitions", "1"], b"").expect(0).code.expect("a code");
}

const SHIPPED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/rules");

const THREE_RULES: &str = "id: each\ntitle: Login of a user\npattern: CN_LOGIN\ngroup_by: [user.name]\n---\n\
    id: broken\npattern: '{ $.opcode = '\n---\n\
    id: minutes\npattern: CN_LOGIN\nrollup: { window: { tumbling: 1m }, group_by: [user.name], \
    measures: { events: count } }\n";

#[test]
fn a_broken_rule_is_left_out_and_the_others_run() {
    let home = Folder::new();
    home.write("in.log", records());
    home.write("r.yaml", THREE_RULES);
    let said = run(home.path(), &["run", "--input", "in.log", "--rules", "r.yaml"], b"").expect(0);
    let rules: Vec<_> =
        said.json_lines().iter().map(|json| json["rule"].as_str().map(str::to_owned)).collect();
    let is = |name: &str| rules.iter().filter(|rule| rule.as_deref() == Some(name)).count();
    assert_eq!((is("each"), is("minutes"), rules.len()), (2, 2, 4), "{}", said.out());
    assert!(said.err().contains("rule broken at r.yaml:6:5 is left out"), "{}", said.err());
    assert!(said.err().contains("--> r.yaml:7:"), "{}", said.err());

    home.write("none.yaml", "id: broken\npattern: '{ $.opcode = '\n");
    let said = run(home.path(), &["run", "--input", "in.log", "--rules", "none.yaml"], b"").expect(2);
    assert!(said.err().contains("no rule loads; nothing was started"), "{}", said.err());
    assert_eq!(said.out(), "");
}

#[test]
fn the_shipped_rules_pass_their_tests_and_a_wrong_expectation_is_told() {
    let home = Folder::new();
    let said = run(home.path(), &["test", SHIPPED], b"").expect(0);
    assert!(said.out().contains(" 0 failed, 0 rules without tests"), "{}", said.out());
    home.write(
        "t.yaml",
        "id: logins\npattern: CN_LOGIN\ntests:\n  - name: right\n    records: [{ opcode: CN_LOGIN }]\n    \
         expect: [{ alerts: 1 }]\n  - name: wrong\n    records: [{ opcode: CN_LOGIN, repeat: 3 }]\n    \
         expect: [{ alerts: 2 }]\n",
    );
    let said = run(home.path(), &["test", "t.yaml"], b"").expect(1);
    let out = said.out();
    assert!(out.contains("FAIL  logins: wrong\n"), "{out}");
    assert!(out.contains("t.yaml:9:14: 2 alerts expected, 3 came"), "{out}");
    assert!(out.contains("1 test passed, 1 failed"), "{out}");
}

fn query(home: &Folder, arguments: &[&str]) -> Said {
    run(home.path(), &[&["query"], arguments].concat(), b"")
}

#[test]
fn query_finds_by_pattern_time_and_hsm() {
    let home = Folder::new();
    home.write("in.log", records());
    let count = |arguments: &[&str]| {
        let said = query(&home, &[arguments, &["in.log", "--count"]].concat());
        assert_eq!(said.code, Some(i32::from(said.out() == "0\n")), "{}", said.err());
        said.out().trim_end().parse::<u64>().expect("a count")
    };
    assert_eq!(count(&[""]), 3);
    assert_eq!(count(&["CN_LOGIN"]), 2);
    assert_eq!(count(&["CN_LOGIN -SUCCESS"]), 1);
    assert_eq!(count(&["{ $.response.code = 163 || $.user.name = \"car*\" }"]), 2);
    assert_eq!(count(&["nothing"]), 0);
    // From the start time on, up to but not including the end time; RFC 3339 or epoch milliseconds.
    assert_eq!(count(&["", "--start-time", "2017-12-19T21:01:18Z"]), 2);
    assert_eq!(count(&["", "--end-time", "2017-12-19T21:01:18Z"]), 1);
    assert_eq!(count(&["", "--start-time", "1513717278000", "--end-time", "1513717279000"]), 1);
    assert_eq!(count(&["", "--start-time", "1513717280000"]), 0);
    // Raw records name no HSM: --hsm names it.
    assert_eq!(count(&["", "--hsm", "hsm-1"]), 3);
    let line = |hsm: &str| {
        let text = String::from_utf8(record(0, 17, "CN_LOGIN (0xd)", "0:HSM Return: SUCCESS", b"bob"))
            .expect("text");
        serde_json::json!({"messageType": "DATA_MESSAGE", "owner": "111122223333", "subscriptionFilters": ["f"],
            "logGroup": "/aws/cloudhsm/cluster-1", "logStream": hsm,
            "logEvents": [{"id": "1", "timestamp": 1, "message": text}]})
        .to_string()
    };
    home.write("two.jsonl", [line("hsm-1"), line("hsm-2")].join("\n"));
    assert_eq!(query(&home, &["", "two.jsonl", "--count", "--hsm", "hsm-2"]).out(), "1\n");
}

#[test]
fn query_prints_text_raw_and_json() {
    let home = Folder::new();
    home.write("in.log", records());
    let text = query(&home, &["{ $.user.name = carol }", "in.log"]).expect(0).out();
    assert_eq!(text.lines().count(), 1);
    for part in ["2017-12-19T21:01:19.000000Z", "CN_CREATE_CO", "SUCCESS", "user=carol", "session=0x1004001"]
    {
        assert!(text.contains(part), "{part} in {text}");
    }
    let raw = query(&home, &["{ $.user.name = carol }", "in.log", "--output", "raw"]).expect(0).stdout;
    let logged = record(2, 19, "CN_CREATE_CO (0x4)", "0:HSM Return: SUCCESS", b"carol");
    assert_eq!(raw.trim_ascii_end(), logged.trim_ascii_end());
    let json =
        query(&home, &["{ $.user.name = carol }", "in.log", "--output", "json"]).expect(0).json_lines();
    assert_eq!(json.len(), 1);
    assert_eq!(json[0]["user"]["name"], "carol");
    let parsed = run(home.path(), &["parse", "in.log"], b"").expect(0).json_lines();
    assert_eq!(json[0], parsed[2], "query and parse show the same view");
}

#[test]
fn query_says_what_is_wrong() {
    let home = Folder::new();
    home.write("in.log", records());
    assert_eq!(query(&home, &["nothing", "in.log"]).expect(1).out(), "");
    let wrong = query(&home, &["{ $.user.name = \"x\" && }", "in.log"]).expect(2).err();
    let lines: Vec<&str> = wrong.lines().collect();
    assert!(lines[0].starts_with("error in the pattern: "), "{wrong}");
    assert_eq!(lines[1], "  { $.user.name = \"x\" && }");
    let caret = lines[2].find('^').expect("a caret");
    assert!((2 + 20..=2 + 24).contains(&caret), "{wrong}");
    for (arguments, code, words) in [
        (&["x", "in.log", "--start-time", "yesterday"][..], 2, "--start-time"),
        (&["x", "in.log", "--output", "yaml"], 2, "--output"),
        (&["x", "in.log", "--format", "enveloppe"], 2, "envelope"),
        (&["x"], 2, "FILES"),
        (&["x", "missing.log"], 3, "missing.log"),
        (&["x", "missing-*.log"], 3, "missing-*.log"),
    ] {
        let err = query(&home, arguments).expect(code).err();
        assert!(err.contains(words), "{words} in {err}");
    }
}

#[test]
fn inputs_are_files_globs_directories_and_standard_input() {
    let home = Folder::new();
    let one = |sequence| record(sequence, 17, "CN_LOGIN (0xd)", "0:HSM Return: SUCCESS", b"bob");
    home.write("logs/a.log", one(0));
    home.write("logs/deep/er/b.log", one(1));
    home.write("logs/deep/c.txt", one(2));
    let sequences = |inputs: &[&str], stdin: &[u8]| -> Vec<u64> {
        let said = run(home.path(), &[&["parse"], inputs].concat(), stdin).expect(0);
        said.json_lines().iter().map(|json| json["sequence"].as_u64().expect("a number")).collect()
    };
    assert_eq!(sequences(&["-"], &one(7)), [7]);
    assert_eq!(sequences(&["logs/a.log"], b""), [0]);
    assert_eq!(sequences(&["logs/*.log"], b""), [0]);
    assert_eq!(sequences(&["logs/**/*.log"], b""), [0, 1]);
    let mut all = sequences(&["logs"], b"");
    all.sort_unstable();
    assert_eq!(all, [0, 1, 2]);
    assert_eq!(sequences(&["logs/deep/c.txt", "-", "logs/a.log"], &one(7)), [2, 7, 0]);
    let missing = run(home.path(), &["parse", "logs/a.log", "nowhere.log"], b"").expect(3);
    assert!(missing.err().contains("nowhere.log"), "{}", missing.err());
    let missing = run(home.path(), &["run", "--input", "nowhere.log", "--rules", SHIPPED], b"").expect(3);
    assert!(missing.err().contains("nowhere.log"), "{}", missing.err());
    let missing = run(home.path(), &["run", "--input", "logs", "--rules", "nowhere.yaml"], b"").expect(3);
    assert!(missing.err().contains("nowhere.yaml"), "{}", missing.err());
}

#[test]
fn parse_tells_rejects() {
    let home = Folder::new();
    let bad = b"Time: not a record\n";
    let said = run(home.path(), &["parse", "-"], bad).expect(0);
    assert_eq!(said.err(), "1 reject (19 B); --rejects prints what was rejected\n");
    assert_eq!(said.out(), "");
    run(home.path(), &["parse", "-", "--strict"], bad).expect(1).code.expect("a code");
    let said = run(home.path(), &["parse", "-", "--rejects"], bad).expect(0);
    assert_eq!(said.json_lines()[0]["kind"], "reject");
}

/// Where nothing could be read, nothing is found: that is another thing than not there.
#[test]
fn query_tells_rejects() {
    let home = Folder::new();
    let text = [b"Time: not a record\n".to_vec(), records()].concat();
    let nobody = r#"{ $.user.name = "nobody" }"#;
    let said = run(home.path(), &["query", "--count", nobody, "-"], &text).expect(1);
    assert_eq!(said.out(), "0\n");
    let told = "1 reject (18 B) not searched; hsmstream parse --rejects prints what was rejected\n";
    assert_eq!(said.err(), told);
    assert_eq!(run(home.path(), &["query", "--count", "", "-"], &text).expect(0).err(), told);
}

/// Characters that could move a cursor, change a colour, hide text or turn its direction.
fn is_hostile(character: char) -> bool {
    matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
        || (character.is_control() && character != '\n')
}

#[test]
fn nothing_hostile_reaches_a_terminal() {
    let home = Folder::new();
    home.write("in.log", [records(), b"Time: \x1b]0;owned\x07\n".to_vec()].concat());
    home.write("r.yaml", THREE_RULES);
    for arguments in [
        &["query", "", "in.log"][..],
        &["run", "--input", "in.log", "--rules", "r.yaml", "--format", "table"],
        &["query", "\u{1b}]0;x\u{7} {", "in.log"],
        &["parse", "\u{1b}]0;x\u{7}.log"],
        &["config", "--config", "\u{1b}]0;x\u{7}.toml"],
        &["config", "--set", "\u{1b}]0;x\u{7}=1"],
        &["test", "hostile.yaml"],
        &["check", "hostile.yaml"],
    ] {
        home.write("hostile.yaml", HOSTILE_RULE);
        let said = run(home.path(), arguments, b"");
        for (name, bytes) in [("stdout", &said.stdout), ("stderr", &said.stderr)] {
            let text =
                str::from_utf8(bytes).unwrap_or_else(|_| panic!("{name} of {arguments:?} is not UTF-8"));
            let found: Vec<char> = text.chars().filter(|character| is_hostile(*character)).collect();
            assert!(found.is_empty(), "{name} of {arguments:?} has {found:?}: {text:?}");
        }
    }
    let table = ["run", "--input", "in.log", "--rules", "r.yaml", "--format", "table"];
    assert!(run(home.path(), &table, b"").out().contains(r"\x1b]0;owned\x07"), "escaped, not dropped");
    for arguments in [
        &["query", "", "in.log", "--output", "json"][..],
        &["parse", "in.log", "--rejects"],
        &["run", "--input", "in.log", "--rules", "r.yaml", "--format", "flat"],
        &["run", "--input", "in.log", "--rules", "r.yaml", "--format", "ocsf"],
    ] {
        let said = run(home.path(), arguments, b"").expect(0);
        assert!(!said.json_lines().is_empty());
        assert!(said.stdout.iter().all(|byte| *byte >= b' ' || *byte == b'\n'), "{}", said.out());
    }
}

/// A rule whose texts and failing test carry escapes.
const HOSTILE_RULE: &str = "id: h\ntitle: \"\\e]0;x\\a\"\npattern: CN_LOGIN\ntests:\n  - name: \"\\e[31mred\\u202E\"\n    \
    records: [{ opcode: CN_LOGIN, user: \"\\e]0;x\\a\" }]\n    expect: [{ alerts: 2 }]\n---\nid: \"\\e[31m\"\n\
    pattern: x\n---\nid: raw\n# \u{202e}\u{9b}31m\nseverity: \"\u{202e}hihg\"\npattern: x\n";

#[test]
fn config_shows_values_with_their_origins() {
    let home = Folder::new();
    home.write("h.toml", "application = \"file\"\n[engine]\nworkers = 2\n[time]\nmax_skew = \"5m\"\n");
    let mut command = command(
        home.path(),
        &["config", "--config", "h.toml", "--set", "time.max_skew=7m", "--set", "limits.frame=128KiB"],
    );
    command.env("HSMSTREAM_ENGINE__WORKERS", "3").env("HSMSTREAM_TIME__MAX_SKEW", "6m");
    let out = finish(command, b"").expect(0).out();
    let line = |key: &str| {
        let found =
            out.lines().find(|line| line.starts_with(&format!("{key} = "))).expect("the key is shown");
        found.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(line("application"), "application = \"file\" # h.toml:1");
    assert_eq!(line("engine.workers"), "engine.workers = 3 # environment HSMSTREAM_ENGINE__WORKERS");
    assert_eq!(line("time.max_skew"), "time.max_skew = \"7m\" # --set");
    assert_eq!(line("limits.frame"), "limits.frame = \"128KiB\" # --set");
    assert_eq!(line("time.idle_timeout"), "time.idle_timeout = \"1m\" # default");

    // The file of that name is read without being named.
    home.write("hsmstream.toml", "application = \"found\"\n");
    assert!(run(home.path(), &["config"], b"").expect(0).out().contains("application = \"found\""));
    let reference = run(home.path(), &["config", "--reference"], b"").expect(0).out();
    assert!(reference.contains("[delivery]\n# exactly-once | at-least-once\nmode = \"exactly-once\""));
    home.write("reference.toml", reference);
    run(home.path(), &["config", "-c", "reference.toml"], b"").expect(0).code.expect("a code");
}

#[test]
fn config_names_the_nearest_key_and_every_mistake() {
    let home = Folder::new();
    home.write("h.toml", "[input]\ntopic = [\"a\"]\n[time]\nmax_skew = \"ten\"\n");
    let said = run(home.path(), &["config", "-c", "h.toml", "--set", "engine.worker=2"], b"").expect(2);
    let err = said.err();
    for words in [
        "h.toml:2:1: unknown key \"input.topic\"; did you mean \"input.topics\"?",
        "h.toml:4:1: time.max_skew: \"ten\" is not a duration",
        "--set: unknown key \"engine.worker\"; did you mean \"engine.workers\"?",
        "3 mistakes",
    ] {
        assert!(err.contains(words), "{words} in\n{err}");
    }
    assert_eq!(said.out(), "");
}

#[test]
fn secrets_are_never_printed() {
    const SECRET: &str = "hunter2-hunter2";
    let home = Folder::new();
    home.write("secret", format!("{SECRET}\n"));
    let files = [
        format!("[kafka.sasl]\nmechanism = \"PLAIN\"\nusername = \"u\"\npassword = \"{SECRET}\"\n"),
        format!("[kafka.sasl]\npassword = \"{SECRET}\n"),
        format!("[kafka.sasl]\npassword = {SECRET}\n"),
        format!("[kafka.sasl]\npasswort = \"\"\"\n{SECRET}\n"),
        format!("[kafka]\nsasl = {{ password = \"{SECRET}\", user = 1 }}\n"),
        format!("[kafka.tls]\nkey_password = [\"{SECRET}\"]\n"),
        format!("[kafka]\nproperties = [\"sasl.password={SECRET}\", \"ssl.key.pem={SECRET}\"]\n"),
    ];
    let mut runs: Vec<Vec<String>> = Vec::new();
    for (number, text) in files.iter().enumerate() {
        home.write(&format!("{number}.toml"), text);
        for what in ["config", "check", "run", "tail alerts --no-follow"] {
            runs.push(format!("{what} --config {number}.toml").split(' ').map(str::to_owned).collect());
        }
    }
    for set in [
        format!("kafka.sasl.password={SECRET}"),
        format!("kafka.sasl.password:{SECRET}"),
        format!("kafka.sasl.pasword={SECRET}"),
        format!("kafka.properties=sasl.password={SECRET}"),
        "kafka.sasl.password=file:secret".to_owned(),
    ] {
        runs.push(vec!["config".to_owned(), "--set".to_owned(), set]);
    }
    for arguments in &runs {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let said = run(home.path(), &arguments, b"");
        assert!(!said.out().contains(SECRET), "{arguments:?} prints the secret: {}", said.out());
        assert!(!said.err().contains(SECRET), "{arguments:?} prints the secret: {}", said.err());
    }
    let mut command = command(home.path(), &["config"]);
    command.env("HSMSTREAM_KAFKA__SASL__PASSWORD", SECRET);
    let said = finish(command, b"").expect(2);
    assert!(said.err().contains("env:NAME") && !said.err().contains(SECRET), "{}", said.err());
    let said = run(home.path(), &["config", "--set", "kafka.sasl.password=file:secret"], b"").expect(0);
    assert!(said.out().contains("kafka.sasl.password = \"file:secret\""), "the reference is shown");
}

#[test]
fn schema_prints_each_named_schema() {
    let home = Folder::new();
    let names = run(home.path(), &["schema"], b"").expect(0).out();
    assert!(names.lines().count() >= 7, "{names}");
    for name in names.lines() {
        let text = run(home.path(), &["schema", name], b"").expect(0).stdout;
        let schema: serde_json::Value = serde_json::from_slice(&text).expect("a schema is JSON");
        assert!(jsonschema::meta::is_valid(&schema), "{name} is a valid schema");
        assert!(schema["$id"].as_str().is_some_and(|id| id.contains(&format!(":{name}:"))), "{name}");
    }
    let said = run(home.path(), &["schema", "alerts"], b"").expect(2);
    assert!(said.err().contains("alert-flat"), "{}", said.err());
}

#[test]
fn the_demo_shows_an_alert_within_ten_seconds_and_ends_with_a_summary() {
    let home = Folder::new();
    let mut child = command(home.path(), &["demo", "--for", "12s"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let stdout = BufReader::new(child.stdout.take().expect("a pipe"));
    let (send, lines) = mpsc::channel();
    let reader = std::thread::spawn(move || {
        for line in stdout.lines() {
            send.send(line.expect("the demo prints text")).expect("the test listens");
        }
    });
    let mut seen: Vec<String> = Vec::new();
    let severities = ["  critical", "  high", "  medium", "  low"];
    let is_alert =
        |line: &String| line.starts_with("20") && severities.iter().any(|name| line.contains(name));
    let alert = wait::within(Duration::from_secs(10), || {
        seen.extend(lines.try_iter());
        seen.iter().find(|line| is_alert(line)).cloned()
    });
    let status = wait::until("the demo to end", || child.try_wait().expect("a process"));
    reader.join().expect("the output is read");
    seen.extend(lines.try_iter());
    let shown = seen.join("\n");
    assert!(alert.is_some(), "no alert within ten seconds:\n{shown}");
    assert_eq!(status.code(), Some(0), "{shown}");
    let summary = shown.split_once("\nSummary\n").expect("a summary").1;
    assert!(summary.contains(" records in ") && summary.contains(" alerts, "), "{summary}");
    assert!(
        summary.contains("alert latency") && summary.contains("  login-failures-per-session"),
        "{summary}"
    );
}
