//! Keeps the stored tokens alive, reports to Prometheus how they are, and ends in order.

use std::{error::Error, time::Duration};

use axum::{
    Router,
    extract::State as Shared,
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::get,
};
use metrics::{describe_gauge, gauge};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use slack_auth::{
    Client, ConfidentialClient, InstallationStore, TokenRotator, rotation::Drained,
    runtime::TokioRuntime,
};
use tokio::runtime::Handle;

/// A rotator with its sweep, and the recorder of its metrics.
#[derive(Clone)]
pub struct KeepAlive {
    rotator: TokenRotator,
    prometheus: PrometheusHandle,
}

impl KeepAlive {
    /// Starts the sweep. Call it once, inside of Tokio: a process has one recorder.
    ///
    /// # Errors
    ///
    /// When the store belongs to another app, and when a recorder is installed already.
    pub fn start(
        slack: Client,
        client: ConfidentialClient,
        store: InstallationStore,
    ) -> Result<Self, Box<dyn Error>> {
        let prometheus = PrometheusBuilder::new().install_recorder()?;
        slack_auth::metrics::describe();
        describe_gauge!(INSTALLATIONS, "Installations in the store, by what they need");
        let runtime = TokioRuntime::new(Handle::current());
        let rotator = TokenRotator::builder(slack, client, store).runtime(runtime).build()?;
        rotator.start_sweep();
        Ok(Self { rotator, prometheus })
    }

    /// Creates the route `/metrics`. It shows numbers only, and yet is for the monitoring alone: keep it from the public in
    /// the proxy that stands before the server.
    pub fn router(&self) -> Router {
        Router::new().route("/metrics", get(metrics)).with_state(self.clone())
    }

    /// Stops refreshing, and waits until what Slack has issued is stored.
    pub async fn stop(&self) -> Drained {
        self.rotator.drain(DEADLINE).await
    }
}

async fn metrics(Shared(keeper): Shared<KeepAlive>) -> Response {
    let Ok(health) = keeper.rotator.health_summary(0).await else {
        return (StatusCode::SERVICE_UNAVAILABLE, "the store cannot be read").into_response();
    };
    for (state, count) in [
        ("stored", health.installations),
        ("due", health.due),
        ("needing_person", health.needing_person),
        ("unreadable", health.unreadable),
    ] {
        gauge!(INSTALLATIONS, "state" => state).set(u32::try_from(count).unwrap_or(u32::MAX));
    }
    keeper.prometheus.run_upkeep();
    ([(CONTENT_TYPE, "text/plain; version=0.0.4")], keeper.prometheus.render()).into_response()
}

const INSTALLATIONS: &str = "install_server_installations";

/// Process managers kill after 30 s as a rule.
const DEADLINE: Duration = Duration::from_secs(25);
