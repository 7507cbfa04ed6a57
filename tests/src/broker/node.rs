//! One broker process, and the watchdog that ends it with the test.
//!
//! The broker runs under a shell that reads signals to send from a pipe. When this process ends, however it ends, the
//! kernel closes the pipe; the shell then kills the broker and removes the cluster's data.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::install::Install;
use crate::wait;

/// `$1` is the folder to remove when the pipe closes; the rest is the command.
const WATCHDOG: &str = r#"
data=$1; shift
exec 3<&0
"$@" < /dev/null 3<&- &
program=$!
(
    while read -r signal <&3; do kill -s "$signal" "$program"; done
    : > "$data.orphaned"
    kill -s KILL "$program"
) &
watcher=$!
wait "$program"
code=$?
if [ -e "$data.orphaned" ]; then rm -rf "$data" "$data.orphaned"; fi
kill -s KILL "$watcher" 2> /dev/null
exit "$code"
"#;

/// One broker: its files, and its process while it runs.
#[derive(Debug)]
pub(super) struct Node {
    install: Install,
    properties: PathBuf,
    data: PathBuf,
    log: PathBuf,
    process: Option<Child>,
}

impl Node {
    /// Writes the files of a broker into `folder` and formats its storage, with further arguments for that.
    pub(super) fn create(
        install: &Install,
        folder: &Path,
        index: usize,
        cluster_id: &str,
        properties: &str,
        arguments: &[String],
    ) -> Self {
        let name = format!("broker-{}", index + 1);
        let node = Self {
            install: install.clone(),
            properties: folder.join(format!("{name}.properties")),
            data: Self::data(folder, index),
            log: folder.join(format!("{name}.log")),
            process: None,
        };
        fs::write(&node.properties, properties).expect("the cluster's folder can be written");
        let format = node
            .install
            .java("64m", "kafka.tools.StorageTool")
            .args(["format", "--cluster-id", cluster_id, "--config"])
            .arg(&node.properties)
            .args(arguments)
            .output()
            .expect("java starts");
        assert!(
            format.status.success(),
            "Kafka could not format its storage: {}{}",
            String::from_utf8_lossy(&format.stdout),
            String::from_utf8_lossy(&format.stderr)
        );
        node
    }

    /// The folder in which the broker with index `index` keeps its data.
    pub(super) fn data(folder: &Path, index: usize) -> PathBuf {
        folder.join(format!("broker-{}", index + 1))
    }

    /// Starts the process; whether it serves is another question.
    pub(super) fn spawn(&mut self) {
        assert!(self.process.is_none(), "this broker runs already");
        let log = File::options().create(true).append(true).open(&self.log).expect("the log can be written");
        let java = self.install.java("512m", "kafka.Kafka");
        let child = Command::new("sh")
            .args(["-c", WATCHDOG, "watchdog"])
            .arg(&self.data)
            .arg(java.get_program())
            .args(java.get_args())
            .arg(&self.properties)
            .stdin(Stdio::piped())
            .stdout(log.try_clone().expect("a file handle can be copied"))
            .stderr(log)
            // An interrupt from the keyboard reaches the test, whose end closes the pipe.
            .process_group(0)
            .spawn()
            .expect("sh starts");
        self.process = Some(child);
    }

    /// Whether the process was started and has not been seen to end.
    pub(super) fn is_running(&mut self) -> bool {
        self.process.as_mut().is_some_and(|child| child.try_wait().expect("a child can be asked").is_none())
    }

    /// Sends the signal named `name` (`KILL`, `TERM`, `STOP`, `CONT`) to the broker.
    pub(super) fn signal(&mut self, name: &str) {
        let child = self.process.as_mut().expect("this broker runs");
        let pipe = child.stdin.as_mut().expect("its input is a pipe");
        writeln!(pipe, "{name}").expect("the watchdog reads");
    }

    /// Kills the process as `kill -9` does and waits for its end.
    pub(super) fn kill9(&mut self) {
        self.signal("KILL");
        let code = self.wait();
        assert_eq!(code, 128 + 9, "the broker ended by itself before it was killed:\n{}", self.log_tail(20));
    }

    /// Ends the process in good order.
    pub(super) fn stop(&mut self) {
        self.signal("TERM");
        let child = self.process.as_mut().expect("this broker runs");
        let ended = wait::within(wait::LIMIT, || child.try_wait().expect("a child can be asked"));
        if ended.is_none() {
            panic!("the broker did not stop when asked to:\n{}", self.log_tail(20));
        }
        self.process = None;
    }

    /// Waits for the end of a process that has been killed; returns the exit code in the shell's count.
    fn wait(&mut self) -> i32 {
        let mut child = self.process.take().expect("this broker runs");
        // `Child::wait` would close the pipe first, and with it give up the data.
        let pipe = child.stdin.take();
        let status = child.wait().expect("a child can be waited for");
        drop(pipe);
        status.code().or(status.signal()).expect("a status is a code or a signal")
    }

    /// The last `lines` lines that the broker has written.
    pub(super) fn log_tail(&self, lines: usize) -> String {
        let text = fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let all: Vec<&str> = text.lines().collect();
        let tail = all[all.len().saturating_sub(lines)..].join("\n");
        format!("--- the end of {} ---\n{tail}", self.log.display())
    }
}

impl Drop for Node {
    /// Kills the broker and waits until it is gone, so that no test meets the leftovers of another.
    fn drop(&mut self) {
        if let Some(mut child) = self.process.take() {
            drop(child.stdin.take());
            drop(child.wait());
        }
    }
}
