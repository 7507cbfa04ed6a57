//! `pattern explain`: what a pattern asks, and what decides on an event.

use std::io::Read;

use anyhow::{Context, ensure};
use hsmstream_pattern::{
    Diagnostic, Evidence, Item, ItemVerdict, Pattern, PatternKind, Program, Scratch, outline, parse,
};
use hsmstream_record::{Audit, Body, Limits, Origin, Record};
use hsmstream_rules::{MatchScratch, Query};
use serde_json::{Map, Value, json};

use super::report::{as_json, refuse, warn};
use crate::Failure;
use crate::args::When;
use crate::commands::pattern::args::PatternExplain;
use crate::exit::Exit;
use crate::terminal::{Out, Paint, escape};

/// Bytes of an event on standard input.
const EVENT_BYTES_MAX: u64 = 16 << 20;
/// Characters of a value that are shown to people.
const VALUE_MAX: usize = 120;

/// Explains the pattern; ends with [`Exit::Usage`] if it is refused.
///
/// # Errors
/// An event that cannot be read.
pub(crate) fn run(args: &PatternExplain, color: When) -> Result<Exit, Failure> {
    let limits = super::limits(args.lift_limits);
    let mut out = Out::new();
    let pattern = match parse(&args.pattern, &limits) {
        Ok(pattern) => pattern,
        Err(mistakes) => {
            if args.json {
                let object = json!({ "pattern": args.pattern, "mistakes": as_json(&mistakes) });
                out.line(object.to_string().as_bytes());
                out.flush();
            } else {
                refuse(&args.pattern, &mistakes, &limits, color);
            }
            return Ok(Exit::Usage);
        }
    };
    let event = match &args.event {
        Some(event) if event == "-" => Some(standard_input()?),
        Some(event) => Some(event.as_encoded_bytes().to_vec()),
        None => None,
    };
    let answer = event.as_deref().map(|event| Answer::of(&pattern, event));
    let items = outline(&pattern);
    if args.json {
        out.line(object(&pattern, &items, answer.as_ref()).to_string().as_bytes());
    } else {
        let paint = Paint::stdout(color);
        describe(&pattern, &items, &mut out, paint);
        if let Some(answer) = &answer {
            answer.describe(&mut out, paint);
        }
    }
    out.flush();
    if !args.json {
        let warnings: Vec<&Diagnostic> = pattern.warnings().iter().collect();
        warn(&args.pattern, warnings, color);
    }
    Ok(Exit::Success)
}

fn standard_input() -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut input = std::io::stdin().lock().take(EVENT_BYTES_MAX + 1);
    let count = input.read_to_end(&mut bytes).context("cannot read standard input")?;
    ensure!(count as u64 <= EVENT_BYTES_MAX, "an event of more than {} MiB", EVENT_BYTES_MAX >> 20);
    let length = bytes.trim_ascii_end().len();
    bytes.truncate(length);
    Ok(bytes)
}

/// What a pattern makes of an event.
struct Answer {
    is_match: bool,
    /// The event is an audit record, and the pattern asks its fields.
    by_fields: bool,
    verdicts: Vec<ItemVerdict>,
    extracted: Vec<(String, Vec<u8>)>,
}

impl Answer {
    fn of(pattern: &Pattern, event: &[u8]) -> Self {
        if pattern.kind() == PatternKind::Json
            && let Ok(audit) = hsmstream_record::parse(event, &Limits::default())
        {
            return Self::of_record(pattern, audit);
        }
        let program = Program::compile(pattern);
        let mut scratch = Scratch::new();
        let captures = program.extract(event, &mut scratch);
        let extracted = captures.iter().flatten().map(|one| (one.to_string(), one.value.to_vec()));
        Self {
            is_match: captures.is_some(),
            by_fields: false,
            verdicts: program.explain(event),
            extracted: extracted.collect(),
        }
    }

    fn of_record(pattern: &Pattern, audit: Audit<'_>) -> Self {
        let record = Record { origin: Origin::default(), body: Body::Audit(audit) };
        let query = Query::compile(pattern);
        let mut scratch = MatchScratch::default();
        Self {
            is_match: query.matches(&record, &mut scratch),
            by_fields: true,
            verdicts: query.explain(&record, &mut scratch),
            extracted: Vec::new(),
        }
    }

    fn describe(&self, out: &mut Out, paint: Paint) {
        let verdict = if self.is_match { "matches" } else { "does not match" };
        out.line(b"");
        out.line(paint.bold(&format!("the event {verdict}")).as_bytes());
        if self.by_fields {
            out.line(b"  It is an audit record: selectors look at its fields (hsmstream parse prints them).");
        }
        let width = width(self.verdicts.iter().map(|verdict| verdict.item.as_str()));
        for verdict in &self.verdicts {
            let holds = match (&verdict.evidence, verdict.holds) {
                (Evidence::Ignored, _) => "-  ",
                (_, true) => "yes",
                (_, false) => "no ",
            };
            let mark = if verdict.is_decisive { "*" } else { " " };
            let item = pad(&escape(verdict.item.as_bytes()), width);
            let line = format!("  {mark} {holds}  {item}  {}", evidence(&verdict.evidence));
            out.line(line.trim_end().as_bytes());
        }
        if !self.verdicts.is_empty() {
            out.line(paint.dim("  * decided").as_bytes());
        }
        if !self.extracted.is_empty() {
            out.line(b"");
            out.line(b"extracted");
            let width = self.extracted.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
            for (name, value) in &self.extracted {
                out.line(format!("  {}  {}", pad(name, width), cut(value)).as_bytes());
            }
        }
    }

    fn as_json(&self) -> Value {
        let items = self.verdicts.iter().map(|verdict| {
            json!({
                "item": verdict.item,
                "start": verdict.span.start,
                "end": verdict.span.end,
                "holds": verdict.holds,
                "decisive": verdict.is_decisive,
                "evidence": evidence_json(&verdict.evidence),
            })
        });
        let extracted: Map<String, Value> =
            self.extracted.iter().map(|(name, value)| (name.clone(), json!(lossy(value)))).collect();
        json!({
            "matches": self.is_match,
            "by_fields": self.by_fields,
            "items": items.collect::<Vec<_>>(),
            "extracted": extracted,
        })
    }
}

/// What a pattern is, and its items.
fn describe(pattern: &Pattern, items: &[Item], out: &mut Out, paint: Paint) {
    let form = match pattern.kind() {
        PatternKind::Terms => {
            "terms: each is looked for anywhere in the event, also inside a word; case counts"
        }
        PatternKind::Space => "space-delimited: the event is cut into tokens, one for each field",
        PatternKind::Json => "JSON: the event has to be one JSON object, or an audit record with its fields",
    };
    out.line(format!("{}  {}", paint.bold("pattern"), escape(pattern.to_string().as_bytes())).as_bytes());
    out.line(format!("{}     {form}", paint.bold("form")).as_bytes());
    out.line(b"");
    if items.is_empty() {
        out.line(b"  asks nothing: every event matches");
    }
    let shown: Vec<String> =
        items.iter().map(|item| "  ".repeat(item.depth) + &escape(item.text.as_bytes())).collect();
    let width = width(shown.iter().map(String::as_str));
    for (text, item) in shown.iter().zip(items) {
        let meaning = escape(item.meaning.as_bytes());
        let line = format!("  {}  {meaning}", pad(text, width));
        let line = line.trim_end();
        out.line(if item.is_ignored { paint.dim(line) } else { line.to_owned() }.as_bytes());
    }
}

/// The column behind the longest text, but long ones do not count.
fn width<'t>(texts: impl Iterator<Item = &'t str>) -> usize {
    texts
        .map(|text| escape(text.as_bytes()).chars().count())
        .filter(|count| *count <= WIDTH_MAX)
        .max()
        .unwrap_or(0)
}

fn pad(text: &str, width: usize) -> String {
    format!("{text:width$}")
}

fn evidence(evidence: &Evidence) -> String {
    match evidence {
        Evidence::Occurs(place) => format!("found at byte {}", place.start),
        Evidence::Absent => "not found".into(),
        Evidence::Ignored => "ignored".into(),
        Evidence::NotJson => "the event is not one JSON object".into(),
        Evidence::Tokens { needed, found } => format!("there are {found}, needed {needed}"),
        Evidence::Values(values) if values.is_empty() => "nothing is there".into(),
        Evidence::Values(values) => {
            let shown: Vec<String> = values.iter().map(|value| cut(value)).collect();
            format!("of {}", shown.join(", "))
        }
    }
}

fn evidence_json(evidence: &Evidence) -> Value {
    match evidence {
        Evidence::Occurs(place) => json!({ "found": { "start": place.start, "end": place.end } }),
        Evidence::Absent => json!({ "found": null }),
        Evidence::Ignored => json!({ "ignored": true }),
        Evidence::NotJson => json!({ "not_json": true }),
        Evidence::Tokens { needed, found } => json!({ "tokens": { "needed": needed, "found": found } }),
        Evidence::Values(values) => {
            json!({ "values": values.iter().map(|value| lossy(value)).collect::<Vec<_>>() })
        }
    }
}

fn object(pattern: &Pattern, items: &[Item], answer: Option<&Answer>) -> Value {
    let item = |item: &Item| {
        json!({
            "item": item.text,
            "start": item.span.start,
            "end": item.span.end,
            "depth": item.depth,
            "meaning": item.meaning,
            "ignored": item.is_ignored,
        })
    };
    let mut object = json!({
        "pattern": pattern.text(),
        "canonical": pattern.to_string(),
        "form": pattern.kind().as_str(),
        "mistakes": [],
        "items": items.iter().map(item).collect::<Vec<_>>(),
        "findings": as_json(pattern.warnings()),
    });
    if let (Some(object), Some(answer)) = (object.as_object_mut(), answer) {
        object.insert("event".to_owned(), answer.as_json());
    }
    object
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A value for people: escaped, and not too much of it.
fn cut(value: &[u8]) -> String {
    let text = escape(value);
    match text.char_indices().nth(VALUE_MAX) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

/// Items longer than this do not widen their column.
const WIDTH_MAX: usize = 44;
