//! What reaches a terminal: colours only where wanted, untrusted bytes escaped, tables, closed pipes.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

use crate::args::When;
use crate::complain;

/// Colours or none.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paint {
    on: bool,
}

impl Paint {
    /// Decides by the flag, the terminal and `NO_COLOR`.
    #[expect(clippy::disallowed_methods, reason = "NO_COLOR is a convention of terminals, not configuration")]
    pub(crate) fn stdout(when: When) -> Self {
        let auto = io::stdout().is_terminal() && std::env::var("NO_COLOR").is_err();
        Self { on: when == When::Always || (when == When::Auto && auto) }
    }

    /// The same for standard error.
    #[expect(clippy::disallowed_methods, reason = "NO_COLOR is a convention of terminals, not configuration")]
    pub(crate) fn stderr(when: When) -> Self {
        let auto = io::stderr().is_terminal() && std::env::var("NO_COLOR").is_err();
        Self { on: when == When::Always || (when == When::Auto && auto) }
    }

    /// Whether colours are on.
    pub(crate) fn is_on(self) -> bool {
        self.on
    }

    fn wrap(self, code: &str, text: &str) -> String {
        if self.on { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// Bold.
    pub(crate) fn bold(self, text: &str) -> String {
        self.wrap("1", text)
    }

    /// Dim.
    pub(crate) fn dim(self, text: &str) -> String {
        self.wrap("2", text)
    }

    /// The colour of a severity.
    pub(crate) fn severity(self, severity: &str) -> String {
        let code = match severity {
            "critical" => "1;35",
            "high" => "1;31",
            "medium" => "33",
            "low" => "36",
            _ => "37",
        };
        self.wrap(code, &format!("{severity:<8}"))
    }
}

/// A number of things, in words: `1 rule`, `3 rules`.
pub(crate) fn counted<N: Copy + PartialEq + From<u8> + Display>(count: N, one: &str) -> String {
    let ending = if count == N::from(1) { "" } else { "s" };
    format!("{count} {one}{ending}")
}

/// Untrusted bytes, made harmless.
pub(crate) fn escape(bytes: &[u8]) -> String {
    let mut out = Vec::with_capacity(bytes.len());
    hsmstream_record::escape::terminal(bytes, &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

/// The same for text of several lines.
pub(crate) fn escape_lines(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    hsmstream_record::escape::terminal_lines(text.as_bytes(), &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

/// Standard output that ends the process quietly when its reader is gone (`| head`).
#[derive(Debug)]
pub(crate) struct Out {
    inner: io::BufWriter<io::Stdout>,
    line_buffered: bool,
}

impl Out {
    /// Buffered; flushed at each line on a terminal.
    pub(crate) fn new() -> Self {
        let line_buffered = io::stdout().is_terminal();
        Self { inner: io::BufWriter::with_capacity(64 << 10, io::stdout()), line_buffered }
    }

    /// Whether people read it.
    pub(crate) fn is_terminal(&self) -> bool {
        self.line_buffered
    }

    /// Writes one line; the line end is added.
    pub(crate) fn line(&mut self, line: &[u8]) {
        let result = self.inner.write_all(line).and_then(|()| self.inner.write_all(b"\n"));
        self.check(&result);
        if self.line_buffered {
            self.flush();
        }
    }

    /// Writes lines that have their ends.
    pub(crate) fn lines(&mut self, lines: &[u8]) {
        let result = self.inner.write_all(lines);
        self.check(&result);
        if self.line_buffered {
            self.flush();
        }
    }

    /// Flushes.
    pub(crate) fn flush(&mut self) {
        let result = self.inner.flush();
        self.check(&result);
    }

    fn check(&self, result: &io::Result<()>) {
        if let Err(error) = result {
            if error.kind() == io::ErrorKind::BrokenPipe {
                // The reader has enough.
                std::process::exit(0);
            }
            complain(&format!("cannot write standard output: {error}"));
            std::process::exit(3);
        }
    }
}
