//! The labels of a record that no field of the view stands for, found by walking the text again.
//!
//! They are rare, so the parser only counts them and nothing is stored.

use crate::pieces::{Piece, Pieces};
use crate::walk::{Step, Walk};

/// Labels that are kept; more make the anomaly `extra_truncated`.
pub(crate) const LABELS_MAX: usize = 32;

/// Iterates over label and value of each kept line. The label is empty for a line without one.
#[derive(Debug, Clone)]
pub struct Extra<'a> {
    walk: Walk<Pieces<'a>>,
    labels: Labels<'a>,
}

impl<'a> Extra<'a> {
    pub(crate) fn new(raw: &'a [u8]) -> Self {
        Self { walk: Walk::new(raw), labels: Labels::NONE }
    }

    /// Finds the value of a label among those kept.
    #[must_use]
    pub fn find(mut self, label: &[u8]) -> Option<&'a [u8]> {
        self.find_map(|(known, value)| (known == label).then_some(value))
    }
}

impl<'a> Iterator for Extra<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        while let Some((_, step)) = self.walk.next() {
            let Step::Extra(label, value) = step else { continue };
            match self.labels.add(label) {
                Added::New => return Some((label, value)),
                Added::Known => {}
                Added::TooMany => return None,
            }
        }
        None
    }
}

/// Walks to the end and tells whether there are more labels than are kept.
pub(crate) fn exceeds_limit<'a>(mut walk: Walk<impl Iterator<Item = Piece<'a>>>) -> bool {
    let mut labels = Labels::NONE;
    while let Some((_, step)) = walk.next() {
        if let Step::Extra(label, _) = step
            && labels.add(label) == Added::TooMany
        {
            return true;
        }
    }
    false
}

/// The labels that are kept.
#[derive(Debug, Clone)]
struct Labels<'a> {
    labels: [&'a [u8]; LABELS_MAX],
    count: usize,
}

#[derive(Debug, PartialEq, Eq)]
enum Added {
    New,
    Known,
    TooMany,
}

impl<'a> Labels<'a> {
    const NONE: Self = Self { labels: [&[]; LABELS_MAX], count: 0 };

    fn add(&mut self, label: &'a [u8]) -> Added {
        if self.labels.iter().take(self.count).any(|known| *known == label) {
            return Added::Known;
        }
        let Some(place) = self.labels.get_mut(self.count) else { return Added::TooMany };
        *place = label;
        self.count += 1;
        Added::New
    }
}
