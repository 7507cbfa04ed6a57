//! The service as a process: built in this benchmark's profile, watched through its metrics, checked by its output.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use hsmstream_benches::process::{Usage, peak_resident_bytes};
use hsmstream_tests::broker::{Cluster, Isolation};

use crate::figures::{Figures, Sample};
use crate::topic::{Owed, Topic};

const SAMPLE_EVERY: Duration = Duration::from_millis(50);
const DEADLINE: Duration = Duration::from_secs(300);
/// A commit is due every 100 ms; after this long without one, all is committed.
const QUIET: Duration = Duration::from_millis(500);

const RULES: &str = r#"
id: failed-logins
pattern: '{ $.opcode = "CN_LOGIN" && $.response.code = 163 }'
suppress: 15m
detect: { threshold: { count: 5, within: 2m, group_by: [hsm, connection] } }
---
id: per-minute
rollup:
  window: { tumbling: 1m }
  group_by: [opcode, response.code]
  measures: { events: count }
"#;

/// The binary that the variable `BENCH_BINARY` names, else that of this benchmark's profile, built now if need be.
pub(crate) fn binary() -> PathBuf {
    if let Some(given) = std::env::var_os("BENCH_BINARY") {
        return given.into();
    }
    let own = std::env::current_exe().expect("a path of this executable");
    let folder = own.parent().and_then(Path::parent).expect("the folder of the profile");
    let profile = match folder.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(name) => name,
    };
    let built = Command::new(option_env!("CARGO").unwrap_or("cargo"))
        .args(["build", "--quiet", "--package", "hsmstream", "--profile", profile])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status()
        .expect("cargo runs");
    assert!(built.success(), "the binary does not build");
    folder.join("hsmstream")
}

/// Runs the service on the topic until all of it is committed; checks what it published.
pub(crate) fn run(binary: &Path, cluster: &Cluster, topic: &Topic, round: usize) -> Figures {
    let name = format!("bench-{round}");
    let folder = std::env::temp_dir().join(format!("hsmstream-{name}-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder for the configuration");
    let port = free_port();
    fs::write(folder.join("rules.yaml"), RULES).expect("a file");
    fs::write(folder.join("hsmstream.toml"), config(&name, &folder, cluster, topic, port)).expect("a file");
    let mut service = Service::start(binary, &folder);
    let figures = service.watch(topic.records, port);
    let ended = service.drain();
    assert!(ended, "the service ended badly:\n{}", service.log());
    check(cluster, topic, &name);
    fs::remove_dir_all(&folder).expect("the folder can be removed");
    figures
}

fn config(name: &str, folder: &Path, cluster: &Cluster, topic: &Topic, port: u16) -> String {
    format!(
        "application = \"{name}\"\n[input]\ntopics = [\"{}\"]\nformat = \"raw\"\norigin = [\"key={{hsm}}\"]\n\
         [rules]\npaths = [\"{}\"]\nwatch = false\n[time]\nidle_timeout = \"1h\"\n\
         [output]\nalerts = \"{name}-alerts\"\nstaging = \"{name}-staging\"\nrollups = \"{name}-rollups\"\n\
         rejects = \"{name}-rejects\"\nformat = \"flat\"\n\
         [kafka]\nbrokers = [\"{}\"]\npartitions = 1\n[admin]\nlisten = \"127.0.0.1:{port}\"\n",
        topic.name,
        folder.join("rules.yaml").display(),
        cluster.bootstrap(),
    )
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").port()
}

struct Service {
    child: Child,
    log: PathBuf,
    start: Instant,
}

/// The metrics at a moment.
#[derive(Debug, Clone, Default)]
struct Scrape {
    sample: Sample,
    messages: u64,
    commits: Vec<(f64, u64)>,
}

impl Scrape {
    fn committed(&self) -> u64 {
        self.commits.last().map_or(0, |&(_, count)| count)
    }
}

impl Service {
    fn start(binary: &Path, folder: &Path) -> Self {
        let log = folder.join("log");
        let file = fs::File::create(&log).expect("a log file");
        let child = Command::new(binary)
            .args(["run", "--create-topics", "--config"])
            .arg(folder.join("hsmstream.toml"))
            .stdin(Stdio::null())
            .stdout(file.try_clone().expect("a second handle"))
            .stderr(file)
            .spawn()
            .expect("the binary starts");
        Self { child, log, start: Instant::now() }
    }

    /// Takes samples until everything is processed and committed.
    fn watch(&mut self, records: u64, port: u16) -> Figures {
        let mut before = Scrape::default();
        let mut figures = Figures::default();
        let mut processed: Option<Scrape> = None;
        loop {
            thread::sleep(SAMPLE_EVERY);
            assert!(
                self.child.try_wait().expect("a process").is_none(),
                "the service ended:\n{}",
                self.log()
            );
            assert!(self.start.elapsed() < DEADLINE, "the service is too slow:\n{}", self.log());
            let Some(scrape) = self.scrape(port) else { continue };
            if 2 * before.messages < records && records <= 2 * scrape.messages {
                figures.half = between(&before, &scrape, records / 2);
            }
            if records <= scrape.messages {
                let first = processed.get_or_insert_with(|| scrape.clone());
                let is_quiet = QUIET <= scrape.sample.wall - first.sample.wall;
                if first.committed() < scrape.committed() || is_quiet {
                    figures.end = if is_quiet { first.sample } else { scrape.sample };
                    figures.commits = scrape.commits;
                    figures.peak_resident_bytes = peak_resident_bytes(self.child.id()).unwrap_or(0);
                    return figures;
                }
            }
            before = scrape;
        }
    }

    /// `None` while the server does not listen yet.
    fn scrape(&self, port: u16) -> Option<Scrape> {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(5))).expect("a valid timeout");
        stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").ok()?;
        let mut text = String::new();
        stream.read_to_string(&mut text).ok()?;
        let cpu = Usage::of_process(self.child.id())?.total();
        let mut scrape = Scrape { sample: Sample { wall: self.start.elapsed(), cpu }, ..Scrape::default() };
        for line in text.lines() {
            let Some((name, value)) = line.rsplit_once(' ') else { continue };
            if name.starts_with("hsmstream_messages_total") {
                scrape.messages += value.parse::<u64>().unwrap_or(0);
            } else if let Some(bound) = name.strip_prefix("hsmstream_commit_duration_seconds_bucket{le=\"") {
                let bound = bound.trim_end_matches("\"}").parse().unwrap_or(f64::INFINITY);
                scrape.commits.push((bound, value.parse().unwrap_or(0)));
            }
        }
        Some(scrape)
    }

    /// Asks it to end; says whether it ended well.
    fn drain(&mut self) -> bool {
        let id = self.child.id().to_string();
        // The shell's own `kill`: a minimal Debian has no program of that name.
        let sent = Command::new("sh").args(["-c", "kill -s TERM \"$1\"", "kill", &id]).status();
        let sent = sent.expect("sh runs");
        sent.success() && self.child.wait().expect("a process").success()
    }

    fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|status| status.is_none()) {
            self.child.kill().expect("a process to kill");
            self.child.wait().expect("a process to wait for");
        }
    }
}

/// The moment when `messages` were processed, by proportion.
fn between(before: &Scrape, after: &Scrape, messages: u64) -> Sample {
    let span = (after.messages - before.messages).max(1) as f64;
    let part = messages.saturating_sub(before.messages) as f64 / span;
    let mix = |from: Duration, to: Duration| from + to.saturating_sub(from).mul_f64(part);
    Sample { wall: mix(before.sample.wall, after.sample.wall), cpu: mix(before.sample.cpu, after.sample.cpu) }
}

fn check(cluster: &Cluster, topic: &Topic, name: &str) {
    let offset = i64::try_from(topic.records).expect("offsets are i64");
    assert_eq!(cluster.committed(name, &topic.name), [(0, Some(offset))], "committed");
    let rejects = cluster.ends(&format!("{name}-rejects"), Isolation::ReadCommitted);
    assert_eq!(cluster.read_committed_all(&format!("{name}-rejects")).len(), 0, "rejects: {rejects:?}");
    let mut found = Owed::default();
    for what in ["alerts", "rollups"] {
        for message in cluster.read_committed_all(&format!("{name}-{what}")) {
            let json: serde_json::Value = serde_json::from_str(&message.text()).expect("JSON");
            match json["type"].as_str() {
                Some("alert") => found.alerts += 1,
                Some("rollup") => {
                    assert_eq!((&json["revision"], &json["complete"]), (&0.into(), &true.into()), "{json}");
                    found.rows += 1;
                    found.events += json["measures"]["events"].as_u64().expect("a count");
                }
                Some("closing") => {}
                _ => panic!("not owed: {json}"),
            }
        }
    }
    assert_eq!(found, topic.owed, "alerts and rows of the naive computation");
}
