//! TLS and SASL: the settings, what is wrong with them, and the properties made from them.

use std::fs::File;
use std::path::{Path, PathBuf};

use rdkafka::config::ClientConfig;

use super::{KafkaConfig, Secret};
use crate::oauth::TokenSource;

/// TLS settings; files are PEM.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tls {
    /// Authorities to trust; absent: the system's.
    pub ca_file: Option<PathBuf>,
    /// Client certificate.
    pub certificate_file: Option<PathBuf>,
    /// Client key.
    pub key_file: Option<PathBuf>,
    /// Password of the client key.
    pub key_password: Option<Secret>,
}

impl Tls {
    /// The files that are named, each with its key.
    fn files(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        let files = [
            ("kafka.tls.ca_file", &self.ca_file),
            ("kafka.tls.certificate_file", &self.certificate_file),
            ("kafka.tls.key_file", &self.key_file),
        ];
        files.into_iter().filter_map(|(key, file)| Some((key, file.as_deref()?)))
    }
}

/// SASL settings.
#[derive(Clone, Debug)]
pub enum Sasl {
    /// User name and password in clear; use with TLS only.
    Plain {
        /// User name.
        username: String,
        /// Password.
        password: Secret,
    },
    /// Challenge and response with SHA-256.
    ScramSha256 {
        /// User name.
        username: String,
        /// Password.
        password: Secret,
    },
    /// Challenge and response with SHA-512.
    ScramSha512 {
        /// User name.
        username: String,
        /// Password.
        password: Secret,
    },
    /// Bearer tokens, fetched anew before they expire.
    OauthBearer {
        /// Where tokens come from.
        tokens: TokenSource,
    },
}

impl Sasl {
    fn mechanism(&self) -> &'static str {
        match self {
            Self::Plain { .. } => "PLAIN",
            Self::ScramSha256 { .. } => "SCRAM-SHA-256",
            Self::ScramSha512 { .. } => "SCRAM-SHA-512",
            Self::OauthBearer { .. } => "OAUTHBEARER",
        }
    }
}

impl KafkaConfig {
    /// Adds what is wrong with TLS and SASL.
    pub(super) fn check_security(&self, mistakes: &mut Vec<String>) {
        let needs_ssl = match (&self.tls, &self.sasl) {
            (Some(_), _) => Some("kafka.tls"),
            (None, Some(Sasl::Plain { .. }) | None) => None,
            (None, Some(_)) => Some("kafka.sasl.mechanism"),
        };
        if let Some(key) = needs_ssl.filter(|_| !HAS_TLS) {
            mistakes.push(format!(
                "{key}: this build of hsmstream has no TLS; build it with `cargo build --release --features ssl`"
            ));
        }
        let half = |tls: &Tls| tls.certificate_file.is_some() != tls.key_file.is_some();
        if self.tls.as_ref().is_some_and(half) {
            let text = "kafka.tls: certificate_file and key_file go together; one of them is missing";
            mistakes.push(text.to_owned());
        }
        for (key, file) in self.tls.iter().flat_map(Tls::files) {
            if let Err(error) = File::open(file) {
                mistakes.push(format!("{key} = \"{}\": {error}", file.display().to_string().escape_debug()));
            }
        }
        let empty = match &self.sasl {
            Some(
                Sasl::Plain { username, password }
                | Sasl::ScramSha256 { username, password }
                | Sasl::ScramSha512 { username, password },
            ) => username.is_empty() || password.expose().is_empty(),
            Some(Sasl::OauthBearer { .. }) | None => false,
        };
        if empty {
            mistakes.push("kafka.sasl: username and password are both needed".to_owned());
        }
    }

    /// The principal as brokers name it, if the configuration tells: the subject of a certificate is not read.
    pub(crate) fn principal(&self) -> Option<String> {
        match self.sasl.as_ref()? {
            Sasl::Plain { username, .. }
            | Sasl::ScramSha256 { username, .. }
            | Sasl::ScramSha512 { username, .. } => Some(format!("User:{username}")),
            Sasl::OauthBearer { .. } => None,
        }
    }

    /// Sets the properties of TLS and SASL.
    pub(super) fn set_security(&self, properties: &mut ClientConfig) {
        let protocol = match (&self.tls, &self.sasl) {
            (None, None) => "plaintext",
            (Some(_), None) => "ssl",
            (None, Some(_)) => "sasl_plaintext",
            (Some(_), Some(_)) => "sasl_ssl",
        };
        properties.set("security.protocol", protocol);
        if let Some(tls) = &self.tls {
            let files = [
                ("ssl.ca.location", &tls.ca_file),
                ("ssl.certificate.location", &tls.certificate_file),
                ("ssl.key.location", &tls.key_file),
            ];
            for (name, file) in files {
                if let Some(file) = file {
                    properties.set(name, file.to_string_lossy());
                }
            }
            if tls.ca_file.is_none() && cfg!(feature = "ssl") {
                // An OpenSSL of our own does not know where this system keeps its authorities.
                properties.set("ssl.ca.location", "probe");
            }
            if let Some(password) = &tls.key_password {
                properties.set("ssl.key.password", password.expose());
            }
        }
        if let Some(sasl) = &self.sasl {
            properties.set("sasl.mechanism", sasl.mechanism());
            if let Sasl::Plain { username, password }
            | Sasl::ScramSha256 { username, password }
            | Sasl::ScramSha512 { username, password } = sasl
            {
                properties.set("sasl.username", username).set("sasl.password", password.expose());
            }
        }
    }
}

/// Whether the client was built with OpenSSL, on which TLS, SCRAM and bearer tokens rest.
pub(super) const HAS_TLS: bool = cfg!(any(feature = "ssl", feature = "ssl-system"));
