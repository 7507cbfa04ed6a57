//! Filters refuse only what is not there.

use proptest::collection::vec;
use proptest::prelude::*;

use super::{TextFilter, ValueFilter};
use crate::shape::{Glance, text_sketch};

#[test]
fn filters_refuse_most_of_what_is_not_there() {
    let filter = ValueFilter::of(&[text_sketch(b"0x7fff00007"), 900_000_123], &[]);
    assert!(filter.may_want(Glance::Text(b"0x7FFF00007")));
    assert!(filter.may_want(Glance::Number(900_000_123)));
    assert!(filter.may_want(Glance::Unknown));
    assert!(!filter.may_want(Glance::Nothing));
    let refused = (0..1000).filter(|number| !filter.may_want(Glance::Number(262_144 + number))).count();
    assert!(refused > 900, "{refused}");
    let names = TextFilter::of(&[b"RET_ERROR_1", b"breakglass-7"]);
    for (text, is_let_through) in [(&b"my-breakglass-7"[..], true), (b"app-1", false)] {
        assert_eq!(names.may_find(text), is_let_through, "{}", text.escape_ascii());
    }
    let refused = (0..1000).filter(|number| !names.may_find(format!("operator-{number}").as_bytes())).count();
    assert!(refused > 600, "{refused}");
    assert!(!TextFilter::of(&[]).may_find(b"anything"));
}

/// Long texts made of beginnings and words of what is looked for, as an attacker would write them.
#[test]
fn filters_refuse_long_texts_that_mislead() {
    let texts: Vec<String> = (0..800)
        .map(|number| match number % 2 {
            0 => format!("RET_DENIED_{number}"),
            _ => format!("CN_{}_USER_{number:x}", number * 7919),
        })
        .collect();
    let filter = TextFilter::of(&texts.iter().map(String::as_bytes).collect::<Vec<_>>());
    let refused = texts.windows(9).filter(|some| {
        let name: String = some.iter().map(|text| format!("{} ", &text[..text.len() - 1])).collect();
        let name = name.repeat(3);
        !filter.may_find(name.as_bytes()) || texts.iter().any(|text| name.contains(text))
    });
    let refused = refused.count();
    assert!(!TextFilter::of(&[b"a-bcd", b"bcde-"]).may_find(&b"bcde".repeat(100)));
    assert!(refused > 700, "{refused} of 792");
    assert!(texts.iter().all(|text| filter.may_find(format!("RET_DENIED {text} CN_").as_bytes())));
}

proptest! {
    #[test]
    fn what_is_there_is_let_through(
        texts in prop_oneof![vec("[a-cA-C0-9_]{0,7}", 0..6), vec("[ab]{0,3}-[a-c.]{3,5}", 0..6)],
        before in "[a-c]{0,80}",
        behind in "[a-c]{0,20}",
        number in any::<u64>(),
    ) {
        let bytes: Vec<&[u8]> = texts.iter().map(|text| text.as_bytes()).filter(|text| !text.is_empty()).collect();
        let filter = TextFilter::of(&bytes);
        let sketches: Vec<u64> = bytes.iter().map(|text| text_sketch(text)).chain([number]).collect();
        let values = ValueFilter::of(&sketches, &bytes);
        prop_assert!(values.may_want(Glance::Number(number)));
        for text in &bytes {
            let holder = [before.as_bytes(), text, behind.as_bytes()].concat();
            prop_assert!(filter.may_find(&holder));
            prop_assert!(values.may_want(Glance::Text(&holder)));
            prop_assert!(values.may_want(Glance::Text(text)));
            prop_assert!(ValueFilter::of(&sketches, &[]).may_want(Glance::Text(&text.to_ascii_lowercase())));
        }
    }
}
