//! One run of the binary under test: arguments and standard input → exit code and what it printed.
//!
//! Runs in a folder of its own without `HSMSTREAM_` variables, so that no configuration of this machine takes part.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::{instance, wait};

/// How long any command may take; a debug build on a busy machine is slow.
const LIMIT: Duration = Duration::from_secs(150);

/// What a run said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Exit code; `None` if a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: Vec<u8>,
}

impl Said {
    /// Standard output as text.
    #[must_use]
    pub fn out(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// Standard error as text.
    #[must_use]
    pub fn err(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }

    /// The lines of standard output, each as JSON.
    ///
    /// # Panics
    /// If a line is not JSON.
    #[must_use]
    pub fn json_lines(&self) -> Vec<serde_json::Value> {
        let text = str::from_utf8(&self.stdout).expect("JSON output is UTF-8");
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}")))
            .collect()
    }

    /// Fails unless the run ended with `code`.
    ///
    /// # Panics
    /// If it did not.
    #[must_use]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(
            self.code,
            Some(code),
            "standard output:\n{}\nstandard error:\n{}",
            self.out(),
            self.err()
        );
        self
    }
}

/// A folder for a test's files, removed at the end unless the test failed.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// A new, empty one.
    ///
    /// # Panics
    /// If it cannot be made.
    #[must_use]
    pub fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let serial = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("hsmstream-test-{}-{serial}", std::process::id()));
        std::fs::create_dir_all(&path).expect("the temporary folder can be written");
        Self(path)
    }

    /// Its path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file into it, with the folders above; gives its path as text.
    ///
    /// # Panics
    /// If it cannot be written.
    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let path = self.0.join(name);
        let parent = path.parent().expect("a file lies in a folder");
        std::fs::create_dir_all(parent).expect("a folder");
        std::fs::write(&path, bytes).expect("a file");
        path.display().to_string()
    }
}

impl Default for Folder {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            std::fs::remove_dir_all(&self.0).unwrap_or_default();
        }
    }
}

/// The binary with these arguments, clean of the environment, in `folder`.
#[must_use]
pub fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(instance::binary());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("HSMSTREAM_") {
            command.env_remove(name);
        }
    }
    command.args(arguments).current_dir(folder).env("NO_COLOR", "1");
    command
}

/// Runs the binary with `arguments` and `input` to its end.
#[must_use]
pub fn run(folder: &Path, arguments: &[&str], input: &[u8]) -> Said {
    finish(command(folder, arguments), input)
}

/// Sends a process what Ctrl-C sends.
///
/// # Panics
/// If it is gone.
pub fn interrupt(id: u32) {
    let line = format!("kill -s INT {id}");
    assert!(Command::new("sh").args(["-c", &line]).status().expect("a shell").success());
}

/// Runs a prepared command to its end.
///
/// # Panics
/// If it does not start, or does not end in time.
#[must_use]
pub fn finish(mut command: Command, input: &[u8]) -> Said {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let stdout = collect(child.stdout.take().expect("a pipe"));
    let stderr = collect(child.stderr.take().expect("a pipe"));
    let mut stdin = child.stdin.take().expect("a pipe");
    let input = input.to_vec();
    // A command may end before it has read everything.
    let feed = std::thread::spawn(move || stdin.write_all(&input).unwrap_or_default());
    let code = end(&mut child);
    feed.join().expect("the input is fed");
    let take = |reader: JoinHandle<Vec<u8>>| reader.join().expect("the output is read");
    Said { code, stdout: take(stdout), stderr: take(stderr) }
}

fn collect(mut pipe: impl Read + Send + 'static) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes).expect("a pipe can be read");
        bytes
    })
}

fn end(child: &mut Child) -> Option<i32> {
    match wait::within(LIMIT, || child.try_wait().expect("a process")) {
        Some(status) => status.code(),
        None => {
            child.kill().expect("a process to kill");
            panic!("the command did not end within {} s", LIMIT.as_secs())
        }
    }
}
