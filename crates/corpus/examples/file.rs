//! Writes generated records to a file in one of the forms and tells which of them are part of an attack:
//! `cargo run -p hsmstream-corpus --example file -- envelope 100000 corpus.jsonl`.

use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};

use hsmstream_corpus::{Config, Corpus, Form, Messages, Scenarios};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [form, records, path] = arguments.as_slice() else {
        return Err("arguments: FORM RECORDS FILE".into());
    };
    let (form, records) = (form.parse::<Form>()?, records.parse()?);
    let config = Config { rate_per_second: 100, scenarios: Scenarios::ALL, ..Config::new(42) };
    let mut messages = Messages::new(Corpus::new(config), form, 10).take(records);
    let mut file = BufWriter::new(File::create(path)?);
    let mut labels = std::io::stdout().lock();
    let mut bytes = Vec::new();
    while let Some(message) = messages.next_into(&mut bytes) {
        for record in message.records {
            if let Some(label) = record.label {
                writeln!(labels, "{} #{}: HSM {}, {:?}", label.scenario, label.incident, record.hsm, record)?;
            }
        }
        bytes.extend_from_slice(form.separator());
        file.write_all(&bytes)?;
        bytes.clear();
    }
    Ok(file.flush()?)
}
