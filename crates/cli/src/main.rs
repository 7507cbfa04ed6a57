//! The hsmstream binary.
fn main() {}
