//! Objects with many members: past 64 of them repeated names are found another way.

use hsmstream_pattern::{Limits, parse};

use crate::support::Ways;

#[test]
fn the_last_of_repeated_names_counts_in_objects_of_any_size() {
    let texts =
        ["{ $.* = 1 }", "{ $.* = 2 }", "{ $.a = 1 }", "{ $.a = 2 }", "{ $[*] = 1 }", "{ $.* IS NULL }"];
    let patterns = texts.iter().map(|text| parse(text, &Limits::default()).expect("a pattern")).collect();
    let mut ways = Ways::new(patterns);
    for filler in [0, 62, 63, 64, 65, 300] {
        let members: String = (0..filler).map(|number| format!(",\"f{number}\":0")).collect();
        // The second name is the first one, written with an escape.
        let event = format!(r#"{{"a":1{members},"\u0061":2}}"#);
        assert_eq!(ways.matching(event.as_bytes()), [1, 3], "{filler} members between");
        let event = format!(r#"{{"\u0061":1{members},"a":null,"b":1}}"#);
        assert_eq!(ways.matching(event.as_bytes()), [0, 4, 5], "{filler} members between");
    }
}
