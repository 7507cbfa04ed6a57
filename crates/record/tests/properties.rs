//! What holds for all input: no panic, valid views, fields that agree with the view, round trips.

use hsmstream_record::{Body, Field, Limits, Origin, Reason, Record, escape, parse, time, trim_end};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::Value as Json;

const SAMPLES: [&[u8]; 4] = [
    include_bytes!("../../../tests/samples/01-aws-userguide-interpreting-audit-logs.txt"),
    include_bytes!("../../../tests/samples/02-alphagov-hsm_login_error_user_doesnt_exist.txt"),
    include_bytes!("../../../tests/samples/04-alphagov-hsm_wrap_key-with-key-handle.txt"),
    b"Time: 04/22/22 20:13:18.000000, usecs:1650658398000000\nVersion No : 2\nSequence No : 0x1f\n\
    Reboot counter : 0x2\nOpcode : CN_SHARE_OBJECT (0x12)\nCommand Type(hex) : CN_MGMT_CMD (0x0)\n\
    User id : 9\nSession Handle : 0x1004001\nResponse : 0:HSM Return: SUCCESS\n\
    Log type : USER_MANAGE_LOG (3)\nPublic Key Handle : 0\nPriv/Secret Key Handle : 7\nKey Handle : 8\n\
    local time : 04/22/22 20:13:18.001000, usec:1650658398001000\n\
    host time : 04/22/22 20:13:18.003225 usec:1650658398003225\npropagation delay : usec:39\n\
    User Name : officer1\nUser Type : CN_CRYPTO_OFFICER (2)\nMechanism : 1\nTarget User Name : carol\n\
    Target User Type : CN_CRYPTO_USER (1)\nTarget User id : 12\nMfa enabled : no\n\
    Operation : SHARE (1)\nNumber of Users : 2\nUserIDs : 3,4",
];

/// The pieces from which hostile text is made.
const SPLINTERS: [&[u8]; 16] = [
    b"\n",
    b"\r\n",
    b" ",
    b"\t",
    b":",
    b" : ",
    b"\nUser Name : x",
    b"\nUser Type : CN_CRYPTO_USER (1)",
    b"\nVersion No : 2",
    b"\nOpcode : CN_LOGOUT (0xe)",
    b"\nSequence No : 0x99",
    b"\nNote : x",
    b"\nstray",
    b" (0x",
    b"\xff",
    b"\0",
];

fn check(frame: &[u8]) -> Result<(), TestCaseError> {
    let malformed = match parse(frame, &Limits::default()) {
        Ok(audit) => {
            prop_assert_eq!(audit.raw.bytes(), trim_end(frame));
            let record = Record { origin: Origin::default(), body: Body::Audit(audit) };
            return check_view(&record);
        }
        Err(malformed) => malformed,
    };
    prop_assert!(usize::try_from(malformed.offset).is_ok_and(|offset| offset <= frame.len()));
    prop_assert!(malformed.reason <= Reason::MissingOpcode);
    Ok(())
}

/// The view is one line of JSON, and each of its scalars is the field of that name.
fn check_view(record: &Record<'_>) -> Result<(), TestCaseError> {
    let mut view = Vec::new();
    record.write_view(&mut view);
    prop_assert!(!view.contains(&b'\n'));
    let view: Json = serde_json::from_slice(&view).map_err(|error| TestCaseError::fail(error.to_string()))?;
    let mut scalars = 0;
    for name in Field::NAMES {
        let field = Field::parse(name).map_err(|error| TestCaseError::fail(error.to_string()))?;
        let shown = view.pointer(&format!("/{}", name.replace('.', "/")));
        let value = record.value(&field).map(|value| {
            let mut out = Vec::new();
            let _shown = value.write_json(&mut out);
            serde_json::from_slice::<Json>(&out).expect("a value is JSON")
        });
        prop_assert_eq!(shown, value.as_ref(), "{}", name);
        scalars += usize::from(shown.is_some());
    }
    prop_assert_eq!(count_scalars(&view), scalars);
    Ok(())
}

/// Scalars of the view outside `extra` and `anomalies`.
fn count_scalars(view: &Json) -> usize {
    let members = view.as_object().into_iter().flatten();
    members
        .filter(|(name, _)| !matches!(name.as_str(), "extra" | "anomalies"))
        .map(|(_, value)| value.as_object().map_or(1, serde_json::Map::len))
        .sum()
}

/// A genuine record with a few edits.
fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let edit = (
        any::<Index>(),
        0_usize..12,
        prop_oneof![select(&SPLINTERS[..]).prop_map(<[u8]>::to_vec), vec(any::<u8>(), 0..4)],
    );
    (select(&SAMPLES[..]), vec(edit, 0..6), any::<bool>()).prop_map(|(sample, edits, folded)| {
        let first_end = memchr::memmem::find(sample, b"\nTime:").unwrap_or(sample.len());
        let mut text = sample.get(..first_end).unwrap_or_default().to_vec();
        if folded {
            text.iter_mut().filter(|byte| **byte == b'\n').for_each(|byte| *byte = b' ');
        }
        for (at, removed, inserted) in edits {
            let start = at.index(text.len() + 1);
            let end = (start + removed).min(text.len());
            text.splice(start..end, inserted);
        }
        text
    })
}

/// A value without blanks at its ends, line ends and what would be read as a code.
fn text() -> impl Strategy<Value = String> {
    "[A-Za-z0-9_.:'é-]{1,12}( [a-z:]{1,8})?"
}

proptest! {
    #[test]
    fn arbitrary_bytes(frame in vec(any::<u8>(), 0..400)) {
        check(&frame)?;
    }

    #[test]
    fn arbitrary_lines(lines in vec((select(&SPLINTERS[..]), vec(any::<u8>(), 0..8)), 0..80)) {
        let mut frame = b"Time: 01/24/18 17:44:25.013218, usecs:1516815865013218\nSequence No : 0x5\nOpcode : X".to_vec();
        for (splinter, bytes) in lines {
            frame.extend_from_slice(splinter);
            frame.extend_from_slice(&bytes);
        }
        check(&frame)?;
    }

    #[test]
    fn mutated_records(frame in mutated()) {
        check(&frame)?;
    }

    /// Every way to cut a record short gives a record or a reject.
    #[test]
    fn truncated_records(sample in select(&SAMPLES[..]), at in any::<Index>()) {
        check(sample.get(..at.index(sample.len())).unwrap_or_default())?;
    }

    #[test]
    fn printed_records_are_read_back(
        (usecs, sequence, reboot) in (0..=time::USECS_MAX, any::<u64>(), any::<Option<u32>>()),
        (opcode, code) in ("[A-Z_]{1,20}", any::<Option<u64>>()),
        (session, response) in (any::<Option<u64>>(), proptest::option::of((any::<u64>(), text()))),
        (name, user_type) in (proptest::option::of(text()), 0_u64..9),
        keys in proptest::array::uniform2(any::<Option<u64>>()),
        note in proptest::option::of(text()),
        (colon, end) in (select(&[":", " : ", "\t\t: ", " :"][..]), select(&["\n", "\r\n"][..])),
    ) {
        let mut lines = vec![format!("Time: 01/24/18 17:44:25.013218, usecs:{usecs}")];
        let mut line = |label: &str, value: String| lines.push(format!("{label}{colon}{value}"));
        line("Sequence No", format!("{sequence:#x}"));
        if let Some(reboot) = reboot { line("Reboot counter", format!("{reboot:#x}")) }
        line("Opcode", opcode.clone() + &code.map(|code| format!(" ({code:#x})")).unwrap_or_default());
        if let Some(session) = session { line("Session Handle", format!("{session:#X}").replace('X', "x")) }
        if let Some((code, text)) = &response { line("Response", format!("{code}:HSM Error: {text}")) }
        if let Some(note) = &note { line("Vendor Note", note.clone()) }
        if let Some(key) = keys[0] { line("Key Handle", key.to_string()) }
        if let Some(key) = keys[1] { line("Public Key Handle", key.to_string()) }
        if let Some(name) = &name { line("User Name", name.clone()) }
        line("User Type", format!("CN_X ({user_type})"));
        let frame = lines.join(end);
        let audit = parse(frame.as_bytes(), &Limits::default()).expect("a record");
        prop_assert_eq!((audit.usecs, audit.sequence, audit.reboot), (usecs, sequence, reboot));
        prop_assert_eq!((audit.opcode, audit.opcode_code), (Some(opcode.as_bytes()), code));
        prop_assert_eq!(audit.session.map(|session| session.handle), session);
        let answer = audit.response.map(|response| (response.code, response.text));
        prop_assert_eq!(answer, response.as_ref().map(|(code, text)| (*code, text.as_bytes())));
        prop_assert_eq!(audit.extra().next(), note.as_ref().map(|note| (&b"Vendor Note"[..], note.as_bytes())));
        prop_assert_eq!([audit.key.object_handle, audit.key.public_handle], keys);
        prop_assert_eq!(audit.user.name, name.as_ref().map(String::as_bytes));
        prop_assert_eq!((audit.user.user_type, audit.user.type_code), (Some(&b"CN_X"[..]), Some(user_type)));
    }

    /// Folding a record changes nothing but the anomaly, as long as no value looks like a label.
    #[test]
    fn folding_keeps_the_fields(sequence in any::<u64>(), name in "[a-z]{0,9}( : [a-z]{0,9})?", key in any::<u64>()) {
        let lines = format!("Time: 01/24/18 17:44:25.013218, usecs:1516815865013218\nSequence No : {sequence:#x}\n\
            Opcode : CN_LOGIN (0xd)\nKey Handle : {key}\nUser Name : {name}\nUser Type : CN_CRYPTO_USER (1)");
        let folded = lines.replace('\n', " ");
        let limits = Limits::default();
        let mut record = parse(lines.as_bytes(), &limits).expect("a record");
        record.anomalies.insert(hsmstream_record::Anomaly::Folded);
        record.raw = folded.as_bytes().into();
        prop_assert_eq!(parse(folded.as_bytes(), &limits).expect("a record"), record);
    }

    #[test]
    fn strings_escape_as_serde_escapes(bytes in vec(any::<u8>(), 0..60)) {
        let mut out = Vec::new();
        let shown = escape::json_string(&bytes, &mut out);
        let lossy = String::from_utf8_lossy(&bytes);
        prop_assert_eq!(serde_json::from_slice::<String>(&out).expect("a string"), &*lossy);
        prop_assert_eq!(shown == escape::Shown::Exactly, str::from_utf8(&bytes).is_ok());
    }

    #[test]
    fn terminals_get_printable_text(bytes in vec(any::<u8>(), 0..60), characters in ".{0,20}") {
        for text in [&bytes[..], characters.as_bytes()] {
            let mut out = Vec::new();
            escape::terminal(text, &mut out);
            let out = String::from_utf8(out).expect("text");
            let turns = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
            let clean = !out.chars().any(|c| c.is_control() || turns(c));
            prop_assert!(clean);
        }
    }

    #[test]
    fn times_are_read_back(usecs in 0..=time::USECS_MAX) {
        let mut out = Vec::new();
        time::rfc3339_micros(usecs, &mut out);
        prop_assert_eq!(time::parse_rfc3339(&out), Some(usecs));
        out.clear();
        let usecs = usecs % 3_155_760_000_000_000 + 946_684_800_000_000; // 2000 to 2099
        time::printed(usecs, &mut out);
        prop_assert_eq!(time::parse_printed(&out), Some(usecs));
    }

    #[test]
    fn time_texts_never_panic(text in vec(any::<u8>(), 0..40), digits in "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(\\.[0-9]{0,9})?[Z+-][0-9:]{0,5}") {
        let _any = (time::parse_rfc3339(&text), time::parse_printed(&text));
        let _near = (time::parse_rfc3339(digits.as_bytes()), time::parse_printed(digits.as_bytes()));
    }
}
