//! The fast parser against the careful one: where it answers, they agree in everything; and it answers for
//! the usual layouts.
//!
//! Exhaustive near genuine records: every byte changed, removed, doubled; every cut; every line removed,
//! doubled, swapped. Random beyond. The corpus is compared in the workspace's tests, which may know both
//! crates.

mod common;
#[path = "common/vectors.rs"]
mod conformance;
#[path = "common/edits.rs"]
mod edits;

use common::split;
use edits::edit;
use hsmstream_record::{
    Audit, Body, Brief, Field, Limits, Malformed, Origin, Record, TextBuffer, Value, Vectors, parse,
    parse_brief, parse_carefully, parse_escaped, parse_escaped_into, parse_escaped_with, parse_fast,
    parse_fast_into, parse_fast_with, parse_into, trim_end,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

const SAMPLES: [&[u8]; 4] = [
    include_bytes!("../../../tests/samples/01-aws-userguide-interpreting-audit-logs.txt"),
    include_bytes!("../../../tests/samples/02-alphagov-hsm_login_error_user_doesnt_exist.txt"),
    include_bytes!("../../../tests/samples/03-alphagov-hsm_wrap_key.txt"),
    include_bytes!("../../../tests/samples/04-alphagov-hsm_wrap_key-with-key-handle.txt"),
];

/// One record of each layout and kind of tail, as the corpus prints them, with all places filled somewhere.
const MADE: [&[u8]; 5] = [
    b"Time: 01/24/18 17:44:25.013218, usecs:1516815865013218\nSequence No : 0x5\nReboot counter : 0x107\n\
    Command Type(hex) : CN_MGMT_CMD (0x0)\nOpcode : CN_LOGIN (0xd)\nSession Handle : 0xc008002\n\
    Response : 163:HSM Error: RET_USER_LOGIN_FAILURE\nLog type : MGMT_USER_DETAILS_LOG (2)\n\
    User Name : testuser\nUser Type : CN_CRYPTO_USER (1)\n",
    b"Time: 02/29/24 23:59:59.999999, usecs:1709251199999999\nSequence No : 0xFFFFFFFFFFFFFFFF\n\
    Reboot counter : 0xffffffff\nCommand Type(hex) : CN_MGMT_CMD (0x0)\n\
    Opcode : CN_GENERATE_KEY_PAIR (0x19)\nSession Handle : 0x1004001\nResponse : 0:HSM Return: SUCCESS\n\
    Log type : MGMT_KEY_DETAILS_LOG (1)\nPriv/Secret Key Handle : 2490399\nPublic Key Handle : 12345678\n\
    Key Handle : 18446744073709551615",
    b"Time: 04/22/22 20:13:18.000000, usecs:1650658398000000\nVersion No : 2\nSequence No : 0x1f\n\
    Reboot counter : 0x2\nOpcode : CN_SHARE_OBJECT (0x12)\nCommand Type(hex) : CN_MGMT_CMD (0x0)\n\
    User id : 9\nSession Handle : 0x1004001\nResponse : 0:HSM Return: SUCCESS\n\
    Log type : USER_MANAGE_LOG (3)\nUser Name : officer1\nUser Type : CN_CRYPTO_OFFICER (2)\n\
    Mechanism : 1\nTarget User Name : carol\nTarget User Type : CN_CRYPTO_USER (1)\nTarget User id : 12\n\
    Mfa enabled : no\nOperation : SHARE (1)\nNumber of Users : 2\nUserIDs : 3,4",
    b"Time: 04/22/22 20:13:18.000000, usecs:1650658398000000\nVersion No : 2\nSequence No : 0x1f\n\
    Reboot counter : 0x2\nOpcode : CN_SHARE_OBJECT (0x12)\nCommand Type(hex) : CN_MGMT_CMD (0x0)\n\
    Session Handle : 0x1004001\nResponse : 0: HSM Return: SUCCESS\nLog type : KEY_DETAILS_LOG (4)\n\
    Public Key Handle : 0\nPriv/Secret Key Handle : 7\n",
    b"Time: 04/30/22 20:13:18.189504, usecs:1651349598189504\nSequence No: 0x1f\nReboot counter\t\t: 0x2\n\
    Command Type(hex) : TIME_INFO_CMD (0xeee2)\nOpcode\t: CN_TIME (ee2)\nSession Handle : 0x0\n\
    Response : 0:HSM Return: SUCCESS\nLog type : TIME_INFO_LOG (16)\n\
    local time : 04/30/22 20:13:18.189504, usec:1650658398189504\n\
    host time : 04/30/22 20:13:18.191729 usec:1650658398191729\npropagation delay\t: usec:39\n",
];

/// A record that has all there is, and is odd: no record that is parsed to its place may keep any of it.
const FULL: &[u8] =
    b"Time: 04/22/22 20:13:18.000000, usecs:1650658398000000\nVersion No : 2\nSequence No : 0x1f\n\
    Reboot counter : 0x2\nOpcode : CN_SHARE_OBJECT (0x12)\nCommand Type(hex) : CN_MGMT_CMD (0x0)\n\
    User id : 9\nSession Handle : 0x1004001\nResponse : 0:HSM Error: SUCCESS\nOdd : 1\n\
    Log type : USER_MANAGE_LOG (3)\nPriv/Secret Key Handle : 1\nPublic Key Handle : 2\nKey Handle : 3\n\
    local time : 04/30/22 20:13:18.189504, usec:1650658398189504\n\
    host time : 04/30/22 20:13:18.191729 usec:1650658398191729\npropagation delay : usec:39\n\
    User Name : officer1\nUser Type : CN_CRYPTO_OFFICER (2)\nMechanism : 1\nTarget User Name : carol\n\
    Target User Type : CN_CRYPTO_USER (1)\nTarget User id : 12\nMfa enabled : no\nOperation : SHARE (1)\n\
    Number of Users : 2\nUserIDs : 3,4";

/// Bytes that mean something somewhere in a record, and neighbours of the digits.
const BYTES: &[u8] = b"\n\r\t :(),./x0159afAFgG@`U\0\x0b\x1a\x7f\x80\xff";

/// Tells whether the fast parser answered. If so, and whatever the limits, the careful one says the same.
fn agrees(frame: &[u8]) -> bool {
    let tight = Limits { frame_bytes_max: frame.len().saturating_sub(2), ..Limits::default() };
    let few = Limits { frame_lines_max: 9, ..Limits::default() };
    for limits in [tight, few] {
        assert_eq!(parse(frame, &limits), parse_carefully(frame, &limits), "{}", frame.escape_ascii());
    }
    let careful = parse_carefully(frame, &Limits::default());
    let fast = parse_fast(frame, &Limits::default());
    if let Some(fast) = fast {
        assert!(fast.anomalies.is_empty());
        assert_eq!(Ok(fast), careful, "{}", frame.escape_ascii());
    }
    for vectors in Vectors::ALL {
        assert_eq!(parse_fast_with(vectors, frame, &Limits::default()), fast, "{}", frame.escape_ascii());
    }
    agrees_escaped(frame, fast.as_ref());
    agrees_on_demand(frame, careful);
    agrees_in_place(frame, careful, fast);
    assert_eq!(parse(frame, &Limits::default()), careful, "{}", frame.escape_ascii());
    fast.is_some()
}

/// What is parsed of the frame first, and what is asked for later, is what the careful parser gives.
fn agrees_on_demand(frame: &[u8], careful: Result<Audit<'_>, Malformed>) {
    let brief = parse_brief(frame, &Limits::default());
    assert_eq!(brief, careful.map(|audit| audit.brief()), "{}", frame.escape_ascii());
    if let (Ok(brief), Ok(audit)) = (brief, careful) {
        assert_eq!(brief.parse(), audit, "{}", frame.escape_ascii());
    }
}

/// What is parsed to a place that held another record is what the others give.
fn agrees_in_place<'a>(frame: &'a [u8], careful: Result<Audit<'a>, Malformed>, fast: Option<Audit<'a>>) {
    let limits = Limits::default();
    let mut full = parse_carefully(FULL, &limits).expect("a record");
    full.print = parse(MADE[0], &limits).expect("a record").print;
    // Prints take no part in comparisons.
    let with_print = |audit: Audit<'a>| (audit, audit.print.numbers());
    let mut audit = full;
    let whole = parse_into(frame, &limits, &mut audit).map(|()| audit);
    assert_eq!(whole, careful, "{}", frame.escape_ascii());
    let print = fast.map_or((0, 0), |fast| fast.print.numbers());
    assert!(whole.is_err() || audit.print.numbers() == print, "{}", frame.escape_ascii());
    let mut audit = full;
    let usual = parse_fast_into(frame, &limits, &mut audit).then_some(audit);
    assert_eq!(usual.map(with_print), fast.map(with_print), "{}", frame.escape_ascii());
    let escaped = [&escape(frame)[..], b"\""].concat();
    let (mut buffer, mut other) = (TextBuffer::new(), TextBuffer::new());
    let mut audit = full;
    let length = parse_escaped_into(&escaped, &limits, &mut buffer, &mut audit);
    let expected = parse_escaped(&escaped, &limits, &mut other);
    assert_eq!(length.map(|length| (audit, length)), expected, "{}", frame.escape_ascii());
}

#[test]
fn the_full_record_has_all_there_is() {
    let full = parse_carefully(FULL, &Limits::default()).expect("a record");
    let record = Record { origin: Origin::default(), body: Body::Audit(full) };
    let others =
        ["account", "log_group", "log_stream", "cluster", "hsm", "event_id", "event_timestamp", "actor."];
    for name in Field::NAMES.into_iter().filter(|name| !others.iter().any(|other| name.starts_with(other))) {
        let field = Field::parse(name).expect("a name");
        assert!(record.value(&field).is_some(), "{name}");
    }
    assert!(!full.anomalies.is_empty());
    assert!(full.extra().next().is_some());
}

/// The same of the frame as a JSON string.
fn agrees_escaped(frame: &[u8], fast: Option<&Audit<'_>>) {
    let limits = Limits::default();
    let escaped = escape(frame);
    let is_plain = escaped.len() == frame.len() + frame.iter().filter(|&&byte| byte == b'\n').count();
    let cut = [&escaped[..], b"\""].concat();
    let input = [&cut[..], b"},{\"id\":\""].concat();
    let mut buffers = [TextBuffer::new(), TextBuffer::new(), TextBuffer::new()];
    let [first, second, third] = &mut buffers;
    let found = parse_escaped(&input, &limits, first);
    for vectors in Vectors::ALL {
        let again = parse_escaped_with(vectors, &cut, &limits, second);
        assert_eq!(again, found, "{}", frame.escape_ascii());
    }
    // One line end behind the frame is no reason to give up; more, and blanks, are.
    if is_plain && frame.strip_suffix(b"\n").unwrap_or(frame) == trim_end(frame) {
        assert_eq!(found.as_ref().map(|(audit, _)| audit), fast, "{}", frame.escape_ascii());
    }
    if let Some((audit, found)) = found {
        assert_eq!(found, cut.len(), "{}", frame.escape_ascii());
        assert_eq!(Ok(audit), parse_carefully(frame, &limits), "{}", frame.escape_ascii());
    }
    assert_eq!(parse_escaped(&escaped, &limits, third), None, "{}", frame.escape_ascii());
}

/// Escapes what a JSON string may not hold.
fn escape(text: &[u8]) -> Vec<u8> {
    let mut escaped = Vec::new();
    for &byte in text {
        match byte {
            b'\n' => escaped.extend_from_slice(b"\\n"),
            b'"' | b'\\' => escaped.extend_from_slice(&[b'\\', byte]),
            0..0x20 => escaped.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            _ => escaped.push(byte),
        }
    }
    escaped
}

fn lines(frame: &[u8]) -> Vec<&[u8]> {
    frame.split(|&byte| byte == b'\n').collect()
}

#[test]
fn genuine_records_go_the_fast_way() {
    let frames: Vec<&[u8]> = SAMPLES.into_iter().flat_map(split).chain(MADE).collect();
    let fast = frames.iter().filter(|frame| agrees(frame)).count();
    assert_eq!(fast, frames.len());
}

#[test]
fn vectors() {
    let (mut frames, mut fast) = (0, 0);
    for (_, input) in conformance::vectors() {
        for frame in split(&input).into_iter().chain([&input[..]]) {
            frames += 1;
            fast += usize::from(agrees(frame));
        }
    }
    assert!(conformance::are_enough(frames, 300) && conformance::are_enough(fast, 30), "{fast} of {frames}");
}

#[test]
#[cfg_attr(miri, ignore = "too many cases for Miri")]
fn fields_on_demand_are_those_of_the_record() {
    let fields: Vec<Field> = Field::NAMES.iter().map(|name| Field::parse(name).expect("a field")).collect();
    let text = |value: Option<Value<'_>>| {
        value.map(|value| {
            let mut text = Vec::new();
            value.write_text(&mut text);
            text
        })
    };
    for frame in SAMPLES.into_iter().flat_map(split).chain(MADE) {
        let audit = parse_carefully(frame, &Limits::default()).expect("a record");
        let brief = parse_brief(frame, &Limits::default()).expect("a record");
        let record = Record { origin: Origin::default(), body: Body::Audit(audit) };
        // What a record has of its transport, and its kind, are not the brief's to know.
        let own = fields.iter().filter(|field| !matches!(field, Field::Kind));
        for field in own {
            assert_eq!(text(brief.value(field)), text(record.value(field)), "{field}");
        }
        assert!(fields.iter().filter(|field| Brief::has(field)).count() == 9);
    }
}

#[test]
#[cfg_attr(miri, ignore = "too many cases for Miri")]
fn every_byte_changed_removed_or_doubled() {
    let mut fast = 0;
    for frame in MADE {
        for at in 0..frame.len() {
            let mut text = frame.to_vec();
            for &byte in BYTES {
                text[at] = byte;
                fast += usize::from(agrees(&text));
            }
            text[at] = frame[at];
            text.insert(at, frame[at]);
            fast += usize::from(agrees(&text));
            for &byte in b" \t\r\n:0" {
                text[at] = byte;
                fast += usize::from(agrees(&text));
            }
            text.remove(at);
            text.remove(at);
            fast += usize::from(agrees(&text));
        }
    }
    assert!(fast > 10_000, "{fast}");
}

#[test]
#[cfg_attr(miri, ignore = "too many cases for Miri")]
fn every_cut() {
    for frame in MADE {
        for at in 0..frame.len() {
            agrees(&frame[..at]);
            agrees(&frame[at..]);
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "too many cases for Miri")]
fn every_line_removed_doubled_or_swapped() {
    let mut fast = 0;
    for frame in MADE {
        let lines = lines(frame);
        for at in 0..lines.len() {
            let mut less = lines.clone();
            less.remove(at);
            fast += usize::from(agrees(&less.join(&b'\n')));
            for to in 0..lines.len() {
                let mut doubled = lines.clone();
                doubled.insert(to, lines[at]);
                fast += usize::from(agrees(&doubled.join(&b'\n')));
                let mut swapped = lines.clone();
                swapped.swap(at, to);
                fast += usize::from(agrees(&swapped.join(&b'\n')));
            }
        }
    }
    assert!(fast > 50, "{fast}");
}

/// A line that belongs to the front stands behind it, and counts all the same.
#[test]
fn front_lines_behind_the_response() {
    for label in ["Reboot counter : 0xff", "Opcode : CN_LOGIN (0xd)", "Response : 0:HSM Return: SUCCESS"] {
        let frame = MADE[0].split(|byte| *byte == b'\n').filter(|line| {
            let name = label.as_bytes().split(|byte| *byte == b':').next().unwrap_or_default();
            !line.starts_with(name) && !line.starts_with(b"User") && !line.is_empty()
        });
        let frame = frame.chain([label.as_bytes()]).collect::<Vec<_>>().join(&b'\n');
        agrees(&frame);
        let audit = parse_brief(&frame, &Limits::default()).expect("a record");
        assert!(audit.reboot.is_some() && audit.opcode.is_some() && audit.response.is_some(), "{label}");
    }
}

/// A line of one record in another: labels where the layout has no place for them.
#[test]
#[cfg_attr(miri, ignore = "too many cases for Miri")]
fn every_line_of_another_record() {
    for (frame, other) in MADE.iter().flat_map(|frame| MADE.iter().map(move |other| (frame, other))) {
        let lines = lines(frame);
        for (line, at) in
            self::lines(other).into_iter().flat_map(|line| (0..lines.len()).map(move |at| (line, at)))
        {
            let mut text = lines.clone();
            text.insert(at, line);
            agrees(&text.join(&b'\n'));
            text.remove(at + 1);
            agrees(&text.join(&b'\n'));
        }
    }
}

/// The record's time against its printed one, around the second that they may differ.
#[test]
fn times_that_differ() {
    let text = String::from_utf8(MADE[0].to_vec()).expect("text");
    let usecs = 1_516_815_865_013_218_u64;
    for (difference, fast) in
        [(0, true), (999_999, true), (1_000_000, true), (1_000_001, false), (u64::MAX, false)]
    {
        for usecs in [usecs.saturating_add(difference), usecs.saturating_sub(difference)] {
            let changed = text.replace("usecs:1516815865013218", &format!("usecs:{usecs}"));
            assert_eq!(agrees(changed.as_bytes()), fast, "{changed}");
        }
    }
}

/// Lines from all layouts, in any order, some edited.
fn shuffled() -> impl Strategy<Value = Vec<u8>> {
    let all: Vec<&[u8]> = MADE.into_iter().flat_map(lines).collect();
    let first =
        select(MADE.map(|frame| frame.split(|&byte| byte == b'\n').next().unwrap_or_default()).to_vec());
    (first, vec(select(all), 0..24)).prop_map(|(first, rest)| {
        let lines: Vec<&[u8]> = std::iter::once(first).chain(rest).collect();
        lines.join(&b'\n')
    })
}

/// A record with values of any length, and edits.
fn edited() -> impl Strategy<Value = Vec<u8>> {
    let change = (
        any::<Index>(),
        0_usize..4,
        prop_oneof![
            vec(select(BYTES), 0..3),
            vec(select(&b"0123456789abcdefABCDEF"[..]), 0..24),
            vec(any::<u8>(), 0..40)
        ],
    );
    (select(&MADE[..]), vec(change, 1..5)).prop_map(|(frame, edits)| edit(frame, edits))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 4 } else { 2000 }))]

    #[test]
    fn edited_records(text in edited()) {
        agrees(&text);
    }

    #[test]
    fn shuffled_lines(text in shuffled()) {
        agrees(&text);
    }

    #[test]
    fn random_bytes(text in vec(any::<u8>(), 0..400)) {
        agrees(&text);
        agrees(&[&MADE[0][..70], &text[..]].concat());
    }

    /// Values of any length at each place, numbers of any size, codes of any length.
    #[test]
    fn values_of_any_length(
        (sequence, session, private, public) in any::<(u64, u64, u64, u64)>(),
        bits in proptest::array::uniform4(0_u32..64),
        (opcode, code) in ("[A-Z_ (]{1,40}", "(0x)?[0-9a-fA-F]{0,17}"),
        (kind, name, end) in ("[0-9]{0,21}", "[^\n]{0,70}", select(&["", "\n", " ", "\r\n"][..])),
    ) {
        let [sequence, session, private, public] =
            [(sequence, 0), (session, 1), (private, 2), (public, 3)].map(|(number, at)| number >> bits[at]);
        let head = format!("Time: 01/24/18 17:44:25.013218, usecs:1516815865013218\n\
            Sequence No : {sequence:#x}\nReboot counter : {session:#x}\nOpcode : {opcode} ({code})\nSession Handle : {session:#x}\n\
            Log type : {opcode} ({kind})\n");
        let keys = format!("Priv/Secret Key Handle : {private}\nPublic Key Handle : {public}{end}");
        agrees(format!("{head}{keys}").as_bytes());
        agrees(format!("{head}User Name : {name}\nUser Type : {opcode} ({kind}){end}").as_bytes());
        agrees(format!("{head}User Name : {name}{end}").as_bytes());
    }
}

/// What the promise of [`hsmstream_record::Print`] needs, piece by piece.
#[test]
fn only_what_is_printed_as_usual_is_called_so() {
    let usual = std::str::from_utf8(MADE[0]).expect("UTF-8");
    let changes = [
        ("Opcode : ", "Opcode: "),
        ("Opcode : ", "Opcode :  "),
        ("Session Handle : ", "Session Handle\t: "),
        ("(0xd)", "(0xD)"),
        ("(0xd)", "(0x0d)"),
        ("(0xd)", "(d)"),
        ("(0xd)", ""),
        (" (0xd)", "  (0xd)"),
        ("(0x0)", "(0x1)"),
        ("CN_MGMT_CMD", "CN_OTHER_CMD"),
        ("163:HSM Error: ", "163: HSM Error: "),
        ("163:HSM Error: ", "163:HSM Error:"),
        ("163:HSM Error: ", "0163:HSM Error: "),
        ("163:HSM Error: ", "163:"),
        ("LOG (2)", "LOG (02)"),
        ("USER (1)", "USER (012)"),
        ("Log type", "Log typ"),
    ];
    each_change_is_unusual(usual, &changes);
    let second = std::str::from_utf8(MADE[3]).expect("UTF-8");
    let second = second.replacen("0: HSM", "0:HSM", 1);
    // Other fields, and another order of the commands and of the keys.
    let (first, second) = (print(std::str::from_utf8(MADE[1]).expect("UTF-8")), print(&second));
    assert!(first != 0 && second != 0 && first != second && first != print(usual) && second != print(usual));
    // The rarer fields have no usual way, but for clocks.
    assert_eq!([MADE[2], MADE[4]].map(|frame| print(std::str::from_utf8(frame).expect("UTF-8"))), [0, 0]);
    let clocks = "Time: 04/30/22 20:13:18.189504, usecs:1651349598189504\nSequence No : 0x1f\nReboot counter : 0x2\n\
        Command Type(hex) : TIME_INFO_CMD (0xeee2)\nOpcode : UNKNOWN_OPCODE (0xffff)\nSession Handle : 0x0\n\
        Response : 0:HSM Return: SUCCESS\nLog type : TIME_INFO_LOG (16)\n\
        local time : 04/30/22 20:13:18.189504, usec:1650658398189504\n\
        host time : 04/30/22 20:13:18.191729 usec:1650658398191729\npropagation delay : usec:39";
    let changes = [
        ("18.189504, usec:16", "18.189504 usec:16"),
        ("18.191729 usec", "18.191729, usec"),
        ("local time : 04", "local time : 14"),
        ("398191729\n", "39819172\n"),
        ("usec:39", "usec: 39"),
        ("\npropagation delay : usec:39", ""),
        ("TIME_INFO_CMD (0xeee2)", "CN_MGMT_CMD (0x0)"),
        ("TIME_INFO_CMD (0xeee2)", "TIME_INFO_CMD (0xEEE2)"),
    ];
    each_change_is_unusual(clocks, &changes);
}

/// How a record is printed, as a number; 0 if in no usual way.
fn print(text: &str) -> u64 {
    parse(text.as_bytes(), &Limits::default()).map_or(0, |audit| audit.print.numbers().0)
}

/// A record is printed as usual, and no longer if one part is printed in another way.
fn each_change_is_unusual(usual: &str, changes: &[(&str, &str)]) {
    assert_ne!(print(usual), 0, "{usual}");
    for (part, other) in changes {
        let odd = usual.replacen(part, other, 1);
        assert_ne!(odd, usual, "{part}");
        assert_eq!(print(&odd), 0, "{odd}");
    }
}
