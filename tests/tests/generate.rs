//! `generate` as a user meets it: the same bytes from the same arguments, every form read back, labels that point at
//! the records they mean, shipped rules that find every scenario, Kafka, wrong input, signals, closed pipes.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use hsmstream_corpus::{Form, Scenario, Scenarios};
use hsmstream_frame::{Format, Framer, Reject, StreamFramer};
use hsmstream_record::{Limits, Origin, Record};
use hsmstream_tests::broker::Cluster;
use hsmstream_tests::command::{Folder, Said, command, finish, interrupt, run};
use hsmstream_tests::{repository, wait};
use serde_json::Value;

const LIMIT: Duration = Duration::from_secs(60);

/// What tells a record: HSM if the form has it, reboot, sequence, time, text.
type Seen = (Option<String>, u32, u64, u64, Vec<u8>);

fn generate(folder: &Folder, arguments: &[&str]) -> Said {
    run(folder.path(), &[&["generate"], arguments].concat(), b"").expect(0)
}

fn seen(record: &Record<'_>) -> Seen {
    let audit = record.audit().expect("an audit record");
    let hsm = record.origin.hsm.map(|hsm| String::from_utf8_lossy(hsm).into_owned());
    let reboot = audit.reboot.expect("a reboot counter");
    (hsm, reboot, audit.sequence, audit.usecs, record.raw().to_vec())
}

/// The records of a file, which must hold nothing else.
fn records(bytes: &[u8], format: Format) -> Vec<Seen> {
    let mut all = Vec::new();
    let mut framer = StreamFramer::new(format, Limits::default());
    for piece in bytes.chunks(10_000) {
        let mut take =
            |item: &Result<Record<'_>, Reject<'_>>| all.push(seen(item.as_ref().expect("a record")));
        framer.feed_records(piece, &Origin::default(), &mut take);
    }
    let counts = framer
        .finish_records(&Origin::default(), &mut |item| all.push(seen(item.as_ref().expect("a record"))));
    assert_eq!((counts.rejects, counts.control, counts.empty), (0, 0, 0));
    all
}

/// FNV-1a.
fn hash(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The input format that a form is of.
fn format(form: Form) -> Format {
    match form {
        Form::GzipEnvelope => Format::Envelope,
        other => other.as_str().parse().expect("forms have the names of formats"),
    }
}

fn names_hsm(form: Form) -> bool {
    !matches!(form, Form::Raw | Form::S3Export)
}

/// Pins the bytes of the forms that no compressor takes part in. A change has to be meant: whoever keeps traffic by
/// its arguments gets other traffic.
#[test]
fn the_same_arguments_give_the_same_bytes() {
    let golden = [
        (Form::Raw, 0x4e06_70db_ccbe_3acd),
        (Form::Event, 0x94c7_8666_cfd6_26d5),
        (Form::Envelope, 0x9e4d_99bc_5099_b0c9),
        (Form::CliJson, 0x1a85_a86d_6290_6fa9),
        (Form::CliText, 0xa41f_f263_a177_3a21),
        (Form::S3Export, 0x4844_d757_a128_5d84),
    ];
    let folder = Folder::new();
    let found = golden.map(|(form, _)| {
        let arguments = ["-n", "3000", "--seed", "7", "--attack-every", "5s", "--form", form.as_str()];
        let first = generate(&folder, &arguments).stdout;
        assert_eq!(first, generate(&folder, &arguments).stdout, "{form}");
        (form, hash(&first))
    });
    assert_eq!(found, golden, "{found:#x?}");
    let other = generate(&folder, &["-n", "3000", "--seed", "8"]).stdout;
    assert_ne!(hash(&other), golden[0].1);
}

#[test]
fn every_form_reads_back_as_the_same_records() {
    let folder = Folder::new();
    let arguments = |form: Form, compress: &'static str| {
        ["-n", "2003", "--attack-every", "3s", "--form", form.as_str(), "--compress", compress]
    };
    let events = records(&generate(&folder, &arguments(Form::Event, "none")).stdout, Format::Event);
    assert_eq!(events.len(), 2003);
    for form in Form::ALL {
        let mut expected = events.clone();
        if !names_hsm(form) {
            expected.iter_mut().for_each(|record| record.0 = None);
        }
        expected.sort();
        for compress in ["none", "gzip", "base64"] {
            let bytes = generate(&folder, &arguments(form, compress)).stdout;
            for format in [format(form), Format::Auto] {
                let mut found = records(&bytes, format);
                found.sort();
                assert!(found == expected, "{form}, compress {compress}, read as {format}");
            }
        }
    }
}

#[test]
fn a_directory_has_a_file_for_each_hsm() {
    let folder = Folder::new();
    let arguments =
        ["-n", "1500", "--form", "s3-export", "--compress", "gzip", "--output-dir", "exports/today"];
    generate(&folder, &arguments);
    let root = folder.path().join("exports/today");
    let mut streams = BTreeMap::new();
    for entry in std::fs::read_dir(&root).expect("a directory") {
        let path = entry.expect("an entry").path();
        let bytes = std::fs::read(path.join("000000.txt.gz")).expect("the file of an HSM");
        let all = records(&bytes, Format::S3Export);
        let sequences: BTreeSet<(u32, u64)> = all.iter().map(|record| (record.1, record.2)).collect();
        assert_eq!(sequences.len(), all.len(), "one HSM's sequence numbers differ");
        streams.insert(path, all.len());
    }
    assert_eq!((streams.len(), streams.values().sum::<usize>()), (12, 1500));
    let again = run(folder.path(), &[&["generate"], &arguments[..]].concat(), b"").expect(3);
    assert!(again.err().contains("exports/today is not empty"), "{}", again.err());
}

#[test]
fn labels_point_at_the_records_they_mean() {
    let folder = Folder::new();
    for form in [Form::Envelope, Form::Raw] {
        let arguments = [
            "-n",
            "6000",
            "--density",
            "20",
            "--attack-every",
            "10s",
            "--form",
            form.as_str(),
            "-o",
            "out",
            "--labels",
            "labels",
        ];
        generate(&folder, &arguments);
        let bytes = std::fs::read(folder.path().join("out")).expect("the records");
        let all = records(&bytes, format(form));
        let labels = std::fs::read_to_string(folder.path().join("labels")).expect("the labels");
        let mut scenarios = BTreeSet::new();
        for line in labels.lines() {
            let label: Value = serde_json::from_str(line).expect("a JSON line");
            let number = |name: &str| label[name].as_u64().expect("a number");
            let (hsm, reboot, sequence, usecs, text) = &all[number("record") as usize];
            assert_eq!((u64::from(*reboot), *sequence), (number("reboot"), number("sequence")), "{line}");
            assert_eq!(*usecs, number("usecs"));
            let stamp: jiff::Timestamp = label["time"].as_str().expect("a time").parse().expect("RFC 3339");
            assert_eq!(stamp.as_microsecond(), *usecs as i64);
            if names_hsm(form) {
                assert_eq!(hsm.as_deref(), label["hsm"].as_str());
                let message: Value =
                    serde_json::from_str(lines(&bytes)[number("message") as usize]).expect("an envelope");
                assert_eq!(message["logStream"], label["hsm"]);
                let group = format!("/aws/cloudhsm/{}", label["cluster"].as_str().expect("a cluster"));
                assert_eq!(message["logGroup"], group);
                let texts: Vec<_> = message["logEvents"]
                    .as_array()
                    .expect("events")
                    .iter()
                    .map(|it| &it["message"])
                    .collect();
                let text = str::from_utf8(text).expect("text");
                assert!(texts.iter().any(|it| it.as_str().is_some_and(|it| it.trim_end() == text)));
            }
            scenarios.insert(label["scenario"].as_str().expect("a scenario").to_owned());
        }
        assert_eq!(scenarios.len(), Scenario::ALL.len(), "{scenarios:?}");
    }
}

fn lines(bytes: &[u8]) -> Vec<&str> {
    str::from_utf8(bytes).expect("text").lines().collect()
}

/// Each rule that is meant for a scenario fires, and has a labelled record among its evidence.
#[test]
fn shipped_rules_find_every_scenario() {
    let rules = repository::root().join("deploy/rules").display().to_string();
    let folder = Folder::new();
    for scenario in Scenario::ALL {
        assert!(!scenario.rules().is_empty(), "no rule is meant for {scenario}");
        let said = generate(
            &folder,
            &[
                "-n",
                "4000",
                "--density",
                "10",
                "--attack-every",
                "1m",
                "--share-failures",
                "0",
                "--form",
                "envelope",
                "--scenario",
                scenario.as_str(),
                "-o",
                "out",
                "--labels",
                "labels",
            ],
        );
        assert!(!said.err().contains("note:"), "{}", said.err());
        let labels = std::fs::read_to_string(folder.path().join("labels")).expect("the labels");
        let labelled: BTreeSet<_> = labels
            .lines()
            .map(|line| serde_json::from_str(line).expect("a JSON line"))
            .map(|label: Value| identity(&label))
            .collect();
        let arguments = ["run", "--input", "out", "--rules", &rules, "--format", "flat"];
        let found: BTreeSet<String> = run(folder.path(), &arguments, b"")
            .expect(0)
            .json_lines()
            .iter()
            .filter(|output| output["type"] == "alert" && has_evidence(output, &labelled))
            .map(|alert| alert["rule"].as_str().expect("a rule").to_owned())
            .collect();
        for rule in scenario.rules() {
            assert!(found.contains(*rule), "{scenario}: {rule} finds nothing, but {found:?}");
        }
    }
}

fn identity(json: &Value) -> (String, u64, u64) {
    let number = |name: &str| json[name].as_u64().expect("a number");
    (json["hsm"].as_str().expect("an HSM").to_owned(), number("reboot"), number("sequence"))
}

fn has_evidence(alert: &Value, labelled: &BTreeSet<(String, u64, u64)>) -> bool {
    alert["evidence"].as_array().expect("evidence").iter().any(|it| labelled.contains(&identity(it)))
}

#[test]
fn scenarios_are_listed() {
    let listed = generate(&Folder::new(), &["--list-scenarios"]).out();
    for scenario in Scenarios::ALL.iter() {
        let line = listed.lines().find(|line| line.split(' ').next() == Some(scenario.as_str()));
        assert!(line.is_some_and(|line| line.contains(scenario.summary())), "{scenario}:\n{listed}");
        assert!(scenario.rules().iter().all(|rule| listed.contains(rule)));
    }
}

#[test]
fn kafka_gets_every_record_in_the_order_of_its_hsm() {
    let kafka = Cluster::shared();
    let folder = Folder::new();
    kafka.create_topic("generated", 3);
    let brokers = format!("kafka.brokers={}", kafka.bootstrap());
    let to = ["--to", "kafka", "--topic", "generated", "--set", &brokers];
    for compress in ["none", "gzip", "base64"] {
        let what = ["-n", "900", "--form", "envelope", "--share-late", "0", "--compress", compress];
        generate(&folder, &[&to[..], &what].concat());
    }
    let mut framer = Framer::new(Format::Auto, Limits::default());
    let mut streams: BTreeMap<String, BTreeSet<i32>> = BTreeMap::new();
    let mut last: BTreeMap<String, (u32, u64)> = BTreeMap::new();
    let mut rounds: BTreeMap<String, u32> = BTreeMap::new();
    let mut count = 0;
    for message in kafka.read_committed_all("generated") {
        let key = String::from_utf8(message.key.clone().expect("a key")).expect("text");
        streams.entry(key.clone()).or_default().insert(message.partition);
        framer.records(message.value.as_deref().expect("a value"), &Origin::default(), &mut |item| {
            let (hsm, reboot, sequence, ..) = seen(item.as_ref().expect("a record"));
            assert_eq!(hsm.as_ref(), Some(&key));
            let before = last.insert(key.clone(), (reboot, sequence));
            if before.is_none() || sequence == 0 {
                *rounds.entry(key.clone()).or_default() += 1;
            } else {
                assert_eq!(before, Some((reboot, sequence - 1)), "{key} is out of order");
            }
            count += 1;
        });
    }
    assert_eq!((count, streams.len()), (2700, 12));
    assert!(streams.values().all(|partitions| partitions.len() == 1), "{streams:?}");
    assert!(streams.values().flatten().collect::<BTreeSet<_>>().len() > 1, "all keys in one partition");
    assert!(rounds.values().all(|rounds| *rounds == 3), "{rounds:?}");
}

#[test]
fn a_missing_topic_is_an_error() {
    let kafka = Cluster::shared();
    let brokers = format!("kafka.brokers={}", kafka.bootstrap());
    let arguments = ["generate", "--to", "kafka", "--topic", "not-there", "--set", &brokers];
    let said = run(Folder::new().path(), &arguments, b"").expect(3);
    assert!(said.err().contains("\"not-there\" does not exist"), "{}", said.err());
    assert!(!said.err().contains("records/s"), "nothing was sent");
}

#[test]
fn wrong_input_is_told_before_anything_is_written() {
    let cases: &[(&[&str], i32, &str)] = &[
        (&["--form", "auto"], 2, "is for reading"),
        (&["--form", "cloudtrail"], 2, "carries no audit records"),
        (&["--form", "envelop"], 2, "did you mean \"envelope\"?"),
        (&["--scenario", "brute-forc"], 2, "did you mean \"brute-force\"?"),
        (&["--scenario", "all,spray"], 2, "stands alone"),
        (&["--share-v2", "101"], 2, "from 0 to 100"),
        (&["--share-late", "nan"], 2, "from 0 to 100"),
        (&["--start", "1999-12-31T23:59:59Z"], 2, "2000 to 2099"),
        (&["--start", "yesterday"], 2, "no time"),
        (&["--attack-every", "0s"], 2, "more than 0"),
        (&["--late-max", "2h"], 2, "at most 1h"),
        (&["--hsms", "29"], 2, "1..=28"),
        (&["--rate", "0"], 2, "1..="),
        (&["--topic", "x"], 2, "--topic needs --to kafka"),
        (&["--to", "kafka", "-o", "out"], 2, "are for files"),
        (&["--labels", "-"], 2, "name a file"),
        (&["--labels", "out", "-o", "out"], 2, "the same file"),
        (&["--labels", "./out", "-o", "out"], 2, "the same file"),
        (&["--output-dir", "dir", "--clusters", "300"], 2, "900 HSMs are more than"),
        (&["-o", "missing/out"], 3, "cannot create missing/out"),
        (&["--labels", "missing/labels"], 3, "cannot create missing/labels"),
    ];
    for (arguments, code, told) in cases {
        let folder = Folder::new();
        let said = run(folder.path(), &[&["generate"], *arguments].concat(), b"").expect(*code);
        assert!(said.err().contains(told), "{arguments:?}: {}", said.err());
        assert!(said.stdout.is_empty(), "{arguments:?} writes");
        assert!(std::fs::read_dir(folder.path()).expect("a folder").next().is_none(), "{arguments:?}");
    }
}

/// A mistake in one name costs neither the file of the other nor its own.
#[test]
fn files_are_emptied_when_both_can_be_written() {
    let folder = Folder::new();
    folder.write("out", "old");
    folder.write("labels", "old");
    for (arguments, told) in [
        (["generate", "-o", "out", "--labels", "missing/labels"], "missing/labels"),
        (["generate", "-o", "missing/out", "--labels", "labels"], "missing/out"),
    ] {
        let said = run(folder.path(), &arguments, b"").expect(3);
        assert!(said.err().contains(told), "{}", said.err());
        for name in ["out", "labels"] {
            let bytes = std::fs::read(folder.path().join(name)).expect("a file");
            assert_eq!(bytes, b"old", "{name} after {arguments:?}");
        }
    }
}

#[test]
fn a_signal_ends_it_with_whole_records() {
    let folder = Folder::new();
    let mut generating = command(
        folder.path(),
        &["generate", "-n", "0", "--rate", "2000", "--form", "envelope", "-o", "out", "--labels", "labels"],
    );
    let mut child =
        generating.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the binary starts");
    let written = || std::fs::metadata(folder.path().join("out")).is_ok_and(|file| file.len() > 10_000);
    wait::until("something is written", || written().then_some(()));
    interrupt(child.id());
    let status = wait::within(LIMIT, || child.try_wait().expect("a process")).expect("it ends");
    assert_eq!(status.code(), Some(0));
    let mut told = String::new();
    child.stderr.take().expect("a pipe").read_to_string(&mut told).expect("text");
    let count: usize =
        told.split(' ').next().and_then(|count| count.parse().ok()).expect("a number of records");
    let bytes = std::fs::read(folder.path().join("out")).expect("the records");
    assert_eq!(records(&bytes, Format::Envelope).len(), count, "{told}");
}

#[test]
fn a_closed_pipe_ends_it_quietly() {
    let folder = Folder::new();
    let binary = command(Path::new("."), &[]).get_program().to_owned();
    let line = format!("set -o pipefail; {} generate -n 1000000 | head -n 1", binary.to_string_lossy());
    let mut shell = std::process::Command::new("bash");
    shell.args(["-c", &line]).current_dir(folder.path());
    let said = finish(shell, b"").expect(0);
    assert!(said.out().starts_with("Time: "));
    assert_eq!(said.err(), "");
}
