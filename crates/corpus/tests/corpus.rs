//! What the corpus promises: the same bytes again, records without anomalies, numbers without gaps, echoes
//! of logins, the wanted share of failures, bounded disorder, labelled attacks.

use hsmstream_corpus::{Config, Corpus, Generated, Scenario, Share};
use hsmstream_record::{Audit, Limits, parse};
use std::collections::{BTreeMap, BTreeSet};

/// The first `count` records with their texts.
fn records(config: Config, count: usize) -> Vec<(Generated, Vec<u8>)> {
    let mut corpus = Corpus::new(config);
    let mut next = || {
        let mut text = Vec::new();
        (corpus.next_into(&mut text), text)
    };
    (0..count).map(|_| next()).collect()
}

fn audit(text: &[u8]) -> Audit<'_> {
    parse(text, &Limits::default()).expect("a record")
}

fn ordered(seed: u64) -> Config {
    Config { disordered: Share::NONE, ..Config::new(seed) }
}

#[test]
fn the_seed_decides_all() {
    let first = records(Config::new(1), 20_000);
    assert_eq!(first, records(Config::new(1), 20_000));
    assert_ne!(first, records(Config::new(2), 20_000));
    let mut corpus = Corpus::new(Config::new(1));
    corpus.next_into(&mut Vec::new());
    let (mut one, mut other) = (Vec::new(), Vec::new());
    assert_eq!(corpus.clone().next_into(&mut one), corpus.next_into(&mut other));
    assert_eq!(one, other);
}

/// Pins the bytes: a change of the traffic has to be meant, benchmarks of before and after do not compare.
#[test]
fn the_bytes_are_those_of_the_last_release() {
    let all = records(Config::new(42), 100_000);
    let hash = all.iter().flat_map(|(_, text)| text).fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    assert_eq!(hash, 0x8c2f_5429_261c_935a, "{hash:#x}");
}

#[test]
fn every_record_parses_and_is_what_was_said() {
    for (generated, text) in records(Config { attack_every_usecs: 5_000_000, ..Config::new(3) }, 50_000) {
        let audit = audit(&text);
        assert!(audit.anomalies.is_empty(), "{}", text.escape_ascii());
        assert_eq!(audit.extra().count(), 0, "{}", text.escape_ascii());
        assert_eq!(
            (audit.usecs, audit.sequence, audit.reboot),
            (generated.usecs, generated.sequence, Some(generated.reboot))
        );
        let failure = text.windows(22).any(|window| window == b"RET_USER_LOGIN_FAILURE");
        assert_eq!(failure, generated.login_failure);
        assert_eq!(failure, audit.response.is_some_and(|response| response.code == 163));
    }
}

#[test]
fn sequences_have_no_gaps() {
    let config = Config { reboot_every_usecs: 3_000_000, ..ordered(4) };
    let mut last: BTreeMap<u32, (u32, u64)> = BTreeMap::new();
    let mut reboots = 0;
    for (record, _) in records(config, 50_000) {
        match last.insert(record.hsm, (record.reboot, record.sequence)) {
            None => assert_eq!(record.sequence, 0),
            Some((reboot, sequence)) if reboot == record.reboot => assert_eq!(record.sequence, sequence + 1),
            Some((reboot, _)) => {
                assert_eq!((record.reboot, record.sequence), (reboot + 1, 0));
                reboots += 1;
            }
        }
    }
    assert_eq!(last.len(), 12);
    assert!(reboots >= 10, "{reboots} reboots in 50 s");
}

#[test]
fn disorder_loses_nothing_and_is_bounded() {
    let config = Config { disordered: Share::percent(30), disorder_usecs_max: 500_000, ..Config::new(5) };
    let mut latest = 0;
    let (mut behind, mut seen) = (0, BTreeSet::new());
    for (record, _) in records(config, 50_000) {
        assert!(record.usecs + config.disorder_usecs_max >= latest);
        behind += usize::from(record.usecs < latest);
        latest = latest.max(record.usecs);
        assert!(seen.insert((record.hsm, record.reboot, record.sequence)));
    }
    assert!((10_000..20_000).contains(&behind), "{behind} of 50,000 behind");
}

#[test]
fn logins_show_on_every_hsm_and_share_their_connection_with_later_commands() {
    let all = records(ordered(6), 50_000);
    let mut logins: BTreeMap<(u32, Vec<u8>), BTreeSet<u32>> = BTreeMap::new();
    let mut connections = BTreeSet::new();
    let mut commands = 0;
    for (record, text) in &all {
        let audit = audit(text);
        let session = audit.session.expect("a session handle");
        match audit.opcode.expect("an opcode") {
            b"CN_LOGIN" => {
                let user = audit.user.name.expect("a user name").to_vec();
                logins.entry((record.cluster, user)).or_default().insert(record.hsm);
                connections.insert((record.hsm, session.connection()));
            }
            b"CN_GENERATE_KEY" => {
                assert!(connections.contains(&(record.hsm, session.connection())), "{}", text.escape_ascii());
                commands += 1;
            }
            _ => {}
        }
    }
    assert!(commands > 3_000);
    assert!(logins.values().filter(|hsms| hsms.len() == 3).count() * 10 >= logins.len() * 9);
}

#[test]
fn failures_are_as_many_as_wanted() {
    for (share, attacks) in
        [(Share::NONE, 0), (Share::percent(1), 0), (Share::percent(1), 60_000_000), (Share::percent(20), 0)]
    {
        let config = Config { login_failures: share, attack_every_usecs: attacks, ..Config::new(8) };
        let count = records(config, 100_000).iter().filter(|(record, _)| record.login_failure).count();
        let wanted = match share {
            Share::NONE => 0..=0,
            one if one == Share::percent(1) => 950..=1050,
            _ => 19_700..=20_050,
        };
        assert!(wanted.contains(&count), "{count} failures at {share:?}");
    }
}

#[test]
fn traffic_keeps_its_rate_and_mixes_layouts_and_opcodes() {
    let all = records(Config { attack_every_usecs: 0, ..ordered(9) }, 60_000);
    let span = all.last().expect("records").0.usecs - all.first().expect("records").0.usecs;
    assert!((54_000_000..66_000_000).contains(&span), "60,000 records in {span} µs at 1,000 a second");
    let mut opcodes = BTreeSet::new();
    let mut second = 0;
    for (_, text) in &all {
        let audit = audit(text);
        opcodes.insert(audit.opcode.expect("an opcode").to_vec());
        second += usize::from(audit.version.is_some());
    }
    assert!(opcodes.len() >= 20, "{} opcodes", opcodes.len());
    assert!((11_000..13_000).contains(&second), "{second} of 60,000 in the second layout");
}

#[test]
fn attacks_are_labelled_and_do_what_they_say() {
    let config = Config { attack_every_usecs: 30_000_000, rate_per_second: 50, ..Config::new(10) };
    let mut incidents: BTreeMap<u32, Vec<(Generated, Vec<u8>)>> = BTreeMap::new();
    for (record, text) in records(config, 60_000) {
        if let Some(label) = record.label {
            incidents.entry(label.incident).or_default().push((record, text));
        }
    }
    let mut seen = BTreeSet::new();
    for records in incidents.values().take(14) {
        let scenario = records[0].0.label.expect("a label").scenario;
        assert!(records.iter().all(|(record, _)| record.label == records[0].0.label));
        assert!(records.iter().all(|(record, _)| record.cluster == records[0].0.cluster));
        let failures = records.iter().filter(|(record, _)| record.login_failure).count();
        let opcode =
            |name: &[u8]| records.iter().filter(|(_, text)| audit(text).opcode == Some(name)).count();
        let users: BTreeSet<_> = records.iter().filter_map(|(_, text)| audit(text).user.name).collect();
        match scenario {
            Scenario::BruteForce => assert_eq!((failures, records.len(), users.len()), (36, 39, 1)),
            Scenario::Spray => assert_eq!((failures, users.len()), (30, 10)),
            Scenario::MassDelete => {
                assert_eq!((opcode(b"CN_TOMBSTONE_OBJECT"), opcode(b"CN_LOGIN")), (15, 3))
            }
            Scenario::OfficerAtNight => continue, // has to wait for the night
            Scenario::Enumeration => assert_eq!((failures, users.len()), (0, 12)),
            Scenario::QuorumChange => assert_eq!(opcode(b"CN_SET_M_VALUE"), 1),
            Scenario::Zeroize => assert_eq!((opcode(b"CN_ZEROIZE"), opcode(b"CN_INIT_TOKEN")), (1, 1)),
        }
        seen.insert(scenario);
    }
    assert_eq!(seen.len(), 6);
}

#[test]
fn officers_come_at_night() {
    let config = Config { attack_every_usecs: 3_600_000_000, rate_per_second: 1, ..Config::new(11) };
    let nights: Vec<u64> = records(config, 100_000)
        .iter()
        .filter(|(record, _)| record.label.is_some_and(|label| label.scenario == Scenario::OfficerAtNight))
        .map(|(record, _)| record.usecs / 3_600_000_000 % 24)
        .collect();
    assert!(!nights.is_empty() && nights.iter().all(|hour| (2..4).contains(hour)), "{nights:?}");
}

#[test]
fn odd_configurations_are_bounded() {
    let config = Config {
        clusters: 0,
        hsms_per_cluster: 0,
        rate_per_second: 0,
        disorder_usecs_max: u64::MAX,
        ..Config::new(0)
    };
    assert_eq!(records(config, 100).len(), 100);
    let config = Config {
        clusters: u32::MAX,
        hsms_per_cluster: u32::MAX,
        rate_per_second: u32::MAX,
        ..Config::new(0)
    };
    assert_eq!(Corpus::new(config).hsm_count(), 4096 * 28);
}
