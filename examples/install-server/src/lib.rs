//! A complete web server with "Add to Slack" and "Sign in with Slack", over axum.
//!
//! ```text
//! cargo run -p slack-install-server
//! ```
//!
//! Without settings it runs against a fake Slack of its own; see [`Settings`] for the real one. What to look at:
//!
//! * `app.rs` puts the two [`SignedStateFlow`](slack_auth::oauth::SignedStateFlow)s together: this server keeps
//!   nothing between the two legs of a browser but a cookie **in** that browser (`cookies.rs`).
//! * `install.rs` exchanges the code for a bot token and stores it by the public encoding of
//!   [`Installation`](slack_auth::Installation); `sign_in.rs` verifies an ID token.
//! * `once.rs` shows the first answer again to a browser that loads the callback twice, and completes the exchange if the
//!   browser disconnects: no token is lost.
//! * `problem.rs` maps every error to a page that says what to do.
//! * `keep_alive.rs` runs the sweep that refreshes stored tokens, serves `/metrics` to Prometheus, and drains the rotator
//!   on SIGTERM, so that no pair is lost by a restart.

mod app;
mod cookies;
mod demo;
mod events;
mod install;
mod keep_alive;
mod once;
mod page;
mod place;
mod problem;
mod sessions;
mod settings;
mod sign_in;

use std::time::Duration;

pub use app::{Config, router};
pub use demo::{demo_app, demo_slack};
pub use keep_alive::KeepAlive;
pub use place::Place;
pub use settings::{InvalidSetting, Settings, SlackApp};

/// How long Slack's pages may stay open; a code lives no longer.
const AUTHORIZATION_LIFE: Duration = Duration::from_secs(600);
