//! What a mistake in a rule file looks like, and how it is shown to people.
//!
//! A diagnostic owns everything needed to show it (file name, line, column, the source line), so it
//! outlives the file. Rendering:
//!
//! ```text
//! error: unknown key `serverity`
//!   --> rules/login.yaml:3:1
//!    |
//!  3 | serverity: high
//!    | ^^^^^^^^^ did you mean `severity`?
//! ```
//!
//! Every byte of the file that is shown is escaped, so a rule file cannot steer a terminal.

use std::fmt::{self, Write as _};
use std::sync::Arc;

use crate::source::ByteSpan;

/// Whether the rule is left out for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// The rule does not load.
    Error,
    /// The rule loads; somebody should look at it.
    Warning,
}

impl Level {
    /// `error` or `warning`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// A place in a rule file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// File name as given to the loader.
    pub file: Arc<str>,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// Bytes of the file.
    pub bytes: ByteSpan,
    /// Part of the source line around the place.
    excerpt: String,
    /// Characters of the excerpt before the place.
    lead: usize,
    /// Characters of the place on its first line.
    width: usize,
}

impl Place {
    /// A place at `(line, column, width)` of `text`, the whole source line.
    pub(crate) fn new(file: Arc<str>, at: (usize, usize, usize), bytes: ByteSpan, text: &str) -> Self {
        let (line, column, width) = at;
        let skip = (column - 1).saturating_sub(EXCERPT_LEAD_MAX);
        let excerpt: String = text.chars().skip(skip).take(EXCERPT_CHARS_MAX).collect();
        let lead = column - 1 - skip;
        let width = width.clamp(1, EXCERPT_CHARS_MAX.saturating_sub(lead).max(1));
        Self { file, line, column, bytes, excerpt, lead, width }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", escaped(&self.file), self.line, self.column)
    }
}

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Error or warning.
    pub level: Level,
    /// Where.
    pub place: Place,
    /// Id of the rule, if it is known.
    pub rule: Option<String>,
    /// What is wrong, a lower-case fragment.
    pub message: String,
    /// What to do, often the nearest valid name.
    pub help: Option<String>,
    /// A second place that belongs to it, with a note (the first definition of a duplicate).
    pub related: Option<(Place, String)>,
}

impl Diagnostic {
    /// Writes the diagnostic with its source line and caret; `color` adds ANSI colours.
    pub fn render(&self, color: bool, out: &mut String) {
        let paint = if color { Paint::ON } else { Paint::OFF };
        let tint = if self.level == Level::Error { paint.error } else { paint.warning };
        push(
            out,
            format_args!(
                "{tint}{}{}: {}{}\n",
                self.level.as_str(),
                paint.bold,
                escaped(&self.message),
                paint.reset
            ),
        );
        excerpt(&self.place, self.help.as_deref(), "^", tint, &paint, out);
        if let Some((place, note)) = &self.related {
            excerpt(place, Some(note), "-", paint.rule, &paint, out);
        }
    }
}

impl fmt::Display for Diagnostic {
    /// One line: `file:line:column: error: message; help`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.place, self.level.as_str(), escaped(&self.message))?;
        if let Some(help) = &self.help {
            write!(f, "; {}", escaped(help))?;
        }
        if let Some((place, note)) = &self.related {
            write!(f, " ({place}: {})", escaped(note))?;
        }
        Ok(())
    }
}

/// Renders all diagnostics, one blank line between them.
#[must_use]
pub fn render_all(diagnostics: &[Diagnostic], color: bool) -> String {
    let mut out = String::new();
    for (index, diagnostic) in diagnostics.iter().enumerate() {
        if index > 0 {
            out.push('\n');
        }
        diagnostic.render(color, &mut out);
    }
    out
}

/// The colours in use, empty without colour.
struct Paint {
    error: &'static str,
    warning: &'static str,
    rule: &'static str,
    bold: &'static str,
    reset: &'static str,
}

impl Paint {
    const ON: Self = Self {
        error: "\x1b[1;31m",
        warning: "\x1b[1;33m",
        rule: "\x1b[1;34m",
        bold: "\x1b[0;1m",
        reset: "\x1b[0m",
    };
    const OFF: Self = Self { error: "", warning: "", rule: "", bold: "", reset: "" };
}

/// The lines `--> place`, source and carets.
fn excerpt(place: &Place, note: Option<&str>, mark: &str, tint: &str, paint: &Paint, out: &mut String) {
    let number = place.line.to_string();
    let gutter = " ".repeat(number.len() + 2);
    let (bar, reset) = (paint.rule, paint.reset);
    let lead: String = place.excerpt.chars().take(place.lead).flat_map(visible).collect();
    let marked: usize = place.excerpt.chars().skip(place.lead).take(place.width).flat_map(visible).count();
    push(out, format_args!("{bar}{}-->{reset} {place}\n", " ".repeat(number.len() + 1)));
    push(out, format_args!("{bar}{gutter}|{reset}\n"));
    push(out, format_args!("{bar} {number} |{reset} {}\n", escaped(&place.excerpt)));
    let carets = mark.repeat(marked.max(1));
    let space = " ".repeat(lead.chars().count());
    match note {
        Some(note) => {
            push(out, format_args!("{bar}{gutter}|{reset} {space}{tint}{carets} {}{reset}\n", escaped(note)))
        }
        None => push(out, format_args!("{bar}{gutter}|{reset} {space}{tint}{carets}{reset}\n")),
    }
}

/// Text with everything that could steer a terminal written as `\u{…}`.
fn escaped(text: &str) -> String {
    text.chars().flat_map(visible).collect()
}

/// A character as it is shown: control characters and text-direction controls are escaped, a TAB is a
/// blank so that carets stay aligned.
fn visible(character: char) -> Visible {
    let hidden = character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    match character {
        '\t' => Visible::Plain(Some(' ')),
        _ if hidden => Visible::Escaped(character.escape_unicode()),
        _ => Visible::Plain(Some(character)),
    }
}

/// Iterator of [`visible`].
enum Visible {
    Plain(Option<char>),
    Escaped(std::char::EscapeUnicode),
}

impl Iterator for Visible {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        match self {
            Self::Plain(character) => character.take(),
            Self::Escaped(rest) => rest.next(),
        }
    }
}

/// Appends formatted text; writing to a `String` cannot fail.
fn push(out: &mut String, text: fmt::Arguments<'_>) {
    let written = out.write_fmt(text);
    debug_assert!(written.is_ok(), "a String takes all text");
}

/// Characters of a source line that are shown at most.
const EXCERPT_CHARS_MAX: usize = 160;
/// Characters of a source line shown before the place at most.
const EXCERPT_LEAD_MAX: usize = 80;
