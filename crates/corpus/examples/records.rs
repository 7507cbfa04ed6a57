//! Writes generated records as raw text to standard output: `cargo run --example records -- 100000 > corpus.txt`.

use std::io::{self, Write};

use hsmstream_corpus::{Config, Corpus};

fn main() -> io::Result<()> {
    let count: u64 = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(1_000);
    let mut corpus = Corpus::new(Config::new(42));
    let mut out = io::BufWriter::new(io::stdout().lock());
    let mut text = Vec::new();
    for _ in 0..count {
        text.clear();
        corpus.next_into(&mut text);
        out.write_all(&text)?;
    }
    out.flush()
}
