//! Small deterministic traffic for end-to-end tests: failed logins, key deletions, disorder, late records,
//! hostile names, malformed messages, in subscription envelopes.
//!
//! Denser in what rules react to than real traffic, so that every second of it owes many alerts and rows.

use serde_json::json;

use crate::broker::Outgoing;

/// One message for one partition.
#[derive(Clone, Debug)]
pub struct Sent {
    /// Partition, by HSM.
    pub partition: i32,
    /// HSM, the message key.
    pub hsm: String,
    /// The envelope.
    pub value: Vec<u8>,
}

impl Sent {
    /// The message as it is produced, keyed by its HSM.
    #[must_use]
    pub fn outgoing(&self) -> Outgoing<'_> {
        Outgoing { partition: self.partition, key: Some(self.hsm.as_bytes()), ..Outgoing::new(&self.value) }
    }
}

/// The generator.
#[derive(Clone, Debug)]
pub struct Traffic {
    state: u64,
    now: u64,
    sequences: Vec<u64>,
    partitions: u32,
}

/// Where event time begins: 2026-03-02 10:00:00 UTC in µs.
pub const T0: u64 = 1_772_445_600_000_000;

impl Traffic {
    /// Traffic of `hsms` HSMs over `partitions` partitions.
    #[must_use]
    pub fn new(seed: u64, hsms: usize, partitions: u32) -> Self {
        Self { state: seed, now: T0, sequences: vec![0; hsms], partitions }
    }

    /// The next message: one or two records of one HSM, or rarely bytes that are none.
    pub fn message(&mut self) -> Sent {
        let hsm = self.below(self.sequences.len());
        if self.below(200) == 0 {
            let name = format!("hsm-{hsm}");
            return Sent {
                partition: self.partition(hsm),
                hsm: name,
                value: b"Time: not a record\n".to_vec(),
            };
        }
        let count = 1 + self.below(2);
        let events: Vec<_> = (0..count).map(|_| self.event(hsm)).collect();
        self.envelope(hsm, &events)
    }

    /// For each HSM a last record far in the future of the others, which closes all windows.
    pub fn last_messages(&mut self) -> Vec<Sent> {
        self.now += 2 * 86_400_000_000;
        (0..self.sequences.len())
            .map(|hsm| {
                let event = self.record(hsm, self.now, "TIME_INFO (0xeee2)", "0:HSM Return: SUCCESS", "");
                self.envelope(hsm, &[event])
            })
            .collect()
    }

    fn event(&mut self, hsm: usize) -> serde_json::Value {
        self.now += 200_000 + self.below(600_000) as u64;
        let back = match self.below(40) {
            0 => 700_000_000 + self.below(10_000_000) as u64, // later than lateness: plain rules only
            1..4 => self.below(500_000_000) as u64,           // late, but it counts
            4..12 => self.below(30_000_000) as u64,           // disorder
            _ => 0,
        };
        let time = self.now - back;
        let names = ["bob", "carol", "dave", "x\nResponse : 0:x", "a\t\"b\" é", "svc-app"];
        let name = names[self.below(names.len())];
        let tail = format!("User Name : {name}\nUser Type : CN_CRYPTO_USER (1)\n");
        match self.below(10) {
            0..5 => self.record(hsm, time, "CN_LOGIN (0xd)", "163:HSM Error: RET_USER_LOGIN_FAILURE", &tail),
            5..7 => self.record(hsm, time, "CN_LOGIN (0xd)", "0:HSM Return: SUCCESS", &tail),
            7 => {
                let handle = self.below(9);
                let tail = format!("Priv/Secret Key Handle : {handle}\nPublic Key Handle : 0\n");
                self.record(hsm, time, "CN_TOMBSTONE_OBJECT (0x99)", "0:HSM Return: SUCCESS", &tail)
            }
            8 => self.record(hsm, time, "CN_CREATE_CO (0x4)", "0:HSM Return: SUCCESS", &tail),
            _ => self.record(hsm, time, "CN_APP_FINALIZE (0x2)", "0:HSM Return: SUCCESS", ""),
        }
    }

    fn record(
        &mut self,
        hsm: usize,
        time: u64,
        opcode: &str,
        response: &str,
        tail: &str,
    ) -> serde_json::Value {
        let sequence = self.sequences[hsm];
        self.sequences[hsm] += 1;
        let connection = 0x2010 + self.below(3);
        // The printed time is not what rules read; its mismatch is an anomaly, as for real edited records.
        let text = format!(
            "Time: 03/02/26 10:00:00.000000, usecs:{time}\nSequence No : {sequence:#x}\nReboot counter : 0x1\n\
             Command Type(hex) : CN_MGMT_CMD (0x0)\nOpcode : {opcode}\nSession Handle : {connection:#x}005\n\
             Response : {response}\nLog type : MGMT_USER_DETAILS_LOG (2)\n{tail}"
        );
        json!({"id": format!("{hsm:04}{sequence:052}"), "timestamp": time / 1000, "message": text})
    }

    fn envelope(&self, hsm: usize, events: &[serde_json::Value]) -> Sent {
        let value = json!({
            "messageType": "DATA_MESSAGE", "owner": "111122223333",
            "logGroup": format!("/aws/cloudhsm/cluster-{}", hsm % 2), "logStream": format!("hsm-{hsm}"),
            "subscriptionFilters": ["to-kafka"], "logEvents": events,
        });
        let value = value.to_string().into_bytes();
        Sent { partition: self.partition(hsm), hsm: format!("hsm-{hsm}"), value }
    }

    fn partition(&self, hsm: usize) -> i32 {
        (hsm % self.partitions as usize) as i32
    }

    fn below(&mut self, bound: usize) -> usize {
        self.state =
            self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.state >> 33) % bound as u64) as usize
    }
}
