//! Divisions of texts over free parts, and that none is missed.

use proptest::prelude::*;

use super::{Overlap, through};
use crate::set::template::Neighbours;
use crate::shape::Class;

fn part<'t>(before: &'t str, class: Class, behind: &'t str) -> Neighbours<'t> {
    Neighbours { before: before.as_bytes(), slot: 0, class, behind: behind.as_bytes() }
}

#[test]
fn texts_over_the_borders_of_parts() {
    let name = part("\nUser Name : ", Class::Any, "\nUser Type : CN_CRYPTO_USER (1)");
    let hex = part("\nSession Handle : 0x", Class::Hex, "\nResponse : 0:HSM Return: SUCCESS");
    let time = part("Time: ", Class::Time, ", usecs:");
    let within = Some(Overlap { before: 0, behind: 0 });
    for (text, part, expected) in [
        ("RET_ERROR_1", name, within),
        ("RET_ERROR_1", hex, None),
        ("163", hex, within),
        ("BADCAFE", hex, within),
        ("BADGE", hex, None),
        ("0x7000", hex, Some(Overlap { before: 2, behind: 0 })),
        ("0x", hex, None),
        ("1\nResponse : 0", hex, Some(Overlap { before: 0, behind: 13 })),
        ("0x\nResponse", hex, Some(Overlap { before: 2, behind: 9 })),
        ("Response", hex, None),
        ("Handle : 0x", hex, None),
        ("17:44", time, within),
        (": 01/24", time, Some(Overlap { before: 2, behind: 0 })),
        ("25.013218, use", time, Some(Overlap { before: 0, behind: 5 })),
        ("Name : admin", name, Some(Overlap { before: 7, behind: 0 })),
        ("admin\nUser Type", name, Some(Overlap { before: 0, behind: 10 })),
        (" \nUser Type", name, Some(Overlap { before: 1, behind: 10 })),
        (" ", name, Some(Overlap { before: 0, behind: 0 })),
    ] {
        let found = through(text.as_bytes(), part);
        match expected {
            None => assert_eq!(found, None, "{text}"),
            Some(least) => {
                let found = found.unwrap_or_else(|| panic!("{text} is not through the part"));
                assert_eq!(found.union(least), found, "{text}");
            }
        }
    }
    assert_eq!(through(b"RET_ERROR_1", name), within, "one looks no further than one has to");
}

proptest! {
    /// Any occurrence that touches the part lies within the overlap.
    #[test]
    fn no_occurrence_is_missed(
        outer in "[ab0]{0,3}",
        before in "[ab0]{1,4}",
        inside in "[0-1]{0,4}",
        behind in "[ab0]{1,4}",
        further in "[ab0]{0,3}",
        class in prop::sample::select(vec![Class::Any, Class::Decimal, Class::Hex, Class::Time]),
        start in 0_usize..16,
        length in 1_usize..12,
    ) {
        let event = format!("{outer}{before}{inside}{behind}{further}");
        let (first, last) = (outer.len() + before.len(), outer.len() + before.len() + inside.len());
        let end = (start + length).min(event.len());
        // Touching: a byte of the part, or bytes on both sides of it.
        if start < end && start < last.max(first + 1) && end > first && (start < last || start < first) {
            let text = &event.as_bytes()[start..end];
            let found = through(text, part(&before, class, &behind));
            let is_across_empty = inside.is_empty() && (start >= first || end <= last);
            if !is_across_empty {
                let overlap = found.expect("the text occurs there");
                prop_assert!(first.saturating_sub(start) <= overlap.before);
                prop_assert!(end.saturating_sub(last) <= overlap.behind);
            }
        }
    }
}
