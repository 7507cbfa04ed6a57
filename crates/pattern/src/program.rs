//! One pattern, compiled.
//!
//! In: a [`Pattern`], then events. Out: whether it matches, what it extracts. For many patterns at once see
//! [`Set`](crate::Set). Immutable and shared; what a match needs to write is in [`Scratch`].

use std::sync::Arc;

use memchr::memmem::Finder;

use crate::ast::{Body, Expr, Field, Needle, Pattern, Role, Term};
use crate::document::{Document, TextDocument};
use crate::explain::{self, ItemVerdict};
use crate::layout::{Layout, Place};
use crate::predicate::{Machines, Predicate};
use crate::regex::{Caches, Machine};
use crate::scratch::Scratch;
use crate::tokens;
use crate::tuning::Tuning;

/// A compiled pattern.
#[derive(Debug)]
pub struct Program {
    pattern: Pattern,
    form: Form,
}

/// A value that a space-delimited pattern extracts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capture<'a> {
    /// The field's name, without `$`; a field without one goes by its position.
    pub name: Option<&'a str>,
    /// The position of its (first) token, from 1.
    pub position: usize,
    /// Its text, out of its delimiters.
    pub value: &'a [u8],
}

#[derive(Debug)]
enum Form {
    Terms { excluded: Vec<Search>, plain: Vec<Search>, optional: Vec<Search> },
    Space { least: usize, conditions: Vec<(Place, Expr<Predicate>)> },
    Json(Expr<Asked>),
}

/// A JSON condition: the selector, and what is asked; nothing for `NOT EXISTS`.
#[derive(Debug)]
struct Asked {
    selector: usize,
    predicate: Option<Predicate>,
}

#[derive(Debug)]
enum Search {
    Text(Box<Finder<'static>>),
    Regex {
        machine: Arc<Machine>,
        place: usize,
        /// One of these occurs in every match; empty if nothing is known.
        required: Vec<Finder<'static>>,
    },
}

impl Program {
    /// Compiles a pattern.
    #[must_use]
    pub fn compile(pattern: &Pattern) -> Self {
        Self::compile_with(pattern, Tuning::default())
    }

    /// Compiles a pattern, optimisations chosen.
    #[must_use]
    pub fn compile_with(pattern: &Pattern, tuning: Tuning) -> Self {
        let mut machines = Machines::new(tuning);
        let form = match &pattern.body {
            Body::Terms(terms) => compile_terms(terms, tuning, &mut machines),
            Body::Space(fields) => compile_space(fields, &mut machines),
            Body::Json(expr) => Form::Json(map(expr, &mut |condition| Asked {
                selector: condition.selector,
                predicate: Predicate::of_test(&condition.test, &mut machines),
            })),
        };
        Self { pattern: pattern.clone(), form }
    }

    /// The pattern it was compiled from.
    #[must_use]
    pub const fn pattern(&self) -> &Pattern {
        &self.pattern
    }

    /// Whether the pattern matches `event`. A JSON pattern parses it; what is no JSON object does not match.
    pub fn matches_text(&self, event: &[u8], scratch: &mut Scratch) -> bool {
        let Form::Json(expr) = &self.form else { return self.matches_bytes(event, scratch) };
        let Scratch { tape, paths, caches, .. } = scratch;
        match TextDocument::parse(event, &self.pattern.selectors, tape, paths) {
            Some(mut document) => json_matches(expr, &mut document, caches),
            None => false,
        }
    }

    /// As [`Self::matches_text`], but a JSON pattern asks `document`; its selector numbers are those of
    /// [`Pattern::selectors`].
    pub fn matches_document(&self, event: &[u8], document: &mut dyn Document, scratch: &mut Scratch) -> bool {
        match &self.form {
            Form::Json(expr) => json_matches(expr, document, &mut scratch.caches),
            _ => self.matches_bytes(event, scratch),
        }
    }

    fn matches_bytes(&self, event: &[u8], scratch: &mut Scratch) -> bool {
        let Scratch { tokens, caches, .. } = scratch;
        match &self.form {
            Form::Terms { excluded, plain, optional } => {
                plain.iter().all(|search| search.finds(event, caches))
                    && !excluded.iter().any(|search| search.finds(event, caches))
                    && (optional.is_empty() || optional.iter().any(|search| search.finds(event, caches)))
            }
            Form::Space { least, conditions } => {
                tokens::split(event, tokens);
                tokens.len() >= *least
                    && conditions.iter().all(|(place, condition)| match place.text(event, tokens) {
                        Some(text) => {
                            evaluate(condition, &mut |predicate| predicate.holds_token(text, caches))
                        }
                        None => false,
                    })
            }
            Form::Json(_) => false,
        }
    }

    /// What a matching event gives: of a space-delimited pattern every token, of the others nothing. `None`
    /// if the pattern does not match. Allocates the list.
    pub fn extract<'a>(&'a self, event: &'a [u8], scratch: &mut Scratch) -> Option<Vec<Capture<'a>>> {
        if !self.matches_text(event, scratch) {
            return None;
        }
        let Body::Space(fields) = &self.pattern.body else { return Some(Vec::new()) };
        let layout = Layout::of(fields);
        let tokens = &scratch.tokens;
        let mut captures: Vec<Capture<'a>> = tokens
            .iter()
            .enumerate()
            .map(|(index, token)| Capture { name: None, position: index + 1, value: token.text(event) })
            .collect();
        for (place, slot) in layout.slots {
            let Some(index) = place.index(tokens.len()) else { continue };
            if let Some(capture) = captures.get_mut(index) {
                capture.name = slot.name.as_deref();
                capture.value = place.text(event, tokens).unwrap_or_default();
            }
            if matches!(place, Place::Remainder(_)) {
                captures.truncate(index + 1);
            }
        }
        Some(captures)
    }

    /// Says of each item of the pattern whether it holds for `event`, and whether that decided. Slow; for
    /// people.
    #[must_use]
    pub fn explain(&self, event: &[u8]) -> Vec<ItemVerdict> {
        explain::text(&self.pattern, event)
    }

    /// As [`Self::explain`], but a JSON pattern asks `document`.
    pub fn explain_document(&self, event: &[u8], document: &mut dyn Document) -> Vec<ItemVerdict> {
        explain::document(&self.pattern, event, document)
    }
}

impl core::fmt::Display for Capture<'_> {
    /// The name as the service shows it: `$name` or `$position`.
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self.name {
            Some(name) => write!(formatter, "${name}"),
            None => write!(formatter, "${}", self.position),
        }
    }
}

impl Search {
    fn finds(&self, event: &[u8], caches: &mut Caches) -> bool {
        match self {
            Self::Text(finder) => finder.find(event).is_some(),
            Self::Regex { machine, place, required } => {
                let is_possible =
                    required.is_empty() || required.iter().any(|text| text.find(event).is_some());
                is_possible && caches.search(*place, machine, event)
            }
        }
    }
}

fn compile_terms(terms: &[Term], tuning: Tuning, machines: &mut Machines) -> Form {
    let finder = |text: &[u8]| Finder::new(text).into_owned();
    let mut of = |role: Role| {
        let mut searches: Vec<Search> = Vec::new();
        for term in terms.iter().filter(|term| term.role == role) {
            searches.push(match &term.needle {
                Needle::Text(text) => Search::Text(Box::new(finder(text.as_bytes()))),
                Needle::Regex(regex) => {
                    let (machine, place) = machines.add(regex);
                    let required = regex.required().filter(|_| tuning.prefilters).unwrap_or_default();
                    Search::Regex {
                        machine,
                        place,
                        required: required.iter().map(|text| finder(text)).collect(),
                    }
                }
            });
        }
        // Texts first: they are cheaper.
        searches.sort_by_key(|search| matches!(search, Search::Regex { .. }));
        searches
    };
    let (excluded, plain, mut optional) = (of(Role::Excluded), of(Role::Plain), of(Role::Optional));
    if !excluded.is_empty() || !plain.is_empty() {
        optional.clear();
    }
    Form::Terms { excluded, plain, optional }
}

fn compile_space(fields: &[Field], machines: &mut Machines) -> Form {
    let layout = Layout::of(fields);
    let mut conditions = Vec::new();
    for (place, slot) in layout.slots {
        if let Some(condition) = &slot.condition {
            let compiled = map(condition, &mut |check| Predicate::of_comparison(&check.comparison, machines));
            conditions.push((place, compiled));
        }
    }
    Form::Space { least: layout.least, conditions }
}

fn json_matches(expr: &Expr<Asked>, document: &mut dyn Document, caches: &mut Caches) -> bool {
    evaluate(expr, &mut |asked| match &asked.predicate {
        Some(predicate) => document.visit(asked.selector, &mut |value| predicate.holds(value, caches)),
        None => !document.visit(asked.selector, &mut |_| true),
    })
}

/// The same joints over other leaves.
fn map<C, D>(expr: &Expr<C>, leaf: &mut dyn FnMut(&C) -> D) -> Expr<D> {
    match expr {
        Expr::Leaf(one) => Expr::Leaf(leaf(one)),
        Expr::All(parts) => Expr::All(parts.iter().map(|part| map(part, leaf)).collect()),
        Expr::Any(parts) => Expr::Any(parts.iter().map(|part| map(part, leaf)).collect()),
    }
}

fn evaluate<C>(expr: &Expr<C>, holds: &mut dyn FnMut(&C) -> bool) -> bool {
    match expr {
        Expr::Leaf(leaf) => holds(leaf),
        Expr::All(parts) => parts.iter().all(|part| evaluate(part, holds)),
        Expr::Any(parts) => parts.iter().any(|part| evaluate(part, holds)),
    }
}
