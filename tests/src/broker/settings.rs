//! The configuration of a test broker: Kafka's defaults, but small, quick to start and quick to notice a death.

use std::fmt::Write;
use std::path::Path;

use super::security::Security;

/// What distinguishes one broker of a cluster.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ports {
    pub(super) broker: u16,
    pub(super) controller: u16,
}

/// Renders `server.properties` for the broker with index `index` (its node id is `index + 1`).
pub(super) fn render(index: usize, ports: &[Ports], data: &Path, security: Option<&Security>) -> String {
    let own = ports[index];
    let voters: Vec<String> =
        ports.iter().enumerate().map(|(i, p)| format!("{}@127.0.0.1:{}", i + 1, p.controller)).collect();
    let replicas = ports.len().min(3);
    let in_sync = if replicas < 3 { 1 } else { 2 };
    let (listeners, advertised) = security.map(Security::render_listeners).unwrap_or_default();

    let mut text = String::from(FIXED);
    write!(
        text,
        "node.id={id}
controller.quorum.voters={voters}
listeners=PLAINTEXT://127.0.0.1:{broker},CONTROLLER://127.0.0.1:{controller}{listeners}
advertised.listeners=PLAINTEXT://127.0.0.1:{broker}{advertised}
log.dirs={data}
default.replication.factor={replicas}
min.insync.replicas={in_sync}
offsets.topic.replication.factor={replicas}
transaction.state.log.replication.factor={replicas}
transaction.state.log.min.isr={in_sync}
share.coordinator.state.topic.replication.factor={replicas}
share.coordinator.state.topic.min.isr={in_sync}
",
        id = index + 1,
        voters = voters.join(","),
        broker = own.broker,
        controller = own.controller,
        data = data.display(),
    )
    .expect("writing to a string");
    text + &security.map(Security::render).unwrap_or_default()
}

/// What is the same for every broker. Messages keep the event times of their tests, so nothing expires by age.
const FIXED: &str = "\
process.roles=broker,controller
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,SSL:SSL,SASL_SSL:SASL_SSL
auto.create.topics.enable=false
log.retention.ms=-1
log.cleaner.dedupe.buffer.size=8388608
num.network.threads=2
num.io.threads=4
offsets.topic.num.partitions=4
transaction.state.log.num.partitions=4
transaction.abort.timed.out.transaction.cleanup.interval.ms=500
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=3000
controller.quorum.election.timeout.ms=500
controller.quorum.fetch.timeout.ms=1000
controlled.shutdown.enable=true
";
