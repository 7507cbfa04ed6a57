//! An instance of the service as a process: built once, started, killed, drained.

use std::io::{Read, Write};
use std::net::TcpStream;
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
        let features: &[&str] = if cfg!(feature = "tls") { &["--features=ssl-system,zstd"] } else { &[] };
        let output = Command::new(cargo)
            .args(["build", "--quiet", "--package", "hsmstream", "--message-format=json-render-diagnostics"])
            .args(features)
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
        let built = executable.expect("cargo names the executable it built");
        if cfg!(feature = "tls") { with_own_name(&built) } else { built }
    })
}

/// A name for a binary that the default build, which goes to the same place, does not take away.
fn with_own_name(built: &Path) -> PathBuf {
    let own = built.with_file_name("hsmstream-with-tls");
    // It is there if this was done before.
    std::fs::remove_file(&own).unwrap_or_default();
    std::fs::hard_link(built, &own).expect("a second name for the binary");
    own
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
        Self::start_with(config, name, &[])
    }

    /// The same with further arguments.
    ///
    /// # Panics
    /// If the process does not start.
    #[must_use]
    pub fn start_with(config: &Path, name: &str, arguments: &[&str]) -> Self {
        let mut command = Command::new(binary());
        command.args(["run", "--create-topics", "--config"]).arg(config);
        command.arg(format!("--set=kafka.instance={name}")).args(arguments);
        Self::spawn(command, config.with_file_name(format!("{name}.log")))
    }

    /// Starts a prepared command; what it says is added to the file `log`.
    ///
    /// # Panics
    /// If the process does not start.
    #[must_use]
    pub fn spawn(mut command: Command, log: PathBuf) -> Self {
        let file = std::fs::OpenOptions::new().create(true).append(true).open(&log).expect("a log file");
        let child = command
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
        self.signal("TERM");
        crate::wait::until("the instance to drain", || self.child.try_wait().expect("a process")).code()
    }

    /// Sends a signal.
    ///
    /// # Panics
    /// If the process is gone.
    pub fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        // The shell's own `kill`: a minimal Debian has no program of that name.
        let sent = Command::new("sh").args(["-c", "kill -s \"$1\" \"$2\"", "kill", name, &id]).status();
        let sent = sent.expect("sh runs");
        assert!(sent.success(), "the process {id} is gone; its log:\n{}", self.log());
    }

    /// The address of the admin server, from the log line that tells it.
    ///
    /// # Panics
    /// If it is not told in time.
    #[must_use]
    pub fn admin(&self) -> String {
        crate::wait::until("the admin server to listen", || {
            let text = std::fs::read_to_string(&self.log).unwrap_or_default();
            // The last: the log may begin with an earlier process of the same name.
            let line = text.lines().rfind(|line| line.contains("admin server listens"))?;
            let address = line.split_once("address=")?.1;
            Some(address.split_whitespace().next()?.to_owned())
        })
    }

    /// Asks the admin server; gives the status code and the body. `None` if nobody answers.
    #[must_use]
    pub fn get(address: &str, path: &str) -> Option<(u16, String)> {
        let mut stream = TcpStream::connect(address).ok()?;
        stream.set_read_timeout(Some(crate::wait::LIMIT)).ok()?;
        write!(stream, "GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n").ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some((status, body.to_owned()))
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
