//! The project's Markdown as plain text for a terminal: headings, paragraphs, lists, tables, blocks of code.
//!
//! Knows what those pages use, nothing more: inline code keeps its backticks, emphasis loses its stars, tables
//! are set in columns, code is indented. Lines of prose are filled to [`COLUMNS`]; code and tables are not.

use crate::terminal::Paint;

/// Columns that prose is filled to.
const COLUMNS: usize = 80;

/// Renders a page.
pub(crate) fn render(page: &str, paint: Paint) -> String {
    let mut pieces = Vec::new();
    let mut lines = page.lines().peekable();
    while let Some(line) = lines.next() {
        if line.starts_with("```") {
            let code: Vec<&str> = lines.by_ref().take_while(|line| !line.starts_with("```")).collect();
            pieces.push(code.iter().map(|line| format!("    {line}").trim_end().to_owned()).collect());
        } else if let Some(title) = line.strip_prefix('#') {
            let title = plain(title.trim_start_matches('#').trim());
            pieces.push(vec![paint.bold(&title)]);
        } else if line.starts_with('|') {
            let mut rows = vec![line];
            while let Some(row) = lines.next_if(|line| line.starts_with('|')) {
                rows.push(row);
            }
            pieces.push(table(&rows, paint));
        } else if !line.trim().is_empty() {
            let mut text = line.to_owned();
            while let Some(more) = lines.next_if(|line| is_continued(line)) {
                text.push(' ');
                text.push_str(more.trim());
            }
            pieces.push(fill(&plain(&text)));
        }
    }
    let mut out = String::new();
    let mut was_item = false;
    for (index, piece) in pieces.iter().enumerate() {
        let is_item = piece.first().is_some_and(|line| line.starts_with("- "));
        // Items of one list stand together.
        if index > 0 && !(was_item && is_item) {
            out.push('\n');
        }
        was_item = is_item;
        for line in piece {
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

/// Whether a line goes on with the paragraph or list item before it.
fn is_continued(line: &str) -> bool {
    !line.trim().is_empty() && !["```", "#", "|", "- "].iter().any(|start| line.starts_with(start))
}

/// Text without the stars of emphasis; those inside backticks stay.
fn plain(text: &str) -> String {
    let mut out = String::new();
    for (index, part) in text.split('`').enumerate() {
        if index % 2 == 1 {
            out.push_str(&format!("`{part}`"));
        } else {
            out.push_str(&part.replace("**", "").replace('*', ""));
        }
    }
    out
}

/// Breaks a paragraph or list item into lines.
fn fill(text: &str) -> Vec<String> {
    let indent = if text.starts_with("- ") { "  " } else { "" };
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in words(text) {
        let is_full = !line.is_empty() && line.chars().count() + 1 + word.chars().count() > COLUMNS;
        if is_full {
            lines.push(std::mem::replace(&mut line, indent.to_owned()));
        } else if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&word);
    }
    lines.push(line);
    lines
}

/// Words; inline code is one, blanks included.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut is_code = false;
    let mut is_open = false;
    for letter in text.chars() {
        if letter == '`' {
            is_code = !is_code;
        }
        if letter == ' ' && !is_code {
            is_open = false;
            continue;
        }
        match words.last_mut().filter(|_| is_open) {
            Some(word) => word.push(letter),
            None => words.push(letter.to_string()),
        }
        is_open = true;
    }
    words
}

/// Sets a table in columns; its head, if it has words, is bold.
fn table(rows: &[&str], paint: Paint) -> Vec<String> {
    let cells = |row: &&str| -> Vec<String> {
        row.trim().trim_matches('|').split('|').map(|cell| plain(cell.trim())).collect()
    };
    let is_rule = |row: &&&str| row.chars().all(|letter| matches!(letter, '|' | '-' | ':' | ' '));
    let head = rows.first().map(cells).unwrap_or_default();
    let body = rows.iter().skip(1).filter(|row| !is_rule(row)).map(cells);
    let is_named = head.iter().any(|cell| !cell.is_empty());
    let table: Vec<Vec<String>> = is_named.then_some(head).into_iter().chain(body).collect();
    let columns = table.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        table.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut lines = Vec::new();
    for (index, row) in table.iter().enumerate() {
        let cells: Vec<String> =
            row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        let line = format!("  {}", cells.join("  ")).trim_end().to_owned();
        lines.push(if index == 0 && is_named { paint.bold(&line) } else { line });
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::When;

    #[test]
    fn a_page_is_set_for_a_terminal() {
        let page = "# Title\n\nA **bold** word, `a * b` and *stars*.\nMore.\n\n- one\n- two\n  three\n\n\
                    | a | b |\n|---|---|\n| `x` | y |\n\n```pattern\nCN_*\n  refused quotes\n```\n";
        let expected = "Title\n\nA bold word, `a * b` and stars. More.\n\n- one\n- two three\n\n  a    b\n  `x`  y\n\n\
                        \u{20}   CN_*\n      refused quotes\n";
        assert_eq!(render(page, Paint::stdout(When::Never)), expected);
    }

    #[test]
    fn prose_is_filled_and_code_is_not_broken() {
        let lines = fill(&format!("- {} `{}` end", "word ".repeat(14), "x y ".repeat(10)));
        assert!(lines.iter().all(|line| line.chars().count() <= COLUMNS), "{lines:?}");
        assert!(lines.iter().skip(1).all(|line| line.starts_with("  ")), "{lines:?}");
        assert_eq!(lines.iter().filter(|line| line.contains(&"x y ".repeat(10))).count(), 1, "{lines:?}");
    }
}
