//! Every conformance vector, whole and in pieces: messages to records and rejects. Beside it, properties that
//! hold for any bytes, and cases of the limits and transports that the vectors do not have.

mod edges;
mod fronts;
mod limits;
mod properties;
mod support;
mod transports;

use hsmstream_frame::{Counts, Framer, StreamFramer};
use hsmstream_record::Limits;
use support::{Seen, Vector, compact, vectors};

/// Vectors that contradict the contract, each with the reason.
const CONTRADICTIONS: [(&str, &str); 0] = [];

fn check(way: &str, run: impl Fn(&Vector) -> (Seen, Counts)) {
    let mut wrong = Vec::new();
    for vector in vectors() {
        let (seen, counts) = run(&vector);
        let contradicts = CONTRADICTIONS.iter().any(|(id, _)| *id == vector.id);
        let rejects = comparable(&seen.rejects) == comparable(&vector.rejects);
        let same = seen.records == vector.records
            && rejects
            && (counts.control, counts.empty) == (vector.control, vector.empty)
            && counts.frames == seen.records.len() as u64
            && counts.rejects == seen.rejects.len() as u64;
        if same == contradicts {
            let want = (&vector.records, &vector.rejects, vector.control, vector.empty);
            wrong.push(format!("{way} {}:\n  want {want:?}\n  have {seen:?} {counts:?}", vector.id));
        }
    }
    assert!(wrong.is_empty(), "{} vectors:\n{}", wrong.len(), wrong.join("\n"));
}

/// Offsets of transport reasons are not compared.
fn comparable(rejects: &[(String, u64)]) -> Vec<(String, u64)> {
    const RECORD: [&str; 7] = [
        "too_large",
        "too_many_lines",
        "not_a_record",
        "bad_time",
        "missing_sequence",
        "bad_sequence",
        "missing_opcode",
    ];
    let one = |(reason, offset): &(String, u64)| {
        (reason.clone(), if RECORD.contains(&reason.as_str()) { *offset } else { 0 })
    };
    rejects.iter().map(one).collect()
}

#[test]
fn whole_messages() {
    check("whole", |vector| {
        let mut seen = Seen::default();
        let mut framer = Framer::new(vector.format, Limits::default());
        let counts = framer.records(&vector.input, &vector.fixed(), &mut |record| seen.see(record));
        (seen, counts)
    });
}

/// The vectors print white space inside their JSON, the service does not: events of that form take a quicker way.
#[test]
fn whole_messages_as_the_service_prints_them() {
    check("compact", |vector| {
        let mut seen = Seen::default();
        let json = vector.input.starts_with(b"{");
        let input = if json { compact(&vector.input) } else { vector.input.clone() };
        let mut framer = Framer::new(vector.format, Limits::default());
        let counts = framer.records(&input, &vector.fixed(), &mut |record| seen.see(record));
        (seen, counts)
    });
}

#[test]
fn one_framer_for_all_messages() {
    let mut framers: Vec<(_, Framer)> = Vec::new();
    for vector in vectors() {
        if !framers.iter().any(|(format, _)| *format == vector.format) {
            framers.push((vector.format, Framer::new(vector.format, Limits::default())));
        }
        let framer = framers.iter_mut().find(|(format, _)| *format == vector.format);
        let (_, framer) = framer.expect("it was put there");
        let (mut reused, mut fresh) = (Seen::default(), Seen::default());
        framer.records(&vector.input, &vector.fixed(), &mut |record| reused.see(record));
        Framer::new(vector.format, Limits::default()).records(
            &vector.input,
            &vector.fixed(),
            &mut |record| fresh.see(record),
        );
        assert_eq!(reused, fresh, "{}", vector.id);
    }
}

#[test]
fn in_pieces() {
    for size in [1, 7, 4096] {
        check(&format!("pieces of {size}"), |vector| {
            let mut seen = Seen::default();
            let mut framer = StreamFramer::new(vector.format, Limits::default());
            for piece in vector.input.chunks(size) {
                framer.feed_records(piece, &vector.fixed(), &mut |record| seen.see(record));
            }
            let counts = framer.finish_records(&vector.fixed(), &mut |record| seen.see(record));
            (seen, counts)
        });
    }
}
