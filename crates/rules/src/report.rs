//! Collects the diagnostics of one file: adds places and the current rule, and keeps the limit.

use crate::diagnostic::{Diagnostic, Level};
use crate::source::{ByteSpan, Source};

/// The open list of mistakes of one file.
#[derive(Debug)]
pub(crate) struct Report<'s> {
    source: &'s Source,
    kept: Vec<Diagnostic>,
    kept_max: usize,
    /// Diagnostics beyond the limit.
    dropped: usize,
    /// Errors among them.
    dropped_errors: usize,
    errors: usize,
    rule: Option<String>,
}

impl<'s> Report<'s> {
    pub(crate) fn new(source: &'s Source, kept_max: usize) -> Self {
        Self { source, kept: Vec::new(), kept_max, dropped: 0, dropped_errors: 0, errors: 0, rule: None }
    }

    /// The file under way.
    pub(crate) fn source(&self) -> &'s Source {
        self.source
    }

    /// Names the rule that following mistakes belong to.
    pub(crate) fn set_rule(&mut self, id: Option<&str>) {
        self.rule = id.map(str::to_owned);
    }

    /// Errors so far, also those beyond the limit.
    pub(crate) fn errors(&self) -> usize {
        self.errors
    }

    /// A mistake that leaves the rule out.
    pub(crate) fn error(&mut self, span: ByteSpan, message: String, help: Option<String>) {
        self.errors += 1;
        self.push(Level::Error, span, message, help, None);
    }

    /// An error that has a second place.
    pub(crate) fn error_related(&mut self, span: ByteSpan, message: String, related: (ByteSpan, String)) {
        self.errors += 1;
        self.push(Level::Error, span, message, None, Some(related));
    }

    /// Something to look at; the rule loads.
    pub(crate) fn warning(&mut self, span: ByteSpan, message: String, help: Option<String>) {
        self.push(Level::Warning, span, message, help, None);
    }

    /// All diagnostics in file order; what was beyond the limit is told in a last one, an error only if
    /// there were errors.
    pub(crate) fn finish(mut self) -> Vec<Diagnostic> {
        self.kept.sort_by_key(|diagnostic| diagnostic.place.bytes);
        if self.dropped > 0 {
            let (level, what) = match self.dropped_errors {
                0 => (Level::Warning, "warning"),
                _ => (Level::Error, "mistake"),
            };
            let more = match self.dropped {
                1 => format!("1 more {what} in this file is not shown"),
                count => format!("{count} more {what}s in this file are not shown"),
            };
            let end = self.source.text.len();
            self.rule = None;
            self.kept_max = usize::MAX;
            self.push(level, ByteSpan::new(end, end), more, None, None);
        }
        self.kept
    }

    fn push(
        &mut self,
        level: Level,
        span: ByteSpan,
        message: String,
        help: Option<String>,
        related: Option<(ByteSpan, String)>,
    ) {
        if self.kept.len() >= self.kept_max {
            self.dropped += 1;
            // An error says why a rule is left out: it takes the place of a warning.
            let warning = self.kept.iter().rposition(|kept| kept.level == Level::Warning);
            match (level, warning) {
                (Level::Warning, _) => return,
                (Level::Error, None) => {
                    self.dropped_errors += 1;
                    return;
                }
                (Level::Error, Some(warning)) => {
                    self.kept.remove(warning);
                }
            }
        }
        let related = related.map(|(span, note)| (self.source.place(span), note));
        let (place, rule) = (self.source.place(span), self.rule.clone());
        self.kept.push(Diagnostic { level, place, rule, message, help, related });
    }
}
