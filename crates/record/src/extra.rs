//! The labels of a record that no field of the view stands for, found by walking the text again.
//!
//! They are rare, so the parser only counts them and nothing is stored.

use crate::walk::{Step, Walk};

/// Labels that are kept; more make the anomaly `extra_truncated`.
pub(crate) const LABELS_MAX: usize = 32;

/// Iterates over label and value of each kept line. The label is empty for a line without one.
#[derive(Debug, Clone)]
pub struct Extra<'a> {
    walk: Walk<'a>,
    labels: [&'a [u8]; LABELS_MAX],
    count: usize,
    truncated: bool,
}

impl<'a> Extra<'a> {
    pub(crate) fn new(raw: &'a [u8]) -> Self {
        Self { walk: Walk::new(raw), labels: [&[]; LABELS_MAX], count: 0, truncated: false }
    }

    /// Finds the value of a label among those kept.
    #[must_use]
    pub fn find(mut self, label: &[u8]) -> Option<&'a [u8]> {
        self.find_map(|(known, value)| (known == label).then_some(value))
    }

    /// Walks to the end and tells whether there are more labels than are kept.
    pub(crate) fn exceeds_limit(mut self) -> bool {
        self.by_ref().for_each(drop);
        self.truncated
    }
}

impl<'a> Iterator for Extra<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        while let Some((_, step)) = self.walk.next() {
            let Step::Extra(label, value) = step else { continue };
            if self.labels.iter().take(self.count).any(|known| *known == label) {
                continue;
            }
            let Some(place) = self.labels.get_mut(self.count) else {
                self.truncated = true;
                return None;
            };
            *place = label;
            self.count += 1;
            return Some((label, value));
        }
        None
    }
}
