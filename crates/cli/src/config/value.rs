//! Values of the configuration: units, lists, secrets, and how each kind is read from text.
//!
//! A value comes as TOML or, from the environment and `--set`, as text; both end as the same
//! [`Value`] of the kind that the key's default has.

use std::time::Duration;

/// What a key takes. Told by the key's default and by the tables in `keys.rs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    /// One of these words.
    Choice(&'static [&'static str]),
    List,
    Bool,
    /// A whole number within these bounds, ends included.
    Whole(u64, u64),
    /// A duration of at least this many milliseconds.
    Duration(u64),
    /// A size of at least this many bytes.
    Size(u64),
    /// `env:NAME` or `file:PATH`, or empty.
    SecretRef,
}

/// A checked value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Text(String),
    List(Vec<String>),
    Bool(bool),
    Whole(u64),
    Duration(Duration),
    Size(u64),
}

impl Value {
    /// Reads a TOML value as `kind`; the error says what was expected.
    pub(crate) fn from_toml(kind: Kind, value: &toml::Value) -> Result<Self, String> {
        match (kind, value) {
            (Kind::List, toml::Value::Array(items)) => {
                let texts = items.iter().map(|item| item.as_str().map(str::to_owned));
                texts
                    .collect::<Option<Vec<_>>>()
                    .map(Self::List)
                    .ok_or_else(|| "expected a list of texts".to_owned())
            }
            (Kind::Bool, toml::Value::Boolean(on)) => Ok(Self::Bool(*on)),
            (Kind::Whole(..), toml::Value::Integer(number)) => Self::from_text(kind, &number.to_string()),
            (Kind::Whole(..) | Kind::Bool | Kind::List, other) => {
                Err(format!("expected {}, found {}", kind.noun(), other.type_str()))
            }
            (_, toml::Value::String(text)) => Self::from_text(kind, text),
            (_, other) => Err(format!("expected {}, found {}", kind.noun(), other.type_str())),
        }
    }

    /// Reads text as `kind`.
    pub(crate) fn from_text(kind: Kind, text: &str) -> Result<Self, String> {
        match kind {
            Kind::Text => Ok(Self::Text(text.to_owned())),
            Kind::Choice(words) => choice(words, text),
            Kind::List => Ok(Self::List(list(text))),
            Kind::Bool => match text {
                "true" => Ok(Self::Bool(true)),
                "false" => Ok(Self::Bool(false)),
                _ => Err(format!("expected true or false, found \"{}\"", text.escape_debug())),
            },
            Kind::Whole(least, most) => match text.parse::<u64>() {
                Ok(number) if (least..=most).contains(&number) => Ok(Self::Whole(number)),
                _ => Err(format!(
                    "expected a whole number from {least} to {most}, found \"{}\"",
                    text.escape_debug()
                )),
            },
            Kind::Duration(least_ms) => {
                let duration = parse_duration(text)?;
                if duration < Duration::from_millis(least_ms) {
                    return Err(format!("\"{text}\" is less than the least, {least_ms}ms"));
                }
                Ok(Self::Duration(duration))
            }
            Kind::Size(least) => {
                let bytes = parse_size(text)?;
                if bytes < least {
                    return Err(format!("\"{text}\" is less than the least, {least}B"));
                }
                Ok(Self::Size(bytes))
            }
            Kind::SecretRef => secret_ref(text),
        }
    }

    /// As it would be written in a configuration file.
    pub(crate) fn show(&self) -> String {
        match self {
            Self::Text(text) => format!("{text:?}"),
            Self::List(items) => format!("{items:?}"),
            Self::Bool(on) => on.to_string(),
            Self::Whole(number) => number.to_string(),
            Self::Duration(duration) => format!("\"{}\"", show_duration(*duration)),
            Self::Size(bytes) => format!("\"{}\"", show_size(*bytes)),
        }
    }
}

impl Kind {
    fn noun(self) -> &'static str {
        match self {
            Self::Text | Self::Choice(_) => "a text",
            Self::List => "a list of texts",
            Self::Bool => "true or false",
            Self::Whole(..) => "a whole number",
            Self::Duration(_) => "a duration such as \"10s\" (in quotes)",
            Self::Size(_) => "a size such as \"64MiB\" (in quotes)",
            Self::SecretRef => "\"env:NAME\" or \"file:PATH\"",
        }
    }
}

fn choice(words: &[&str], text: &str) -> Result<Value, String> {
    if words.contains(&text) {
        return Ok(Value::Text(text.to_owned()));
    }
    let near = nearest(text, words.iter().copied())
        .map_or(String::new(), |word| format!("; did you mean \"{word}\"?"));
    let shown: Vec<&str> = words.iter().map(|word| if word.is_empty() { "\"\"" } else { word }).collect();
    Err(format!("\"{}\" is not one of {}{near}", text.escape_debug(), shown.join(", ")))
}

fn list(text: &str) -> Vec<String> {
    let inner = text.trim();
    let inner = inner.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(inner);
    inner
        .split(',')
        .map(|item| item.trim().trim_matches('"').to_owned())
        .filter(|item| !item.is_empty())
        .collect()
}

fn secret_ref(text: &str) -> Result<Value, String> {
    if text.is_empty() || text.starts_with("env:") || text.starts_with("file:") {
        return Ok(Value::Text(text.to_owned()));
    }
    // The text may be the secret itself: it is not repeated.
    Err("a secret is named, not written here: use \"env:NAME\" or \"file:PATH\"".to_owned())
}

/// The nearest of `names` if it is near enough to be meant.
pub(crate) fn nearest<'n>(text: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let scored = names.map(|name| (strsim::damerau_levenshtein(text, name), name));
    let best = scored.min_by_key(|&(distance, _)| distance)?;
    (best.0 <= text.chars().count().max(3) / 3 + 1).then_some(best.1)
}

/// Durations: `us ms s m h d`, compound allowed, no bare numbers.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    let wrong = || {
        format!(
            "\"{}\" is not a duration; write for example \"500ms\", \"10s\" or \"1h30m\"",
            text.escape_debug()
        )
    };
    let mut rest = text;
    let mut total = Duration::ZERO;
    if rest.is_empty() {
        return Err(wrong());
    }
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, tail) = rest.split_at(digits);
        let letters = tail.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (unit, tail) = tail.split_at(letters);
        let number: u64 = number.parse().map_err(|_| wrong())?;
        let micros: u64 = match unit {
            "us" => 1,
            "ms" => 1_000,
            "s" => 1_000_000,
            "m" => 60_000_000,
            "h" => 3_600_000_000,
            "d" => 86_400_000_000,
            _ => return Err(wrong()),
        };
        let part = number.checked_mul(micros).ok_or_else(wrong)?;
        total = total.checked_add(Duration::from_micros(part)).ok_or_else(wrong)?;
        rest = tail;
    }
    Ok(total)
}

fn show_duration(duration: Duration) -> String {
    let micros = duration.as_micros();
    for (unit, size) in
        [("d", 86_400_000_000), ("h", 3_600_000_000), ("m", 60_000_000), ("s", 1_000_000), ("ms", 1_000)]
    {
        if micros >= size && micros.is_multiple_of(size) {
            return format!("{}{unit}", micros / size);
        }
    }
    format!("{micros}us")
}

fn parse_size(text: &str) -> Result<u64, String> {
    let wrong =
        || format!("\"{}\" is not a size; write for example \"64KiB\" or \"512MiB\"", text.escape_debug());
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let factor: u64 = match unit.trim() {
        "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return Err(wrong()),
    };
    number.checked_mul(factor).ok_or_else(wrong)
}

fn show_size(bytes: u64) -> String {
    for (unit, size) in [("GiB", 1_u64 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)] {
        if bytes >= size && bytes.is_multiple_of(size) {
            return format!("{}{unit}", bytes / size);
        }
    }
    format!("{bytes}B")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_and_show() {
        for (text, micros) in
            [("100ms", 100_000), ("1h30m", 5_400_000_000), ("5us", 5), ("2d", 172_800_000_000)]
        {
            let duration = parse_duration(text).unwrap();
            assert_eq!(duration.as_micros(), micros);
            assert_eq!(parse_duration(&show_duration(duration)).unwrap(), duration);
        }
        for wrong in ["", "5", "s", "5 s", "-1s", "1y", "99999999999999999999s", "18446744073709551615d"] {
            assert!(parse_duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn sizes_read_and_show() {
        assert_eq!(parse_size("64KiB"), Ok(65_536));
        assert_eq!(show_size(65_536), "64KiB");
        assert!(parse_size("64").is_err());
        assert!(parse_size("64KB").is_err());
        assert!(parse_size("99999999999GiB").is_err());
    }

    #[test]
    fn a_secret_is_never_repeated() {
        let error = Value::from_text(Kind::SecretRef, "hunter2").unwrap_err();
        assert!(!error.contains("hunter2"));
    }

    #[test]
    fn near_names() {
        assert_eq!(nearest("broker", ["brokers", "group"].into_iter()), Some("brokers"));
        assert_eq!(nearest("zebra", ["brokers", "group"].into_iter()), None);
    }
}
