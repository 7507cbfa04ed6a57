//! Records: no frame makes the parser panic; what it accepts borrows from the frame and has a view that is JSON.

#![no_main]

use std::hint::black_box;

use hsmstream_json::Tape;
use hsmstream_record::{Body, Field, Limits, Origin, Record, is_boundary, parse};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let limits = Limits::default();
    black_box(is_boundary(data));
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
