//! Sets with a memory of shapes, of any size, say what the interpreter says.
//!
//! Records here are `op=WORD;n=DIGITS;name=ANY;end`: small, so that terms meet every border.

use hsmstream_pattern::{
    Class, Document, FreePart, Front, Gist, Glance, Limits, Outline, Pattern, SKETCHES, Scalar, Scratch, Set,
    Shaped, Tuning, interpret, parse,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use std::ops::Range;

/// A record, and the selectors that somebody asks.
struct Line<'l> {
    text: &'l str,
    fields: [&'l str; 3],
    names: Vec<String>,
}

const FIELDS: [&str; 3] = ["$.op", "$.n", "$.name"];

impl<'l> Line<'l> {
    fn new(text: &'l str, names: Vec<String>) -> Self {
        let mut fields = [""; 3];
        let rest = text.strip_prefix("op=").expect("a record");
        let (op, rest) = rest.split_once(";n=").expect("a record");
        let (number, rest) = rest.split_once(";name=").expect("a record");
        let name = rest.strip_suffix(";end").expect("a record");
        fields.copy_from_slice(&[op, number, name]);
        Self { text, fields, names }
    }

    fn field(&self, selector: usize) -> Option<usize> {
        FIELDS.iter().position(|field| self.names.get(selector).is_some_and(|name| name == field))
    }

    fn glance_at(&self, field: usize) -> Glance<'l> {
        let text = self.fields[field];
        if text.is_ascii() { Glance::Text(text.as_bytes()) } else { Glance::Unknown }
    }
}

impl Document for Line<'_> {
    fn visit(&mut self, selector: usize, visit: &mut dyn FnMut(Scalar<'_>) -> bool) -> bool {
        self.field(selector).is_some_and(|field| visit(Scalar::String(self.fields[field].as_bytes())))
    }
}

impl<'l> Shaped<'l> for Line<'l> {
    fn form(&self) -> (&'l [u8], bool) {
        (self.text.as_bytes(), false)
    }

    fn text(&self) -> &'l [u8] {
        self.text.as_bytes()
    }

    /// Different operations may have the same first number; what is no number has no gist, and some others have none either.
    fn gist(&self) -> Gist {
        let [op, number, name] = self.fields;
        let has_gist = number.bytes().all(|byte| byte.is_ascii_digit()) && name.len() != 3;
        let mut first = [0; 8];
        first.iter_mut().zip(op.bytes()).for_each(|(place, byte)| *place = byte);
        if has_gist { Gist::new((op.len() as u64, u64::from_le_bytes(first))) } else { Gist::NONE }
    }

    fn length_max(&self, slot: usize) -> Option<usize> {
        (slot == 2).then(|| self.fields[2].len())
    }

    /// Of some records only.
    fn part(&self, slot: usize) -> Option<Range<usize>> {
        let [op, number, name] = self.fields;
        let start = "op=;n=;name=".len() + op.len() + number.len();
        (slot == 2 && number.len() < 3).then(|| start..start + name.len())
    }

    fn set_outline(&self, outline: &mut Outline) -> bool {
        outline.mark = (self.fields[0].len() as u64) << 54;
        outline.front = Front::default();
        outline.lengths[1] = self.fields[1].len() as u32;
        outline.lengths[2] = self.fields[2].len() as u32;
        true
    }

    fn free_parts(&self, parts: &mut Vec<FreePart>) -> bool {
        let number = 3 + self.fields[0].len() + 3;
        let name = number + self.fields[1].len() + 6;
        let part = |slot, start, length, class, is_checked| FreePart {
            slot,
            range: start..start + length,
            class,
            is_checked,
        };
        parts.push(part(1, number, self.fields[1].len(), Class::Decimal, true));
        parts.push(part(2, name, self.fields[2].len(), Class::Any, false));
        true
    }

    fn is_of_shape(&self, selector: usize) -> bool {
        self.field(selector).is_none_or(|field| field == 0)
    }

    fn sketches(&self) -> [u64; SKETCHES] {
        [self.glance_at(1).sketch(), 0]
    }

    fn sketch_of(&self, selector: usize) -> Option<usize> {
        (self.field(selector) == Some(1)).then_some(0)
    }

    fn glance(&self, selector: usize) -> Glance<'l> {
        self.field(selector).map_or(Glance::Nothing, |field| self.glance_at(field))
    }
}

fn record() -> impl Strategy<Value = String> {
    let op = select(vec!["LOGIN", "LOGOUT", "login", "X", "Y", "ZZ", "=;n", "12"]);
    let name = prop_oneof![
        "[a-z=;]{0,6}",
        select(vec!["op=LOGIN", "12", ";end", "", "n=1;name", "é", "LOGIN breakglass-7"])
            .prop_map(str::to_owned)
    ];
    (op, prop_oneof!["[0-9]{0,4}", "[a-f]{1,2}"], name)
        .prop_map(|(op, number, name)| format!("op={op};n={number};name={name};end"))
        .prop_filter("read back as written", |text| {
            text.matches(";n=").count() == 1 && text.matches(";name=").count() == 1
        })
}

fn pattern() -> impl Strategy<Value = String> {
    let term = (select(vec!["", "-", "?"]), "[a-z0-9=;A-Z]{1,7}")
        .prop_map(|(sign, text)| format!("{sign}\"{text}\""));
    let word = select(vec![
        "LOGIN",
        "12",
        "breakglass-7",
        ";end",
        "op=",
        "e;",
        "=1",
        "e=",
        "%[0-9]+;%",
        "%n=[a-f]%",
    ])
    .prop_map(|word| if word.starts_with('%') { word.to_owned() } else { format!("\"{word}\"") });
    let value = prop_oneof![
        select(vec!["LOGIN", "12", "", "1*", "*a*", "*reak*", "op=*"]).prop_map(|text| format!("\"{text}\"")),
        "[0-9]{1,3}",
        Just("%^[a-z]+$%".to_owned()),
    ];
    let condition = (select(FIELDS.to_vec()), select(vec!["=", "!="]), value)
        .prop_map(|(field, operator, value)| format!("{field} {operator} {value}"));
    let condition = prop_oneof![8 => condition, 1 => select(vec!["$.name NOT EXISTS", "$.other NOT EXISTS", "$.n > 5"]).prop_map(str::to_owned)];
    prop_oneof![
        vec(prop_oneof![term, word], 1..4).prop_map(|items| items.join(" ")),
        (vec(condition, 1..4), select(vec![" && ", " || "]))
            .prop_map(|(parts, joint)| format!("{{ {} }}", parts.join(joint))),
        Just("[a, ...]".to_owned()),
    ]
}

fn names(pattern: &Pattern) -> Vec<String> {
    pattern.selectors().iter().map(ToString::to_string).collect()
}

proptest! {
    #[test]
    fn a_memory_of_any_size_changes_nothing(
        patterns in vec(pattern(), 1..10),
        records in vec(record(), 1..6),
        order in vec(any::<prop::sample::Index>(), 1..40),
    ) {
        let patterns: Vec<Pattern> =
            patterns.iter().filter_map(|text| parse(text, &Limits::lifted()).ok()).collect();
        let expected: Vec<Vec<u32>> = records
            .iter()
            .map(|text| {
                let holds = |pattern: &Pattern| {
                    interpret::matches_document(pattern, text.as_bytes(), &mut Line::new(text, names(pattern)))
                };
                patterns.iter().zip(0..).filter_map(|(pattern, number)| holds(pattern).then_some(number)).collect()
            })
            .collect();
        for (prefilters, samples) in [(true, true), (true, false), (false, false)] {
            for shapes_max in [0, 1, 2, 256] {
                let set = Set::compile_with(patterns.iter(), Tuning { prefilters, samples, shapes_max });
                let selectors: Vec<String> = set.selectors().iter().map(ToString::to_string).collect();
                let (mut scratch, mut matched) = (Scratch::new(), Vec::new());
                for index in &order {
                    let number = index.index(records.len());
                    let mut line = Line::new(&records[number], selectors.clone());
                    matched.clear();
                    let is_silent =
                        set.is_silent(line.gist(), &mut scratch, |slot| line.length_max(slot), || line.sketches());
                    if is_silent {
                        prop_assert!(expected[number].is_empty(), "{} of {}", &records[number], shapes_max);
                    }
                    set.matches_shaped(&mut line, &mut scratch, &mut matched);
                    prop_assert_eq!(&matched, &expected[number], "{} of {}", &records[number], shapes_max);
                }
            }
        }
    }
}

/// One storage serves two sets in turns: each forgets the shapes of the other.
#[test]
fn shapes_are_those_of_one_set() {
    let compile = |text: &str| Set::compile([parse(text, &Limits::default()).expect("a pattern")].iter());
    let (one, two) = (compile("LOGIN"), compile("-LOGIN"));
    let mut scratch = Scratch::new();
    for _ in 0..5 {
        for (set, expected) in
            [(&one, &[0][..]), (&one, &[0]), (&one, &[0]), (&two, &[]), (&two, &[]), (&two, &[])]
        {
            let mut line = Line::new("op=LOGIN;n=5;name=x;end", Vec::new());
            let mut matched = Vec::new();
            set.matches_shaped(&mut line, &mut scratch, &mut matched);
            assert_eq!(matched, expected);
        }
    }
}
