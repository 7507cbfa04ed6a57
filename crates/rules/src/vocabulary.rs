//! What audit records are known to hold, for the lints of patterns.
//!
//! In: a pattern and the kind of records it is for. Out: findings of the pattern crate, words and selectors
//! that such records do not have. The lists are the record crate's; opcodes and responses are open, so an
//! unknown one is a warning, never more. Documents have no vocabulary: nothing is said of them.

use hsmstream_pattern::{
    Diagnostic, Names, Pattern, Reached, Selector, Step, Value, Vocabulary, Word, against,
};
use hsmstream_record::{Anomaly, Kind, vocabulary};

use crate::names;
use crate::read::paths;

/// The findings of a pattern for records of that kind, beside [`Pattern::warnings`].
#[must_use]
pub fn lint(pattern: &Pattern, kind: Kind) -> Vec<Diagnostic> {
    match kind {
        Kind::Audit => against(pattern, &AuditWords::new()),
        Kind::Certificate | Kind::CloudTrail | Kind::Metric => Vec::new(),
    }
}

/// Objects of the audit view, each with a member.
const OBJECTS: [(&str, Option<&str>); 5] = [
    ("response", Some("$.response.text")),
    ("user", Some("$.user.name")),
    ("target_user", Some("$.target_user.name")),
    ("key", Some("$.key.handle")),
    ("extra", None),
];

/// Fields that no audit record lacks.
const ALWAYS_THERE: [&str; 4] = ["kind", "time", "usecs", "sequence"];

/// Fields that the view writes in small letters.
const LOWER_CASE: [&str; 3] = ["session", "connection", "outcome"];

/// What the grammar of records prints besides names.
const PRINTED: &str = "Time usecs usec Version No Sequence Reboot counter Command Type hex Opcode Session Handle \
    Response HSM Return Error Log type User Name id Target Priv Secret Key Public Mechanism Mfa enabled Number of \
    Users UserIDs Operation local time host propagation delay";

/// Letter case is not looked at in shorter words: too many names hold them.
const CASE_BYTES_MIN: usize = 3;

/// Shorter words in capitals are not taken for misspelt ones.
const SLIP_BYTES_MIN: usize = 5;

/// The vocabulary of audit records.
struct AuditWords {
    opcodes: Vec<&'static str>,
    responses: Vec<&'static str>,
    user_types: Vec<&'static str>,
    log_types: Vec<&'static str>,
    command_types: Vec<&'static str>,
    anomalies: Vec<&'static str>,
    /// Every word that is printed, in ascending order.
    words: Vec<&'static str>,
}

impl AuditWords {
    fn new() -> Self {
        let names = |list: &[vocabulary::Named]| list.iter().map(|named| named.name).collect::<Vec<_>>();
        let mut known = Self {
            opcodes: vocabulary::OPCODES.iter().map(|opcode| opcode.name).collect(),
            responses: vocabulary::RESPONSES.iter().map(|answer| answer.text).collect(),
            user_types: names(vocabulary::USER_TYPES),
            log_types: names(vocabulary::LOG_TYPES),
            command_types: names(vocabulary::COMMAND_TYPES),
            anomalies: Anomaly::ALL.iter().map(|anomaly| anomaly.as_str()).collect(),
            words: Vec::new(),
        };
        let lists =
            [&known.opcodes, &known.responses, &known.user_types, &known.log_types, &known.command_types];
        let printed = lists.into_iter().flatten().copied().chain([PRINTED]);
        known.words = printed.flat_map(|text| text.split(|letter| !is_word(letter))).collect();
        known.words.retain(|word| !word.is_empty());
        known.words.sort_unstable();
        known.words.dedup();
        known
    }

    /// The value of a field that is no part of another list.
    fn value(&self, name: &str) -> Value<'_> {
        let names = |what, list, is_closed| Some(Names { what, list, is_closed });
        let names = match name {
            "kind" => names("kind", &["audit"], true),
            "outcome" => names("outcome", &["success", "failure"], true),
            "opcode" => names("opcode", &self.opcodes, false),
            "response.text" => names("response", &self.responses, false),
            "user.type" | "target_user.type" => names("user type", &self.user_types, false),
            "log_type" => names("log type", &self.log_types, false),
            "command_type" => names("command type", &self.command_types, false),
            _ => None,
        };
        Value {
            is_number: paths::may_be_number(name),
            is_always_there: ALWAYS_THERE.contains(&name),
            is_lower_case: LOWER_CASE.contains(&name),
            names,
        }
    }
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// The part of a known word, from one `_` or end to another, that is `word` in other letter case.
fn part(known: &'static str, word: &str) -> Option<&'static str> {
    let starts = known.match_indices('_').map(|(at, _)| at + 1);
    std::iter::once(0).chain(starts).find_map(|start| {
        let end = start + word.len();
        let is_end = matches!(known.as_bytes().get(end), None | Some(b'_'));
        known.get(start..end).filter(|part| is_end && part.eq_ignore_ascii_case(word))
    })
}

impl Vocabulary for AuditWords {
    fn event(&self) -> &'static str {
        "audit record"
    }

    fn word(&self, word: &str) -> Word {
        let digits = word.strip_prefix("0x").unwrap_or(word);
        let is_number = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_printed = || self.words.iter().any(|known| known.contains(word));
        if is_number || self.words.binary_search(&word).is_ok() || is_printed() {
            return Word::Printed;
        }
        // A whole word is rather meant than a part of one.
        let whole = self.words.iter().find(|known| known.eq_ignore_ascii_case(word)).copied();
        let other = whole.or_else(|| self.words.iter().find_map(|known| part(known, word)));
        if let Some(written) = other.filter(|_| word.len() >= CASE_BYTES_MIN) {
            return Word::OtherCase(written.to_owned());
        }
        let upper = word.to_ascii_uppercase();
        let nearest = |list: &[&str]| self.nearest(word, list).map(str::to_owned);
        if upper.starts_with("CN_") {
            let list = [self.opcodes.as_slice(), &self.user_types, &self.command_types].concat();
            return Word::Unknown { what: "opcode or user type", nearest: nearest(&list) };
        }
        if upper.starts_with("RET_") {
            return Word::Unknown { what: "response", nearest: nearest(&self.responses) };
        }
        let is_slip = word.len() >= SLIP_BYTES_MIN && word == upper;
        match if is_slip { nearest(&self.words) } else { None } {
            Some(near) => Word::Unknown { what: "word of audit records", nearest: Some(near) },
            None => Word::FreeText,
        }
    }

    fn reached(&self, selector: &Selector) -> Reached<'_> {
        let mut steps = Vec::new();
        for step in selector.steps() {
            steps.push(match step {
                Step::Name(name) => Some(String::from_utf8_lossy(name)),
                _ => None,
            });
        }
        let is_any = |step: Option<&Step>| matches!(step, Some(Step::AnyElement | Step::AnyMember));
        let last = selector.steps().last();
        let Some(Some(first)) = steps.first() else {
            return if is_any(selector.steps().first()) { Reached::Open } else { Reached::Nothing(None) };
        };
        let first: &str = first;
        let object = OBJECTS.iter().find(|(object, _)| *object == first);
        match (steps.get(1..).unwrap_or_default(), object) {
            _ if paths::LATER.contains(&first) => Reached::Later,
            ([], _) if is_name(first) => Reached::Value(self.value(first)),
            ([], _) if first == "anomalies" => Reached::Container(Some("$.anomalies[*]".to_owned())),
            ([], Some((_, inside))) => Reached::Container(inside.map(str::to_owned)),
            ([None], _) if first == "anomalies" && last != Some(&Step::AnyMember) => Reached::Value(Value {
                names: Some(Names { what: "anomaly", list: &self.anomalies, is_closed: true }),
                is_number: false,
                is_always_there: false,
                is_lower_case: true,
            }),
            ([None], Some(_)) if is_any(last) => Reached::Open,
            ([Some(_)], Some(("extra", _))) => Reached::Open,
            ([Some(second)], _) if is_name(&format!("{first}.{second}")) => {
                Reached::Value(self.value(&format!("{first}.{second}")))
            }
            _ => Reached::Nothing(nearest_selector(&steps)),
        }
    }

    fn nearest<'n>(&self, word: &str, names: &[&'n str]) -> Option<&'n str> {
        let meant =
            vocabulary::OPCODE_ALIASES.iter().find(|(alias, _)| *alias == word).map(|(_, name)| *name);
        if let Some(name) = meant.and_then(|name| names.iter().find(|known| **known == name)) {
            return Some(name);
        }
        names::nearest(word, names.iter().copied())
    }
}

/// The selector of the field that is most like these steps.
fn nearest_selector(steps: &[Option<std::borrow::Cow<'_, str>>]) -> Option<String> {
    let names: Option<Vec<&str>> = steps.iter().map(Option::as_deref).collect();
    let known = paths::names().chain(OBJECTS.map(|(object, _)| object)).chain(["anomalies"]);
    names::nearest(&names?.join("."), known).map(|near| format!("$.{near}"))
}

fn is_name(path: &str) -> bool {
    paths::names().any(|name| name == path)
}

#[cfg(test)]
#[path = "vocabulary_tests.rs"]
mod tests;
