//! Writes the seed corpora of the fuzz targets from the vectors and samples: `hsmstream-fuzz-seeds FOLDER`.
//!
//! One folder for each target, one file for each seed. A target without seeds here starts from nothing.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// The formats in the order of `hsmstream_frame::Format::ALL`.
const FORMATS: [&str; 13] = [
    "auto",
    "raw",
    "event",
    "envelope",
    "lambda",
    "kinesis",
    "firehose",
    "cli-json",
    "cli-text",
    "s3-export",
    "cloudtrail",
    "metric-stream",
    "certificate",
];
/// How many sizes of pieces the frame target knows.
const PIECES: usize = 5;

type Seeds = BTreeMap<&'static str, Vec<Vec<u8>>>;

fn main() -> Result<(), Box<dyn Error>> {
    let target = env::args_os().nth(1).map(PathBuf::from).ok_or("usage: hsmstream-fuzz-seeds FOLDER")?;
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut seeds = Seeds::new();
    add_messages(&mut seeds, &lines(&tests.join("vectors/records.jsonl"))?)?;
    add_patterns(&mut seeds, &lines(&tests.join("vectors/filter-patterns.jsonl"))?);
    add_rules(&mut seeds, &tests.join("vectors/rules"))?;
    for sample in fs::read_dir(tests.join("samples"))? {
        let bytes = fs::read(sample?.path())?;
        seeds.entry("json").or_default().push(bytes.clone());
        seeds.entry("frame").or_default().push(framed("auto", &bytes));
    }
    for (name, seeds) in &seeds {
        let folder = target.join(name);
        fs::create_dir_all(&folder)?;
        for (index, seed) in seeds.iter().enumerate() {
            fs::write(folder.join(format!("seed-{index:04}")), seed)?;
        }
    }
    Ok(())
}

/// The JSON lines of a file.
fn lines(path: &Path) -> Result<Vec<Value>, Box<dyn Error>> {
    let text = fs::read_to_string(path)?;
    text.lines().map(|line| serde_json::from_str(line).map_err(Into::into)).collect()
}

/// Messages for the framer, the records they hold for the record parser, and those that are JSON for the JSON reader.
fn add_messages(seeds: &mut Seeds, vectors: &[Value]) -> Result<(), Box<dyn Error>> {
    for vector in vectors {
        let message = STANDARD.decode(vector["input_b64"].as_str().ok_or("input_b64 is text")?)?;
        if message.len() > 1 << 16 {
            continue;
        }
        if message.first().is_some_and(|byte| b"{[".contains(byte)) {
            seeds.entry("json").or_default().push(message.clone());
        }
        if message.starts_with(b"Time: ") {
            seeds.entry("record").or_default().push(message.clone());
        }
        for record in vector["expect"]["records"].as_array().into_iter().flatten() {
            if let Some(raw) = record["raw"].as_str() {
                seeds.entry("record").or_default().push(raw.as_bytes().to_vec());
            }
        }
        let format = vector["format"].as_str().unwrap_or_default();
        seeds.entry("frame").or_default().push(framed(format, &message));
    }
    Ok(())
}

/// Patterns alone, and with the event that they were tried on, with a NUL between.
fn add_patterns(seeds: &mut Seeds, vectors: &[Value]) {
    for vector in vectors {
        let pattern = vector["pattern"].as_str().unwrap_or_default();
        let event = vector["event"].as_str().unwrap_or_default();
        seeds.entry("pattern").or_default().push(pattern.as_bytes().to_vec());
        seeds.entry("matching").or_default().push([pattern.as_bytes(), b"\0", event.as_bytes()].concat());
    }
}

fn add_rules(seeds: &mut Seeds, folder: &Path) -> Result<(), Box<dyn Error>> {
    for case in fs::read_dir(folder)? {
        let file = case?.path().join("rules.yaml");
        if file.exists() {
            seeds.entry("rules").or_default().push(fs::read(file)?);
        }
    }
    Ok(())
}

/// A message for the frame target: one byte that chooses the format and the size of pieces, then the message.
fn framed(format: &str, message: &[u8]) -> Vec<u8> {
    let index = FORMATS.iter().position(|name| *name == format).unwrap_or_default();
    let choice = index + FORMATS.len() * (message.len() % PIECES);
    [&[u8::try_from(choice).unwrap_or_default()], message].concat()
}
