//! Field names, and the forms of time and escape that have no counterpart to compare with.

use hsmstream_record::{Field, Why, escape, time};

#[test]
fn names_are_read_and_printed() {
    let open = [
        "extra.Vendor Note",
        "extra.",
        "extra.a.b",
        "event.a",
        "event.a.b-c",
        "event['a.b'].c",
        "event.x['p\\'9']",
        "event['']",
    ];
    for name in Field::NAMES.into_iter().chain(open) {
        assert_eq!(Field::parse(name).expect(name).name(), name.replace("['p\\'9']", ".p'9"));
    }
    assert_eq!(Field::parse("event.a.['b']"), Field::parse("event.a.b"));
    assert_eq!(Field::parse("event.a"), Ok(Field::Event(Box::new(["a".into()]))));
}

#[test]
fn what_is_no_field_says_why_and_what_is_near() {
    for (name, why, nearest) in [
        ("opcod", Why::Unknown, Some("opcode")),
        ("user.nmae", Why::Unknown, Some("user.name")),
        ("name", Why::Unknown, Some("user.name")),
        ("whatever", Why::Unknown, None),
        ("", Why::Unknown, None),
        ("anomalies", Why::List, None),
        ("key", Why::Object, None),
        ("event", Why::Object, None),
        ("event.", Why::BadPath, None),
        ("event..a", Why::BadPath, None),
        ("event['a", Why::BadPath, None),
        ("event['a']b", Why::BadPath, None),
        (&format!("event{}", ".a".repeat(33)), Why::BadPath, None),
        (&"x".repeat(2000), Why::TooLong, None),
    ] {
        let error = Field::parse(name).expect_err(name);
        assert_eq!((error.why, error.nearest), (why, nearest), "{name}");
    }
    let error = Field::parse("opcod").expect_err("a slip");
    assert_eq!(error.to_string(), "no such field; did you mean `opcode`?");
}

#[test]
fn times() {
    let text = |usecs| {
        let mut out = Vec::new();
        time::rfc3339_micros(usecs, &mut out);
        String::from_utf8(out).expect("text")
    };
    assert_eq!(text(0), "1970-01-01T00:00:00.000000Z");
    assert_eq!(text(951_782_400_000_001), "2000-02-29T00:00:00.000001Z");
    assert_eq!(text(4_107_542_400_000_000), "2100-03-01T00:00:00.000000Z");
    assert_eq!(text(time::USECS_MAX), "9999-12-31T23:59:59.999999Z");
    assert_eq!(text(u64::MAX), "9999-12-31T23:59:59.999999Z");
    for (printed, usecs) in [
        ("2017-07-11T03:50:45Z", Some(1_499_745_045_000_000)),
        ("2018-01-24T17:44:25.013Z", Some(1_516_815_865_013_000)),
        ("2018-01-24T18:44:25.0130009+01:00", Some(1_516_815_865_013_000)),
        ("1970-01-01T00:00:00-00:01", Some(60_000_000)),
        ("1970-01-01T00:00:00+00:01", None),
        ("9999-12-31T23:59:59-00:01", None),
        ("2017-07-11T03:50:45", None),
        ("2017-07-11T03:50:45.Z", None),
        ("2017-02-29T03:50:45Z", None),
    ] {
        assert_eq!(time::parse_rfc3339(printed.as_bytes()), usecs, "{printed}");
    }
}

#[test]
fn terminal_text() {
    for (bytes, shown) in [
        (&b"plain \xc3\xa9 \\x"[..], "plain \u{e9} \\x"),
        (b"\x1b[31m\x07\x7f\n", "\\x1b[31m\\x07\\x7f\\x0a"),
        (b"\xc2\x9b\xff\xe2\x80\xaenimda", "\\xc2\\x9b\\xff\\xe2\\x80\\xaenimda"),
    ] {
        assert_eq!(escape::Terminal(bytes).to_string(), shown);
    }
    let mut lines = Vec::new();
    escape::terminal_lines(b"a\tb\nc\r\x1b", &mut lines);
    assert_eq!(lines, b"a\tb\nc\\x0d\\x1b");
}
