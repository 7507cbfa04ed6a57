//! Exact comparison against a table and against laws.

use core::cmp::Ordering::{self, Equal, Greater, Less};

use proptest::prelude::*;

use super::Decimal;

fn compare(left: &str, right: &str) -> Option<Ordering> {
    Some(Decimal::parse(left.as_bytes())?.compare(&Decimal::parse(right.as_bytes())?))
}

#[test]
fn numbers_compare_by_value() {
    let cases = [
        ("1", "1.0", Equal),
        ("1", "1e0", Equal),
        ("1", "10e-1", Equal),
        ("0.001", "1e-3", Equal),
        ("-0", "0.00", Equal),
        ("+5", "5", Equal),
        ("007", "7", Equal),
        ("9007199254740993", "9007199254740992", Greater),
        ("463180677312929947", "463180677312929946", Greater),
        ("-1", "-1.5", Greater),
        ("-1", "1", Less),
        ("12.34", "12.4", Less),
        ("1e400", "1e401", Less),
        ("1e-400", "0", Greater),
        ("-1e-400", "0", Less),
        ("1e99999999999999999999999", "1", Greater),
        ("1e-99999999999999999999999", "1", Less),
    ];
    for (left, right, order) in cases {
        assert_eq!(compare(left, right), Some(order), "{left} and {right}");
        assert_eq!(compare(right, left), Some(order.reverse()), "{right} and {left}");
    }
}

#[test]
fn other_texts_are_no_numbers() {
    for text in ["", "-", "+", ".5", "5.", "1e", "1e+", "0x10", "1 ", " 1", "1.2.3", "1_000", "NaN", "1,5"] {
        assert!(Decimal::parse(text.as_bytes()).is_none(), "{text:?}");
    }
}

proptest! {
    #[test]
    fn integers_compare_as_integers(left: i64, right: i64) {
        prop_assert_eq!(compare(&left.to_string(), &right.to_string()), Some(left.cmp(&right)));
    }

    #[test]
    fn a_shifted_point_changes_nothing(value in 0_u32.., shift in 0_usize..12) {
        let zeros = "0".repeat(shift);
        prop_assert_eq!(compare(&format!("{value}{zeros}"), &format!("{value}e{shift}")), Some(Equal));
        prop_assert_eq!(compare(&format!("{value}{zeros}e-{shift}.0"), "1"), None);
        prop_assert_eq!(compare(&format!("{value}{zeros}e-{shift}"), &value.to_string()), Some(Equal));
    }

    #[test]
    fn floats_agree(left in -1e6_f64..1e6, right in -1e6_f64..1e6) {
        prop_assert_eq!(compare(&left.to_string(), &right.to_string()), left.partial_cmp(&right));
    }
}
