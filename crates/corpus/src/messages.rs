//! Records packed into messages: several of one HSM to each, in one of the forms in which they travel.

use crate::corpus::{Corpus, Generated};
use crate::form::{Entry, Form, Packer, Source};
use core::fmt;

/// A message that was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message<'a> {
    /// The HSM that all its records are of; also the natural message key.
    pub hsm: u32,
    /// Its records in order.
    pub records: &'a [Generated],
}

/// A generator of messages. Endless; [`Self::take`] gives one that ends.
#[derive(Clone)]
pub struct Messages {
    corpus: Corpus,
    form: Form,
    records_per_message: usize,
    /// What each HSM has gathered for its next message.
    pending: Vec<Pending>,
    sent: Vec<Generated>,
    text: Vec<u8>,
    /// Records so far.
    count: u64,
}

#[derive(Clone)]
struct Pending {
    packer: Packer,
    records: Vec<Generated>,
}

impl fmt::Debug for Messages {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Messages")
            .field("form", &self.form)
            .field("records_per_message", &self.records_per_message)
            .finish_non_exhaustive()
    }
}

impl Messages {
    /// Packs the records of `corpus`, so many of one HSM to a message; 0 is taken as 1.
    #[must_use]
    pub fn new(corpus: Corpus, form: Form, records_per_message: usize) -> Self {
        let records_per_message = records_per_message.clamp(1, form.records_max());
        let none = Pending { packer: Packer::new(form), records: Vec::new() };
        let pending = (0..corpus.hsm_count()).map(|_| none.clone()).collect();
        Self { corpus, form, records_per_message, pending, sent: Vec::new(), text: Vec::new(), count: 0 }
    }

    /// The same, ending after so many records.
    #[must_use]
    pub const fn take(self, records: u64) -> Take {
        Take { messages: self, left: records, rest: 0 }
    }

    /// The corpus behind, for names.
    #[must_use]
    pub const fn corpus(&self) -> &Corpus {
        &self.corpus
    }

    /// Appends the next message to `out`: of the HSM that is first to have enough records.
    pub fn next_into(&mut self, out: &mut Vec<u8>) -> Message<'_> {
        loop {
            if let Some(hsm) = self.gather() {
                return self.send(hsm, out);
            }
        }
    }

    /// Takes one more record; gives its HSM if that has enough for a message.
    fn gather(&mut self) -> Option<u32> {
        self.text.clear();
        let record = self.corpus.next_into(&mut self.text);
        let from = Source {
            cluster: self.corpus.cluster_name(record.cluster),
            hsm: self.corpus.hsm_name(record.hsm),
        };
        let index = usize::try_from(record.hsm).ok()?;
        let pending = self.pending.get_mut(index)?;
        self.count += 1;
        let entry = Entry { text: &self.text, usecs: record.usecs, number: self.count };
        pending.packer.push(from, entry);
        pending.records.push(record);
        (pending.records.len() >= self.records_per_message).then_some(record.hsm)
    }

    /// Writes what an HSM has gathered.
    fn send(&mut self, hsm: u32, out: &mut Vec<u8>) -> Message<'_> {
        self.sent.clear();
        let index = usize::try_from(hsm).unwrap_or(usize::MAX);
        if let Some(pending) = self.pending.get_mut(index)
            && let Some(last) = pending.records.last()
        {
            let cluster = self.corpus.cluster_name(last.cluster);
            pending.packer.write(Source { cluster, hsm: self.corpus.hsm_name(hsm) }, out);
            self.sent.append(&mut pending.records);
        }
        Message { hsm, records: &self.sent }
    }
}

/// A generator of messages that ends after a number of records.
#[derive(Debug, Clone)]
pub struct Take {
    messages: Messages,
    /// Records to draw.
    left: u64,
    /// The first HSM whose last message is not written.
    rest: u32,
}

impl Take {
    /// The corpus behind, for names.
    #[must_use]
    pub const fn corpus(&self) -> &Corpus {
        self.messages.corpus()
    }

    /// Draws no more records; those that were drawn will still be written.
    pub const fn stop(&mut self) {
        self.left = 0;
    }

    /// Appends the next message to `out`; at the end what each HSM has left, which is fewer records than in other
    /// messages, then none.
    pub fn next_into(&mut self, out: &mut Vec<u8>) -> Option<Message<'_>> {
        while self.left > 0 {
            self.left -= 1;
            if let Some(hsm) = self.messages.gather() {
                return Some(self.messages.send(hsm, out));
            }
        }
        loop {
            let hsm = self.rest;
            let pending = self.messages.pending.get(usize::try_from(hsm).ok()?)?;
            self.rest += 1;
            if !pending.records.is_empty() {
                return Some(self.messages.send(hsm, out));
            }
        }
    }
}
