//! What the corpus promises: the same bytes again, records without anomalies, numbers without gaps, echoes
//! of logins, the wanted share of failures, bounded disorder, labelled attacks.

use hsmstream_corpus::{Config, Corpus, Generated, Scenario, Scenarios, Share};
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

/// The incidents of a corpus that plays `scenarios` often, with the texts of their records.
fn incidents(scenarios: Scenarios, count: usize) -> Vec<Vec<(Generated, Vec<u8>)>> {
    let config = Config { attack_every_usecs: 30_000_000, rate_per_second: 50, scenarios, ..Config::new(10) };
    let mut incidents: BTreeMap<u32, Vec<(Generated, Vec<u8>)>> = BTreeMap::new();
    for (record, text) in records(config, count) {
        if let Some(label) = record.label {
            incidents.entry(label.incident).or_default().push((record, text));
        }
    }
    incidents.into_values().collect()
}

#[test]
fn attacks_are_labelled_and_do_what_they_say() {
    let mut seen = BTreeSet::new();
    for records in incidents(Scenarios::ALL, 100_000).iter().take(2 * Scenario::ALL.len()) {
        let scenario = records[0].0.label.expect("a label").scenario;
        assert!(records.iter().all(|(record, _)| record.label == records[0].0.label));
        assert!(records.iter().all(|(record, _)| record.cluster == records[0].0.cluster));
        let first = records.iter().map(|(record, _)| record.usecs).min().expect("a record");
        let last = records.iter().map(|(record, _)| record.usecs).max().expect("a record");
        assert!(last - first <= scenario.seconds_max() * 1_000_000, "{scenario}: {} µs", last - first);
        let count = |opcode: &[u8], code: u64| {
            let is_it = |text: &[u8]| {
                let audit = audit(text);
                audit.opcode == Some(opcode) && audit.response.is_some_and(|response| response.code == code)
            };
            records.iter().filter(|(_, text)| is_it(text)).count()
        };
        let users: BTreeSet<_> = records.iter().filter_map(|(_, text)| audit(text).user.name).collect();
        let logins = |code: u64| count(b"CN_LOGIN", code);
        match scenario {
            Scenario::BruteForce => assert_eq!((logins(163), logins(0), users.len()), (36, 3, 1)),
            Scenario::Spray => assert_eq!((logins(163), users.len()), (30, 10)),
            Scenario::MassDelete => assert_eq!((count(b"CN_TOMBSTONE_OBJECT", 0), logins(0)), (15, 3)),
            Scenario::Enumeration => assert_eq!((logins(206), users.len()), (36, 12)),
            Scenario::QuorumChange => assert_eq!(count(b"CN_SET_M_VALUE", 0), 1),
            Scenario::Zeroize => assert_eq!((count(b"CN_ZEROIZE", 0), count(b"CN_INIT_TOKEN", 0)), (1, 1)),
            Scenario::WrongRole => assert_eq!((logins(219), users.len()), (12, 1)),
            Scenario::RogueOfficer => assert_eq!((count(b"CN_CREATE_CO", 0), logins(0)), (3, 3)),
            Scenario::CreateUseDelete => {
                let made = (count(b"CN_CREATE_USER", 0), count(b"CN_DELETE_USER", 0), logins(0));
                assert_eq!((made, count(b"CN_WRAP_KEY", 0)), ((3, 3, 3), 1));
            }
            Scenario::Takeover => {
                assert_eq!((count(b"CN_CHANGE_PSWD", 0), logins(0), count(b"CN_WRAP_KEY", 0)), (3, 3, 3));
            }
            Scenario::QuorumBypass => assert_eq!(count(b"CN_DELETE_USER", 256), 12),
            Scenario::MassExport => assert_eq!((count(b"CN_WRAP_KEY", 0), logins(0)), (12, 3)),
            Scenario::KeyProbing => {
                assert_eq!((count(b"CN_WRAP_KEY", 168), count(b"CN_WRAP_KEY", 198)), (4, 8));
            }
            Scenario::ForgedRecord => {
                assert_eq!(logins(163), 9);
                assert!(records.iter().all(|(_, text)| !audit(text).anomalies.is_empty()));
            }
            Scenario::Preofficer => assert_eq!((logins(0), count(b"CN_CHANGE_PSWD", 0)), (3, 1)),
            Scenario::LogEnded => assert_eq!(count(b"END_MARKER_OPCODE", 0), 1),
            Scenario::OfficerAtNight => continue, // has to wait for the night
            _ => panic!("{scenario} is not tested"),
        }
        seen.insert(scenario);
    }
    assert_eq!(seen.len(), Scenario::ALL.len() - 1);
}

#[test]
fn only_the_asked_scenarios_are_played() {
    let asked = Scenarios::NONE.with(Scenario::MassDelete).with(Scenario::Takeover);
    let played: Vec<Scenario> = incidents(asked, 20_000)
        .iter()
        .filter_map(|records| records[0].0.label.map(|label| label.scenario))
        .collect();
    let turns = [Scenario::MassDelete, Scenario::Takeover];
    assert!(played.len() >= 10);
    assert!(played.iter().eq(turns.iter().cycle().take(played.len())), "{played:?}");
    assert_eq!(incidents(Scenarios::NONE, 20_000).len(), 0);
}

#[test]
fn scenarios_have_names_and_sets_hold_them() {
    for scenario in Scenario::ALL {
        assert_eq!(scenario.as_str().parse(), Ok(scenario));
        assert!(Scenarios::ALL.contains(scenario) && !Scenarios::NONE.contains(scenario));
    }
    assert!("brute_force".parse::<Scenario>().is_err());
    assert_eq!(Scenarios::ALL.len(), Scenario::ALL.len());
    assert_eq!(Scenarios::FIRST.iter().collect::<Vec<_>>(), Scenario::ALL[..7]);
    assert_eq!(Scenario::ALL.into_iter().collect::<Scenarios>(), Scenarios::ALL);
}

/// A log that ends has no record between its mark and the reboot.
#[test]
fn a_reboot_follows_the_end_of_a_log() {
    let config = Config {
        attack_every_usecs: 1_000_000,
        rate_per_second: 1000,
        scenarios: Scenarios::NONE.with(Scenario::LogEnded),
        ..ordered(12)
    };
    let mut ended: BTreeMap<u32, u32> = BTreeMap::new();
    let mut ends = 0;
    for (record, text) in records(config, 50_000) {
        if let Some(reboot) = ended.remove(&record.hsm) {
            assert_eq!((record.reboot, record.sequence), (reboot + 1, 0));
            ends += 1;
        }
        if audit(&text).opcode == Some(b"END_MARKER_OPCODE") {
            ended.insert(record.hsm, record.reboot);
        }
    }
    assert!(ends > 40, "{ends} ends in 50 s");
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
