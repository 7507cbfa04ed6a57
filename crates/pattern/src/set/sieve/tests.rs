//! What the samples must not miss, and when they are given up.

use proptest::collection::vec;
use proptest::prelude::*;

use super::Sieve;

fn sieve(texts: &[impl AsRef<[u8]>]) -> Sieve {
    let texts: Vec<(Box<[u8]>, usize)> =
        texts.iter().enumerate().map(|(number, text)| (text.as_ref().into(), number)).collect();
    Sieve::build(&texts).expect("long texts")
}

/// The numbers of the texts that are found; `None` if the search is given up.
fn found(sieve: &Sieve, event: &[u8]) -> Option<Vec<usize>> {
    let mut found = Vec::new();
    let is_done = sieve.each(event, |number| found.push(number));
    found.sort_unstable();
    found.dedup();
    is_done.then_some(found)
}

#[test]
fn texts_are_found_at_every_place() {
    for length in 4..20 {
        let text: Vec<u8> = (b'a'..).take(length).collect();
        let sieve = sieve(&[&text[..], b"another text that is longer"]);
        for before in 0..20 {
            for behind in 0..20 {
                let event = [&vec![b'.'; before], &text[..], &vec![b'.'; behind]].concat();
                assert_eq!(found(&sieve, &event), Some(vec![0]), "{length} bytes at {before} of {behind}");
                let cut: Vec<u8> = event.iter().copied().filter(|byte| *byte != b'c').collect();
                assert_eq!(found(&sieve, &cut), Some(vec![]), "{length} bytes less one at {before}");
            }
        }
    }
}

#[test]
fn texts_that_end_alike_are_told_apart() {
    let sieve = sieve(&["RET_USER_LOGIN_FAILURE", "USER_LOGIN_FAILURE", "x_LOGIN_FAILURE", "FAILURES"]);
    assert_eq!(found(&sieve, b"163:HSM Error: RET_USER_LOGIN_FAILURE"), Some(vec![0, 1]));
    assert_eq!(found(&sieve, b"x_LOGIN_FAILURES"), Some(vec![2, 3]));
    assert_eq!(found(&sieve, b"RET_USER_LOGIN_FAILUR"), Some(vec![]));
}

/// Of nothing but ends of texts, an event would be compared with all texts at every place.
#[test]
fn an_event_made_of_ends_is_given_up() {
    let texts: Vec<String> = (0..1000).map(|number| format!("{number:04}_the_same_end")).collect();
    let sieve = sieve(&texts);
    assert_eq!(found(&sieve, &b"the_same_end".repeat(50)), None);
    assert_eq!(found(&sieve, &b"the_same_begin".repeat(50)), Some(vec![]));
}

#[test]
fn short_texts_have_no_sieve() {
    assert!(Sieve::build(&[]).is_none());
    assert!(Sieve::build(&[(Box::from(*b"long enough"), 0), (Box::from(*b"not"), 1)]).is_none());
}

proptest! {
    #[test]
    fn what_is_found_is_what_occurs(
        texts in vec("[ab]{4,12}|[a-c]{4}|\\PC{4,6}", 1..12),
        event in vec("[ab]{0,20}|[a-c]|\\PC", 0..10),
        shift in 0..9_usize,
    ) {
        let event = format!("{}{}", &"........."[shift..], event.concat());
        let expected: Vec<usize> = (0..texts.len()).filter(|number| event.contains(&texts[*number])).collect();
        if let Some(found) = found(&sieve(&texts), event.as_bytes()) {
            prop_assert_eq!(found, expected);
        }
    }
}
