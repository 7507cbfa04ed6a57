//! Hostile rule files: nothing panics, nothing grows without limit, whatever the bytes.

use hsmstream_rules::{Limits, Loaded, RuleFile, load};
use proptest::prelude::*;

fn load_bytes(bytes: &[u8]) -> Loaded {
    let limits = Limits { file_bytes_max: 1 << 20, ..Limits::default() };
    load([RuleFile { name: "h.yaml", bytes }], &limits)
}

const SHIPPED: &[&str] = &[
    include_str!("../../../deploy/rules/logins.yaml"),
    include_str!("../../../deploy/rules/control-plane.yaml"),
    include_str!("../../../deploy/rules/dashboard.yaml"),
];

/// Inputs that have hurt YAML readers: depth, width, aliases, unfinished scalars.
#[test]
fn shapes_that_hurt_other_readers() {
    let many = |text: &str| text.repeat(200_000 / text.len());
    for text in [
        many("["),
        many("{"),
        many("- "),
        many("? "),
        many("a: "),
        many("---\n"),
        many("a\n---\n"),
        many("a: [&a b, *a]\n---\n"),
        many("- x\n"),
        format!("id: {}", many("x")),
        format!("id: '{}", many("x\n ")),
        format!("id: \"{}", many("\\x41")),
        format!("id: |\n{}", many(" x\n")),
        format!("tests: [{}]", many("{name: a}, ")),
        (0..20_000).fold(String::new(), |text, n| text + &format!("k{n}: 1\n")),
        format!("pattern: '{}'", many("?a ")),
        format!("group_by: [{}]", many("hsm, ")),
        many("'"),
        many("\""),
        many("%TAG ! a\n"),
        many("#"),
        many("\r"),
        many("\u{85}"),
        many("é: é\n"),
    ] {
        let loaded = load_bytes(text.as_bytes());
        assert!(loaded.set.is_empty());
        assert!(loaded.diagnostics.len() <= Limits::default().diagnostics_max + 1);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = load_bytes(&bytes);
    }

    #[test]
    fn damaged_rules_never_panic(
        file in prop::sample::select(SHIPPED),
        cuts in prop::collection::vec((any::<prop::sample::Index>(), 0usize..40, "[\\[\\]{}:,'\"a-z0-9\n -]{0,6}"), 1..6),
    ) {
        let mut text = file.as_bytes().to_vec();
        for (at, length, put) in cuts {
            let start = at.index(text.len() + 1);
            let end = (start + length).min(text.len());
            text.splice(start..end, put.bytes());
        }
        let loaded = load_bytes(&text);
        for diagnostic in &loaded.diagnostics {
            prop_assert!(diagnostic.place.bytes.end <= text.len());
            let mut out = String::new();
            diagnostic.render(true, &mut out);
        }
    }
}
