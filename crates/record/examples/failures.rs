//! Counts the records of a file, one behind the other, and the failed commands among them:
//! `cargo run -p hsmstream-record --example failures -- audit.log`.

use hsmstream_record::{Limits, Outcome, is_boundary, parse};
use std::io::{Error, Write, stdout};

fn main() -> Result<(), Error> {
    let text = std::fs::read(std::env::args().nth(1).ok_or(Error::other("argument: FILE"))?)?;
    let (mut records, mut failures, mut frame) = (0, 0, 0..0);
    for line in text.split_inclusive(|byte| *byte == b'\n').chain([&b"Time: 00/00/00"[..]]) {
        if is_boundary(line) {
            let audit = parse(text.get(frame.clone()).unwrap_or_default(), &Limits::default());
            records += u32::from(audit.is_ok());
            failures += u32::from(audit.is_ok_and(|audit| audit.outcome() == Some(Outcome::Failure)));
            frame.start = frame.end;
        }
        frame.end += line.len();
    }
    writeln!(stdout(), "{records} records, {failures} failures")
}
