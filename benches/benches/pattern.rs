//! Patterns where no shape is remembered, beside the searchers and parsers that bound them.
//!
//! * One term (`Program`) beside `memchr::memmem` for it, on each record of [`buffer::RARE`], and on all of them as one
//!   event.
//! * 500 terms (`Set::matches_text`) beside the DFA of aho-corasick for the same terms, which reports every occurrence.
//! * 1,000 JSON patterns (`Set::matches_text`) on events like CloudTrail's beside `simd_json`'s tape alone, which parses
//!   a copy, since it writes into its input; and beside our own tape alone.
//! * Building a set of 3,000 patterns: printed.
//!
//! Expected: counts that a plain search gives; of the JSON patterns those that the generator makes true.
//!
//! Bias: events are short, so the start of a search counts; nearly all patterns never match.

use std::hint::black_box;
use std::time::Instant;

use aho_corasick::automaton::OverlappingState;
use aho_corasick::{AhoCorasick, AhoCorasickKind, Input};
use hsmstream_benches::buffer::{self, Buffer};
use hsmstream_benches::mode::Mode;
use hsmstream_benches::rounds::{Job, Size, compare};
use hsmstream_json::{NESTING_MAX, Tape};
use hsmstream_pattern::{Limits, Pattern, Program, Scratch, Set, parse};
use hsmstream_record::vocabulary::OPCODES;
use memchr::memmem;
use simd_json::Buffers;

const ROUNDS: usize = 9;
const TERM: &str = "RET_USER_LOGIN_FAILURE";
const TERMS: usize = 500;
const JSON_PATTERNS: usize = 1_000;
const JSON_EVENTS: usize = 20_000;
const BUILT: usize = 3_000;

fn main() {
    let mode = Mode::of_arguments();
    let rounds = mode.pick(ROUNDS, 0);
    let buffer = mode.pick(buffer::RARE, buffer::RARE_SMALL).build();
    compare_term(&buffer, rounds);
    compare_terms(&buffer, rounds);
    compare_json(mode.pick(JSON_EVENTS, JSON_EVENTS / 20), rounds);
    print_build();
}

fn pattern(text: &str) -> Pattern {
    parse(text, &Limits::default()).unwrap_or_else(|problems| panic!("{text}: {problems:?}"))
}

fn size(buffer: &Buffer) -> Size {
    Size { records: buffer.len(), bytes: buffer.bytes.len() }
}

fn compare_term(buffer: &Buffer, rounds: usize) {
    let (finder, program) = (memmem::Finder::new(TERM), Program::compile(&pattern(TERM)));
    let mut scratch = Scratch::new();
    let mut jobs = [
        Job::new("memmem", buffer.failures, || {
            buffer.frames().filter(|event| finder.find(black_box(event)).is_some()).count() as u64
        }),
        Job::new("a program", buffer.failures, || {
            buffer.frames().filter(|event| program.matches_text(black_box(event), &mut scratch)).count()
                as u64
        })
        .at_least(0.8),
    ];
    compare("one term, each record an event", size(buffer), rounds, &mut jobs);
    let absent = pattern("RET_USER_LOGIN_FAILURES");
    let (finder, program) = (memmem::Finder::new(absent.text()), Program::compile(&absent));
    let mut scratch = Scratch::new();
    let mut jobs = [
        Job::new("memmem", 0, || u64::from(finder.find(black_box(&buffer.bytes)).is_some())),
        Job::new("a program", 0, || u64::from(program.matches_text(black_box(&buffer.bytes), &mut scratch)))
            .at_least(0.8),
    ];
    compare("one term, all records one event", size(buffer), rounds, &mut jobs);
}

/// Opcodes, and users and errors that hardly occur.
fn terms() -> Vec<String> {
    let opcodes =
        OPCODES.iter().filter(|opcode| !opcode.name.starts_with("CN_ENCRYPT")).map(|opcode| opcode.name);
    let others = (0..).map(|number| match number % 3 {
        0 => format!("RET_ERROR_{number}"),
        1 => format!("breakglass-{number}"),
        _ => format!("svc-{number}-admin"),
    });
    opcodes.map(str::to_owned).chain(others).take(TERMS).collect()
}

fn compare_terms(buffer: &Buffer, rounds: usize) {
    let terms = terms();
    let automaton =
        AhoCorasick::builder().kind(Some(AhoCorasickKind::DFA)).build(&terms).expect("a small automaton");
    let patterns: Vec<Pattern> = terms.iter().map(|term| pattern(&format!("\"{term}\""))).collect();
    let set = Set::compile(patterns.iter());
    let finders: Vec<_> = terms.iter().map(memmem::Finder::new).collect();
    let found = |event: &[u8]| finders.iter().filter(|finder| finder.find(event).is_some()).count() as u64;
    let expected = buffer.frames().map(found).sum();
    let (mut scratch, mut matched) = (Scratch::new(), Vec::new());
    let mut jobs = [
        Job::new("aho-corasick, DFA", expected, || {
            buffer.frames().map(|event| occurrences(&automaton, black_box(event))).sum()
        }),
        Job::new("a set", expected, || {
            let mut count = 0;
            for event in buffer.frames() {
                matched.clear();
                set.matches_text(black_box(event), &mut scratch, &mut matched);
                count += matched.len() as u64;
            }
            count
        })
        .at_least(0.8),
    ];
    compare("500 terms, each record an event", size(buffer), rounds, &mut jobs);
}

/// No term of ours occurs twice in a record.
fn occurrences(automaton: &AhoCorasick, event: &[u8]) -> u64 {
    let (mut state, mut count) = (OverlappingState::start(), 0);
    loop {
        automaton
            .try_find_overlapping(Input::new(event), &mut state)
            .expect("overlapping searches are supported");
        match state.get_match() {
            Some(found) => count += u64::from(black_box(found).start() < event.len()),
            None => return count,
        }
    }
}

const NAMES: [&str; 12] = [
    "CreateHsm",
    "DeleteHsm",
    "CreateCluster",
    "DeleteCluster",
    "DescribeClusters",
    "InitializeCluster",
    "TagResource",
    "UntagResource",
    "CopyBackupToRegion",
    "DeleteBackup",
    "RestoreBackup",
    "ListTags",
];

/// An event of CloudTrail as of the sample `09-aws-cloudtrail-CreateHsm.json`.
fn event(number: usize) -> String {
    let name = NAMES[number * 7 % NAMES.len()];
    let (user, cluster, address) = (number % 97, number % 31, number % 250);
    format!(
        r#"{{"eventVersion":"1.05","userIdentity":{{"type":"AssumedRole","principalId":"AROAJZVM5NEGZSTCITAMM:ExampleSession","arn":"arn:aws:sts::111122223333:assumed-role/Admin-{user}/ExampleSession","accountId":"111122223333","accessKeyId":"ASIAIY22AX6VRYNBGJSA","sessionContext":{{"attributes":{{"mfaAuthenticated":"false","creationDate":"2017-07-11T03:48:44Z"}},"sessionIssuer":{{"type":"Role","principalId":"AROAJZVM5NEGZSTCITAMM","arn":"arn:aws:iam::111122223333:role/AdminRole","accountId":"111122223333","userName":"Admin-{user}"}}}}}},"eventTime":"2017-07-11T03:50:45Z","eventSource":"cloudhsm.amazonaws.com","eventName":"{name}","awsRegion":"us-west-2","sourceIPAddress":"205.251.233.{address}","userAgent":"aws-internal/3","requestParameters":{{"availabilityZone":"us-west-2b","clusterId":"cluster-{cluster}"}},"responseElements":{{"hsm":{{"eniId":"eni-65338b5a","clusterId":"cluster-{cluster}","state":"CREATE_IN_PROGRESS","eniIp":"10.0.2.7","hsmId":"hsm-{number}","subnetId":"subnet-02c28c4b","availabilityZone":"us-west-2b"}}}},"requestID":"1dae0370-65ec-11e7-a770-6578d63de907","eventID":"b73a5617-8508-4c3d-900d-{number:012}","eventType":"AwsApiCall","recipientAccountId":"111122223333"}}"#
    )
}

/// Patterns on a dozen selectors; the first matches a twelfth of the events, the others none.
fn json_patterns(count: usize) -> Vec<Pattern> {
    let text = |number: usize| {
        let name = NAMES[number % NAMES.len()];
        match (number, number % 6) {
            (0, _) => r#"{ $.eventName = "DeleteHsm" }"#.to_owned(),
            (_, 0) => format!(
                r#"{{ $.eventName = "{name}" && $.userIdentity.sessionContext.sessionIssuer.userName = "Root-{number}" }}"#
            ),
            (_, 1) => format!(
                r#"{{ $.requestParameters.clusterId = "cluster-x{number}" && $.eventSource = "cloudhsm.amazonaws.com" }}"#
            ),
            (_, 2) => format!(r#"{{ $.responseElements.hsm.hsmId = "hsm-x{number}*" }}"#),
            (_, 3) => {
                format!(r#"{{ $.sourceIPAddress = "10.{number}.*" && $.errorCode NOT EXISTS }}"#)
            }
            (_, 4) => format!(
                r#"{{ $.userIdentity.arn = "*role/Watched-{number}/*" || $.userIdentity.accountId = {number} }}"#
            ),
            _ => format!(
                r#"{{ $.errorCode = "*Unauthorized{number}" && $.awsRegion != "us-west-2" && $.eventName = {name} }}"#
            ),
        }
    };
    (0..count).map(|number| pattern(&text(number))).collect()
}

fn compare_json(events: usize, rounds: usize) {
    let events: Vec<String> = (0..events).map(event).collect();
    let bytes = events.iter().map(String::len).sum();
    let expected = events.iter().filter(|event| event.contains(r#""eventName":"DeleteHsm""#)).count() as u64;
    let set = Set::compile(json_patterns(JSON_PATTERNS).iter());
    let (mut scratch, mut matched) = (Scratch::new(), Vec::new());
    let (mut copy, mut buffers, mut tape) = (Vec::new(), Buffers::default(), Tape::new());
    let count = events.len() as u64;
    let mut jobs = [
        Job::new("simd_json, tape", count, || {
            events.iter().map(|event| simd_tape(event, &mut copy, &mut buffers)).sum()
        }),
        Job::new("1,000 patterns", expected, || {
            let mut count = 0;
            for event in &events {
                matched.clear();
                set.matches_text(black_box(event.as_bytes()), &mut scratch, &mut matched);
                count += matched.len() as u64;
            }
            count
        })
        .at_least(0.5),
        Job::new("our tape alone", count, || {
            events
                .iter()
                .map(|event| u64::from(tape.parse(black_box(event.as_bytes()), NESTING_MAX).is_ok()))
                .sum()
        }),
    ];
    compare("1,000 JSON patterns, CloudTrail", Size { records: events.len(), bytes }, rounds, &mut jobs);
}

fn simd_tape(event: &str, copy: &mut Vec<u8>, buffers: &mut Buffers) -> u64 {
    copy.clear();
    copy.extend_from_slice(black_box(event.as_bytes()));
    let tape = simd_json::to_tape_with_buffers(copy, buffers).expect("events are JSON");
    u64::from(!black_box(&tape).0.is_empty())
}

fn print_build() {
    let term = |number: usize| pattern(&format!("Opcode \"RET_ERROR_{number}\""));
    let patterns: Vec<Pattern> =
        json_patterns(2 * BUILT / 3).into_iter().chain((0..BUILT / 3).map(term)).collect();
    let start = Instant::now();
    let set = black_box(Set::compile(patterns.iter()));
    println!("\na set of {} patterns is built in {:.1} ms", set.len(), start.elapsed().as_secs_f64() * 1e3);
}
