//! The hsmstream binary.

mod config;

fn main() {}
