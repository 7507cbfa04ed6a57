//! Known names recognised at once, with the label before them: opcodes, log types and user types.
//!
//! In: the bytes up to a name's end. Out: the name's number, if label and name are a pair of the
//! [`vocabulary`](crate::vocabulary). The last words choose the only pair that it can be, which is then compared whole. No
//! list of names is closed: a name without a number is read as any other, and only costs more.

use crate::scan::{BLOCK, Scanner};
use crate::vocabulary::{LOG_TYPES, OPCODES, USER_TYPES};

/// A label and a name to compare with.
#[derive(Debug, Clone, Copy)]
#[repr(align(128))]
struct Known {
    /// Both, at the end.
    text: [u8; BLOCK],
    /// The bytes that count, as bits; the first byte's is the lowest.
    bits: u64,
    /// How many they are.
    length: usize,
    /// From 1, of all pairs.
    number: u8,
}

/// Finds the number of a name, from 1. `window` ends where the name does, `length` is how many bytes its line has up to there.
#[inline(always)]
pub(crate) fn number<S: Scanner>(scanner: S, window: &[u8; BLOCK], length: usize) -> Option<u8> {
    let known = KNOWN.get(place(window, length))?;
    let is_known = length == known.length && scanner.same(window, &known.text, known.bits);
    if is_known { Some(known.number) } else { None }
}

/// The place of a name.
#[inline(always)]
const fn place(window: &[u8; BLOCK], length: usize) -> usize {
    let (words, _) = window.as_chunks::<8>();
    let [.., before, last] = words else { return 0 };
    let (before, last) = (u64::from_le_bytes(*before), u64::from_le_bytes(*last));
    let [highest, ..] =
        (last ^ before.rotate_left(23)).wrapping_add(length as u64).wrapping_mul(FACTOR).to_be_bytes();
    highest as usize
}

/// With this factor no two names have the same place.
const FACTOR: u64 = 0xb1ae_ce45_fed8_8f49;

/// All pairs, each at its place. No line is like what is elsewhere: none has no bytes.
static KNOWN: [Known; 256] = table();

const fn table() -> [Known; 256] {
    let mut table = [Known { text: [0; BLOCK], bits: 0, length: 0, number: 0 }; 256];
    let mut number = 1;
    let mut opcodes = OPCODES;
    while let [opcode, others @ ..] = opcodes {
        insert(&mut table, number, b"Opcode : ", opcode.name.as_bytes());
        (number, opcodes) = (number + 1, others);
    }
    let mut log_types = LOG_TYPES;
    while let [log_type, others @ ..] = log_types {
        insert(&mut table, number, b"Log type : ", log_type.name.as_bytes());
        (number, log_types) = (number + 1, others);
    }
    let mut user_types = USER_TYPES;
    while let [user_type, others @ ..] = user_types {
        insert(&mut table, number, b"User Type : ", user_type.name.as_bytes());
        (number, user_types) = (number + 1, others);
    }
    table
}

const fn insert(table: &mut [Known; 256], number: u8, label: &[u8], name: &[u8]) {
    let length = label.len() + name.len();
    assert!(length <= BLOCK, "a block holds both");
    let mut text = [0; BLOCK];
    let (_, place_of_both) = text.split_at_mut(BLOCK - length);
    let (place_of_label, place_of_name) = place_of_both.split_at_mut(label.len());
    place_of_label.copy_from_slice(label);
    place_of_name.copy_from_slice(name);
    let (_, [free, ..]) = table.split_at_mut(place(&text, length)) else { panic!("a place for each") };
    assert!(free.length == 0, "two names have the same place");
    *free = Known { text, bits: u64::MAX << (BLOCK - length), length, number };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::{Task, Vectors, dispatch_with};

    struct Find<'a>(&'a [u8; BLOCK], usize);

    impl Task for Find<'_> {
        type Output = Option<u8>;

        fn run<S: Scanner>(self, scanner: S) -> Self::Output {
            number(scanner, self.0, self.1)
        }
    }

    fn found(line: &str) -> Option<u8> {
        let text = format!("{:BLOCK$}\n{line}", "Time: ");
        let window = text.as_bytes().last_chunk().expect("more than a window");
        let found = Vectors::ALL.map(|vectors| dispatch_with(vectors, Find(window, line.len())));
        assert!(found.iter().all(|number| *number == found[0]), "{line}");
        found[0]
    }

    #[test]
    #[cfg_attr(miri, ignore = "too many cases for Miri")]
    fn each_name_behind_its_label_and_nothing_else() {
        let opcodes = OPCODES.iter().map(|opcode| ("Opcode : ", opcode.name));
        let log_types = LOG_TYPES.iter().map(|log_type| ("Log type : ", log_type.name));
        let user_types = USER_TYPES.iter().map(|user_type| ("User Type : ", user_type.name));
        let mut numbers = Vec::new();
        for (label, name) in opcodes.chain(log_types).chain(user_types) {
            let line = format!("{label}{name}");
            numbers.push(found(&line).expect("a name of the vocabulary"));
            for odd in ["x", "Opcode : ", "Log type : ", "User Type : "] {
                assert_eq!(found(&format!("{odd}{line}")), None);
                assert_eq!(found(&format!("{odd}{name}")).is_some(), label == odd, "{odd}{name}");
            }
            assert_eq!(found(&line[1..]), None);
            for at in 0..line.len() {
                let mut line = line.clone().into_bytes();
                line[at] ^= 1;
                let line = String::from_utf8(line).expect("ASCII");
                assert_eq!(found(&line), None, "{line}");
            }
        }
        let expected: Vec<u8> =
            (1..=numbers.len()).map(|number| u8::try_from(number).expect("few")).collect();
        assert_eq!(numbers, expected);
    }
}
