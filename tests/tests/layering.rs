//! The architecture as a test: which crate may depend on which, and what each may name.
//!
//! The tables below are the architecture. A new edge, a new dependency of a pure crate or a new place for `unsafe` is a
//! decision: change the table in the same commit and say why.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

use hsmstream_tests::repository;
use serde_json::Value;

/// Each crate under `crates/` and the crates it may depend on, bottom first. Folder names; `cli` is the binary.
const EDGES: &[(&str, &[&str])] = &[
    ("json", &[]),
    ("record", &["json"]),
    ("frame", &["json", "record"]),
    ("pattern", &["json"]),
    ("window", &[]),
    ("output", &["record"]),
    ("rules", &["json", "pattern", "record", "window"]),
    ("corpus", &["record"]),
    ("bench", &["json", "record", "frame", "pattern", "window", "output", "rules", "corpus"]),
    ("engine", &["json", "record", "frame", "pattern", "window", "output", "rules"]),
    ("kafka", &["record", "output", "engine"]),
    ("sim", &["corpus", "record", "frame", "pattern", "window", "output", "rules", "engine"]),
    (
        "cli",
        &[
            "json", "record", "frame", "pattern", "window", "output", "rules", "corpus", "bench", "engine",
            "kafka", "sim",
        ],
    ),
];

/// The crates that do no I/O, read no clock and spawn nothing, and the libraries each may use.
const PURE: &[(&str, &[&str])] = &[
    ("json", &["memchr"]),
    ("record", &["memchr", "strsim"]),
    ("frame", &["memchr", "flate2", "crc32fast", "base64", "strsim"]),
    (
        "pattern",
        &["memchr", "aho-corasick", "regex-automata", "regex-syntax", "strsim", "hashbrown", "ahash"],
    ),
    ("window", &["hashbrown", "ahash"]),
    ("output", &["base64", "serde", "serde_json", "sha2"]),
    ("rules", &["saphyr-parser", "sha2", "strsim", "hashbrown", "ahash"]),
    ("corpus", &["flate2", "base64"]),
];

/// Libraries for tests, open to every crate.
const TEST_LIBRARIES: &[&str] = &[
    "allocation-counter",
    "proptest",
    "serde",
    "serde_json",
    "jsonschema",
    "tempfile",
    "base64",
    "flate2",
    "simd-json",
];

/// What a pure crate may not pull in by any route.
const IMPURE: &[&str] =
    &["tokio", "mio", "rdkafka", "rdkafka-sys", "socket2", "axum", "notify", "signal-hook"];

/// The Kafka client and those that may name it.
const KAFKA_CLIENT: &[&str] = &["rdkafka", "rdkafka-sys"];
const KAFKA_CLIENT_USERS: &[&str] = &["hsmstream-kafka", "hsmstream-tests", "hsmstream-benches"];

/// Where `unsafe` may stand: the batch calls into librdkafka, the vector scans of records and of JSON, allocators that
/// count.
const UNSAFE: &[&str] = &[
    "crates/json/src/scan/avx2.rs",
    "crates/kafka/src/batch",
    "crates/record/src/scan",
    "benches/src/heap.rs",
    "benches/benches/kafka/bare.rs",
    "alloc",
];

/// What may lie at the top of the repository.
const TOP: &[&str] = &[
    ".ci",
    ".dockerignore",
    ".gitattributes",
    ".github",
    ".gitignore",
    "CHANGELOG.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "README.md",
    "benches",
    "clippy.toml",
    "crates",
    "deny.toml",
    "deploy",
    "rustfmt.toml",
    "tests",
];

/// What the source of a pure crate may not name, apart from its tests.
const IMPURE_MODULES: &[&str] = &["env", "fs", "net", "process", "thread"];
const IMPURE_WORDS: &[&str] =
    &["SystemTime", "Instant", "stdin", "stdout", "stderr", "thread_local", "println"];

/// One dependency as a manifest states it.
#[derive(Debug)]
struct Dependency {
    name: String,
    for_tests: bool,
    /// Any version will do, which for a crate of others means that nobody has thought about it.
    wildcard: bool,
}

/// The workspace's packages by name, with their manifests' dependencies.
fn packages() -> BTreeMap<String, Vec<Dependency>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version", "1", "--offline"])
        .current_dir(repository::root())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo prints JSON");
    let dependency = |value: &Value| Dependency {
        name: value["name"].as_str().expect("a name").to_owned(),
        for_tests: value["kind"] == "dev",
        wildcard: value["req"] == "*" && !value["source"].is_null(),
    };
    let package = |value: &Value| {
        let dependencies = value["dependencies"].as_array().expect("a list").iter().map(dependency).collect();
        (value["name"].as_str().expect("a name").to_owned(), dependencies)
    };
    metadata["packages"].as_array().expect("a list").iter().map(package).collect()
}

/// The folder under `crates/` of one of our packages.
fn folder(package: &str) -> Option<&str> {
    if package == "hsmstream" { Some("cli") } else { package.strip_prefix("hsmstream-") }
}

fn package(folder: &str) -> String {
    if folder == "cli" { "hsmstream".to_owned() } else { format!("hsmstream-{folder}") }
}

fn check(problems: &[String]) {
    assert!(problems.is_empty(), "{} problem(s):\n{}", problems.len(), problems.join("\n"));
}

#[test]
fn the_table_is_a_hierarchy_without_cycles() {
    let mut below = BTreeSet::new();
    for (crate_name, allowed) in EDGES {
        for dependency in *allowed {
            assert!(below.contains(dependency), "{crate_name} -> {dependency} points up or nowhere");
        }
        assert!(below.insert(crate_name), "{crate_name} stands twice");
    }
}

#[test]
fn crates_depend_only_downwards() {
    let edges: BTreeMap<&str, &[&str]> = EDGES.iter().copied().collect();
    let mut problems = Vec::new();
    for (name, dependencies) in packages() {
        if ["hsmstream-tests", "hsmstream-benches"].contains(&name.as_str()) {
            continue;
        }
        let Some(allowed) = folder(&name).and_then(|folder| edges.get(folder)) else {
            problems.push(format!("{name}: stands in no layer of the table"));
            continue;
        };
        for dependency in dependencies {
            // An upward edge for tests would make unit tests compile the world; such tests belong into `tests`.
            if let Some(below) = folder(&dependency.name).filter(|below| !allowed.contains(below)) {
                problems.push(format!("{name} -> {below}: not an edge of the table"));
            }
        }
    }
    check(&problems);
}

#[test]
fn pure_crates_use_only_their_libraries() {
    let packages = packages();
    let mut problems = Vec::new();
    for (crate_name, allowed) in PURE {
        for dependency in packages.get(&package(crate_name)).into_iter().flatten() {
            let name = dependency.name.as_str();
            let ours = folder(name).is_some();
            let test_library = dependency.for_tests && TEST_LIBRARIES.contains(&name);
            if !ours && !test_library && !allowed.contains(&name) {
                problems.push(format!("{crate_name} -> {name}: not a library of the table"));
            }
        }
    }
    check(&problems);
}

#[test]
fn nothing_impure_is_reached_from_a_pure_crate() {
    let text = fs::read_to_string(repository::root().join("Cargo.lock")).expect("the lock file is there");
    let lock: toml::Value = toml::from_str(&text).expect("the lock file is TOML");
    let mut graph: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for package in lock["package"].as_array().expect("a list") {
        let dependencies = package.get("dependencies").and_then(toml::Value::as_array);
        // "name", or "name version" where versions differ; all versions count as one here.
        let names = dependencies.into_iter().flatten().filter_map(|d| d.as_str()?.split(' ').next());
        graph.entry(package["name"].as_str().expect("a name")).or_default().extend(names);
    }
    let mut problems = Vec::new();
    for (crate_name, _) in PURE {
        let start = package(crate_name);
        let mut seen = BTreeSet::new();
        let mut open = vec![start.as_str()];
        while let Some(name) = open.pop() {
            if seen.insert(name) {
                open.extend(graph.get(name).into_iter().flatten());
            }
        }
        for name in IMPURE.iter().filter(|name| seen.contains(*name)) {
            problems.push(format!("{crate_name}: reaches {name} (cargo tree -p {start} -i {name})"));
        }
    }
    check(&problems);
}

#[test]
fn the_source_of_pure_crates_names_no_clock_file_thread_or_terminal() {
    let mut problems = Vec::new();
    let pure = |name: &str| PURE.iter().any(|(crate_name, _)| *crate_name == name);
    for file in repository::rust_files() {
        if !file.crate_name().is_some_and(pure) || !file.path.contains("/src/") {
            continue;
        }
        let code = repository::code(file.production());
        for module in IMPURE_MODULES {
            if imports_from_std(&code, module) {
                problems.push(format!("{}: std::{module}", file.path));
            }
        }
        let words: BTreeSet<&str> = words(&code).collect();
        for word in IMPURE_WORDS.iter().filter(|word| words.contains(*word)) {
            problems.push(format!("{}: {word}", file.path));
        }
        if code.contains("static mut ") {
            problems.push(format!("{}: static mut", file.path));
        }
    }
    check(&problems);
}

#[test]
fn only_the_kafka_crate_names_a_kafka_client() {
    let mut problems = Vec::new();
    for (name, dependencies) in packages() {
        let uses = dependencies.iter().any(|dependency| KAFKA_CLIENT.contains(&dependency.name.as_str()));
        if uses && !KAFKA_CLIENT_USERS.contains(&name.as_str()) {
            problems.push(format!("{name}: names a Kafka client"));
        }
    }
    check(&problems);
}

#[test]
fn no_dependency_takes_any_version() {
    let mut problems = Vec::new();
    for (name, dependencies) in packages() {
        for dependency in dependencies.iter().filter(|dependency| dependency.wildcard) {
            problems.push(format!("{name} -> {}: any version", dependency.name));
        }
    }
    check(&problems);
}

#[test]
fn unsafe_stands_only_where_it_is_listed() {
    let mut problems = Vec::new();
    for file in repository::rust_files() {
        let code = repository::code(&file.text);
        let named = words(&code).any(|word| word == "unsafe");
        // An entry is a path, or the beginning of a file's name among the tests and benches.
        let listed = UNSAFE.iter().any(|place| {
            let name = file.path.rsplit('/').next().unwrap_or_default();
            file.path.starts_with(place) || (file.is_test() && name.starts_with(place))
        });
        if named && !listed {
            problems.push(format!("{}: unsafe", file.path));
        }
    }
    check(&problems);
}

#[test]
fn the_top_of_the_repository_holds_only_what_is_listed() {
    let tops: BTreeSet<String> =
        repository::paths().iter().filter_map(|path| path.split('/').next().map(str::to_owned)).collect();
    let problems: Vec<String> = tops
        .into_iter()
        .filter(|top| !TOP.contains(&top.as_str()))
        .map(|top| format!("{top}: does not belong to the top level"))
        .collect();
    check(&problems);
}

#[test]
fn every_crate_keeps_the_lints_of_the_workspace() {
    let mut problems = Vec::new();
    // Tests and benchmarks have lists of their own: they may panic, index and cast.
    let own_lints = ["tests/Cargo.toml", "benches/Cargo.toml"];
    let own = |path: &str| own_lints.contains(&path) || path.starts_with("tests/fuzz/");
    for file in repository::files(|path| path.ends_with("/Cargo.toml")) {
        if !own(&file.path) && !file.text.contains("[lints]\nworkspace = true\n") {
            problems.push(format!("{}: no `[lints] workspace = true`", file.path));
        }
    }
    check(&problems);
}

/// The identifiers and keywords of code.
fn words(code: &str) -> impl Iterator<Item = &str> {
    code.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

/// Whether `std::module` is named, alone or in a list.
fn imports_from_std(code: &str, module: &str) -> bool {
    code.match_indices("std::").any(|(at, start)| {
        let rest = &code[at + start.len()..];
        match rest.strip_prefix('{') {
            Some(list) => words(list.split('}').next().unwrap_or_default()).any(|word| word == module),
            None => words(rest).next() == Some(module),
        }
    })
}
