//! Matches a record whose shape is known, and learns those that are not.

use core::ops::Range;

use super::Set;
use super::evaluate::{self, Callers, Run, Storage};
use super::learn::{Known, Searched, Trait, learn};
use super::reach::Overlap;
use super::template::Template;
use crate::scratch::Scratch;
use crate::shape::{Gist, Outline, Shaped};

/// Appends the numbers of the patterns that match, ascending.
#[inline]
pub(super) fn run<'a, D: Shaped<'a>>(
    set: &Set,
    document: &mut D,
    scratch: &mut Scratch,
    matched: &mut Vec<u32>,
) {
    let gist = document.gist();
    if let Some(alike) = scratch.shapes.find_alike(set, gist)
        && let Some(known) = scratch.shapes.known(alike.number)
        && (known.open.is_empty() || is_decided(known, document))
    {
        matched.extend_from_slice(&known.sure);
        return;
    }
    run_outlined(set, gist, document, scratch, matched);
}

/// Whether nothing that is open can be true of a record: no value is wanted, and the free parts are too short for the
/// texts that are.
#[inline]
fn is_decided<'a, D: Shaped<'a>>(known: &Known, document: &D) -> bool {
    let sketches = document.sketches();
    for asked in &known.asked {
        if asked.filter.may_want(&sketches, document) {
            return false;
        }
    }
    for searched in &known.searched {
        let slot = usize::from(searched.slot);
        let Overlap { before, behind } = searched.overlap;
        let Some(length) = document.length_max(slot) else { return false };
        if searched.filter.shortest() > length + before + behind {
            continue;
        }
        let Some(part) = document.part(slot) else { return false };
        if searched.filter.may_find(around(part, searched.overlap, document.text())) {
            return false;
        }
    }
    known.always.is_empty()
}

/// As [`run`], by the text.
#[inline(never)]
fn run_outlined<'a, D: Shaped<'a>>(
    set: &Set,
    gist: Gist,
    document: &mut D,
    scratch: &mut Scratch,
    matched: &mut Vec<u32>,
) {
    // Kept from record to record, so that it need not be cleared.
    let mut outline = core::mem::take(&mut scratch.outline);
    if document.set_outline(&mut outline) {
        run_compared(set, (gist, &outline), document, scratch, matched);
    } else {
        let Scratch { tokens, caches, state, .. } = &mut *scratch;
        evaluate::run(set, document.text(), Some(document), Storage { tokens, caches, state }, matched);
    }
    scratch.outline = outline;
}

fn run_compared<'a, D: Shaped<'a>>(
    set: &Set,
    (gist, outline): (Gist, &Outline),
    document: &mut D,
    scratch: &mut Scratch,
    matched: &mut Vec<u32>,
) {
    let (form, _) = document.form();
    let Some(number) = scratch.shapes.find(set, form, outline) else {
        return run_unknown(set, (gist, outline), document, scratch, matched);
    };
    let Scratch { tokens, caches, state, shapes, .. } = scratch;
    shapes.name(number, gist);
    let Some(known) = shapes.known(number) else { return };
    if !known.sure.is_empty() {
        matched.extend_from_slice(&known.sure);
    }
    if known.open.is_empty() {
        return;
    }
    let wanted = wanted(known, outline, document);
    if wanted != 0 || !known.always.is_empty() {
        answer((set, known), wanted, outline, document, Storage { tokens, caches, state }, matched);
    }
}

/// What is worth a look, as bits: the look-ups asked for, in their order, and [`SEARCH`]. Those from the 62nd on share a bit.
#[inline]
fn wanted<'a, D: Shaped<'a>>(known: &Known, outline: &Outline, document: &D) -> u64 {
    let (mut wanted, sketches) = (0, document.sketches());
    for (bit, asked) in known.asked.iter().enumerate() {
        let is_wanted = asked.filter.may_want(&sketches, document);
        wanted |= u64::from(is_wanted) << bit.min(LAST_BIT);
    }
    for searched in &known.searched {
        let length = outline.length(searched.slot) + searched.overlap.before + searched.overlap.behind;
        if searched.filter.shortest() <= length
            && searched.filter.may_find(region(known, searched, outline, document.text()))
        {
            wanted |= SEARCH;
        }
    }
    wanted
}

const SEARCH: u64 = 1 << 63;
const LAST_BIT: usize = 62;

/// The bytes around a free part that texts through it may have.
#[inline]
fn region<'a>(known: &Known, searched: &Searched, outline: &Outline, text: &'a [u8]) -> &'a [u8] {
    around(known.text().range(searched.part, outline), searched.overlap, text)
}

#[inline]
fn around(part: Range<usize>, overlap: Overlap, text: &[u8]) -> &[u8] {
    let start = part.start.saturating_sub(overlap.before);
    let end = (part.end + overlap.behind).min(text.len());
    text.get(start..end).unwrap_or_default()
}

/// Looks at what is open.
#[inline(never)]
fn answer<'a, D: Shaped<'a>>(
    (set, known): (&Set, &Known),
    wanted: u64,
    outline: &Outline,
    document: &mut D,
    storage: Storage<'_>,
    matched: &mut Vec<u32>,
) {
    let first = matched.len() - known.sure.len();
    let text = document.text();
    let rules = (Callers::Sorted(&known.waiting), known.nodes.as_slice());
    let mut run = Run::begin(set, text, Some(document), storage, rules);
    known.met.iter().for_each(|atom| run.meet(*atom));
    known.searched.iter().for_each(|searched| run.scan(region(known, searched, outline, text)));
    for (bit, asked) in known.asked.iter().enumerate() {
        if wanted >> bit.min(LAST_BIT) & 1 == 1 {
            run.look_up_once(asked.lookup);
        }
    }
    let mut evaluate = |run: &mut Run<'_>, number: usize| {
        if let Some(open) = known.open.get(number)
            && run.evaluate(&open.root)
        {
            matched.push(open.pattern);
        }
    };
    run.each_candidate(&mut evaluate);
    known.always.iter().for_each(|number| evaluate(&mut run, *number));
    if let Some(new) = matched.get_mut(first..) {
        new.sort_unstable();
    }
}

/// Matches without a memory, and learns the shape if it may.
#[inline(never)]
fn run_unknown<'a, D: Shaped<'a>>(
    set: &Set,
    (gist, outline): (Gist, &Outline),
    document: &mut D,
    scratch: &mut Scratch,
    matched: &mut Vec<u32>,
) {
    let Scratch { tokens, caches, state, shapes, .. } = scratch;
    let text = document.text();
    evaluate::run(set, text, Some(document), Storage { tokens, caches, state }, matched);
    let (form, is_escaped) = document.form();
    if !shapes.admits(set, form, outline) {
        return;
    }
    let mut parts = Vec::new();
    if !document.free_parts(&mut parts) {
        return;
    }
    let Some(template) = Template::of(text, &parts, outline) else { return };
    let templates = match is_escaped.then(|| template.escaped(outline)) {
        None => (template, None),
        Some(Some(escaped)) => (escaped, Some(template)),
        Some(None) => return,
    };
    let traits: Vec<Trait> = (0..set.selectors.len())
        .map(|selector| Trait {
            is_of_shape: document.is_of_shape(selector),
            sketch: document.sketch_of(selector),
        })
        .collect();
    let mut run = Run::resume(set, text, document, Storage { tokens, caches, state });
    let number = shapes.insert(set, learn(set, &mut run, &traits, outline.mark, templates));
    if let Some(number) = number {
        shapes.name(number, gist);
    }
}
