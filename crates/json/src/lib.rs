//! A strict JSON reader (RFC 8259) that keeps positions, escapes and number texts.
//!
//! In: bytes, whole or in pieces. Out: [`Token`]s pulled from a [`Reader`], or a [`Tape`], the whole value
//! laid flat for random access. Nothing is converted: a number stays its text (463180677312929947 must
//! survive), a string stays escaped until somebody wants it ([`Text`]).
//!
//! Invariants: no input makes a function panic; [`Reader`] allocates nothing, a warm [`Tape`] neither; recursion is
//! nowhere; `unsafe` stands in `scan/avx2.rs` only, whose results tests compare with those of ordinary arithmetic.
//!
//! Limits: nesting, by the caller, at most [`NESTING_MAX`]; a tape's text, less than 2 GiB. Checked: the whole grammar,
//! escapes included. *Not* checked: that strings are UTF-8 (bytes are bytes), that keys are unique (the last one wins in a
//! tape), that surrogates come in pairs (a lone one becomes U+FFFD and is reported).
//!
//! ```
//! use hsmstream_json::{Reader, Token};
//!
//! let mut reader = Reader::new(br#"{"op_code":"CreateObject","object_handle":463180677312929947}"#, 32);
//! assert_eq!(reader.next(), Ok(Some(Token::ObjectStart)));
//! let Ok(Some(Token::Key(key))) = reader.next() else { panic!("a key") };
//! assert!(key.eq(b"op_code"));
//! reader.skip_value().expect("a value");
//! assert!(matches!(reader.next(), Ok(Some(Token::Key(_)))));
//! assert_eq!(reader.next(), Ok(Some(Token::Number(b"463180677312929947"))));
//! ```

mod error;
mod flatten;
mod quotes;
mod reader;
mod scan;
mod slab;
mod tape;
mod text;

pub use error::{Error, ErrorKind};
pub use reader::{Checkpoint, NESTING_MAX, Reader, Token};
pub use slab::{Slab, Unpacked, plain_string};
pub use tape::{Elements, Glances, Mark, Member, Members, Node, NodeKind, Tape};
pub use text::{Text, Unescaped};
