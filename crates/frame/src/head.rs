//! What an envelope says once for all its events. Owned, because its events may be in later bytes.

use crate::event::Scalar;
use crate::origin::Named;

/// The head of an envelope. Buffers are reused from one envelope to the next.
#[derive(Debug, Default)]
pub(crate) struct Head {
    message_type: Name,
    account: Name,
    log_group: Name,
    log_stream: Name,
}

#[derive(Debug, Default)]
struct Name {
    bytes: Vec<u8>,
    known: bool,
}

impl Head {
    pub(crate) fn clear(&mut self) {
        for name in [&mut self.message_type, &mut self.account, &mut self.log_group, &mut self.log_stream] {
            name.known = false;
            name.bytes.clear();
        }
    }

    /// Whether nothing further down can add to it.
    pub(crate) fn is_complete(&self) -> bool {
        [&self.message_type, &self.account, &self.log_group, &self.log_stream].iter().all(|name| name.known)
    }

    /// Whether the member `key` belongs here and is not known.
    pub(crate) fn lacks(&mut self, key: &[u8]) -> bool {
        self.name(key).is_some_and(|name| !name.known)
    }

    /// Takes the value of a member, if it belongs here. A repeated one replaces the earlier.
    pub(crate) fn set(&mut self, key: &[u8], value: Option<Scalar<'_>>) {
        if let (Some(name), Some(value)) = (self.name(key), value) {
            name.known = true;
            name.bytes.clear();
            value.append_to(&mut name.bytes);
        }
    }

    pub(crate) fn is_control(&self) -> bool {
        self.message_type.bytes == b"CONTROL_MESSAGE"
    }

    pub(crate) fn named(&self) -> Named<'_> {
        Named {
            account: self.account.get(),
            log_group: self.log_group.get(),
            log_stream: self.log_stream.get(),
            ..Named::default()
        }
    }

    fn name(&mut self, key: &[u8]) -> Option<&mut Name> {
        match key {
            b"messageType" => Some(&mut self.message_type),
            b"owner" => Some(&mut self.account),
            b"logGroup" => Some(&mut self.log_group),
            b"logStream" => Some(&mut self.log_stream),
            _ => None,
        }
    }
}

impl Name {
    fn get(&self) -> Option<&[u8]> {
        (self.known && !self.bytes.is_empty()).then_some(&self.bytes)
    }
}
