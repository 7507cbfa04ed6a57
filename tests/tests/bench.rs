//! `bench` as a user meets it: every stage measured, own records in any form, wrong input told. Its figures are not
//! looked at: this is a debug build, and says so.

use std::collections::BTreeSet;
use std::os::unix::process::ExitStatusExt as _;
use std::process::Stdio;
use std::time::Duration;

use hsmstream_tests::command::{Folder, Said, command, finish, interrupt, run};
use hsmstream_tests::wait;
use serde_json::Value;

const LIMIT: Duration = Duration::from_secs(60);

fn bench(folder: &Folder, arguments: &[&str]) -> Said {
    run(folder.path(), &[&["bench"], arguments].concat(), b"")
}

fn json(folder: &Folder, arguments: &[&str]) -> Value {
    let said = bench(folder, &[arguments, &["--json"]].concat()).expect(0);
    serde_json::from_slice(&said.stdout).expect("one JSON document")
}

fn generate(folder: &Folder, arguments: &[&str]) {
    run(folder.path(), &[&["generate"], arguments].concat(), b"").expect(0).code.expect("an exit code");
}

fn stages(document: &Value) -> BTreeSet<&str> {
    let groups = document["groups"].as_array().expect("groups");
    groups.iter().map(|group| group["stage"].as_str().expect("a stage")).collect()
}

#[test]
fn all_stages_are_measured_and_the_machine_is_named() {
    let document = json(&Folder::new(), &["--records", "2000", "--rounds", "1"]);
    assert_eq!(
        stages(&document),
        ["scan", "parse", "transport", "parallel", "match", "windows", "encode"].into_iter().collect()
    );
    for group in document["groups"].as_array().expect("groups") {
        let jobs = group["jobs"].as_array().expect("jobs");
        assert!(jobs.len() > 1, "{group}");
        assert_eq!(jobs[0]["speed"], 1.0, "speeds are relative to the first: {group}");
        for job in jobs {
            for figure in ["ns", "per_second", "bytes_per_second", "speed"] {
                assert!(job[figure].as_f64().is_some_and(|figure| figure > 0.0), "{figure} of {job}");
            }
            let budget = &job["budget"];
            assert!(budget.is_null() || budget["kept"].is_boolean(), "{job}");
        }
    }
    let budgets = document["groups"].as_array().expect("groups").iter().flat_map(|group| {
        group["jobs"].as_array().expect("jobs").iter().filter(|job| !job["budget"].is_null())
    });
    assert!(budgets.count() >= 8);
    assert!(document["machine"]["cores"].as_u64().is_some_and(|cores| cores > 0));
    assert!(document["machine"]["vectors"].is_string() && document["machine"]["architecture"].is_string());
    assert!(document["build"]["compiler"].as_str().is_some_and(|compiler| compiler.starts_with("rustc")));
    assert_eq!(
        (&document["corpus"]["records"], &document["corpus"]["source"]["kind"]),
        (&2000.into(), &"generated".into())
    );
    let notes = document["notes"].as_array().expect("notes");
    let warned = notes.iter().any(|note| note.as_str().is_some_and(|note| note.contains("debug assertions")));
    assert_eq!(warned, document["build"]["debug_assertions"] == true, "{notes:?}");
}

#[test]
fn the_table_is_aligned_and_names_what_was_asked() {
    let said =
        bench(&Folder::new(), &["--records", "300", "--rounds", "2", "--stage", "encode,scan"]).expect(0);
    let text = said.out();
    let heads: Vec<&str> = text.lines().filter(|line| line.contains("medians of 2 rounds")).collect();
    assert!(heads.len() == 2 && heads[0].starts_with("scan: ") && heads[1].starts_with("encode: "), "{text}");
    for word in
        ["machine  ", "system   ", "build    ", "corpus   generated from seed 1: 300 records", "note     "]
    {
        assert!(text.contains(word), "{word}:\n{text}");
    }
    let ends: BTreeSet<usize> = text
        .lines()
        .filter_map(|line| {
            Some(line.chars().take_while(|c| *c != '×').count()).filter(|_| line.contains('×'))
        })
        .collect();
    assert_eq!(ends.len(), 1, "the columns of speed end at {ends:?}:\n{text}");
    assert!(said.err().is_empty(), "{}", said.err());
}

#[test]
fn own_records_are_measured_in_any_form() {
    let folder = Folder::new();
    let forms = ["raw", "envelope", "firehose", "cli-text", "s3-export"];
    for form in forms {
        let output = format!("{form}.txt");
        generate(&folder, &["-n", "400", "--attack-every", "1s", "--form", form, "-o", &output]);
    }
    generate(&folder, &["-n", "400", "--attack-every", "1s", "--compress", "gzip", "-o", "x.gz"]);
    let mut corpora = BTreeSet::new();
    for file in forms.map(|form| format!("{form}.txt")).iter().map(String::as_str).chain(["x.gz"]) {
        let document = json(&folder, &["--corpus", file, "--rounds", "1", "--stage", "parse,match"]);
        assert_eq!(stages(&document), ["parse", "match"].into_iter().collect());
        let corpus = &document["corpus"];
        assert_eq!((&corpus["records"], &corpus["source"]["rejects"]), (&400.into(), &0.into()), "{file}");
        assert_eq!((&corpus["source"]["kind"], &corpus["source"]["cut"]), (&"own".into(), &false.into()));
        corpora.insert((corpus["bytes"].to_string(), corpus["failed_logins"].to_string()));
    }
    assert_eq!(corpora.len(), 1, "the same records in every form: {corpora:?}");
    let both = json(
        &folder,
        &["--corpus", "raw.txt", "x.gz", "--records", "500", "--rounds", "1", "--stage", "scan"],
    );
    assert_eq!((&both["corpus"]["records"], &both["corpus"]["source"]["cut"]), (&500.into(), &true.into()));
}

/// Attacks forge fields: the rivals read such records in another way, which is a note and no error.
#[test]
fn rivals_that_own_records_fool_are_named() {
    let folder = Folder::new();
    generate(
        &folder,
        &[
            "-n",
            "3000",
            "--form",
            "envelope",
            "--scenario",
            "forged-record",
            "--attack-every",
            "10s",
            "-o",
            "own",
        ],
    );
    let document = json(&folder, &["--corpus", "own", "--rounds", "1", "--stage", "parse"]);
    let notes = document["groups"][0]["notes"].to_string();
    assert!(notes.contains("the plain parser reads"), "{notes}");
}

#[test]
fn what_is_no_record_is_counted() {
    let folder = Folder::new();
    generate(&folder, &["-n", "50", "--form", "event", "-o", "own"]);
    let mut text = std::fs::read_to_string(folder.path().join("own")).expect("a file");
    text.push_str("{\"message\":\"Time: no record\",\"timestamp\":1}\n");
    text.push_str("{\"eventVersion\":\"1.08\",\"eventSource\":\"cloudhsm.amazonaws.com\",\"eventName\":\"DeleteHsm\"}\n");
    folder.write("own", text);
    let said = bench(&folder, &["--corpus", "own", "--rounds", "1", "--stage", "scan"]).expect(0);
    assert!(said.out().contains("1 input, 1 reject and 1 other document left out"), "{}", said.out());
    assert!(said.out().contains("50 records"), "{}", said.out());
}

#[test]
fn wrong_input_is_told() {
    let folder = Folder::new();
    folder.write("empty", "");
    folder.write("prose", "It was a bright cold day in April.\n");
    let cases: &[(&[&str], i32, &str)] = &[
        (&["--stage", "pars"], 2, "did you mean \"parse\"?"),
        (&["--stage", "zzzzzz"], 2, "one of scan, parse"),
        (&["--records", "0"], 2, "1..=4000000"),
        (&["--rounds", "0"], 2, "1..=1000"),
        (&["--format", "raw"], 2, "--corpus"),
        (&["--corpus", "empty", "--seed", "2"], 2, "cannot be used with"),
        (&["--corpus", "missing"], 3, "no such file"),
        (&["--corpus", "empty"], 3, "empty: no audit record, nor anything else"),
        (&["--corpus", "prose"], 3, "prose: no audit record, but 1 reject and 0 other"),
    ];
    for (arguments, code, told) in cases {
        let said = bench(&folder, arguments).expect(*code);
        assert!(said.err().contains(told), "{arguments:?}: {}", said.err());
        assert!(said.stdout.is_empty(), "{arguments:?}: {}", said.out());
    }
}

/// What the stage `parallel` reads lies in a folder for temporary files.
#[test]
fn a_folder_that_cannot_be_written_is_told() {
    let folder = Folder::new();
    let mut measuring = command(folder.path(), &["bench", "--stage", "parallel", "--records", "10"]);
    measuring.env("TMPDIR", folder.path().join("missing"));
    let said = finish(measuring, b"").expect(3);
    assert!(said.err().contains("missing: No such file"), "{}", said.err());
}

#[test]
fn a_signal_leaves_no_files() {
    let folder = Folder::new();
    let arguments = ["bench", "--stage", "parallel", "--records", "20000", "--rounds", "1000"];
    let mut measuring = command(folder.path(), &arguments);
    measuring.env("TMPDIR", folder.path()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = measuring.spawn().expect("the binary starts");
    let files = || std::fs::read_dir(folder.path()).expect("a folder").count();
    wait::until("files are written", || (files() > 0).then_some(()));
    interrupt(child.id());
    let status = wait::within(LIMIT, || child.try_wait().expect("a process")).expect("it ends");
    assert_eq!((status.code(), status.signal()), (None, Some(2)), "as by the signal");
    assert_eq!(files(), 0);
}
