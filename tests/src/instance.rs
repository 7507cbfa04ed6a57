//! An instance of the service as a process: built once, started, killed, drained.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

/// The binary under test, built now if need be.
///
/// # Panics
/// If it does not build.
#[must_use]
pub fn binary() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let cargo = option_env!("CARGO").unwrap_or("cargo");
        let output = Command::new(cargo)
            .args(["build", "--quiet", "--package", "hsmstream", "--message-format=json-render-diagnostics"])
            .stderr(Stdio::inherit())
            .output()
            .expect("cargo runs");
        assert!(output.status.success(), "the binary does not build");
        let lines = String::from_utf8(output.stdout).expect("cargo prints JSON");
        let executable = lines
            .lines()
            .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
            .filter_map(|message| message["executable"].as_str().map(PathBuf::from))
            .next_back();
        executable.expect("cargo names the executable it built")
    })
}

/// A running instance; killed when dropped.
#[derive(Debug)]
pub struct Instance {
    child: Child,
    log: PathBuf,
}

impl Instance {
    /// Starts `hsmstream run` with this configuration; the log goes to a file beside it.
    ///
    /// # Panics
    /// If the process does not start.
    #[must_use]
    pub fn start(config: &Path, name: &str) -> Self {
        let log = config.with_file_name(format!("{name}.log"));
        let file = std::fs::OpenOptions::new().create(true).append(true).open(&log).expect("a log file");
        let child = Command::new(binary())
            .args(["run", "--create-topics", "--config"])
            .arg(config)
            .arg(format!("--set=kafka.instance={name}"))
            .stdin(Stdio::null())
            .stdout(file.try_clone().expect("a second handle"))
            .stderr(file)
            .spawn()
            .expect("the binary starts");
        Self { child, log }
    }

    /// kill -9, and waits until the process is gone.
    pub fn kill9(&mut self) {
        self.child.kill().expect("a process to kill");
        self.child.wait().expect("a process to wait for");
    }

    /// SIGTERM; gives the exit code once the process has drained.
    pub fn drain(&mut self) -> Option<i32> {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &id]).status().expect("kill runs");
        assert!(sent.success(), "the process {id} is gone; its log:\n{}", self.log());
        crate::wait::until("the instance to drain", || self.child.try_wait().expect("a process")).code()
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("a process").is_none()
    }

    /// The end of its log.
    #[must_use]
    pub fn log(&self) -> String {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(60)..].join("\n")
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        if self.is_running() {
            self.kill9();
        }
    }
}
