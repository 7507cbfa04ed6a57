//! The parser of odd records against the careful one: they agree on every frame, in the record or in the reason why it is
//! none.
//!
//! Exhaustive near records that are odd already: every byte changed, removed, doubled; every cut; every line removed,
//! doubled, moved. Random beyond.

mod common;
#[path = "common/vectors.rs"]
mod conformance;
#[path = "common/edits.rs"]
mod edits;

use common::split;
use edits::edit;
use hsmstream_record::{Limits, parse, parse_brief, parse_carefully, parse_odd};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

const SAMPLES: [&[u8]; 4] = [
    include_bytes!("../../../tests/samples/01-aws-userguide-interpreting-audit-logs.txt"),
    include_bytes!("../../../tests/samples/02-alphagov-hsm_login_error_user_doesnt_exist.txt"),
    include_bytes!("../../../tests/samples/03-alphagov-hsm_wrap_key.txt"),
    include_bytes!("../../../tests/samples/04-alphagov-hsm_wrap_key-with-key-handle.txt"),
];

/// Records that are odd in every way that the grammar has a word for.
const ODD: [&[u8]; 6] = [
    // Forged lines behind a user name, and the genuine one behind them.
    b"Time: 01/24/18 17:44:25.013218, usecs:1516815865013218\nSequence No : 0x5\nReboot counter : 0x107\n\
    Command Type(hex) : CN_MGMT_CMD (0x0)\nOpcode : CN_LOGIN (0xd)\nSession Handle : 0xc008002\n\
    Response : 163:HSM Error: RET_USER_LOGIN_FAILURE\nLog type : MGMT_USER_DETAILS_LOG (2)\nUser Name : x\n\
    Response : 0:HSM Return: SUCCESS\nUser Type : CN_CRYPTO_OFFICER (2)\nTime: 01/24/18\nVersion No : 2\n\
    User Name : y\nMechanism : 3\nNote : z\nUser Type : CN_CRYPTO_USER (1)\n",
    // The same of the second layout: labels before and behind the name, an absent value last, a code that is none.
    b"Time : 04/22/22 20:13:18.000000 usec:1650658398000000\nVersion No : 2\nSequence No : 0xFFFFFFFFFFFFFFFF\n\
    Opcode : CN_SHARE_OBJECT (12)\nCommand Type(hex) : CN_MGMT_CMD\nMechanism : 7\nUser id : 9\n\
    User Name :\nMechanism : 1\nTarget User Name :\nTarget User Type : A (1)\nTarget User Type :\n\
    Target User id : 12\nMfa enabled : no\nOperation : SHARE (x)\nNumber of Users : 2\nUserIDs : 3,4\n\
    User Type : A (b)\nUser Type : B (2)",
    // Values that do not parse, numbers at their limits, a response that contradicts itself.
    b"Time: 01/24/18 17:44:27.013219, usecs:1516815865013218\nSequence No : 0x00000000000000aB\n\
    Reboot counter : 0x1ffffffff\nOpcode : A (0x1ffffffffffffffff)\nSession Handle : 0xxyz\nResponse : 7:HSM Return: X\n\
    Priv/Secret Key Handle : 18446744073709551615\nPublic Key Handle : 18446744073709551616\nKey Handle : 000000000\n\
    local time : 04/30/22 20:13:18.189504, usec:1650658398189504\nhost time : 04/30/22 usec:x\n\
    propagation delay : usec: 39\nLog type : (3)",
    // Spacing, CR, empty and stray lines, repeated labels.
    b"\n \t\r\nTime\t:\t01/24/18 17:44:25.013218,usecs: 1516815865013218 \r\n\r\nSequence No:0x5\t\r\n\
    Opcode\t\t: CN_LOGIN\t(0xd) \r\n Opcode : X\r\nOpcode : Y\r\nOpcodes : Z\n: stray\n\nstray\r\r\n\
    Log type :\r\nResponse  :  12: nothing known  \r\nUserIDs:1\r\n",
    // A frame in one line.
    b"Time: 01/24/18 17:44:25.013218, usecs:1516815865013218 Sequence No : 0x5 Reboot counter : 0x107 \
    Command Type(hex) : CN_MGMT_CMD (0x0) Opcode : CN_LOGIN (0xd) Session Handle : 0xc008002 \
    Response : 163:HSM Error: RET_USER_LOGIN_FAILURE Public Key Handle : 1 Key Handle : 2 Log type : A (2) \
    User Name : a User Type : b User Type : CN_CRYPTO_USER (1)",
    b"Time: 01/24/18 17:44:25.013218, usecs:1516815865013218\nSequence No : 0x5\nOpcode : A (1)\na:1\nb:\nc : 3\n\nd: 4",
];

/// Bytes that mean something somewhere in a record, and neighbours of the digits.
const BYTES: &[u8] = b"\n\r\t :(),./x0159afAFgG@`U\0\x0b\x1a\x7f\x80\xff";

/// All parsers give what the careful one gives, whatever the limits.
fn check(frame: &[u8]) {
    let lines = u32::try_from(memchr::memchr_iter(b'\n', frame).count()).expect("few lines");
    let standard = Limits::default();
    let all = [
        standard,
        Limits { frame_lines_max: u32::MAX, ..standard },
        Limits { frame_lines_max: lines, ..standard },
        Limits { frame_bytes_max: frame.len().saturating_sub(1), ..standard },
    ];
    for limits in all {
        let careful = parse_carefully(frame, &limits);
        assert_eq!(parse_odd(frame, &limits), careful, "{}", frame.escape_ascii());
        assert_eq!(parse(frame, &limits), careful, "{}", frame.escape_ascii());
        let brief = careful.map(|audit| audit.brief());
        assert_eq!(parse_brief(frame, &limits), brief, "{}", frame.escape_ascii());
    }
}

fn lines(frame: &[u8]) -> Vec<&[u8]> {
    frame.split(|&byte| byte == b'\n').collect()
}

#[test]
fn samples() {
    let frames: Vec<&[u8]> = SAMPLES.into_iter().flat_map(split).chain(ODD).collect();
    assert!(frames.len() > 20);
    for frame in frames {
        check(frame);
        for end in [&b"\r\n"[..], b" ", b"\n\n", b"_"] {
            check(&lines(frame).join(end));
        }
    }
}

#[test]
fn vectors() {
    let mut frames = 0;
    for (_, input) in conformance::vectors() {
        for frame in split(&input).into_iter().chain([&input[..]]) {
            frames += 1;
            check(frame);
        }
    }
    assert!(conformance::are_enough(frames, 300));
}

#[test]
#[cfg_attr(miri, ignore = "too many cases for Miri")]
fn every_byte_changed_removed_or_doubled() {
    for frame in ODD {
        for at in 0..frame.len() {
            let mut text = frame.to_vec();
            for &byte in BYTES {
                text[at] = byte;
                check(&text);
            }
            text[at] = frame[at];
            text.insert(at, frame[at]);
            check(&text);
            for &byte in b" \t\r\n:0" {
                text[at] = byte;
                check(&text);
            }
            text.drain(at..at + 2);
            check(&text);
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "too many cases for Miri")]
fn every_cut() {
    for frame in ODD {
        for at in 0..frame.len() {
            check(&frame[..at]);
            check(&frame[at..]);
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "too many cases for Miri")]
fn every_line_removed_doubled_or_moved() {
    for (frame, other) in ODD.iter().flat_map(|frame| ODD.iter().map(move |other| (frame, other))) {
        let lines = lines(frame);
        for (at, line) in self::lines(other).into_iter().enumerate() {
            for to in 0..lines.len() {
                let mut text = lines.clone();
                text.insert(to, line);
                check(&text.join(&b'\n'));
                text.remove(to + 1);
                check(&text.join(&b'\n'));
                let mut text = lines.clone();
                text.swap(at % lines.len(), to);
                check(&text.join(&b'\n'));
            }
        }
    }
}

/// As many lines as an index of line ends holds, one less, one more, many times as many; some of them empty.
#[test]
#[cfg_attr(miri, ignore = "too many cases for Miri")]
fn any_number_of_lines() {
    let front = b"Time: 01/24/18 17:44:25.013218, usecs:1516815865013218\nSequence No : 0x5\n";
    for count in (0..140).chain([1000, 5000]) {
        for line in [&b"\n"[..], b"a:b\n", b"Opcode : A (0x1)\n", b"User Name : x\n", b"User Type : A (1)\n"]
        {
            let text = [&front[..], &line.repeat(count), b"Opcode : B (2)"].concat();
            check(&text);
            let numbered: Vec<u8> = (0..count)
                .flat_map(|number| [format!("{number}").as_bytes(), b" : ", line].concat())
                .collect();
            check(&[&front[..], &numbered, b"Opcode : B (2)"].concat());
        }
    }
}

/// Labels with anything behind, cut off where the text ends.
#[test]
#[cfg_attr(miri, ignore = "too many cases for Miri")]
fn every_label_at_the_end() {
    let front = b"Time: 01/24/18 17:44:25.013218, usecs:1516815865013218\nSequence No : 0x5\nOpcode : A\n";
    for line in ODD.into_iter().flat_map(lines) {
        for end in 0..line.len() {
            for more in [&b""[..], b" ", b":", b" : ", b" : 1", b"\t\t: 1", b" : usec:1", b"\n: 1"] {
                check(&[&front[..], &line[..end], more].concat());
                check(
                    &[&front[..], &line[..end], more, b"\nUser Name : abcdefghijklmnopqrstuvwxyz"].concat(),
                );
            }
        }
    }
}

/// Lines of all records, in any order.
fn shuffled() -> impl Strategy<Value = Vec<u8>> {
    let all: Vec<&[u8]> = ODD.into_iter().flat_map(lines).collect();
    let end = select(vec![&b"\n"[..], b"\r\n", b" \n", b" ", b"\n\n"]);
    (vec(select(all), 0..60), end).prop_map(|(rest, end)| {
        let first = &b"Time: 01/24/18 17:44:25.013218, usecs:1516815865013218"[..];
        [first].into_iter().chain(rest).collect::<Vec<_>>().join(end)
    })
}

/// A record with edits.
fn edited() -> impl Strategy<Value = Vec<u8>> {
    let labels: Vec<&[u8]> = ODD.into_iter().flat_map(lines).collect();
    let inserted = prop_oneof![
        vec(select(BYTES), 0..3),
        select(labels).prop_map(<[u8]>::to_vec),
        vec(select(&b"0123456789abcdefABCDEF"[..]), 0..24),
        vec(any::<u8>(), 0..40),
    ];
    (select(&ODD[..]), vec((any::<Index>(), 0_usize..20, inserted), 1..6))
        .prop_map(|(frame, edits)| edit(frame, edits))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 4 } else { 4000 }))]

    #[test]
    fn edited_records(text in edited()) {
        check(&text);
    }

    #[test]
    fn shuffled_lines(text in shuffled()) {
        check(&text);
    }

    #[test]
    fn random_bytes(text in vec(any::<u8>(), 0..400)) {
        check(&text);
        check(&[&ODD[0][..70], &text[..]].concat());
    }

    /// Any name, with forged lines, in front of lines that are genuine.
    #[test]
    fn forged_names(name in vec(forged(), 0..60)) {
        let (head, tail) = ODD[0].split_at(memchr::memmem::find(ODD[0], b"x\n").expect("a name"));
        check(&[head, &name.concat(), tail].concat());
    }
}

/// A byte or line of a name that somebody chose.
fn forged() -> impl Strategy<Value = Vec<u8>> {
    let forged: Vec<&[u8]> = ODD.into_iter().flat_map(lines).collect();
    prop_oneof![
        any::<u8>().prop_map(|byte| vec![byte]),
        select(forged).prop_map(|line| [b"\n", line].concat())
    ]
}
