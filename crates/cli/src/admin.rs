//! The admin server: `/metrics`, `/healthz`, `/readyz`, on loopback by default.
//!
//! Runs on its own thread with a small tokio runtime; the hot path never waits for it. `/healthz` answers
//! 200 while the process works at all, `/readyz` answers 200 once every worker has joined the group and
//! restored its tasks, 503 with the reason before that and while draining.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use hsmstream_engine::metrics::Metrics;
use hsmstream_engine::shared::Shared;

/// What `/readyz` tells.
#[derive(Debug, Clone)]
pub(crate) struct Readiness {
    shared: Arc<Shared>,
    workers: usize,
    draining: Arc<AtomicBool>,
}

impl Readiness {
    /// Ready once all `workers` have joined their group and restored what they were given.
    pub(crate) fn new(shared: Arc<Shared>, workers: usize) -> Self {
        Self { shared, workers, draining: Arc::new(AtomicBool::new(false)) }
    }

    /// Not ready any more.
    pub(crate) fn draining(&self) {
        self.draining.store(true, Ordering::Release);
    }

    fn reason(&self) -> Option<String> {
        if self.draining.load(Ordering::Acquire) {
            return Some("draining".to_owned());
        }
        let joined = self.shared.joined.load(Ordering::Acquire);
        (joined < self.workers)
            .then(|| format!("{joined} of {} workers have joined and restored", self.workers))
    }
}

#[derive(Clone)]
struct Shown {
    metrics: Metrics,
    readiness: Readiness,
}

/// Binds and serves in the background until the process ends; gives the bound address.
///
/// # Errors
/// The address cannot be bound.
pub(crate) fn serve(listen: &str, metrics: Metrics, readiness: Readiness) -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind(listen).with_context(|| {
        format!("cannot listen on admin.listen = \"{listen}\"; choose another or set it empty")
    })?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let router = Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(scrape))
        .with_state(Shown { metrics, readiness });
    std::thread::Builder::new().name("admin".to_owned()).spawn(move || {
        runtime.block_on(async move {
            let served = match tokio::net::TcpListener::from_std(listener) {
                Ok(listener) => axum::serve(listener, router).await,
                Err(error) => Err(error),
            };
            if let Err(error) = served {
                tracing::error!(%error, "the admin server ended");
            }
        });
    })?;
    Ok(address)
}

async fn healthz() -> &'static str {
    "ok\n"
}

async fn readyz(State(shown): State<Shown>) -> (StatusCode, String) {
    match shown.readiness.reason() {
        None => (StatusCode::OK, "ready\n".to_owned()),
        Some(reason) => (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {reason}\n")),
    }
}

async fn scrape(State(shown): State<Shown>) -> impl IntoResponse {
    let mut text = String::new();
    let status = match prometheus_client::encoding::text::encode(&mut text, shown.metrics.registry()) {
        Ok(()) => StatusCode::OK,
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR,
    };
    (status, [(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], text)
}
