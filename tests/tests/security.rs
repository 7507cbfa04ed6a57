//! The service on listeners of Apache Kafka with SASL and TLS, as users with rights and without: what works, what is
//! said when something does not, and that no secret is ever said.
//!
//! The default build has SASL PLAIN only. `tests/run --tls` runs this file with the feature `tls`: a binary that also
//! has TLS, SCRAM and zstd.

use std::process::Command;

use hsmstream_tests::broker::{Cluster, Listener, Outgoing, Secured, Shared};
use hsmstream_tests::command::{self, Folder, Said};
use hsmstream_tests::instance::Instance;
use hsmstream_tests::wait;

/// Users of the broker.
const USERS: [(&str, &str); 3] = [
    ("entitled", "9Xh2-entitled-kQ7z"),
    ("onlooker", "4Tb8-onlooker-mW1c"),
    ("hsmstream", "6Rv3-service-pL9s"),
];
/// The password of the client's key.
const KEY_PASSWORD: &str = "7Wq1-key-uE4j";
/// What somebody enters who is mistaken.
const WRONG: &str = "5Ny6-wrong-aS8d";
/// How many records each deployment alerts on.
const RECORDS: usize = 3;

fn kafka() -> Shared {
    let key_password = cfg!(feature = "tls").then_some(KEY_PASSWORD);
    Cluster::shared_secured(&Secured { users: &USERS, key_password })
}

fn password_of(user: &str) -> &'static str {
    USERS.iter().find(|(name, _)| *name == user).expect("a user").1
}

/// No secret, in clear or as PLAIN sends it, is in what was said.
fn assert_silent(said: &str) {
    for (_, secret) in USERS.iter().chain(&[("", KEY_PASSWORD), ("", WRONG)]) {
        assert!(!said.contains(secret), "{secret} is in:\n{said}");
    }
}

/// A deployment: its configuration in a folder, its topics with records on the broker.
struct Deployment<'k> {
    kafka: &'k Cluster,
    folder: Folder,
    name: &'static str,
}

impl<'k> Deployment<'k> {
    /// `kafka_settings` are the configuration's tables `kafka` and below.
    fn new(kafka: &'k Cluster, name: &'static str, kafka_settings: &str) -> Self {
        let folder = Folder::new();
        folder.write("rules/rules.yaml", "id: failed\npattern: RET_USER_LOGIN_FAILURE\n");
        let topics: String = ["alerts", "staging", "rollups", "rejects"]
            .map(|what| format!("{what} = \"{name}-{what}\"\n"))
            .concat();
        // As talkative as it can be about what goes on between client and broker.
        let talk = "properties = [\"broker.address.family=v4\", \"debug=conf,security,broker\"]";
        let kafka_settings =
            kafka_settings.replacen("instance = \"soc-a\"", &format!("instance = \"soc-a\"\n{talk}"), 1);
        assert!(kafka_settings.contains(talk), "settings without an instance");
        let config = format!(
            "application = \"{name}\"\n[input]\ntopics = [\"{name}-in\"]\n[rules]\nwatch = false\n\
             [delivery]\ntransaction_timeout = \"2s\"\n[output]\nformat = \"flat\"\n{topics}[admin]\n\
             listen = \"\"\n[log]\nlevel = \"trace\"\n{kafka_settings}"
        );
        folder.write("hsmstream.toml", config);
        Self { kafka, folder, name }
    }

    /// The same with its topics and records.
    fn with_topics(kafka: &'k Cluster, name: &'static str, kafka_settings: &str) -> Self {
        // The broker packs what it is given: a build without zstd is given gzip.
        let packed = if cfg!(feature = "tls") { "zstd" } else { "gzip" };
        Self::with_packed_topics(kafka, name, kafka_settings, packed)
    }

    fn with_packed_topics(
        kafka: &'k Cluster,
        name: &'static str,
        kafka_settings: &str,
        packed: &str,
    ) -> Self {
        let deployment = Self::new(kafka, name, kafka_settings);
        for what in ["alerts", "staging", "rollups", "rejects"] {
            kafka.create_topic(&deployment.topic(what), 1);
        }
        kafka.create_topic_with(&deployment.topic("changelog"), 1, &[("cleanup.policy", "compact")]);
        kafka.create_topic_with(&deployment.topic("in"), 1, &[("compression.type", packed)]);
        deployment.send();
        deployment
    }

    /// Writes records to the input.
    fn send(&self) {
        let records: Vec<Vec<u8>> = (0..RECORDS).map(failed_login).collect();
        let outgoing: Vec<Outgoing<'_>> = records.iter().map(|value| Outgoing::new(value)).collect();
        self.kafka.produce_all(&self.topic("in"), &outgoing);
    }

    fn topic(&self, what: &str) -> String {
        match what {
            "changelog" => format!("{0}-changelog-{0}-in", self.name),
            _ => format!("{}-{what}", self.name),
        }
    }

    /// Gives a user all rights on everything whose name begins with this deployment's.
    fn entitle(&self, user: &str) {
        self.kafka.acls(&[
            "--add",
            &format!("--allow-principal=User:{user}"),
            "--resource-pattern-type=prefixed",
            &format!("--topic={}-", self.name),
            &format!("--group={}", self.name),
            &format!("--transactional-id={}-", self.name),
        ]);
    }

    fn command(&self, arguments: &[&str], secret: &str) -> Command {
        let arguments = [arguments, &["--config", "hsmstream.toml"]].concat();
        let mut command = command::command(self.folder.path(), &arguments);
        command.env("KAFKA_PASSWORD", secret).env("KAFKA_KEY_PASSWORD", secret);
        command
    }

    /// Runs the service until every record has its alert; neither it nor `config` says a secret.
    fn works(&self, arguments: &[&str], secret: &str) {
        self.command_works(self.command(&[&["run"], arguments].concat(), secret));
        let shown = command::finish(self.command(&[&["config"], arguments].concat(), secret), b"").expect(0);
        assert!(shown.out().contains("kafka.sasl.password"), "{}", shown.out());
        assert_silent(&(shown.out() + &shown.err()));
    }

    fn command_works(&self, command: Command) {
        let log = self.folder.path().join("service.log");
        let mut instance = Instance::spawn(command, log.clone());
        self.wait_alerts(&mut instance, RECORDS);
        assert_eq!(instance.drain(), Some(0), "{}", instance.log());
        let log = std::fs::read_to_string(log).expect("a log");
        assert!(log.contains("kafka client"), "the client's own log is in it:\n{log}");
        assert_silent(&log);
    }

    fn wait_alerts(&self, instance: &mut Instance, count: usize) {
        wait::until("the alerts", || {
            assert!(instance.is_running(), "{}", instance.log());
            let alerts = self.kafka.read_committed_all(&self.topic("alerts"));
            (alerts.len() == count).then_some(())
        });
    }

    /// Runs the service, which must end with `code` after it has said all `parts` and no secret.
    fn fails(&self, arguments: &[&str], secret: &str, code: i32, parts: &[&str]) -> Said {
        // What is refused is not tried again: this deadline is longer than a command may take.
        let arguments = [&["run", "--set=kafka.start_deadline=10m"], arguments].concat();
        let said = command::finish(self.command(&arguments, secret), b"").expect(code);
        assert_silent(&(said.out() + &said.err()));
        let end: Vec<String> = said.err().lines().rev().take(20).map(str::to_owned).collect();
        let end = end.join("\n");
        for part in parts {
            assert!(end.contains(part), "{part} is not at the end of:\n{}", said.err());
        }
        said
    }
}

fn failed_login(sequence: usize) -> Vec<u8> {
    let usecs = 1_772_445_600_000_000 + sequence;
    format!(
        "Time: 03/02/26 10:00:00.000000, usecs:{usecs}\nSequence No : {sequence:#x}\nReboot counter : 0x1\n\
         Command Type(hex) : CN_MGMT_CMD (0x0)\nOpcode : CN_LOGIN (0xd)\nSession Handle : 0x2014005\n\
         Response : 163:HSM Error: RET_USER_LOGIN_FAILURE\nLog type : MGMT_USER_DETAILS_LOG (2)\n\
         User Name : bob\nUser Type : CN_CRYPTO_USER (1)\n"
    )
    .into_bytes()
}

/// The tables `kafka` and `kafka.sasl` for a user at an address; the password comes from the environment.
fn sasl(address: &str, mechanism: &str, user: &str) -> String {
    format!(
        "[kafka]\nbrokers = [\"{address}\"]\ninstance = \"soc-a\"\n[kafka.sasl]\nmechanism = \"{mechanism}\"\n\
         username = \"{user}\"\npassword = \"env:KAFKA_PASSWORD\"\n"
    )
}

fn plain(kafka: &Cluster, user: &str) -> String {
    sasl(&kafka.listener(Listener::SaslPlaintext), "PLAIN", user)
}

#[test]
fn the_documented_rights_are_enough() {
    let kafka = kafka();
    let deployment = Deployment::with_topics(&kafka, "enough", &plain(&kafka, "entitled"));
    let topic = |what: &str| format!("--topic={}", deployment.topic(what));
    let allow = |arguments: &[&str]| {
        kafka.acls(&[&["--add", "--allow-principal=User:entitled"], arguments].concat());
    };
    // The table in deploy/TOPICS.md.
    allow(&["--operation=Read", "--operation=Describe", &topic("in"), &topic("changelog")]);
    allow(&["--operation=Read", "--group=enough"]);
    let written = ["alerts", "staging", "rollups", "rejects", "changelog"].map(topic);
    let written: Vec<&str> = written.iter().map(String::as_str).collect();
    allow(&[&["--operation=Write", "--operation=Describe"], written.as_slice()].concat());
    let ids = ["--transactional-id=enough-", "--resource-pattern-type=prefixed"];
    allow(&[&["--operation=Write", "--operation=Describe"], ids.as_slice()].concat());
    deployment.works(&[], password_of("entitled"));
    let log = std::fs::read_to_string(deployment.folder.path().join("service.log")).expect("a log");
    assert!(
        log.contains("not told; grant this user DESCRIBE_CONFIGS"),
        "what was not checked is told:\n{log}"
    );
}

#[test]
fn missing_rights_are_named_with_the_commands_that_grant_them() {
    let kafka = kafka();
    let deployment = Deployment::with_topics(&kafka, "rights", &plain(&kafka, "onlooker"));
    let secret = password_of("onlooker");
    let describe = ["--add", "--allow-principal=User:onlooker", "--operation=Describe", "--topic=rights-"];
    deployment.fails(
        &[],
        secret,
        3,
        &["looking for topic \"rights-in\"", "Topic authorization failed", "READ"],
    );
    kafka.acls(&[describe.as_slice(), &["--resource-pattern-type=prefixed"]].concat());
    let said = deployment.fails(
        &[],
        secret,
        3,
        &[
            "\"User:onlooker\" may not read the topic \"rights-in\"; run: kafka-acls.sh --add",
            "\"User:onlooker\" may not write to the topic \"rights-alerts\"",
            "\"User:onlooker\" may not write to the topic \"rights-staging\"",
            "\"User:onlooker\" may not write to the topic \"rights-rollups\"",
            "\"User:onlooker\" may not write to the topic \"rights-rejects\"",
            "\"User:onlooker\" may not read the topic \"rights-changelog-rights-in\"",
            "\"User:onlooker\" may not write to the topic \"rights-changelog-rights-in\"",
            "\"User:onlooker\" may not join the consumer group \"rights\"",
            "\"User:onlooker\" may not write with the transactional id \"rights-soc-a-check\"",
            "9 problems with the topics",
        ],
    );
    let commands: Vec<String> = said
        .err()
        .lines()
        .filter_map(|line| Some(line.split_once("kafka-acls.sh ")?.1.replace('"', "")))
        .collect();
    assert_eq!(commands.len(), 9, "{}", said.err());
    let (last, others): (Vec<_>, Vec<_>) =
        commands.iter().partition(|command| command.ends_with("--topic rights-alerts"));
    let run = |command: &String| kafka.acls(&command.split(' ').collect::<Vec<_>>());
    others.into_iter().for_each(run);
    let said = deployment.fails(&[], secret, 3, &["may not write to the topic \"rights-alerts\""]);
    assert_eq!(said.err().matches("may not").count(), 1, "{}", said.err());
    last.into_iter().for_each(run);
    deployment.works(&[], secret);
}

#[test]
fn a_right_taken_away_is_told_and_nothing_is_lost() {
    let kafka = kafka();
    let deployment = Deployment::with_topics(&kafka, "taken", &plain(&kafka, "entitled"));
    deployment.entitle("entitled");
    let log = deployment.folder.path().join("service.log");
    let command = deployment.command(&["run", "--set=log.level=info"], password_of("entitled"));
    let mut instance = Instance::spawn(command, log.clone());
    deployment.wait_alerts(&mut instance, RECORDS);
    let denial = ["--deny-principal=User:entitled", "--operation=Write", "--topic=taken-alerts"];
    kafka.acls(&[&["--add"], denial.as_slice()].concat());
    deployment.send();
    wait::until("the cause and the remedy", || {
        let log = std::fs::read_to_string(&log).expect("a log");
        let told =
            |line: &str| line.contains("Topic authorization failed") && line.contains("grant this user");
        log.lines().any(told).then_some(())
    });
    kafka.acls(&[&["--remove", "--force"], denial.as_slice()].concat());
    deployment.wait_alerts(&mut instance, 2 * RECORDS);
    assert_eq!(instance.drain(), Some(0), "{}", instance.log());
}

#[test]
fn a_refused_login_says_so_at_once() {
    let kafka = kafka();
    let deployment = Deployment::new(&kafka, "login", &plain(&kafka, "entitled"));
    let address = kafka.listener(Listener::SaslPlaintext);
    let tried = format!("looking for topic \"login-in\" at {address}");
    let said = ["Invalid username or password", "check kafka.sasl: mechanism, username and password"];
    deployment.fails(&[], WRONG, 3, &[&[tried.as_str()], said.as_slice()].concat());
    // A listener without SASL.
    let elsewhere = format!("--set=kafka.brokers={}", kafka.bootstrap());
    deployment.fails(
        &[&elsewhere],
        WRONG,
        3,
        &["SASL PLAIN mechanism handshake failed", "whether this listener"],
    );
}

#[test]
fn a_listener_that_wants_a_login_closes_connections_without_one() {
    let kafka = kafka();
    let deployment = Deployment::new(&kafka, "none", &plain(&kafka, "entitled"));
    let arguments = ["--set=kafka.sasl.mechanism=", "--set=kafka.start_deadline=3s"];
    let cause = format!("{}/bootstrap: ", kafka.listener(Listener::SaslPlaintext));
    deployment.fails(&arguments, WRONG, 3, &[&cause, "whether the listener expects TLS or SASL"]);
}

#[test]
fn secrets_that_cannot_be_read_are_named() {
    let kafka = kafka();
    let deployment = Deployment::new(&kafka, "secrets", &plain(&kafka, "entitled"));
    for (reference, why) in [
        ("env:NO_SUCH_NAME", "environment variable not found"),
        ("file:no-such-file", "No such file or directory"),
        ("", "kafka.sasl.password is missing: name it as \"env:NAME\" or \"file:PATH\""),
    ] {
        let set = format!("--set=kafka.sasl.password={reference}");
        deployment.fails(&[&set], WRONG, 2, &["kafka.sasl.password", reference, why]);
    }
    // A secret where its name belongs, in any form.
    for text in [WRONG.to_owned(), format!("x:{WRONG}"), format!("\"{WRONG}\""), format!("file={WRONG}")] {
        let set = format!("--set=kafka.sasl.password={text}");
        deployment.fails(&[&set], "", 2, &["kafka.sasl.password", "env:NAME"]);
        let shown = command::finish(deployment.command(&["config", &set], ""), b"").expect(2);
        assert_silent(&(shown.out() + &shown.err()));
    }
}

#[cfg(not(feature = "tls"))]
#[test]
fn a_build_without_tls_says_how_to_build_with_it() {
    let kafka = kafka();
    let deployment = Deployment::new(&kafka, "without", &plain(&kafka, "entitled"));
    let remedy = "this build of hsmstream has no TLS; build it with `cargo build --release --features ssl`";
    for (set, key) in [
        ("--set=kafka.tls.enabled=true", "kafka.tls: "),
        ("--set=kafka.sasl.mechanism=SCRAM-SHA-512", "kafka.sasl.mechanism: "),
    ] {
        deployment.fails(&[set], WRONG, 2, &[&format!("{key}{remedy}")]);
    }
}

#[cfg(not(feature = "tls"))]
#[test]
fn a_build_without_zstd_says_how_to_build_with_it() {
    let kafka = kafka();
    let deployment = Deployment::with_packed_topics(&kafka, "packed", &plain(&kafka, "entitled"), "zstd");
    deployment.entitle("entitled");
    let log = deployment.folder.path().join("service.log");
    let command = deployment.command(&["run", "--set=log.level=info"], password_of("entitled"));
    let mut instance = Instance::spawn(command, log.clone());
    wait::until("the remedy", || {
        let log = std::fs::read_to_string(&log).expect("a log");
        let told = |line: &str| line.contains("packed-in") && line.contains("build with `--features zstd`");
        log.lines().any(told).then_some(())
    });
    assert!(instance.is_running(), "{}", instance.log());
    instance.kill9();
}

#[cfg(feature = "tls")]
mod tls {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use hsmstream_tests::broker::Certificates;
    use hsmstream_tests::repository;

    use super::*;

    /// The settings that the README shows for a port of MSK, at another address.
    fn readme(port: u16, address: &str) -> String {
        let readme = std::fs::read_to_string(repository::root().join("README.md")).expect("the README");
        let broker = format!("b-1.audit.example.com:{port}");
        let blocks = readme.split("```toml\n").skip(1).filter_map(|rest| Some(rest.split_once("```")?.0));
        let block = blocks.into_iter().find(|block| block.contains(&broker)).expect("settings in the README");
        block.replace(&broker, address)
    }

    /// A deployment with TLS and SCRAM as in the README, and the files that it names.
    fn scram<'k>(kafka: &'k Cluster, name: &'static str, topics: bool) -> Deployment<'k> {
        let settings = readme(9096, &kafka.listener(Listener::SaslSsl));
        let make = if topics { Deployment::with_topics } else { Deployment::new };
        let deployment = make(kafka, name, &settings);
        copy(&deployment, &["ca.pem", "other-ca.pem"]);
        deployment.folder.write("kafka-password", format!("{}\n", password_of("hsmstream")));
        deployment
    }

    /// A deployment with a client certificate as in the README, and the files that it names.
    fn mutual<'k>(kafka: &'k Cluster, name: &'static str, topics: bool) -> Deployment<'k> {
        let settings = readme(9094, &kafka.listener(Listener::Ssl));
        let make = if topics { Deployment::with_topics } else { Deployment::new };
        let deployment = make(kafka, name, &settings);
        copy(&deployment, &["ca.pem", "client.pem", "client.key"]);
        deployment
    }

    fn copy(deployment: &Deployment<'_>, names: &[&str]) {
        for name in names {
            let bytes = std::fs::read(deployment.kafka.certificates().path(name)).expect("a certificate");
            deployment.folder.write(name, bytes);
        }
    }

    #[test]
    fn scram_in_tls_works_as_the_readme_says() {
        let kafka = kafka();
        let deployment = scram(&kafka, "scram512", true);
        deployment.entitle("hsmstream");
        deployment.works(&[], WRONG);
    }

    #[test]
    fn scram_works_without_tls() {
        let kafka = kafka();
        let settings = sasl(&kafka.listener(Listener::SaslPlaintext), "SCRAM-SHA-256", "entitled");
        let deployment = Deployment::with_topics(&kafka, "scram256", &settings);
        deployment.entitle("entitled");
        deployment.works(&[], password_of("entitled"));
        deployment.fails(&[], WRONG, 3, &["SCRAM-SHA-256", "check kafka.sasl"]);
    }

    #[test]
    fn a_bearer_token_from_a_file_works() {
        let kafka = kafka();
        let token = |claims: &str| {
            let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
            format!("{}.{}.", part("{\"alg\":\"none\"}"), part(claims))
        };
        let deployment = scram(&kafka, "bearer", true);
        deployment.entitle("sidecar");
        let arguments = ["--set=kafka.sasl.mechanism=OAUTHBEARER", "--set=kafka.sasl.password=file:token"];
        let good = token("{\"sub\":\"sidecar\",\"iat\":1700000000,\"exp\":4000000000}");
        deployment.folder.write("token", format!("{good}\n"));
        deployment.works(&arguments, WRONG);
        let log = std::fs::read_to_string(deployment.folder.path().join("service.log")).expect("a log");
        assert!(!log.contains(&good), "the token is in:\n{log}");

        deployment
            .folder
            .write("token", token("{\"sub\":\"sidecar\",\"iat\":1600000000,\"exp\":1700000000}"));
        deployment.fails(&arguments, WRONG, 3, &["the token in token has expired"]);
        let nobodys = token("{\"iat\":1700000000,\"exp\":4000000000}");
        deployment.folder.write("token", &nobodys);
        let said =
            deployment.fails(&arguments, WRONG, 3, &["looking for topic \"bearer-in\"", "check kafka.sasl"]);
        assert!(!said.err().contains(&nobodys), "the token is in:\n{}", said.err());
    }

    #[test]
    fn a_client_certificate_works_as_the_readme_says() {
        let kafka = kafka();
        let deployment = mutual(&kafka, "mutual", true);
        deployment.entitle(Certificates::CLIENT);
        deployment.works(&[], KEY_PASSWORD);
    }

    #[test]
    fn the_authorities_of_the_system_are_trusted_if_no_other_is_named() {
        let kafka = kafka();
        let deployment = scram(&kafka, "system", true);
        deployment.entitle("hsmstream");
        let arguments = ["run", "--set=kafka.tls.ca_file="];
        let mut command = deployment.command(&arguments, WRONG);
        // Where OpenSSL looks for the system's.
        command.env("SSL_CERT_FILE", kafka.certificates().path("ca.pem"));
        deployment.command_works(command);
        deployment.fails(
            &arguments[1..],
            WRONG,
            3,
            &["certificate verify failed", "kafka.tls: ca_file must"],
        );
    }

    #[test]
    fn brokers_that_are_not_who_they_should_be_are_refused_at_once() {
        let kafka = kafka();
        let deployment = scram(&kafka, "impostor", false);
        let other = kafka.listener(Listener::SaslSsl).replace("localhost", "127.0.0.1");
        let address = format!("--set=kafka.brokers={other}");
        for set in ["--set=kafka.tls.ca_file=other-ca.pem", address.as_str()] {
            let advice =
                ["certificate verify failed", "ca_file must hold the authority", "must name the host"];
            deployment.fails(&[set], WRONG, 3, &advice);
        }
        let said = deployment.fails(&[&address], WRONG, 3, &["-verify_hostname HOST"]);
        assert!(
            said.err().contains(&format!("looking for topic \"impostor-in\" at {other}")),
            "{}",
            said.err()
        );
    }

    #[test]
    fn a_missing_client_certificate_is_told() {
        let kafka = kafka();
        let deployment = mutual(&kafka, "anonymous", false);
        let none = ["--set=kafka.tls.certificate_file=", "--set=kafka.tls.key_file="];
        deployment.fails(
            &none,
            KEY_PASSWORD,
            3,
            &["SSL alert", "it wants a certificate", "kafka.tls.key_file"],
        );
        deployment.fails(&none[..1], KEY_PASSWORD, 2, &["certificate_file and key_file go together"]);
    }

    #[test]
    fn files_that_are_not_what_they_should_be_are_named() {
        let kafka = kafka();
        let deployment = mutual(&kafka, "files", false);
        deployment.fails(
            &[],
            WRONG,
            3,
            &["kafka.tls.key_file must hold", "kafka.tls.key_password must open it"],
        );
        let set = |key: &str, name: &str| format!("--set=kafka.tls.{key}={name}");
        for key in ["ca_file", "certificate_file", "key_file"] {
            let missing = format!("kafka.tls.{key} = \"nowhere.pem\": No such file");
            deployment.fails(&[&set(key, "nowhere.pem")], KEY_PASSWORD, 2, &[&missing]);
            let wrong = format!("kafka.tls.{key} must hold");
            deployment.fails(&[&set(key, "hsmstream.toml")], KEY_PASSWORD, 3, &[&wrong]);
        }
    }

    #[test]
    fn tls_and_its_absence_are_told_apart() {
        let kafka = kafka();
        let deployment = scram(&kafka, "mixed", false);
        let soon = "--set=kafka.start_deadline=3s";
        let elsewhere = format!("--set=kafka.brokers={}", kafka.listener(Listener::SaslPlaintext));
        let advice = "whether the listener expects TLS or SASL";
        deployment.fails(
            &[soon, &elsewhere],
            WRONG,
            3,
            &["connecting to a PLAINTEXT broker listener?", advice],
        );
        let cause = format!("{}/bootstrap: ", kafka.listener(Listener::SaslSsl));
        deployment.fails(
            &[soon, "--set=kafka.tls.enabled=false", "--set=kafka.sasl.mechanism=PLAIN"],
            WRONG,
            3,
            &[&cause, advice],
        );
    }
}
