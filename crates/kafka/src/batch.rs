//! The raw edge to librdkafka: everything the safe binding lacks, and all of this crate's unsafe code.
//!
//! * [`Queue`]: a private queue that partitions are forwarded to, drained by
//!   `rd_kafka_consume_batch_queue`, which costs the calling thread 66-92 ns a message where
//!   `rd_kafka_consumer_poll` costs 240-360 ns (measured, librdkafka 2.12.1, batches of 1,000).
//! * [`Batch`] and [`Fetched`]: borrowed messages, freed when the batch is dropped.
//! * [`Membership`]: group metadata with its generation, which the safe binding does not show.
//! * [`flush`], [`send_offsets`], [`commit_transaction`], [`commit_offsets`], [`end_offset`], [`set_token`],
//!   [`mock_rebalance_delay`], [`topic_rights`], [`group_rights`].
//!
//! Invariants: a `Queue` keeps its client alive, so the client cannot be destroyed under it (and
//! destroying a client whose queue handles live would hang for ever); a `Batch` borrows its queue, so no
//! message outlives the call that drained it (destroying a client blocks while messages are held).
//! Messages forwarded by the application stay forwarded until the partition is unassigned
//! (`RD_KAFKA_Q_F_FWD_APP`, rdkafka_partition.c).

#![expect(unsafe_code, reason = "batch consume and group metadata exist in the C interface only")]

mod rights;

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::fmt;
use std::ptr::{self, NonNull};
use std::sync::Arc;
use std::time::Duration;

use hsmstream_engine::ports::Headers;
use rdkafka::TopicPartitionList;
use rdkafka::client::{Client, ClientContext};
use rdkafka::consumer::Consumer as _;
use rdkafka_sys as sys;
use rdkafka_sys::RDKafkaErrorCode;

use crate::context::Consumer;
use crate::oauth::Token;

pub(crate) use rights::{Right, group_rights, topic_rights};

/// Most messages one batch may hold; beyond about a thousand the batch leaves the L2 cache.
pub(crate) const BATCH_MAX: usize = 1_000;

/// A private queue of one consumer.
pub(crate) struct Queue {
    native: NonNull<sys::rd_kafka_queue_t>,
    messages: Vec<*mut sys::rd_kafka_message_t>,
    client: Arc<Consumer>,
}

// SAFETY: librdkafka's queues may be used from any thread (INTRODUCTION.md, "Threads and callbacks"), and
// `messages` is empty whenever no `Batch` borrows the queue.
unsafe impl Send for Queue {}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue").finish_non_exhaustive()
    }
}

impl Queue {
    /// Makes an empty queue.
    pub(crate) fn new(client: &Arc<Consumer>) -> Option<Self> {
        // SAFETY: the client pointer is valid as long as the `Arc` lives, which the queue keeps.
        let native = unsafe { sys::rd_kafka_queue_new(client.client().native_ptr()) };
        let native = NonNull::new(native)?;
        Some(Self { native, messages: Vec::with_capacity(BATCH_MAX), client: Arc::clone(client) })
    }

    /// Sends all messages of a partition to this queue, those already fetched included; `false` if the
    /// client does not know the partition.
    pub(crate) fn forward(&self, topic: &CStr, partition: i32) -> bool {
        let client = self.client.client().native_ptr();
        // SAFETY: the client is alive (held by `self`), the name is a C string.
        let source = unsafe { sys::rd_kafka_queue_get_partition(client, topic.as_ptr(), partition) };
        if source.is_null() {
            return false;
        }
        // SAFETY: both queues are alive; librdkafka takes its own reference to the destination.
        unsafe { sys::rd_kafka_queue_forward(source, self.native.as_ptr()) };
        // SAFETY: the handle came from `rd_kafka_queue_get_partition` and is used no more; the partition
        // keeps its queue and the forwarding.
        unsafe { sys::rd_kafka_queue_destroy(source) };
        true
    }

    /// Takes up to `limit` messages. librdkafka waits the whole of `wait` for the last of them, so ask for
    /// one with a wait, then for more without.
    pub(crate) fn take(&mut self, limit: usize, wait: Duration) -> Batch<'_> {
        debug_assert!(self.messages.is_empty() && BATCH_MAX <= self.messages.capacity());
        let limit = limit.min(BATCH_MAX);
        let buffer = self.messages.as_mut_ptr();
        // SAFETY: the buffer has room for `BATCH_MAX` pointers (capacity set in `new`, never shrunk) and
        // `limit` is no more; the queue is alive.
        let count = unsafe {
            sys::rd_kafka_consume_batch_queue(self.native.as_ptr(), milliseconds(wait), buffer, limit)
        };
        // -1 is an error of the arguments; nothing was written then.
        let count = usize::try_from(count).unwrap_or(0).min(limit);
        // SAFETY: librdkafka wrote `count` message pointers to the front of the buffer.
        unsafe { self.messages.set_len(count) };
        Batch { messages: &mut self.messages }
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        // SAFETY: made by `rd_kafka_queue_new`, destroyed here only; the client still lives (field `client`
        // is dropped after this).
        unsafe { sys::rd_kafka_queue_destroy(self.native.as_ptr()) };
    }
}

/// Messages taken from a queue; frees them when dropped.
pub(crate) struct Batch<'q> {
    messages: &'q mut Vec<*mut sys::rd_kafka_message_t>,
}

impl Batch<'_> {
    /// Number of messages, errors included.
    pub(crate) fn len(&self) -> usize {
        self.messages.len()
    }

    /// The messages in queue order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Fetched<'_>> {
        self.messages.iter().filter_map(|message| {
            let native = NonNull::new(*message)?;
            // SAFETY: librdkafka returned the pointer; the message lives until the batch is dropped, and
            // nobody writes to its public part.
            let message = unsafe { native.as_ref() };
            Some(Fetched { message, native })
        })
    }
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        for message in self.messages.drain(..) {
            // SAFETY: the pointer came from `rd_kafka_consume_batch_queue`, is destroyed once (drained), and
            // every `Fetched` borrowed the batch, so none is left.
            unsafe { sys::rd_kafka_message_destroy(message) };
        }
    }
}

/// One message or error of a batch.
#[derive(Clone, Copy)]
pub(crate) struct Fetched<'b> {
    message: &'b sys::rd_kafka_message_t,
    native: NonNull<sys::rd_kafka_message_t>,
}

impl<'b> Fetched<'b> {
    /// The error that stands in place of a message, if any.
    pub(crate) fn error(self) -> Option<RDKafkaErrorCode> {
        let none = sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR;
        (self.message.err != none).then(|| self.message.err.into())
    }

    /// The text of the error.
    pub(crate) fn error_text(self) -> String {
        // SAFETY: the message is alive; the text lives as long as it.
        let text = unsafe { sys::rd_kafka_message_errstr(self.native.as_ptr()) };
        // SAFETY: as above.
        unsafe { text_of(text) }
    }

    /// Identity of the topic: equal for messages of one topic within a batch.
    pub(crate) fn topic_id(self) -> usize {
        self.message.rkt.addr()
    }

    /// Name of the topic.
    pub(crate) fn topic(self) -> &'b [u8] {
        if self.message.rkt.is_null() {
            return b"";
        }
        // SAFETY: a message holds a reference to its topic.
        let name = unsafe { sys::rd_kafka_topic_name(self.message.rkt) };
        if name.is_null() {
            return b"";
        }
        // SAFETY: the name is a C string owned by the topic, which the message, hence `'b`, keeps alive.
        unsafe { CStr::from_ptr(name) }.to_bytes()
    }

    /// Partition.
    pub(crate) fn partition(self) -> i32 {
        self.message.partition
    }

    /// Offset.
    pub(crate) fn offset(self) -> i64 {
        self.message.offset
    }

    /// Timestamp in ms, if the message has one.
    pub(crate) fn timestamp_ms(self) -> Option<i64> {
        let mut kind = sys::rd_kafka_timestamp_type_t::RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
        // SAFETY: the message is alive; `kind` is a valid place.
        let time = unsafe { sys::rd_kafka_message_timestamp(self.native.as_ptr(), &raw mut kind) };
        let none = sys::rd_kafka_timestamp_type_t::RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
        (kind != none && 0 <= time).then_some(time)
    }

    /// Key.
    pub(crate) fn key(self) -> Option<&'b [u8]> {
        // SAFETY: librdkafka's description of the message's key.
        unsafe { bytes(self.message, self.message.key, self.message.key_len) }
    }

    /// Value.
    pub(crate) fn value(self) -> Option<&'b [u8]> {
        // SAFETY: librdkafka's description of the message's value.
        unsafe { bytes(self.message, self.message.payload, self.message.len) }
    }
}

impl Headers for Fetched<'_> {
    fn header(&self, name: &str) -> Option<&[u8]> {
        let mut buffer = [0_u8; HEADER_NAME_MAX + 1];
        buffer.get_mut(..name.len())?.copy_from_slice(name.as_bytes());
        let name = CStr::from_bytes_until_nul(&buffer).ok()?;
        let mut headers = ptr::null_mut();
        // SAFETY: the message is alive; librdkafka parses its headers on first use and keeps them with it.
        let found = unsafe { sys::rd_kafka_message_headers(self.native.as_ptr(), &raw mut headers) };
        if found != sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR {
            return None;
        }
        let mut value: *const c_void = ptr::null();
        let mut length = 0;
        // SAFETY: `headers` was just returned and belongs to the message; the places are valid.
        let found =
            unsafe { sys::rd_kafka_header_get_last(headers, name.as_ptr(), &raw mut value, &raw mut length) };
        if found != sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR {
            return None;
        }
        // SAFETY: a header's value lies in the message.
        unsafe { bytes(self.message, value.cast_mut(), length) }
    }
}

/// A byte range that lies in the message `owner`; a null pointer is an absent value.
///
/// # Safety
/// `start` is null or points to `length` bytes that are readable and unchanged as long as `owner` lives.
unsafe fn bytes(_owner: &sys::rd_kafka_message_t, start: *mut c_void, length: usize) -> Option<&[u8]> {
    if start.is_null() {
        return None;
    }
    // SAFETY: the caller's promise; the borrow of the owner bounds the slice's life.
    Some(unsafe { std::slice::from_raw_parts(start.cast::<u8>(), length) })
}

/// An error with the flags that decide what can be done about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) code: RDKafkaErrorCode,
    pub(crate) text: String,
    pub(crate) fatal: bool,
    pub(crate) retriable: bool,
    pub(crate) abortable: bool,
}

/// A consumer's place in its group at one moment.
pub(crate) struct Membership {
    native: NonNull<sys::rd_kafka_consumer_group_metadata_t>,
}

impl Membership {
    /// The present membership of a consumer.
    pub(crate) fn of(client: &Consumer) -> Option<Self> {
        // SAFETY: the client is alive for the length of the call.
        let native = unsafe { sys::rd_kafka_consumer_group_metadata(client.client().native_ptr()) };
        NonNull::new(native).map(|native| Self { native })
    }

    /// Whether it names a member of a generation. Metadata of a client that was thrown out names none, and
    /// the coordinator would take it for a client without a group and not check it at all.
    pub(crate) fn is_member(&self) -> bool {
        // SAFETY: `native` is alive until dropped.
        let generation = unsafe { sys::rd_kafka_consumer_group_metadata_generation_id(self.native.as_ptr()) };
        // SAFETY: as above; the text lives as long as the metadata.
        let member = unsafe { sys::rd_kafka_consumer_group_metadata_member_id(self.native.as_ptr()) };
        // SAFETY: as above.
        let member = unsafe { text_of(member) };
        0 <= generation && !member.is_empty()
    }
}

// SAFETY: the metadata is a copy of its own, bound to no thread.
unsafe impl Send for Membership {}
// SAFETY: nothing changes the metadata after it was made; shared, it is only read.
unsafe impl Sync for Membership {}

impl Drop for Membership {
    fn drop(&mut self) {
        // SAFETY: made by `rd_kafka_consumer_group_metadata`, destroyed here only.
        unsafe { sys::rd_kafka_consumer_group_metadata_destroy(self.native.as_ptr()) };
    }
}

/// Adds next-to-read offsets to the producer's transaction, guarded by the membership.
pub(crate) fn send_offsets<C: ClientContext>(
    producer: &Client<C>,
    offsets: &TopicPartitionList,
    membership: &Membership,
    wait: Duration,
) -> Result<(), Failure> {
    // SAFETY: all three are alive for the length of the call; librdkafka copies what it keeps.
    let error = unsafe {
        sys::rd_kafka_send_offsets_to_transaction(
            producer.native_ptr(),
            offsets.ptr(),
            membership.native.as_ptr(),
            milliseconds(wait),
        )
    };
    // SAFETY: just returned, and owned here.
    unsafe { failure_of(error) }
}

/// Ends the producer's transaction; all messages should have been delivered before.
pub(crate) fn commit_transaction<C: ClientContext>(
    producer: &Client<C>,
    wait: Duration,
) -> Result<(), Failure> {
    // SAFETY: the producer is alive for the length of the call.
    let error = unsafe { sys::rd_kafka_commit_transaction(producer.native_ptr(), milliseconds(wait)) };
    // SAFETY: just returned, and owned here.
    unsafe { failure_of(error) }
}

/// Waits until all messages are delivered, without lingering; `false` when the time is over first. Reports
/// of failed messages count as messages until they are polled.
pub(crate) fn flush<C: ClientContext>(producer: &Client<C>, wait: Duration) -> bool {
    // SAFETY: the producer is alive for the length of the call.
    let result = unsafe { sys::rd_kafka_flush(producer.native_ptr(), milliseconds(wait)) };
    result == sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR
}

/// Commits offsets outside a transaction; `None` if there is no answer in time. The safe binding's commit
/// either waits without limit or, asynchronously, never tells its result (rdkafka 0.39 sets no callback).
pub(crate) fn commit_offsets(
    client: &Consumer,
    offsets: &TopicPartitionList,
    wait: Duration,
) -> Option<Result<(), RDKafkaErrorCode>> {
    let native = client.client().native_ptr();
    // SAFETY: the client is alive for the length of this function, and the queue is destroyed in it.
    let queue = unsafe { sys::rd_kafka_queue_new(native) };
    // SAFETY: client, list and queue are alive; without a callback the answer is an event on the queue.
    let asked = unsafe { sys::rd_kafka_commit_queue(native, offsets.ptr(), queue, None, ptr::null_mut()) };
    let result = if asked == sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR {
        // SAFETY: the queue is alive.
        let event = unsafe { sys::rd_kafka_queue_poll(queue, milliseconds(wait)) };
        (!event.is_null()).then(|| {
            // SAFETY: not null, hence an event owned here.
            let code = unsafe { sys::rd_kafka_event_error(event) };
            // SAFETY: destroyed once, used no more.
            unsafe { sys::rd_kafka_event_destroy(event) };
            code
        })
    } else {
        Some(asked)
    };
    // SAFETY: made above; an answer that comes later finds the queue gone and is dropped by librdkafka.
    unsafe { sys::rd_kafka_queue_destroy(queue) };
    let none = sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR;
    result.map(|code| if code == none { Ok(()) } else { Err(code.into()) })
}

/// Hands a bearer token to a client whose events nobody serves; the text says why it was refused.
pub(crate) fn set_token<C: ClientContext>(client: &Client<C>, token: &Token) -> Result<(), String> {
    let text = CString::new(token.text.expose()).map_err(|_| "the token contains a zero byte")?;
    let principal =
        CString::new(token.principal.as_str()).map_err(|_| "the principal contains a zero byte")?;
    let mut why: [c_char; 256] = [0; 256];
    // SAFETY: the client is alive, the texts are C strings, there are no extensions, and the buffer for the
    // error text has the given size; librdkafka ends the text with a zero.
    let result = unsafe {
        sys::rd_kafka_oauthbearer_set_token(
            client.native_ptr(),
            text.as_ptr(),
            token.expires_ms,
            principal.as_ptr(),
            ptr::null_mut(),
            0,
            why.as_mut_ptr(),
            why.len(),
        )
    };
    if result == sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR {
        return Ok(());
    }
    // SAFETY: the buffer holds a C string, empty if nothing was written.
    Err(unsafe { text_of(why.as_ptr()) })
}

/// End offset of a partition as of the last fetch.
pub(crate) fn end_offset(client: &Consumer, topic: &CStr, partition: i32) -> Option<i64> {
    let (mut low, mut high) = (-1, -1);
    // SAFETY: the client is alive, the name is a C string, the places are valid.
    let result = unsafe {
        sys::rd_kafka_get_watermark_offsets(
            client.client().native_ptr(),
            topic.as_ptr(),
            partition,
            &raw mut low,
            &raw mut high,
        )
    };
    (result == sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR && 0 <= high).then_some(high)
}

/// Sets how long a mock cluster's groups wait for members before their first assignment; `false` if the
/// client has no mock cluster.
pub(crate) fn mock_rebalance_delay<C: ClientContext>(client: &Client<C>, delay: Duration) -> bool {
    // SAFETY: the client is alive; the cluster belongs to it.
    let cluster = unsafe { sys::rd_kafka_handle_mock_cluster(client.native_ptr()) };
    if cluster.is_null() {
        return false;
    }
    // SAFETY: the cluster is alive as long as the client, that is for this call.
    unsafe { sys::rd_kafka_mock_group_initial_rebalance_delay_ms(cluster, milliseconds(delay)) };
    true
}

/// Reads and frees an error object; null is success.
///
/// # Safety
/// `error` is null or an error object that the caller owns and uses no more.
unsafe fn failure_of(error: *mut sys::rd_kafka_error_t) -> Result<(), Failure> {
    if error.is_null() {
        return Ok(());
    }
    // SAFETY: not null, hence an error object by the caller's promise.
    let code = unsafe { sys::rd_kafka_error_code(error) };
    // SAFETY: as above.
    let text = unsafe { sys::rd_kafka_error_string(error) };
    // SAFETY: the text lives until the error is destroyed; it is copied.
    let text = unsafe { text_of(text) };
    // SAFETY: as above.
    let fatal = unsafe { sys::rd_kafka_error_is_fatal(error) } != 0;
    // SAFETY: as above.
    let retriable = unsafe { sys::rd_kafka_error_is_retriable(error) } != 0;
    // SAFETY: as above.
    let abortable = unsafe { sys::rd_kafka_error_txn_requires_abort(error) } != 0;
    // SAFETY: destroyed once, used no more.
    unsafe { sys::rd_kafka_error_destroy(error) };
    Err(Failure { code: code.into(), text, fatal, retriable, abortable })
}

/// A C string as text; empty for null.
///
/// # Safety
/// `text` is null or a C string that lives for the length of the call.
unsafe fn text_of(text: *const c_char) -> String {
    if text.is_null() {
        return String::new();
    }
    // SAFETY: not null, hence a C string by the caller's promise.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}

fn milliseconds(wait: Duration) -> c_int {
    c_int::try_from(wait.as_millis()).unwrap_or(c_int::MAX)
}

/// Longest header name that can be looked up; longer ones are not found.
const HEADER_NAME_MAX: usize = 255;
