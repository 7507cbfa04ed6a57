//! Names around a frame → its origin: what the transport says wins, configuration fills the rest.
//!
//! The cluster is the last path element of a log group `/aws/cloudhsm/…` (observed and documented). The HSM is
//! the log stream, unless that is the cluster's own stream, which carries certificate records. Where the
//! group is unknown, a stream named `cluster-…` is taken for a cluster's own too.

use hsmstream_record::Origin;

/// What a transport says about a frame. Empty names are absent.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Named<'a> {
    pub(crate) account: Option<&'a [u8]>,
    pub(crate) log_group: Option<&'a [u8]>,
    pub(crate) log_stream: Option<&'a [u8]>,
    pub(crate) event_id: Option<&'a [u8]>,
    pub(crate) event_timestamp_ms: Option<i64>,
}

/// The origin of a frame, from what its transport and the configuration say.
pub(crate) fn resolve<'a>(named: Named<'a>, fixed: &Origin<'a>) -> Origin<'a> {
    let log_group = present(named.log_group);
    let log_stream = present(named.log_stream);
    let cluster = log_group
        .and_then(cluster_of)
        .or_else(|| present(fixed.cluster))
        .or_else(|| present(fixed.log_group).and_then(cluster_of));
    let hsm = match log_stream {
        Some(stream) => hsm_of(stream, cluster),
        None => present(fixed.hsm)
            .or_else(|| present(fixed.log_stream).and_then(|stream| hsm_of(stream, cluster))),
    };
    Origin {
        account: present(named.account).or_else(|| present(fixed.account)),
        log_group: log_group.or_else(|| present(fixed.log_group)),
        log_stream: log_stream.or_else(|| present(fixed.log_stream)),
        cluster,
        hsm,
        event_id: present(named.event_id).or_else(|| present(fixed.event_id)),
        event_timestamp_ms: named.event_timestamp_ms.or(fixed.event_timestamp_ms),
    }
}

/// A name that is not empty.
pub(crate) fn present(name: Option<&[u8]>) -> Option<&[u8]> {
    name.filter(|name| !name.is_empty())
}

fn cluster_of(log_group: &[u8]) -> Option<&[u8]> {
    let path = log_group.strip_prefix(b"/aws/cloudhsm/")?;
    present(path.rsplit(|&byte| byte == b'/').next())
}

fn hsm_of<'a>(log_stream: &'a [u8], cluster: Option<&[u8]>) -> Option<&'a [u8]> {
    let own = match cluster {
        Some(cluster) => log_stream == cluster,
        None => log_stream.starts_with(b"cluster-"),
    };
    (!own).then_some(log_stream)
}
