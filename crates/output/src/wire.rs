//! How single values are shown in JSON documents, and how a document is made to fit.
//!
//! A document is first encoded whole. If it is over its cap, it is encoded again with less: without raw
//! texts, then with only the first and the last event of the evidence, then with every text and list cut.
//! The document says so (`truncated`), and so does the encoder's answer.

use std::borrow::Cow;
use std::fmt;

use hsmstream_record::time::rfc3339_micros;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;

use crate::{GroupField, GroupValue, Id, Measure, MeasureValue, Timestamp};

/// What was left out of a document to keep it within its cap. Each level includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[must_use]
pub enum Cut {
    /// Nothing: all is there.
    Nothing,
    /// The raw texts of evidence.
    Raw,
    /// All evidence but the first and the last event.
    Evidence,
    /// Texts beyond 128 bytes (they end in `…`) and lists beyond 32 entries.
    Texts,
}

impl Cut {
    /// All levels, rising.
    pub const ALL: [Self; 4] = [Self::Nothing, Self::Raw, Self::Evidence, Self::Texts];

    /// The marks that the document carries as `truncated`.
    #[must_use]
    pub const fn marks(self) -> &'static [&'static str] {
        match self {
            Self::Nothing => &[],
            Self::Raw => &["raw"],
            Self::Evidence => &["raw", "evidence"],
            Self::Texts => &["raw", "evidence", "texts"],
        }
    }
}

/// Texts of a document that is cut to [`Cut::Texts`], in bytes.
const TEXT_BYTES_MAX: usize = 128;
/// Entries of any list of such a document.
const LIST_ENTRIES_MAX: usize = 32;

/// By what measure a document is being encoded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fit {
    pub(crate) cut: Cut,
    /// Size of the whole document, once known.
    pub(crate) untruncated_bytes: Option<usize>,
}

impl Fit {
    pub(crate) fn text(self, bytes: &[u8]) -> Text<'_> {
        Text { bytes, bytes_max: if self.cut < Cut::Texts { usize::MAX } else { TEXT_BYTES_MAX } }
    }

    pub(crate) fn str(self, text: &str) -> Text<'_> {
        self.text(text.as_bytes())
    }

    pub(crate) fn list<T>(self, items: &[T]) -> &[T] {
        let max = if self.cut < Cut::Texts { usize::MAX } else { LIST_ENTRIES_MAX };
        items.get(..max).unwrap_or(items)
    }

    pub(crate) fn texts(self, items: &[String]) -> Vec<Text<'_>> {
        self.list(items).iter().map(|item| self.str(item)).collect()
    }
}

/// Bytes of somebody else, as a JSON string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Text<'a> {
    bytes: &'a [u8],
    bytes_max: usize,
}

impl Serialize for Text<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&shown(self.bytes, self.bytes_max))
    }
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&shown(self.bytes, self.bytes_max))
    }
}

/// `bytes` as UTF-8 with U+FFFD for what is none; beyond `bytes_max`, cut at a character and marked by `…`.
pub(crate) fn shown(bytes: &[u8], bytes_max: usize) -> Cow<'_, str> {
    if bytes.len() <= bytes_max {
        return String::from_utf8_lossy(bytes);
    }
    // A character has at most three bytes behind its first.
    let is_boundary = |end: usize| bytes.get(end).is_none_or(|byte| byte & 0xc0 != 0x80);
    let end = (bytes_max.saturating_sub(3)..=bytes_max).rev().find(|&end| is_boundary(end));
    let start = bytes.get(..end.unwrap_or(bytes_max)).unwrap_or_default();
    let mut text = String::from_utf8_lossy(start).into_owned();
    text.push('…');
    Cow::Owned(text)
}

/// A time in RFC 3339 with microseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rfc3339(pub(crate) Timestamp);

impl Serialize for Rfc3339 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = Vec::with_capacity(27);
        rfc3339_micros(self.0.micros(), &mut text);
        serializer.serialize_str(str::from_utf8(&text).unwrap_or_default())
    }
}

/// An id.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IdText(pub(crate) Id);

impl Serialize for IdText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.as_str())
    }
}

/// A group as an object of its fields; of fields of one name the first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Group<'a> {
    pub(crate) fields: &'a [GroupField<'a>],
    pub(crate) fit: Fit,
}

impl Serialize for Group<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let fields = self.fit.list(self.fields);
        let mut map = serializer.serialize_map(None)?;
        for (index, field) in fields.iter().enumerate() {
            if fields.iter().take(index).any(|earlier| earlier.name == field.name) {
                continue;
            }
            map.serialize_key(&self.fit.str(field.name))?;
            match field.value {
                GroupValue::Missing => map.serialize_value(&())?,
                GroupValue::Number(number) => map.serialize_value(&number)?,
                GroupValue::Text(text) => map.serialize_value(&self.fit.text(text))?,
                GroupValue::Lexeme(text) => match scalar(text) {
                    Some(scalar) => map.serialize_value(scalar)?,
                    None => map.serialize_value(&self.fit.text(text))?,
                },
            }
        }
        map.end()
    }
}

/// The text as a JSON number, `true` or `false`, if it is one that any JSON reader takes.
fn scalar(text: &[u8]) -> Option<&RawValue> {
    const LEXEME_BYTES_MAX: usize = 64;
    let text = str::from_utf8(text).ok().filter(|text| text.len() <= LEXEME_BYTES_MAX)?;
    let first = text.bytes().next()?;
    let is_number = (first == b'-' || first.is_ascii_digit())
        && !text.ends_with(|character: char| character.is_ascii_whitespace())
        && text.parse::<f64>().is_ok_and(f64::is_finite);
    let is_scalar = is_number || text == "true" || text == "false";
    is_scalar.then(|| serde_json::from_str(text).ok()).flatten()
}

/// Measures as an object; absent ones are left out, of two of one name the first counts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measures<'a> {
    pub(crate) measures: &'a [Measure<'a>],
    pub(crate) fit: Fit,
}

impl Serialize for Measures<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let measures = self.fit.list(self.measures);
        let mut map = serializer.serialize_map(None)?;
        for (index, measure) in measures.iter().enumerate() {
            let MeasureValue::Number(number) = measure.value else { continue };
            if !measures.iter().take(index).any(|earlier| earlier.name == measure.name) {
                map.serialize_entry(&self.fit.str(measure.name), &number)?;
            }
        }
        map.end()
    }
}

/// Appends the document that `document` builds, cut until it has at most `bytes_max` bytes.
pub(crate) fn write_fitted<D: Serialize>(
    bytes_max: usize,
    out: &mut Vec<u8>,
    document: impl Fn(Fit) -> D,
) -> Cut {
    let start = out.len();
    let mut untruncated_bytes = None;
    for cut in Cut::ALL {
        out.truncate(start);
        serde_json::to_writer(&mut *out, &document(Fit { cut, untruncated_bytes }))
            .expect("a Vec takes every byte, and the documents' keys are strings");
        let written = out.len() - start;
        if written <= bytes_max {
            return cut;
        }
        untruncated_bytes.get_or_insert(written);
    }
    Cut::Texts
}
