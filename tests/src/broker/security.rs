//! A broker that asks who is there: listeners with TLS and SASL, certificates made on the spot, users, access rights.
//!
//! The plain listener of the harness stays, for the test's own clients; its user `ANONYMOUS` may do everything, every
//! other user only what [`Cluster::acls`](super::Cluster::acls) gives it. Passwords and certificates are good for
//! one run of a test.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::install::Install;
use super::ports;

/// How clients may come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listener {
    /// PLAIN, SCRAM or bearer tokens without TLS.
    SaslPlaintext,
    /// TLS; the client must show a certificate, whose subject is its name.
    Ssl,
    /// PLAIN, SCRAM or bearer tokens in TLS.
    SaslSsl,
}

impl Listener {
    const ALL: [Self; 3] = [Self::SaslPlaintext, Self::Ssl, Self::SaslSsl];

    fn protocol(self) -> &'static str {
        match self {
            Self::SaslPlaintext => "SASL_PLAINTEXT",
            Self::Ssl => "SSL",
            Self::SaslSsl => "SASL_SSL",
        }
    }
}

/// What the broker knows of its clients.
#[derive(Debug)]
pub(super) struct Security {
    ports: [u16; 3],
    users: Vec<(String, String)>,
    certificates: Option<Certificates>,
}

impl Security {
    /// Users by name and password, known to PLAIN and both SCRAM mechanisms; the listeners with TLS exist if
    /// `certificates` are given.
    pub(super) fn new(users: &[(&str, &str)], certificates: Option<Certificates>) -> Self {
        let users =
            users.iter().map(|(name, password)| ((*name).to_owned(), (*password).to_owned())).collect();
        Self { ports: std::array::from_fn(|_| ports::free()), users, certificates }
    }

    fn listeners(&self) -> impl Iterator<Item = (Listener, u16)> {
        let with_tls = self.certificates.is_some();
        let all = Listener::ALL.into_iter().zip(self.ports);
        all.filter(move |(listener, _)| with_tls || *listener == Listener::SaslPlaintext)
    }

    /// The value of `bootstrap.servers` for one of the listeners. The broker's certificate names `localhost`.
    pub(super) fn address(&self, wanted: Listener) -> String {
        let found = self.listeners().find(|(listener, _)| *listener == wanted);
        let (_, port) = found.expect("a cluster with certificates has all listeners");
        format!("localhost:{port}")
    }

    /// The certificates, if TLS is offered.
    pub(super) fn certificates(&self) -> Option<&Certificates> {
        self.certificates.as_ref()
    }

    /// The listeners as the broker's configuration names them: where it listens, and what it tells clients.
    pub(super) fn render_listeners(&self) -> (String, String) {
        let render = |host: &str| -> String {
            self.listeners().map(|(it, port)| format!(",{}://{host}:{port}", it.protocol())).collect()
        };
        (render("127.0.0.1"), render("localhost"))
    }

    /// Everything else in the broker's configuration.
    pub(super) fn render(&self) -> String {
        let mut text = String::from(FIXED);
        let plain: String =
            self.users.iter().map(|(name, password)| format!(" user_{name}=\"{password}\"")).collect();
        for (listener, _) in self.listeners().filter(|(listener, _)| *listener != Listener::Ssl) {
            let prefix = format!("listener.name.{}", listener.protocol().to_lowercase());
            text += &format!("{prefix}.plain.sasl.jaas.config={PLAIN_MODULE} required{plain};\n");
            for mechanism in SCRAM {
                let mechanism = mechanism.to_lowercase();
                text += &format!("{prefix}.{mechanism}.sasl.jaas.config={SCRAM_MODULE} required;\n");
            }
            text += &format!("{prefix}.oauthbearer.sasl.jaas.config={BEARER_MODULE} required;\n");
        }
        if let Some(certificates) = &self.certificates {
            let (own, authority) = (certificates.path("broker.pem"), certificates.path("ca.pem"));
            text += &format!(
                "ssl.keystore.type=PEM\nssl.keystore.location={}\nssl.truststore.type=PEM\n\
                 ssl.truststore.location={}\nlistener.name.ssl.ssl.client.auth=required\n",
                own.display(),
                authority.display()
            );
        }
        text
    }

    /// Arguments of Kafka's storage tool that make the SCRAM users.
    pub(super) fn format_arguments(&self) -> Vec<String> {
        let user = |(name, password): &(String, String)| {
            SCRAM.map(|mechanism| {
                format!("--add-scram={mechanism}=[name=\"{name}\",iterations=4096,password=\"{password}\"]")
            })
        };
        self.users.iter().flat_map(user).collect()
    }
}

/// Runs Kafka's `kafka-acls`.
pub(super) fn acls(install: &Install, bootstrap: &str, arguments: &[&str]) {
    let output = install
        .java("64m", "org.apache.kafka.tools.AclCommand")
        .args(["--bootstrap-server", bootstrap])
        .args(arguments)
        .output()
        .expect("java starts");
    assert!(output.status.success(), "kafka-acls {arguments:?}: {}", String::from_utf8_lossy(&output.stdout));
}

const SCRAM: [&str; 2] = ["SCRAM-SHA-256", "SCRAM-SHA-512"];
const PLAIN_MODULE: &str = "org.apache.kafka.common.security.plain.PlainLoginModule";
const SCRAM_MODULE: &str = "org.apache.kafka.common.security.scram.ScramLoginModule";
const BEARER_MODULE: &str = "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule";

/// Bearer tokens are taken unsigned, which is what Kafka does unless it is told better.
const FIXED: &str = "\
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS
";

/// Keys and certificates in PEM, made with the `openssl` command.
#[derive(Debug)]
pub struct Certificates {
    folder: PathBuf,
}

impl Certificates {
    /// Subject of the client's certificate, by which the broker knows the client.
    pub const CLIENT: &str = "CN=hsmstream";

    /// Makes an authority (`ca.pem`), another one that signed nothing (`other-ca.pem`), the broker's key and
    /// certificate for the host name `localhost` (`broker.pem`), and the client's certificate and key (`client.pem`,
    /// `client.key`), the latter locked with `password`.
    ///
    /// # Panics
    ///
    /// When `openssl`, version 3.0 or later, is missing or fails.
    pub(super) fn make(folder: &Path, password: &str) -> Self {
        fs::create_dir_all(folder).expect("the cluster's folder can be written");
        let made = Self { folder: folder.to_owned() };
        made.authority("ca");
        made.authority("other-ca");
        made.signed("broker", "CN=localhost", "subjectAltName = DNS:localhost", None);
        let both =
            ["broker.key", "broker.pem"].map(|name| fs::read(made.path(name)).expect("openssl made it"));
        fs::write(made.path("broker.pem"), both.concat()).expect("the cluster's folder can be written");
        made.signed("client", Self::CLIENT, "extendedKeyUsage = clientAuth", Some(password));
        made
    }

    /// The path of one of the files.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn authority(&self, name: &str) {
        let subject = format!("CN=test authority {name}");
        self.request(name, &subject, "basicConstraints = critical, CA:TRUE", &["-nodes"]);
    }

    fn signed(&self, name: &str, subject: &str, extension: &str, password: Option<&str>) {
        let password = password.map(|password| format!("pass:{password}"));
        let lock: &[&str] = match &password {
            Some(password) => &["-passout", password],
            None => &["-nodes"],
        };
        self.request(name, subject, extension, &[&["-CA", "ca.pem", "-CAkey", "ca.key"], lock].concat());
    }

    /// One key and its certificate, `NAME.key` and `NAME.pem`.
    fn request(&self, name: &str, subject: &str, extension: &str, arguments: &[&str]) {
        let settings =
            format!("[req]\ndistinguished_name = dn\nx509_extensions = ext\n[dn]\n[ext]\n{extension}\n");
        fs::write(self.path("openssl.cnf"), settings).expect("the cluster's folder can be written");
        let made = Command::new("openssl")
            .args(["req", "-x509", "-config", "openssl.cnf", "-days", "2", "-subj", &format!("/{subject}")])
            .args(["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"])
            .args(["-keyout", &format!("{name}.key"), "-out", &format!("{name}.pem")])
            .args(arguments)
            .current_dir(&self.folder)
            .output()
            .expect("openssl is there (apt-get install openssl)");
        assert!(made.status.success(), "openssl: {}", String::from_utf8_lossy(&made.stderr));
    }
}
