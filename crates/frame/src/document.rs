//! Whether a log event's message is a JSON document of a kind we know.

use hsmstream_json::{Error, ErrorKind, Reader, Token};
use hsmstream_record::{Kind, Limits, Reason};

/// The kind of a message that begins like a JSON object: a document only if it is one whole object with
/// the keys of a kind. Anything else is an audit frame, which the grammar will refuse.
///
/// # Errors
/// `nested_too_deep`: it cannot be told.
pub(crate) fn kind_of_message(bytes: &[u8], limits: &Limits) -> Result<Kind, Reason> {
    match read_kind(bytes, limits.json_nesting_max) {
        Ok(Some(kind)) => Ok(kind),
        Err(Error { kind: ErrorKind::TooDeep, .. }) => Err(Reason::NestedTooDeep),
        Ok(None) | Err(_) => Ok(Kind::Audit),
    }
}

fn read_kind(bytes: &[u8], nesting_max: u32) -> Result<Option<Kind>, Error> {
    let mut reader = Reader::new(bytes, nesting_max);
    let mut keys = KindKeys::default();
    reader.next()?;
    while let Some(Token::Key(key)) = reader.next()? {
        keys.see(&key.to_cow());
        reader.skip_value()?;
    }
    let whole = reader.value_start() == bytes.len();
    Ok(keys.kind().filter(|_| whole))
}

/// The keys that make a document of a log event's message.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct KindKeys {
    object_handle: bool,
    op_code: bool,
    event_version: bool,
}

impl KindKeys {
    pub(crate) fn see(&mut self, key: &[u8]) {
        match key {
            b"object_handle" => self.object_handle = true,
            b"op_code" => self.op_code = true,
            b"eventVersion" => self.event_version = true,
            _ => {}
        }
    }

    pub(crate) const fn kind(self) -> Option<Kind> {
        match (self.object_handle && self.op_code, self.event_version) {
            (true, _) => Some(Kind::Certificate),
            (false, true) => Some(Kind::CloudTrail),
            (false, false) => None,
        }
    }
}
