//! Records: no frame makes a parser panic; all parsers agree; what they accept borrows from the frame and has a view
//! that is JSON.

#![no_main]

use std::hint::black_box;

use hsmstream_json::Tape;
use hsmstream_record::{
    Body, Field, Limits, Origin, Record, TextBuffer, Vectors, is_boundary, parse, parse_brief,
    parse_carefully, parse_escaped, parse_escaped_with, parse_fast, parse_fast_with, parse_odd,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let limits = Limits::default();
    black_box(is_boundary(data));
    agree(data, &limits);
    let audit = match parse(data, &limits) {
        Ok(audit) => audit,
        Err(malformed) => {
            assert!(malformed.offset as usize <= data.len(), "an offset outside the frame");
            return;
        }
    };
    assert!(data.as_ptr_range().contains(&audit.raw.bytes().as_ptr()), "the text is borrowed from the frame");
    // Parsing what was kept as the record's text gives the same record.
    let again = parse(audit.raw.bytes(), &limits).expect("a record's own text is a record");
    let record = |audit| Record { origin: Origin::default(), body: Body::Audit(audit) };
    let (first, second) = (record(audit), record(again));
    let mut view = Vec::new();
    first.write_view(&mut view);
    let mut same = Vec::new();
    second.write_view(&mut same);
    assert_eq!(view, same, "the view depends on more than the text");
    let mut tape = Tape::new();
    tape.parse(&view, limits.json_nesting_max).expect("a view is JSON");
    assert!(std::str::from_utf8(&view).is_ok(), "a view is UTF-8");
    for name in Field::NAMES {
        let field = Field::parse(name).expect("a listed name is a field");
        black_box(first.value(&field));
    }
});

/// The careful parser says what is right; the others may only answer less often, or with less.
fn agree(data: &[u8], limits: &Limits) {
    let careful = parse_carefully(data, limits);
    assert_eq!(parse(data, limits), careful);
    assert_eq!(parse_odd(data, limits), careful);
    let fast = parse_fast(data, limits);
    assert!(fast.is_none_or(|audit| Ok(audit) == careful));
    for vectors in Vectors::ALL {
        assert_eq!(parse_fast_with(vectors, data, limits), fast);
    }
    let brief = parse_brief(data, limits);
    assert_eq!(brief, careful.map(|audit| audit.brief()));
    if let (Ok(brief), Ok(audit)) = (brief, careful) {
        assert_eq!(brief.parse(), audit);
    }
    // The bytes as a JSON string: line ends escaped. Other control characters may not stand in one.
    if data.iter().any(|byte| matches!(byte, b'"' | b'\\' | 0..0x20) && *byte != b'\n') {
        return;
    }
    let lines: Vec<&[u8]> = data.split(|byte| *byte == b'\n').collect();
    let string = [&lines.join(&b"\\n"[..])[..], b"\""].concat();
    let (mut first, mut second) = (TextBuffer::new(), TextBuffer::new());
    let escaped = parse_escaped(&string, limits, &mut first);
    for vectors in Vectors::ALL {
        assert_eq!(parse_escaped_with(vectors, &string, limits, &mut second), escaped);
    }
    if let Some((audit, length)) = escaped {
        assert_eq!((Ok(audit), length), (careful, string.len()));
    }
}
