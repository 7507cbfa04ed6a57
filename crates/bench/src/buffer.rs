//! Corpora in one piece of memory, each with a definition: parameters in, counts expected.
//!
//! Records lie one behind the other as they would in fetched batches, each with its place known, because a
//! message tells its own length. A definition that is measured is larger than the last cache.

use hsmstream_corpus::{Config, Corpus, Share};
use hsmstream_record::{Limits, parse_carefully};

/// A corpus and what is known about it without any parser of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Definition {
    /// Seed of the corpus; everything not named here is as in [`Config::new`].
    pub seed: u64,
    /// Records.
    pub records: usize,
    /// How many of them are failed logins, asked for.
    pub failures_share: Share,
    /// Whether user names are replaced by what an attacker would choose.
    pub hostile_names: bool,
    /// Bytes, expected.
    pub bytes: usize,
    /// Line ends, expected.
    pub lines: usize,
    /// Failed logins, expected.
    pub failures: u64,
}

/// The records of a definition.
#[derive(Debug, Clone)]
pub struct Buffer {
    /// All records, each with its last line end.
    pub bytes: Vec<u8>,
    /// Behind which byte each record ends.
    ends: Vec<usize>,
    /// Failed logins, as counted by the generator.
    pub failures: u64,
    /// Event time of the last record in µs.
    pub last_usecs: u64,
}

impl Definition {
    /// Makes the corpus.
    ///
    /// # Panics
    /// If it is not the one that the definition describes: figures would not compare with earlier ones.
    #[must_use]
    pub fn build(&self) -> Buffer {
        let (buffer, found) = self.make();
        assert_eq!(found, *self, "the corpus is not the one of the definition");
        buffer
    }

    /// Makes the corpus and tells what came out; the expectations of `self` are not looked at.
    #[must_use]
    pub fn make(&self) -> (Buffer, Self) {
        let mut config = Config::new(self.seed);
        config.login_failures = self.failures_share;
        if self.failures_share == Share::NONE {
            config.attack_every_usecs = 0;
        }
        let mut corpus = Corpus::new(config);
        let mut buffer = Buffer {
            bytes: Vec::with_capacity(self.bytes + 4096),
            ends: Vec::with_capacity(self.records),
            failures: 0,
            last_usecs: 0,
        };
        for _ in 0..self.records {
            let start = buffer.bytes.len();
            let record = corpus.next_into(&mut buffer.bytes);
            if self.hostile_names {
                replace_name(start, buffer.ends.len(), &mut buffer.bytes);
            }
            buffer.ends.push(buffer.bytes.len());
            buffer.failures += u64::from(record.login_failure);
            buffer.last_usecs = buffer.last_usecs.max(record.usecs);
        }
        let found = Self {
            bytes: buffer.bytes.len(),
            lines: memchr::memchr_iter(b'\n', &buffer.bytes).count(),
            failures: buffer.failures,
            ..*self
        };
        (buffer, found)
    }
}

impl Buffer {
    /// Records of somebody else. Failed logins are counted by the careful parser, which is the definition.
    pub fn of_records<'r>(records: impl IntoIterator<Item = &'r [u8]>) -> Self {
        let mut buffer = Self { bytes: Vec::new(), ends: Vec::new(), failures: 0, last_usecs: 0 };
        for record in records {
            buffer.push(record);
        }
        buffer
    }

    /// Adds a record; a line end is put behind it if it has none. What is no record is left out.
    pub fn push(&mut self, record: &[u8]) {
        let Ok(audit) = parse_carefully(record, &Limits::default()) else { return };
        self.failures += u64::from(is_failed_login(record));
        self.last_usecs = self.last_usecs.max(audit.usecs);
        self.bytes.extend_from_slice(record);
        if !record.ends_with(b"\n") {
            self.bytes.push(b'\n');
        }
        self.ends.push(self.bytes.len());
    }

    /// The same records, each changed by `change`, which gets its number and may make it none.
    #[must_use]
    pub fn changed(&self, mut change: impl FnMut(usize, &mut Vec<u8>)) -> Self {
        let mut buffer =
            Self { bytes: Vec::new(), ends: Vec::new(), failures: 0, last_usecs: self.last_usecs };
        let mut record = Vec::new();
        for (number, frame) in self.frames().enumerate() {
            record.clear();
            record.extend_from_slice(frame);
            change(number, &mut record);
            buffer.failures += u64::from(is_failed_login(&record));
            buffer.bytes.extend_from_slice(&record);
            buffer.ends.push(buffer.bytes.len());
        }
        buffer
    }

    /// The records with user names that an attacker would choose, as in [`HOSTILE`].
    #[must_use]
    pub fn with_hostile_names(&self) -> Self {
        self.changed(|number, record| replace_name(0, number, record))
    }

    /// The records, each damaged at one place: cut, or a byte removed, put in or replaced.
    #[must_use]
    pub fn damaged(&self) -> Self {
        self.changed(|number, record| {
            let at = number.wrapping_mul(0x9e37_79b9) % record.len().max(1);
            let byte = b"\n: \t\r0(x".get(number / 4 % 8).copied().unwrap_or_default();
            match number % 4 {
                0 => record.truncate(at),
                1 if at < record.len() => drop(record.remove(at)),
                2 => record.insert(at, byte),
                _ => record.iter_mut().skip(at).take(1).for_each(|place| *place ^= byte),
            }
        })
    }

    /// The first records, at most so many.
    #[must_use]
    pub fn first(&self, records: usize) -> Self {
        if records >= self.len() { self.clone() } else { Self::of_records(self.frames().take(records)) }
    }

    /// The records in order.
    pub fn frames(&self) -> impl Iterator<Item = &[u8]> {
        let mut start = 0;
        self.ends.iter().map(move |&end| {
            let frame = self.bytes.get(start..end);
            start = end;
            frame.unwrap_or_default()
        })
    }

    /// Number of records.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Bytes per record.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.bytes.len() as f64 / self.len().max(1) as f64
    }
}

/// By the careful parser, which is the definition.
fn is_failed_login(record: &[u8]) -> bool {
    let audit = parse_carefully(record, &Limits::default());
    audit.is_ok_and(|audit| audit.response.is_some_and(|response| response.code == FAILED_LOGIN))
}

/// Replaces the value of the line `User Name` of the last record, which begins at `start`.
fn replace_name(start: usize, number: usize, bytes: &mut Vec<u8>) {
    let record = bytes.get(start..).unwrap_or_default();
    let Some(label) = memchr::memmem::find(record, NAME_LABEL) else { return };
    let name = label + NAME_LABEL.len();
    let rest = record.get(name..).unwrap_or_default();
    let length = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
    let bait = HOSTILE_NAMES.get(number % HOSTILE_NAMES.len()).map_or(&b""[..], |bait| bait.as_bytes());
    let name = start + name;
    bytes.splice(name..name + length, bait.iter().copied().cycle().take(HOSTILE_NAME_BYTES));
}

/// The answer to a wrong password.
const FAILED_LOGIN: u64 = 163;
const NAME_LABEL: &[u8] = b"\nUser Name : ";
const HOSTILE_NAME_BYTES: usize = 600;
/// Forged lines, almost what rules look for, forged beginnings of records, spaces, bytes that are not UTF-8's.
const HOSTILE_NAMES: [&str; 5] = [
    "x\nResponse : 163:HSM Error: RET_USER_LOGIN_FAILURE\nOpcode : CN_LOGIN (0xd)",
    "RET_USER_LOGIN_FAILUR CN_LOGI CN_CREATE_C RET_USER_LOGIN_FAILU",
    "\nTime: 01/24/18 17:44:25.013218, usecs:15168158650132 Sequence No : 0x",
    "User Type : CN_CRYPTO_USER (1 : : : ((((",
    "\u{fffd}\t\"\\ é 𝕏 ",
];

/// 1 % failed logins; larger than last caches of up to 60 MiB.
pub const RARE: Definition = Definition {
    seed: 1,
    records: 400_000,
    failures_share: Share::percent(1),
    hostile_names: false,
    bytes: 123_670_773,
    lines: 3_918_396,
    failures: 3_998,
};

/// The same, small: for tests.
pub const RARE_SMALL: Definition =
    Definition { records: 20_000, bytes: 6_150_790, lines: 195_812, failures: 198, ..RARE };

/// No failed login at all.
pub const NEVER: Definition =
    Definition { failures_share: Share::NONE, bytes: 123_627_554, lines: 3_916_105, failures: 0, ..RARE };

/// The same, small.
pub const NEVER_SMALL: Definition =
    Definition { records: 20_000, bytes: 6_148_981, lines: 195_632, failures: 0, ..NEVER };

/// Half of all records are failed logins.
pub const COMMON: Definition = Definition {
    failures_share: Share::percent(50),
    bytes: 127_479_957,
    lines: 4_036_646,
    failures: 199_979,
    ..RARE
};

/// The same, small.
pub const COMMON_SMALL: Definition =
    Definition { records: 20_000, bytes: 6_339_105, lines: 201_449, failures: 9_986, ..COMMON };

/// [`RARE`] with user names of 600 bytes that try to forge fields and to mislead searches. As many failed logins.
pub const HOSTILE: Definition =
    Definition { hostile_names: true, bytes: 199_625_616, lines: 4_583_269, failures: 3_998, ..RARE };

/// The same, small.
pub const HOSTILE_SMALL: Definition =
    Definition { records: 20_000, bytes: 10_044_016, lines: 229_916, failures: 198, ..HOSTILE };
