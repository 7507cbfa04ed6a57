//! The conformance vectors of the filter-pattern language, on the interpreter, the program and the set.
//!
//! Checked: acceptance, refusal with the service's own words where captured, matches, extracted values, and
//! that the canonical text of every pattern means the same. Every vector holds: none had to be excused.

use std::collections::BTreeMap;

use crate::support::{Ways, vectors};
use hsmstream_pattern::{Limits, Program, Scratch, parse};

#[test]
fn patterns_are_accepted_and_refused_as_by_the_service() {
    let mut problems = Vec::new();
    for vector in vectors() {
        let result = parse(&vector.pattern, &Limits::default());
        match (&result, vector.is_invalid) {
            (Ok(_), false) => {}
            (Ok(_), true) => problems.push(format!("{}: accepted {:?}", vector.id, vector.pattern)),
            (Err(mistakes), false) => {
                problems.push(format!("{}: refused {:?}: {mistakes:?}", vector.id, vector.pattern));
            }
            (Err(mistakes), true) => {
                let reasons: Vec<_> =
                    mistakes.iter().filter_map(|one| one.service_reason.as_deref()).collect();
                if let Some(error) = &vector.error
                    && !reasons.contains(&error.as_str())
                {
                    problems.push(format!(
                        "{}: {:?}: {error:?} is not in {mistakes:?}",
                        vector.id, vector.pattern
                    ));
                }
                for mistake in mistakes {
                    assert!(vector.pattern.get(mistake.span.clone()).is_some(), "{}: {mistake:?}", vector.id);
                }
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn events_match_as_in_the_service() {
    let vectors = vectors();
    let mut numbers = BTreeMap::new();
    let mut patterns = Vec::new();
    for vector in vectors.iter().filter(|vector| !vector.is_invalid) {
        if !numbers.contains_key(&vector.pattern) {
            numbers.insert(vector.pattern.clone(), patterns.len() as u32);
            patterns.push(parse(&vector.pattern, &Limits::default()).expect("a pattern"));
        }
    }
    // Every pattern meets every event, so the ways are compared far beyond the vectors.
    let mut ways = Ways::new(patterns);
    let mut events: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    let mut problems = Vec::new();
    for vector in vectors.iter().filter(|vector| !vector.is_invalid) {
        let matching = events.entry(&vector.event).or_insert_with(|| ways.matching(vector.event.as_bytes()));
        if matching.contains(&numbers[&vector.pattern]) != vector.matches {
            problems.push(format!(
                "{} (grade {}): {:?} on {:?} should be {}",
                vector.id, vector.grade, vector.pattern, vector.event, vector.matches
            ));
        }
    }
    assert!(problems.is_empty(), "{} problems\n{}", problems.len(), problems.join("\n"));
}

#[test]
fn values_are_extracted_as_by_the_service() {
    let mut scratch = Scratch::new();
    for vector in vectors() {
        for (name, value) in &vector.extracts {
            let pattern = parse(&vector.pattern, &Limits::default()).expect("a pattern");
            let program = Program::compile(&pattern);
            let captures = program.extract(vector.event.as_bytes(), &mut scratch).expect("a match");
            let capture = captures.iter().find(|capture| capture.to_string() == *name);
            let found = capture.map(|capture| String::from_utf8_lossy(capture.value));
            assert_eq!(found.as_deref(), Some(value.as_str()), "{}: {name}", vector.id);
        }
    }
}

#[test]
fn canonical_texts_mean_the_same() {
    let mut patterns = Vec::new();
    let mut canonical = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    for vector in vectors().iter().filter(|vector| !vector.is_invalid && seen.insert(vector.pattern.clone()))
    {
        let pattern = parse(&vector.pattern, &Limits::default()).expect("a pattern");
        let again = parse(&pattern.to_string(), &Limits::lifted()).expect("canonical text parses");
        assert_eq!(again.to_string(), pattern.to_string(), "{}", vector.id);
        patterns.push(pattern);
        canonical.push(again);
    }
    let (mut ways, mut again) = (Ways::new(patterns), Ways::new(canonical));
    let events: std::collections::BTreeSet<String> =
        vectors().into_iter().map(|vector| vector.event).collect();
    for event in events.iter().take(200) {
        assert_eq!(ways.matching(event.as_bytes()), again.matching(event.as_bytes()), "{event:?}");
    }
}
