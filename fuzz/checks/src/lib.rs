//! What must hold for whatever comes in: the checks behind the fuzz targets.
//!
//! [`targets::ALL`] is the table of them. Each takes bytes, whoever made them: libFuzzer in `fuzz/fuzz_targets`, and in
//! `cargo test` the seeds and findings that are kept. A check that fails panics, and that is the finding; so no function
//! here says what it panics for.
//!
//! # A method of your own
//!
//! Your own [`ApiMethod`](slack_proto::ApiMethod) is fuzzed by the same helpers: [`reply::check`] for what comes back, and
//! [`request::check`] for what goes out.
//!
//! ```
//! use serde::Deserialize;
//! use slack_auth_fuzz_checks::reply;
//! use slack_proto::{AccessToken, ApiMethod, error::NoError, methods::FormFields};
//!
//! struct TeamInfo;
//!
//! #[derive(Deserialize)]
//! struct TeamInfoResponse {
//!     team: Team,
//! }
//! #[derive(Deserialize)]
//! struct Team {
//!     domain: String,
//! }
//!
//! impl ApiMethod for TeamInfo {
//!     const NAME: &'static str = "team.info";
//!     type Auth = AccessToken;
//!     type Response = TeamInfoResponse;
//!     type Error = NoError;
//!
//!     fn params(&self, _: &mut FormFields) {}
//! }
//!
//! /// The whole of a fuzz target: `fuzz_target!(|input: &[u8]| team_info(input));`
//! fn team_info(input: &[u8]) {
//!     if let Some(reply) = reply::check::<TeamInfo>(input) {
//!         // What must hold for a success of this method alone.
//!         assert!(reply.value.team.domain.len() <= input.len());
//!     }
//! }
//!
//! team_info(b"200 x-slack-req-id: 1\n{\"ok\":true,\"team\":{\"domain\":\"acme\"}}");
//! team_info(b"429 retry-after: 30\nslow down, xoxb-FAKE");
//! team_info(b"{\"ok\":false,\"error\":\"team_not_found\"}");
//! ```
//!
//! Input is a reply as [`input::response`] reads it. `examples/team_info.rs` has requests as well, and replays a folder
//! of inputs as a plain test does.
//!
//! # From outside of this repository
//!
//! The package is not on crates.io: what it checks follows the library commit by commit, and a check that became stricter
//! would be a broken build for whoever did not ask for it. Take both from one commit, so that there is one `slack-proto`:
//!
//! ```toml
//! [dependencies]
//! libfuzzer-sys = "0.4"
//! my-app = { path = ".." }
//! slack-auth-fuzz-checks = { git = "REPOSITORY", tag = "TAG" }
//!
//! [patch.crates-io]
//! slack-auth = { git = "REPOSITORY", tag = "TAG" }
//! slack-proto = { git = "REPOSITORY", tag = "TAG" }
//! ```
//!
//! Or copy the files of the modules that are public here: they lean on nothing but each other, `slack-proto`, and for
//! requests `slack-fake`.

#![expect(clippy::missing_panics_doc, reason = "a panic is how a check tells what it found")]

mod authorization;
mod callback;
mod calls;
mod events;
mod headers;
mod id_token;
mod import;
pub mod input;
pub mod oracle;
mod origins;
mod pending;
pub mod reply;
pub mod request;
mod rotation;
pub mod secrets;
mod stateless;
mod stored;
pub mod targets;
