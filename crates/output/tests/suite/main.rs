//! Tests of the wire forms: examples, schemas, hostile content, caps, ids.
//!
//! The modules are marked as tests, so that the lints treat their helping functions as such.

#[cfg(test)]
mod examples;
#[cfg(test)]
mod forms;
#[cfg(test)]
mod headers;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod ids;
#[cfg(test)]
mod schemas;
#[cfg(test)]
mod vectors;
