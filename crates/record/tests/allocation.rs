//! Parsing allocates nothing: counted by the allocator of `allocation-counter`.

use hsmstream_record::{
    Body, Field, Limits, Origin, Record, TextBuffer, parse, parse_brief, parse_escaped, trim_end,
};

/// Runs `work` and tells how often it allocated.
fn allocations(work: impl FnOnce()) -> u64 {
    allocation_counter::measure(work).count_total
}

const V1: &[u8] = include_bytes!("../../../tests/samples/02-alphagov-hsm_login_error_user_doesnt_exist.txt");
const USUAL: &[u8] = b"Time: 01/24/18 17:44:25.013218, usecs:1516815865013218\nSequence No : 0x5\n\
    Opcode : CN_LOGIN (0xd)\nUser Name : x\nUser Type : CN_CRYPTO_USER (1)";
const HOSTILE: &[u8] = b"Time: 01/24/18 17:44:25.013218, usecs:1516815865013218\nVersion No : 2\n\
    Sequence No : 0x5\nOpcode : CN_LOGIN (zz)\nSession Handle : xyz\nVendor : 1\nstray\nUser Name : a\xff\n\
    Opcode : CN_LOGOUT (0xe)\nUser Type : CN_CRYPTO_USER (1)\nUser Type : CN_CRYPTO_OFFICER (2)";
const FOLDED: &[u8] = b"Time: 01/24/18 17:44:25.013218, usecs:1516815865013218 Sequence No : 0x5 \
    Opcode : CN_LOGIN (0xd) User Name : x User Type : CN_CRYPTO_USER (1)";

#[test]
fn the_counter_counts() {
    assert_eq!(allocations(|| drop(std::hint::black_box(vec![1_u8]))), 1);
}

#[test]
fn parsing_allocates_nothing() {
    let limits = Limits::default();
    let mut many = FOLDED.to_vec();
    many.truncate(54);
    many.extend((0..60).flat_map(|line| format!("\nL{line} : {line}").into_bytes()));
    many.extend_from_slice(b"\nSequence No : 0x5\nOpcode : X");
    for frame in [V1, HOSTILE, FOLDED, &many, b"no record", b"Time: 1"] {
        assert_eq!(
            allocations(|| assert_eq!(parse(frame, &limits).is_ok(), frame.len() > 20)),
            0,
            "{}",
            frame.escape_ascii()
        );
    }
}

#[test]
fn other_ways_to_parse_allocate_nothing() {
    let limits = Limits::default();
    for frame in [V1, HOSTILE, FOLDED, b"no record"] {
        let whole = || parse_brief(frame, &limits).map(|brief| brief.parse());
        assert_eq!(allocations(|| assert_eq!(whole(), parse(frame, &limits))), 0);
    }
    let lines: Vec<&[u8]> = USUAL.split(|byte| *byte == b'\n').collect();
    let string = [&lines.join(&b"\\n"[..])[..], b"\""].concat();
    let mut buffer = TextBuffer::new();
    let mut texts = Vec::new();
    for _ in 0..3 {
        let mut parse = || {
            let (audit, _) = parse_escaped(&string, &limits, &mut buffer).expect("a usual record");
            assert_eq!(audit.opcode, Some(&b"CN_LOGIN"[..]));
            assert_eq!(audit.raw.bytes(), USUAL);
        };
        texts.push(allocations(&mut parse));
    }
    assert_eq!(texts, [1, 0, 0], "the buffer keeps its size");
}

#[test]
fn reading_fields_allocates_nothing() {
    let names = Field::NAMES.iter().map(|name| Field::parse(name).expect("a field"));
    let fields: Vec<Field> = names.chain([Field::Extra(b"Vendor".as_slice().into())]).collect();
    for frame in [V1, HOSTILE, FOLDED] {
        let audit = parse(trim_end(frame), &Limits::default()).expect("a record");
        let record = Record { origin: Origin::default(), body: Body::Audit(audit) };
        let mut out = Vec::with_capacity(4096);
        let count = allocations(|| {
            for field in &fields {
                if let Some(value) = record.value(field) {
                    let _shown = value.write_json(&mut out);
                    value.write_text(&mut out);
                }
            }
            assert_eq!(
                record.audit().map(|audit| audit.extra().count()),
                Some(usize::from(frame == HOSTILE) * 4)
            );
        });
        assert_eq!(count, 0);
        out.clear();
        assert_eq!(allocations(|| record.write_view(&mut out)), 0);
    }
}
