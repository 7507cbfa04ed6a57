//! Prints what the records of a file say: `cargo run -p hsmstream-frame --example records < export.gz`.

use hsmstream_frame::{Format, Framer};
use hsmstream_record::{Limits, Origin};
use std::io::{Read, Write, stdin, stdout};

fn main() -> std::io::Result<()> {
    let (mut message, mut views) = (Vec::new(), Vec::new());
    stdin().read_to_end(&mut message)?;
    let mut framer = Framer::new(Format::Auto, Limits::default());
    let counts = framer.records(&message, &Origin::default(), &mut |item| match item {
        Ok(record) => {
            record.write_view(&mut views);
            views.push(b'\n');
        }
        Err(reject) => {
            views.extend(format!("{} at {}\n", reject.reason.as_str(), reject.message_offset).into_bytes())
        }
    });
    views.extend(format!("{counts:?}\n").into_bytes());
    stdout().write_all(&views)
}
