//! How often a record has the shape of one before it: what a cache of shapes would know.
//!
//! The parser has no such cache; `benches/README.md` says what was measured. This counts its hits on any records, so that
//! whoever has others can see whether theirs are different.

use ahash::RandomState;
use core::fmt;
use core::hash::{BuildHasher, Hasher};
use hashbrown::HashSet;

/// Places of the cache: each holds the last shape that fell there.
pub const PLACES: usize = 64;

/// Shapes of records, in two meanings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Shapes {
    /// Records looked at.
    pub records: usize,
    /// The labels in their order.
    pub labels: Hits,
    /// The same, and the length of each line: all values stand at known places.
    pub places: Hits,
}

/// What a cache would know of one kind of shape.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Hits {
    /// Records whose shape is in the cache when they come.
    pub hits: usize,
    /// Different shapes.
    pub different: usize,
}

impl Shapes {
    /// Looks at records in the order in which they come. Costs a hash of each line's label; remembers each shape, 8 bytes.
    pub fn of<'r>(records: impl IntoIterator<Item = &'r [u8]>) -> Self {
        // Always the same numbers for the same records.
        let hasher = RandomState::with_seeds(1, 2, 3, 4);
        let (mut labels, mut places) = (Cache::default(), Cache::default());
        let mut count = 0;
        for record in records {
            let (mut by_labels, mut by_places) = (hasher.build_hasher(), hasher.build_hasher());
            for line in record.trim_ascii_end().split(|byte| *byte == b'\n') {
                let label = line.split(|byte| *byte == b':').next().unwrap_or_default();
                by_labels.write(label);
                by_labels.write_usize(label.len());
                by_places.write_usize(line.len());
            }
            by_places.write_u64(by_labels.finish());
            labels.meet(by_labels.finish());
            places.meet(by_places.finish());
            count += 1;
        }
        Self { records: count, labels: labels.hits(), places: places.hits() }
    }
}

impl fmt::Display for Shapes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let share = |hits: Hits| hits.hits as f64 * 100.0 / self.records.max(1) as f64;
        let Self { labels, places, .. } = *self;
        write!(
            formatter,
            "a cache of {PLACES} shapes would know {:.1} % of the records by their labels ({} shapes), {:.1} % by their \
             labels and the length of each line ({})",
            share(labels),
            labels.different,
            share(places),
            places.different,
        )
    }
}

/// A cache of one kind of shape, and all shapes that there were.
#[derive(Debug)]
struct Cache {
    places: [Option<u64>; PLACES],
    all: HashSet<u64, RandomState>,
    hits: usize,
}

impl Default for Cache {
    fn default() -> Self {
        Self { places: [None; PLACES], all: HashSet::default(), hits: 0 }
    }
}

impl Cache {
    fn meet(&mut self, shape: u64) {
        let place = usize::try_from(shape % PLACES as u64).ok().and_then(|place| self.places.get_mut(place));
        self.hits += usize::from(place.and_then(|place| place.replace(shape)) == Some(shape));
        self.all.insert(shape);
    }

    fn hits(&self) -> Hits {
        Hits { hits: self.hits, different: self.all.len() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &[u8] = b"Time: 1, usecs:1\nSequence No : 0x1\n";
    const LONGER: &[u8] = b"Time: 1, usecs:1\nSequence No : 0x10\n";
    const OTHER: &[u8] = b"Time: 1, usecs:1\nOpcode : 0x1\n";

    #[test]
    fn a_shape_is_known_when_it_comes_again() {
        let shapes = Shapes::of([FIRST, FIRST, LONGER, OTHER, FIRST]);
        let expected = Shapes {
            records: 5,
            labels: Hits { hits: 3, different: 2 },
            places: Hits { hits: 2, different: 3 },
        };
        assert_eq!(shapes, expected);
        assert_eq!(
            shapes.to_string(),
            "a cache of 64 shapes would know 60.0 % of the records by their labels (2 shapes), 40.0 % by their labels and \
             the length of each line (3)"
        );
    }

    #[test]
    fn no_records_have_no_shapes() {
        assert_eq!(Shapes::of([]), Shapes::default());
        assert!(Shapes::default().to_string().contains("0.0 %"));
    }

    /// Where a label ends belongs to it: `ab` and `c` are not `a` and `bc`.
    #[test]
    fn labels_are_told_apart() {
        let shapes = Shapes::of([&b"ab: 1\nc: 1"[..], b"a: 1\nbc: 1"]);
        assert_eq!((shapes.labels.hits, shapes.labels.different), (0, 2));
    }
}
