//! Kafka message keys: what must stay in order has one key.
//!
//! Alerts, closing updates and rollups of one rule and group share the key `<rule id>|<group>`, the group
//! as `name=value` joined by `|` (`login-failures|hsm=hsm-1|connection=0xc008`; a missing value is the bare
//! name). Bytes that are not printable ASCII, and `%`, `=`, `|`, are `%XX`, so no name or value can imitate
//! another group. A key longer than [`KEY_BYTES_MAX`] ends in a hash of the whole.
//!
//! Not told apart: groups that differ only in the JSON type of a value (1 and "1") share a key, which costs
//! nothing but a place in the same partition.

use sha2::{Digest, Sha256};

use crate::id::hex_digit;
use crate::{GroupField, GroupValue, Position};

/// Longest message key in bytes.
pub const KEY_BYTES_MAX: usize = 256;

/// The message key of all outputs of one rule and group.
#[must_use]
pub fn rule_key(rule_id: &str, group: &[GroupField<'_>]) -> String {
    let mut key = String::new();
    escape(rule_id.as_bytes(), &mut key);
    for field in group {
        key.push('|');
        escape(field.name.as_bytes(), &mut key);
        match field.value {
            GroupValue::Missing => {}
            GroupValue::Number(number) => key.push_str(&format!("={number}")),
            GroupValue::Text(text) | GroupValue::Lexeme(text) => {
                key.push('=');
                escape(text, &mut key);
            }
        }
    }
    shorten(key)
}

/// The message key of rejects: those of one partition stay together, in order.
#[must_use]
pub fn reject_key(position: &Position<'_>) -> String {
    let mut key = String::new();
    escape(position.topic.as_bytes(), &mut key);
    key.push_str(&format!("-{}", position.partition));
    shorten(key)
}

/// A group for people: `hsm=hsm-1, connection=0xc008, user.name=(none)`. Holds hostile text.
#[must_use]
pub fn group_text(group: &[GroupField<'_>]) -> String {
    let mut line = String::new();
    for field in group {
        if !line.is_empty() {
            line.push_str(", ");
        }
        line.push_str(field.name);
        line.push('=');
        match field.value {
            GroupValue::Missing => line.push_str("(none)"),
            GroupValue::Number(number) => line.push_str(&number.to_string()),
            GroupValue::Text(text) | GroupValue::Lexeme(text) => {
                line.push_str(&crate::wire::shown(text, SHOWN_BYTES_MAX));
            }
        }
    }
    line
}

const SHOWN_BYTES_MAX: usize = 128;
/// `~` and 32 hex digits.
const TAIL_BYTES: usize = 33;

fn escape(text: &[u8], out: &mut String) {
    for &byte in text {
        if (b'!'..=b'~').contains(&byte) && !matches!(byte, b'%' | b'=' | b'|') {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(hex_digit(byte >> 4).to_ascii_uppercase()));
            out.push(char::from(hex_digit(byte & 0xf).to_ascii_uppercase()));
        }
    }
}

/// Keeps a key of ASCII within its limit.
fn shorten(mut key: String) -> String {
    if key.len() > KEY_BYTES_MAX {
        let hash = Sha256::digest(key.as_bytes());
        key.truncate(KEY_BYTES_MAX - TAIL_BYTES);
        key.push('~');
        let digits = hash.iter().flat_map(|byte| [byte >> 4, byte & 0xf]).map(hex_digit);
        key.extend(digits.take(TAIL_BYTES - 1).map(char::from));
    }
    key
}
