//! `pattern test`: what `aws logs test-metric-filter` answers.

use std::path::Path;

use anyhow::{Context, anyhow};
use hsmstream_pattern::{Capture, PatternKind, Program, Scratch, is_object};
use hsmstream_record::escape::{Shown, json_string};
use serde_json::Value;

use super::events::Events;
use super::report::{compile, is_note, warn};
use crate::args::When;
use crate::commands::pattern::args::PatternTest;
use crate::exit::Exit;
use crate::terminal::{Out, escape};
use crate::{Failure, complain};

/// Tests the events; ends with [`Exit::Usage`] if the pattern is none or there is no event.
///
/// # Errors
/// Events that cannot be read.
pub(crate) fn run(args: &PatternTest, color: When) -> Result<Exit, Failure> {
    let (text, events) = match input(args)? {
        Ok(input) => input,
        Err(mistake) => {
            complain(&mistake);
            return Ok(Exit::Usage);
        }
    };
    let limits = super::limits(args.lift_limits);
    let Some(pattern) = compile(&text, &limits, color) else { return Ok(Exit::Usage) };
    warn(&text, pattern.warnings().iter().filter(|warning| !is_note(warning)), color);
    let program = Program::compile(&pattern);
    let mut scratch = Scratch::new();
    let mut printer = Printer { out: Out::new(), line: Vec::new(), matches: 0, replaced: 0 };
    let (mut number, mut unreadable) = (0_u64, 0_u64);
    let count = events.each(&mut |event| {
        number += 1;
        match program.extract(event, &mut scratch) {
            Some(captures) => printer.matching(number, event, &captures),
            None if pattern.kind() == PatternKind::Json => unreadable += u64::from(!is_object(event)),
            None => {}
        }
    })?;
    if count == 0 {
        complain("there is no event to test: the input is empty");
        return Ok(Exit::Usage);
    }
    printer.finish();
    if unreadable > 0 {
        complain(&format!(
            "note: of {count} events {unreadable} are not one JSON object; a JSON pattern never matches those"
        ));
    }
    Ok(Exit::Success)
}

/// Pattern and events, or what is wrong with the arguments.
fn input(args: &PatternTest) -> anyhow::Result<Result<(String, Events), String>> {
    let (mut pattern, mut events) = (args.filter_pattern.clone(), None);
    if let Some(json) = &args.cli_input_json {
        let (given, messages) = match skeleton(&named(json)?) {
            Ok(skeleton) => skeleton,
            Err(mistake) => return Ok(Err(format!("--cli-input-json: {mistake:#}"))),
        };
        pattern = pattern.or(given);
        events = messages.map(Events::Given);
    }
    if let Some(path) = &args.file {
        events = Some(Events::of_file(path, args.lines)?);
    } else if !args.log_event_messages.is_empty() {
        events = Some(Events::of_arguments(&args.log_event_messages, args.lines)?);
    }
    Ok(match (pattern, events) {
        (Some(pattern), Some(events)) => Ok((named(&pattern)?, events)),
        (None, _) => Err("there is no pattern: give --filter-pattern PATTERN".to_owned()),
        (_, None) => Err("there is no event: give --log-event-messages EVENT…, or - for standard input, \
                          or --file FILE"
            .to_owned()),
    })
}

/// The text itself, or what stands in the file that `file://NAME` names.
fn named(text: &str) -> anyhow::Result<String> {
    match text.strip_prefix("file://") {
        Some(name) => {
            let path = Path::new(name);
            std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
        }
        None => Ok(text.to_owned()),
    }
}

/// What `--cli-input-json` holds.
type Skeleton = (Option<String>, Option<Vec<Vec<u8>>>);

fn skeleton(text: &str) -> anyhow::Result<Skeleton> {
    let value: Value = serde_json::from_str(text).context("no JSON")?;
    let object = value.as_object().ok_or_else(|| anyhow!("no JSON object"))?;
    let mut skeleton = (None, None);
    for (key, value) in object {
        let strings = |value: &Value| {
            let texts: Option<Vec<Vec<u8>>> =
                value.as_array()?.iter().map(|one| Some(one.as_str()?.as_bytes().to_vec())).collect();
            texts
        };
        match key.as_str() {
            "filterPattern" => {
                let text = value.as_str().ok_or_else(|| anyhow!("filterPattern is no string"))?;
                skeleton.0 = Some(text.to_owned());
            }
            "logEventMessages" => {
                let texts =
                    strings(value).ok_or_else(|| anyhow!("logEventMessages is no array of strings"))?;
                skeleton.1 = Some(texts);
            }
            other => {
                return Err(anyhow!(
                    "unknown key \"{}\"; there are filterPattern and logEventMessages",
                    other.escape_debug()
                ));
            }
        }
    }
    Ok(skeleton)
}

/// Prints the answer as the AWS command does: four blanks a level, keys in the order of the service's model.
struct Printer {
    out: Out,
    line: Vec<u8>,
    matches: u64,
    /// Matching events that are printed with U+FFFD.
    replaced: u64,
}

impl Printer {
    fn matching(&mut self, number: u64, event: &[u8], captures: &[Capture<'_>]) {
        // The brackets around come with the first match, the comma behind one with the next.
        if self.matches == 0 {
            self.out.line(b"{\n    \"matches\": [");
        } else {
            self.out.line(b"        },");
        }
        self.matches += 1;
        self.out.line(b"        {");
        self.out.line(format!("            \"eventNumber\": {number},").as_bytes());
        self.line.clear();
        self.line.extend_from_slice(b"            \"eventMessage\": ");
        self.replaced += u64::from(self.text(event) == Shown::Replaced);
        self.line.push(b',');
        self.out.line(&self.line);
        if captures.is_empty() {
            self.out.line(b"            \"extractedValues\": {}");
            return;
        }
        self.out.line(b"            \"extractedValues\": {");
        for (index, capture) in captures.iter().enumerate() {
            self.line.clear();
            self.line.extend_from_slice(b"                ");
            let _name = self.text(capture.to_string().as_bytes());
            self.line.extend_from_slice(b": ");
            let _value = self.text(capture.value);
            if index + 1 < captures.len() {
                self.line.push(b',');
            }
            self.out.line(&self.line);
        }
        self.out.line(b"            }");
    }

    /// Appends a JSON string; for a terminal with everything escaped that could steer it.
    fn text(&mut self, text: &[u8]) -> Shown {
        let start = self.line.len();
        let shown = json_string(text, &mut self.line);
        if self.out.is_terminal() {
            let raw = String::from_utf8_lossy(self.line.get(start..).unwrap_or_default()).into_owned();
            self.line.truncate(start);
            for letter in raw.chars() {
                let mut bytes = [0; 4];
                let bytes: &str = letter.encode_utf8(&mut bytes);
                if escape(bytes.as_bytes()) == bytes {
                    self.line.extend_from_slice(bytes.as_bytes());
                } else {
                    for unit in bytes.encode_utf16() {
                        self.line.extend_from_slice(format!("\\u{unit:04x}").as_bytes());
                    }
                }
            }
        }
        shown
    }

    fn finish(&mut self) {
        if self.matches == 0 {
            self.out.line(b"{\n    \"matches\": []\n}");
        } else {
            self.out.line(b"        }\n    ]\n}");
        }
        self.out.flush();
        if self.replaced > 0 {
            complain(&format!(
                "note: {} of the events printed hold bytes that are not UTF-8, shown as U+FFFD",
                self.replaced
            ));
        }
    }
}
