//! What the user of a client may do with topics and groups, as the brokers tell it (KIP-430).
//!
//! The safe binding does not ask. Brokers without access control tell every right there is; some tell nothing.

#![expect(unsafe_code, reason = "rights are told in the C interface only")]

use std::collections::BTreeMap;
use std::ffi::{CStr, CString, c_char};
use std::time::Duration;

use rdkafka::consumer::Consumer as _;
use rdkafka_sys as sys;
use rdkafka_sys::RDKafkaErrorCode as Code;

use super::{failure_of, milliseconds, text_of};
use crate::context::Consumer;

/// What one may do with a topic or a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Right {
    /// Read messages; be a member of a group.
    Read,
    /// Write messages.
    Write,
}

/// The rights on one topic or group: `None` if the broker does not tell them.
pub(crate) type Told = Result<Option<Vec<Right>>, Code>;

/// Asks for the rights on topics, which must exist; waits up to `wait`.
pub(crate) fn topic_rights(
    client: &Consumer,
    topics: &[CString],
    wait: Duration,
) -> Result<BTreeMap<String, Told>, Code> {
    let mut names: Vec<*const c_char> = topics.iter().map(|topic| topic.as_ptr()).collect();
    // SAFETY: the names are C strings; they are copied.
    let collection = unsafe { sys::rd_kafka_TopicCollection_of_topic_names(names.as_mut_ptr(), names.len()) };
    let api = sys::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_DESCRIBETOPICS;
    let event = Event::asked(client, api, wait, |native, options, queue| {
        // SAFETY: all four are alive; the collection is copied.
        unsafe { sys::rd_kafka_DescribeTopics(native, collection, options, queue) };
    });
    // SAFETY: made above, destroyed once.
    unsafe { sys::rd_kafka_TopicCollection_destroy(collection) };
    let event = event?;
    let mut count = 0;
    // SAFETY: the event is alive; the result belongs to it, and is null if it were of another kind.
    let result = unsafe { sys::rd_kafka_event_DescribeTopics_result(event.0) };
    if result.is_null() {
        return Err(Code::BadMessage);
    }
    // SAFETY: the result is alive as long as the event, and so are the descriptions.
    let first = unsafe { sys::rd_kafka_DescribeTopics_result_topics(result, &raw mut count) };
    if first.is_null() {
        return Ok(BTreeMap::new());
    }
    let mut told = BTreeMap::new();
    // SAFETY: `count` pointers to descriptions lie there.
    for &description in unsafe { std::slice::from_raw_parts(first, count) } {
        // SAFETY: the description is alive.
        let name = unsafe { sys::rd_kafka_TopicDescription_name(description) };
        // SAFETY: its name is a C string, copied here.
        let name = unsafe { text_of(name) };
        // SAFETY: as above; the error belongs to the description.
        let error = unsafe { sys::rd_kafka_TopicDescription_error(description) };
        let mut rights = 0;
        // SAFETY: as above; the operations belong to the description.
        let operations =
            unsafe { sys::rd_kafka_TopicDescription_authorized_operations(description, &raw mut rights) };
        // SAFETY: both belong to a living description, which gave the number of operations.
        told.insert(name, unsafe { told_of(error, operations, rights) });
    }
    Ok(told)
}

/// Asks for the rights on a consumer group, which need not exist; waits up to `wait`.
pub(crate) fn group_rights(client: &Consumer, group: &CStr, wait: Duration) -> Told {
    let mut names = [group.as_ptr()];
    let api = sys::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS;
    let event = Event::asked(client, api, wait, |native, options, queue| {
        // SAFETY: all are alive; the one name is a C string and is copied.
        unsafe {
            sys::rd_kafka_DescribeConsumerGroups(native, names.as_mut_ptr(), names.len(), options, queue)
        };
    })?;
    let mut count = 0;
    // SAFETY: the event is alive; the result belongs to it, and is null if it were of another kind.
    let result = unsafe { sys::rd_kafka_event_DescribeConsumerGroups_result(event.0) };
    if result.is_null() {
        return Err(Code::BadMessage);
    }
    // SAFETY: the result is alive as long as the event, and so are the descriptions.
    let descriptions = unsafe { sys::rd_kafka_DescribeConsumerGroups_result_groups(result, &raw mut count) };
    if descriptions.is_null() || count == 0 {
        return Ok(None);
    }
    // SAFETY: at least one pointer to a description lies there.
    let description = unsafe { *descriptions };
    // SAFETY: the description is alive; the error belongs to it.
    let error = unsafe { sys::rd_kafka_ConsumerGroupDescription_error(description) };
    let mut rights = 0;
    // SAFETY: as above; the operations belong to the description.
    let operations =
        unsafe { sys::rd_kafka_ConsumerGroupDescription_authorized_operations(description, &raw mut rights) };
    // SAFETY: both belong to a living description, which gave the number of operations.
    unsafe { told_of(error, operations, rights) }
}

/// The answer to an administrative request; destroyed with this value.
struct Event(*mut sys::rd_kafka_event_t);

impl Event {
    /// Sends a request that asks for rights, too, and waits for its answer.
    fn asked(
        client: &Consumer,
        api: sys::rd_kafka_admin_op_t,
        wait: Duration,
        send: impl FnOnce(*mut sys::rd_kafka_t, *const sys::rd_kafka_AdminOptions_t, *mut sys::rd_kafka_queue_t),
    ) -> Result<Self, Code> {
        let native = client.client().native_ptr();
        // SAFETY: the client is alive.
        let options = unsafe { sys::rd_kafka_AdminOptions_new(native, api) };
        // SAFETY: the options are alive.
        let error = unsafe { sys::rd_kafka_AdminOptions_set_include_authorized_operations(options, 1) };
        // SAFETY: null, or an error that is ours.
        let including = unsafe { failure_of(error) }.map_err(|failure| failure.code);
        // SAFETY: the client is alive, and the queue is destroyed below.
        let queue = unsafe { sys::rd_kafka_queue_new(native) };
        let event = including.and_then(|()| {
            send(native, options, queue);
            // SAFETY: the queue is alive.
            let event = unsafe { sys::rd_kafka_queue_poll(queue, milliseconds(wait)) };
            if event.is_null() { Err(Code::OperationTimedOut) } else { Ok(Self(event)) }
        });
        // SAFETY: made above; an answer that comes later finds the queue gone and is dropped by librdkafka.
        unsafe { sys::rd_kafka_queue_destroy(queue) };
        // SAFETY: made above, destroyed once; requests hold copies.
        unsafe { sys::rd_kafka_AdminOptions_destroy(options) };
        let event = event?;
        // SAFETY: the event is alive.
        let code = unsafe { sys::rd_kafka_event_error(event.0) };
        let none = sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR;
        if code == none { Ok(event) } else { Err(code.into()) }
    }
}

impl Drop for Event {
    fn drop(&mut self) {
        // SAFETY: the event is ours, destroyed once.
        unsafe { sys::rd_kafka_event_destroy(self.0) };
    }
}

/// Reads one description.
///
/// # Safety
/// `error` is null or a living error; `operations` is null or points to `count` operations.
unsafe fn told_of(
    error: *const sys::rd_kafka_error_t,
    operations: *const sys::rd_kafka_AclOperation_t,
    count: usize,
) -> Told {
    if !error.is_null() {
        // SAFETY: not null, hence a living error by the caller's promise.
        let code = unsafe { sys::rd_kafka_error_code(error) };
        if code != sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR {
            return Err(code.into());
        }
    }
    if operations.is_null() {
        return Ok(None);
    }
    // SAFETY: not null, hence so many operations by the caller's promise.
    let operations = unsafe { std::slice::from_raw_parts(operations, count) };
    let right = |operation: &sys::rd_kafka_AclOperation_t| match operation {
        sys::rd_kafka_AclOperation_t::RD_KAFKA_ACL_OPERATION_READ => Some(Right::Read),
        sys::rd_kafka_AclOperation_t::RD_KAFKA_ACL_OPERATION_WRITE => Some(Right::Write),
        _ => None,
    };
    Ok(Some(operations.iter().filter_map(right).collect()))
}
