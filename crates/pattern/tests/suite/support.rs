//! The conformance vectors, and every way to match.

use hsmstream_pattern::{Pattern, Program, Scratch, Set, Tuning, interpret};
use serde_json::Value;

/// One line of `filter-patterns.jsonl`.
#[derive(Debug)]
pub(crate) struct Vector {
    pub(crate) id: String,
    pub(crate) pattern: String,
    pub(crate) event: String,
    pub(crate) matches: bool,
    pub(crate) grade: char,
    pub(crate) is_invalid: bool,
    pub(crate) error: Option<String>,
    pub(crate) extracts: Vec<(String, String)>,
}

/// All vectors.
pub(crate) fn vectors() -> Vec<Vector> {
    let text =
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/filter-patterns.jsonl"));
    text.lines().map(|line| vector(&serde_json::from_str(line).expect("a line is JSON"))).collect()
}

fn vector(line: &Value) -> Vector {
    let text = |key: &str| line[key].as_str().map(str::to_owned);
    let extracts = line["extracts"].as_object().map(|map| {
        map.iter().map(|(name, value)| (name.clone(), value.as_str().expect("a text").to_owned())).collect()
    });
    Vector {
        id: text("id").expect("an id"),
        pattern: text("pattern").expect("a pattern"),
        event: text("event").expect("an event"),
        matches: line["match"].as_bool().expect("an answer"),
        grade: text("grade").and_then(|grade| grade.chars().next()).expect("a grade"),
        is_invalid: line["invalid"].as_bool().unwrap_or(false),
        error: text("error"),
        extracts: extracts.unwrap_or_default(),
    }
}

/// Every setting.
pub(crate) const TUNINGS: [Tuning; 3] = [
    Tuning { prefilters: true, samples: true, shapes_max: 256 },
    Tuning { prefilters: true, samples: false, shapes_max: 256 },
    Tuning { prefilters: false, samples: false, shapes_max: 256 },
];

/// Programs and sets of the same patterns, to be compared with the interpreter.
#[derive(Debug)]
pub(crate) struct Ways {
    patterns: Vec<Pattern>,
    programs: Vec<(Tuning, Vec<Program>)>,
    sets: Vec<(Tuning, Set)>,
    scratch: Scratch,
}

impl Ways {
    pub(crate) fn new(patterns: Vec<Pattern>) -> Self {
        let programs = TUNINGS
            .map(|tuning| {
                (tuning, patterns.iter().map(|pattern| Program::compile_with(pattern, tuning)).collect())
            })
            .into();
        let sets = TUNINGS.map(|tuning| (tuning, Set::compile_with(patterns.iter(), tuning))).into();
        Self { patterns, programs, sets, scratch: Scratch::new() }
    }

    /// Which patterns match, by the interpreter; fails if another way says otherwise.
    pub(crate) fn matching(&mut self, event: &[u8]) -> Vec<u32> {
        let numbers = |holds: &mut dyn FnMut(usize) -> bool| -> Vec<u32> {
            (0..self.patterns.len()).filter(|number| holds(*number)).map(|number| number as u32).collect()
        };
        let expected = numbers(&mut |number| interpret::matches_text(&self.patterns[number], event));
        let scratch = &mut self.scratch;
        for (tuning, programs) in &self.programs {
            let matching = numbers(&mut |number| programs[number].matches_text(event, scratch));
            check(&self.patterns, &format!("program {tuning:?}"), event, &expected, &matching);
        }
        for (tuning, set) in &self.sets {
            let mut matched = Vec::new();
            set.matches_text(event, scratch, &mut matched);
            check(&self.patterns, &format!("set {tuning:?}"), event, &expected, &matched);
        }
        for (number, pattern) in self.patterns.iter().enumerate() {
            let expected = interpret::extract(pattern, event);
            for (tuning, programs) in &self.programs {
                let captures = programs[number].extract(event, scratch).map(|captures| {
                    let shown = captures.iter();
                    shown.map(|one| (one.to_string(), one.value.to_vec())).collect::<Vec<_>>()
                });
                let plain = expected
                    .as_ref()
                    .map(|list| list.iter().map(|one| (one.name.clone(), one.value.clone())).collect());
                assert_eq!(
                    captures,
                    plain,
                    "{tuning:?} {} on {:?}",
                    pattern.text(),
                    event.escape_ascii().to_string()
                );
            }
        }
        expected
    }
}

fn check(patterns: &[Pattern], way: &str, event: &[u8], expected: &[u32], matching: &[u32]) {
    let texts = |numbers: &[u32]| -> Vec<String> {
        numbers.iter().map(|number| patterns[*number as usize].text().to_owned()).collect()
    };
    assert_eq!(texts(expected), texts(matching), "interpreter, {way}: {}", event.escape_ascii());
}
