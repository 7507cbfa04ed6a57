//! Where `tests/kafka/fetch` puts Kafka and Java.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The fetched Kafka: paths to start programs from.
#[derive(Debug, Clone)]
pub(super) struct Install {
    /// A `java` of version 17 or later.
    java: PathBuf,
    /// The class path that holds all jars.
    class_path: String,
    /// The configuration of Kafka's logger.
    logging: PathBuf,
    /// The folder under which clusters keep their files.
    pub(super) run: PathBuf,
}

impl Install {
    /// Finds what `tests/kafka/fetch` has left in `target/kafka`.
    ///
    /// # Panics
    ///
    /// When it has not run, in one line that says so: a test without its broker fails, it is not skipped.
    pub(super) fn find() -> Self {
        let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
        let kafka = tests.parent().expect("the crate lies in the workspace").join("target/kafka");
        let java = fs::read_to_string(kafka.join("java")).unwrap_or_default();
        let java = PathBuf::from(java.trim_end());
        assert!(
            kafka.join("libs/stamp").exists() && java.exists(),
            "Apache Kafka is not there: run tests/run, or tests/kafka/fetch and then this test again"
        );
        Self {
            java,
            class_path: format!("{}/libs/*", kafka.display()),
            logging: tests.join("kafka/log4j2.properties"),
            run: kafka.join("run"),
        }
    }

    /// A command that runs the class `class` of Kafka with `heap` of heap; it logs to stderr.
    pub(super) fn java(&self, heap: &str, class: &str) -> Command {
        let mut java = Command::new(&self.java);
        java.arg(format!("-Xmx{heap}"))
            .arg("-XX:+UseSerialGC")
            // Programs that live for seconds: the second compiler would cost half of all processor time.
            .arg("-XX:TieredStopAtLevel=1")
            .arg(format!("-Dlog4j2.configurationFile={}", self.logging.display()))
            .args(["-cp", &self.class_path, class]);
        java
    }
}
