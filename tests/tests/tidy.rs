//! What formatter and lints do not check of the project's style, kept by tests.
//!
//! Checked: the header of every Rust file, its length, unfinished work, paths of somebody's machine, the width of prose.
//! Not checked here: the length of functions and documentation of public items (clippy does), words and grammar.

use hsmstream_tests::repository::{self, SourceFile};

/// The most lines of a file that are not tests.
const LINES_MAX: usize = 500;

/// Files that may be longer, the most lines each may have, and why. The number may fall, never rise.
const LONGER: &[(&str, usize, &str)] = &[];

/// The most columns of prose.
const WIDTH_MAX: usize = 140;

/// Data from elsewhere, with its own form.
fn is_foreign(path: &str) -> bool {
    path.starts_with("tests/vectors/") || path.starts_with("tests/samples/") || path.ends_with(".lock")
}

/// Fails with all `problems` at once, one a line.
fn check(problems: &[String]) {
    assert!(problems.is_empty(), "{} problem(s):\n{}", problems.len(), problems.join("\n"));
}

/// The lines of a text with their numbers from 1.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(index, line)| (index + 1, line))
}

#[test]
fn every_rust_file_says_first_what_it_is() {
    let bare = |file: &SourceFile| !file.text.starts_with("//! ");
    let problems: Vec<String> = repository::rust_files()
        .iter()
        .filter(|file| bare(file))
        .map(|file| format!("{}: does not begin with a `//!` comment", file.path))
        .collect();
    check(&problems);
}

#[test]
fn files_are_short() {
    let mut problems = Vec::new();
    for file in repository::rust_files() {
        let lines = file.production().lines().count();
        let exempt = LONGER.iter().find(|(path, ..)| *path == file.path);
        match exempt {
            None if lines > LINES_MAX => {
                problems.push(format!("{}: {lines} lines without tests, {LINES_MAX} at most", file.path));
            }
            Some((_, most, _)) if lines > *most => {
                problems.push(format!("{}: grew to {lines} lines, it was excused for {most}", file.path));
            }
            Some(_) if lines <= LINES_MAX => {
                problems.push(format!("{}: is short enough now, take it off the list", file.path));
            }
            _ => {}
        }
    }
    for (path, _, why) in LONGER {
        if !repository::root().join(path).exists() {
            problems.push(format!("{path}: excused (\"{why}\") but not there"));
        }
    }
    check(&problems);
}

#[test]
fn nothing_is_left_unfinished() {
    // Put together so that this file does not contain them.
    let marks = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("for ", "now")];
    let mut problems = Vec::new();
    for file in repository::files(|path| !is_foreign(path)) {
        for (number, line) in lines(&file.text) {
            for mark in marks {
                if contains_word(line, mark) {
                    problems.push(format!("{}:{number}: \"{mark}\": {}", file.path, line.trim()));
                }
            }
        }
    }
    check(&problems);
}

#[test]
fn no_path_of_a_machine_is_named() {
    let machine = [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/fa", "rm"), concat!("/ho", "me/")];
    let mut problems = Vec::new();
    for file in repository::files(|path| !is_foreign(path)) {
        for (number, line) in lines(&file.text) {
            let named = machine.iter().any(|path| {
                line.match_indices(path)
                    .any(|(at, _)| !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '}'))
            });
            if named {
                problems.push(format!("{}:{number}: {}", file.path, line.trim()));
            }
        }
    }
    check(&problems);
}

#[test]
fn prose_is_narrow() {
    let mut problems = Vec::new();
    for file in repository::files(|path| path.ends_with(".md") && !is_foreign(path)) {
        let mut in_code = false;
        for (number, line) in lines(&file.text) {
            in_code ^= line.trim_start().starts_with("```");
            let table = line.starts_with('|');
            let link = line.split_whitespace().any(|word| word.contains("://") && word.len() > WIDTH_MAX / 2);
            if !in_code && !table && !link && line.chars().count() > WIDTH_MAX {
                problems.push(format!("{}:{number}: {} columns", file.path, line.chars().count()));
            }
        }
    }
    for file in repository::rust_files() {
        for (number, line) in lines(&file.text) {
            let prose = line.trim_start().starts_with("//") && !line.contains("://");
            if prose && line.chars().count() > WIDTH_MAX {
                problems.push(format!("{}:{number}: {} columns", file.path, line.chars().count()));
            }
        }
    }
    check(&problems);
}

#[test]
fn text_files_end_with_one_line_feed_and_have_no_trailing_blanks() {
    let text = ["rs", "toml", "md", "yaml", "yml", "sh", "json", "properties", "xml"];
    let wanted =
        |path: &str| !is_foreign(path) && text.iter().any(|ending| path.ends_with(&format!(".{ending}")));
    let mut problems = Vec::new();
    for file in repository::files(wanted) {
        if !file.text.is_empty() && (!file.text.ends_with('\n') || file.text.ends_with("\n\n")) {
            problems.push(format!("{}: does not end with one line feed", file.path));
        }
        for (number, line) in lines(&file.text) {
            if line.ends_with([' ', '\t', '\r']) {
                problems.push(format!("{}:{number}: ends with a blank", file.path));
            }
        }
    }
    check(&problems);
}

/// Whether `word` occurs with no letter or digit on either side.
fn contains_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back().is_some_and(|c| c.is_alphanumeric() || c == '_');
        let after = line[at + word.len()..].chars().next().is_some_and(|c| c.is_alphanumeric() || c == '_');
        !before && !after
    })
}

#[test]
fn code_is_told_from_comments_strings_and_characters() {
    let source = "a /* b /* c */ d */ e // f\n\"g \\\" h\" i r#\"j \" k\"# l b'm' n '\\'' o 'p q: &'r s br\"t\" u_r\"\" v";
    let words: Vec<String> = repository::code(source).split_whitespace().map(str::to_owned).collect();
    assert_eq!(words, ["a", "e", "i", "l", "b", "n", "o", "'p", "q:", "&'r", "s", "u_r", "v"]);
}
