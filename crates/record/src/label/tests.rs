//! The ways to find a label, against a search among all of them.

use super::{Label, TABLE};
use crate::hint;

/// The definition of [`Label::behind_blank`].
fn behind_blank(text: &[u8]) -> Option<(Label, usize)> {
    let ends = TABLE.iter().filter_map(|(known, label)| Some((*label, text.strip_suffix(*known)?)));
    let behind = ends.filter(|(_, before)| matches!(before, [.., b' ' | b'\t']));
    behind.map(|(label, before)| (label, before.len())).min_by_key(|(_, start)| *start)
}

#[test]
#[cfg_attr(miri, ignore = "too many cases for Miri")]
fn labels_behind_blanks() {
    for (first, _) in TABLE {
        for (second, label) in TABLE {
            for before in [&b""[..], b" ", b"\t", b"x", b"x ", b"x\t", b" x"] {
                for between in [&b""[..], b" ", b"  ", b"\t", b"_"] {
                    let text = [before, first, between, second].concat();
                    for cut in 0..text.len() {
                        assert_eq!(Label::behind_blank(&text[cut..]), behind_blank(&text[cut..]));
                        assert_eq!(Label::behind_blank(&text[..cut]), behind_blank(&text[..cut]));
                    }
                }
            }
            let alone = [b" ", second].concat();
            assert_eq!(Label::behind_blank(&alone), Some((label, 1)));
        }
    }
}

/// What is found by a hint is what is found by the text before the colon; and nearly all labels have one.
#[test]
#[cfg_attr(miri, ignore = "too many cases for Miri")]
fn labels_by_hints() {
    let mut found = 0;
    for (text, label) in TABLE {
        assert_eq!(Label::find(text), Some(label));
        for between in [" : ", ":", "\t\t: ", " :\t", ": "] {
            for value in ["", "1", "0x1", "1 : 2", "a value of some length"] {
                let line = [text, between.as_bytes(), value.as_bytes()].concat();
                let line = line.trim_ascii_end();
                for behind in ["", "\n", "\nUser Name : x", "\n0123456789012345678901234567890123456789"] {
                    let frame = [b"\n\n", line, behind.as_bytes()].concat();
                    let hint = hint::label(&frame[2..], line);
                    assert!(
                        hint.is_none_or(|hint| hint == (label, value.as_bytes())),
                        "{}",
                        line.escape_ascii()
                    );
                    found += usize::from(hint.is_some());
                }
            }
        }
        for at in 0..text.len() {
            for byte in 0..=u8::MAX {
                let mut line = [text, b" : value"].concat();
                line[at] = byte;
                let hint = hint::label(&line, &line).map(|(label, _)| label);
                let known = Label::find(&line[..text.len()]);
                assert!(hint.is_none() || hint == known, "{}", line.escape_ascii());
            }
        }
    }
    assert!(found > 23 * 5 * 5 * 4, "{found}");
}
