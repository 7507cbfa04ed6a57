//! The conformance vectors whose messages hold records.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value as Json;

const VECTORS: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/records.jsonl"));

/// Each vector with its input. Miri, which takes a thousand times as long, gets a few short ones.
pub(crate) fn vectors() -> impl Iterator<Item = (Json, Vec<u8>)> {
    let (bytes_max, one_in) = if cfg!(miri) { (1500, 5) } else { (usize::MAX, 1) };
    VECTORS.lines().filter(move |line| line.len() <= bytes_max).step_by(one_in).map(|line| {
        let vector: Json = serde_json::from_str(line).expect("a vector is JSON");
        let input = vector.get("input_b64").and_then(Json::as_str).expect("an input");
        let input = STANDARD.decode(input).expect("base64");
        (vector, input)
    })
}

/// Whether there were more than so many. Says nothing under Miri.
pub(crate) fn are_enough(count: usize, more_than: usize) -> bool {
    cfg!(miri) || count > more_than
}
