//! What must hold for every pattern and every event.

use hsmstream_pattern::{Document, Limits, Pattern, Program, Scalar, Scratch, Set, interpret, parse};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::generate;
use crate::support::Ways;

fn parsed(texts: &[String]) -> Vec<Pattern> {
    texts.iter().map(|text| parse(text, &Limits::lifted()).expect("accepted")).collect()
}

proptest! {
    #[test]
    fn all_ways_agree(
        patterns in vec(generate::pattern(), 1..12),
        events in vec(generate::event(), 1..8),
    ) {
        let mut ways = Ways::new(parsed(&patterns));
        for event in &events {
            ways.matching(event);
        }
    }

    #[test]
    fn all_ways_agree_on_terms(
        patterns in vec(generate::terms(), 1..12),
        events in vec(generate::event(), 1..8),
    ) {
        let mut ways = Ways::new(parsed(&patterns));
        for event in &events {
            ways.matching(event);
        }
    }

    #[test]
    fn all_ways_agree_on_regular_expressions(
        regex in generate::regex(),
        events in vec(generate::event(), 1..8),
    ) {
        let mut ways = Ways::new(parsed(&[regex]));
        for event in &events {
            ways.matching(event);
        }
    }

    #[test]
    fn printing_is_stable(text in generate::pattern(), events in vec(generate::event(), 1..4)) {
        let pattern = parse(&text, &Limits::lifted()).expect("accepted");
        let printed = pattern.to_string();
        let again = parse(&printed, &Limits::lifted()).expect("canonical text is accepted");
        prop_assert_eq!(again.to_string(), printed);
        prop_assert_eq!(again.selectors(), pattern.selectors());
        let mut scratch = Scratch::new();
        let (one, two) = (Program::compile(&pattern), Program::compile(&again));
        for event in &events {
            prop_assert_eq!(one.matches_text(event, &mut scratch), two.matches_text(event, &mut scratch));
        }
    }

    #[test]
    fn no_text_makes_the_parser_fail(text in generate::hostile_pattern()) {
        check_any_text(&text)?;
    }

    #[test]
    fn explanations_agree_with_the_answer(text in generate::pattern(), event in generate::event()) {
        let pattern = parse(&text, &Limits::lifted()).expect("accepted");
        let program = Program::compile(&pattern);
        let is_match = program.matches_text(&event, &mut Scratch::new());
        let verdicts = program.explain(&event);
        for verdict in verdicts.iter().filter(|verdict| verdict.is_decisive) {
            prop_assert_eq!(verdict.holds, is_match, "{:?} of {}", verdict, &text);
        }
        if !verdicts.is_empty() {
            prop_assert!(verdicts.iter().any(|verdict| verdict.is_decisive), "{:?}", verdicts);
        }
        for verdict in &verdicts {
            prop_assert!(text.get(verdict.span.clone()).is_some());
        }
    }
}

/// Whatever the text, the answer is a pattern that prints stably, or mistakes with places in the text.
fn check_any_text(text: &str) -> Result<(), TestCaseError> {
    for limits in [Limits::default(), Limits::lifted()] {
        match parse(text, &limits) {
            Ok(pattern) => {
                let printed = pattern.to_string();
                let again = parse(&printed, &Limits::lifted());
                prop_assert_eq!(again.map(|again| again.to_string()), Ok(printed));
                for warning in pattern.warnings() {
                    prop_assert!(text.get(warning.span.clone()).is_some(), "{:?}", warning);
                }
            }
            Err(mistakes) => {
                prop_assert!(!mistakes.is_empty());
                for mistake in &mistakes {
                    prop_assert!(text.get(mistake.span.clone()).is_some(), "{:?} in {:?}", mistake, text);
                }
            }
        }
    }
    Ok(())
}

/// A document that is not made from text.
struct Table(Vec<Vec<Scalar<'static>>>);

impl Document for Table {
    fn visit(&mut self, selector: usize, visit: &mut dyn FnMut(Scalar<'_>) -> bool) -> bool {
        self.0.get(selector).is_some_and(|values| values.iter().any(|value| visit(*value)))
    }
}

fn scalar() -> impl Strategy<Value = Scalar<'static>> {
    prop_oneof![
        Just(Scalar::Null),
        Just(Scalar::True),
        Just(Scalar::False),
        Just(Scalar::Object),
        any::<bool>().prop_map(|has_null| Scalar::Array { has_null }),
        prop::sample::select(vec!["0", "1", "1.0", "163"]).prop_map(|text| Scalar::Number(text.as_bytes())),
        prop::sample::select(vec!["", "a", "1", "CN_LOGIN", "true"])
            .prop_map(|text| Scalar::String(text.as_bytes())),
    ]
}

proptest! {
    #[test]
    fn all_ways_agree_on_documents(
        patterns in vec(generate::json(), 1..8),
        values in vec(vec(scalar(), 0..3), 64),
    ) {
        let patterns = parsed(&patterns);
        let mut scratch = Scratch::new();
        for tuning in crate::support::TUNINGS {
            let set = Set::compile_with(patterns.iter(), tuning);
            let mut matched = Vec::new();
            set.matches(b"", &mut Table(values.clone()), &mut scratch, &mut matched);
            for (number, pattern) in patterns.iter().enumerate() {
                // The set's selectors are numbered anew: the same values under this pattern's numbers.
                let all = set.selectors();
                let value = |selector| values[all.iter().position(|other| other == selector).expect("known")].clone();
                let own: Vec<_> = pattern.selectors().iter().map(value).collect();
                let expected = interpret::matches_document(pattern, b"", &mut Table(own.clone()));
                let program = Program::compile_with(pattern, tuning);
                prop_assert_eq!(program.matches_document(b"", &mut Table(own), &mut scratch), expected);
                prop_assert_eq!(matched.contains(&(number as u32)), expected, "{}", pattern.text());
            }
        }
    }
}
