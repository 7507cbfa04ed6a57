//! Where a frame comes from, and what sort of record it is.
//!
//! The HSM's own id is not in an audit record, only in the transport around it: an origin travels with
//! each frame. What the transport does not say is absent, never guessed here.

/// What is known about where a frame was taken from. Every part is optional.
///
/// The bytes borrow from the message or from the configuration and may be no UTF-8.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Origin<'a> {
    /// AWS account id of the log group's owner.
    pub account: Option<&'a [u8]>,
    /// CloudWatch log group, such as `/aws/cloudhsm/cluster-likphkxygsn`.
    pub log_group: Option<&'a [u8]>,
    /// CloudWatch log stream, such as `hsm-nwbbiqbj4jk`.
    pub log_stream: Option<&'a [u8]>,
    /// Cluster id, the last path element of a log group `/aws/cloudhsm/…`.
    pub cluster: Option<&'a [u8]>,
    /// HSM id: the log stream, unless that is the cluster's own.
    pub hsm: Option<&'a [u8]>,
    /// CloudWatch event id, a decimal string of 56 digits.
    pub event_id: Option<&'a [u8]>,
    /// CloudWatch's timestamp of the event, in milliseconds since the epoch. Not the event time.
    pub event_timestamp_ms: Option<i64>,
}

/// The four sorts of record. Complete by nature: a fifth is a new schema version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// An HSM's audit record, text of `label : value` lines.
    Audit,
    /// A certificate-storage record of the cluster, a JSON object.
    Certificate,
    /// A CloudTrail event, a JSON object.
    CloudTrail,
    /// A datum of a CloudWatch metric stream, a JSON object.
    Metric,
}

impl Kind {
    /// Names the kind as the JSON view does.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Audit => "audit",
            Self::Certificate => "certificate",
            Self::CloudTrail => "cloudtrail",
            Self::Metric => "metric",
        }
    }
}
