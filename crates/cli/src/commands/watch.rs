//! The watch on rule files: one event after a burst of changes has settled.

use std::path::PathBuf;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use notify::{RecursiveMode, Watcher};

/// Changes that follow each other this closely are one.
const SETTLE: Duration = Duration::from_millis(300);

/// Watches `paths`; sends `event()` after changes. The watch ends when the result is dropped. Trouble is
/// logged: SIGHUP still reloads.
pub(crate) fn start<E: Send + 'static>(
    paths: &[PathBuf],
    events: mpsc::SyncSender<E>,
    event: impl Fn() -> E + Send + 'static,
) -> Option<notify::RecommendedWatcher> {
    let (changes, inbox) = mpsc::sync_channel::<()>(16);
    let watcher = notify::recommended_watcher(move |change: notify::Result<notify::Event>| {
        let relevant = change.is_ok_and(|change| !matches!(change.kind, notify::EventKind::Access(_)));
        if relevant && changes.try_send(()).is_err() {
            // The queue is full of the same news.
        }
    });
    let mut watcher = match watcher {
        Ok(watcher) => watcher,
        Err(error) => {
            tracing::warn!(%error, "rule files are not watched; SIGHUP reloads them");
            return None;
        }
    };
    for path in paths {
        if let Err(error) = watcher.watch(path, RecursiveMode::Recursive) {
            tracing::warn!(path = %path.display(), %error, "not watched; SIGHUP reloads the rules");
        }
    }
    let settle = move || {
        while inbox.recv().is_ok() {
            while inbox.recv_timeout(SETTLE).is_ok() {}
            if events.send(event()).is_err() {
                return;
            }
        }
    };
    if let Err(error) = thread::Builder::new().name("rule-watch".to_owned()).spawn(settle) {
        tracing::warn!(%error, "rule files are not watched; SIGHUP reloads them");
    }
    Some(watcher)
}
