//! Configuration: layers of text → [`Config`], with every mistake at once.

mod keys;
mod layers;
mod typed;
mod value;

pub(crate) use layers::DEFAULT;
pub(crate) use typed::{Config, load, show};
pub(crate) use value::{nearest, parse_duration};
