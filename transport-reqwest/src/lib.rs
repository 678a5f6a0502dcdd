//! The transport of slack-auth over reqwest.
//!
//! [`ReqwestTransport`] keeps every promise of [`slack_transport`]: no redirect is followed, nothing
//! is sent twice, an answer is read up to a cap and within a time, connections are used again, and
//! all headers come through. Inside Tokio a request runs in place; elsewhere on a runtime it was
//! given or on one worker thread of its own, so it works in every runtime and in none.
//! A Tokio runtime without I/O or time counts as none.
//!
//! ```no_run
//! use http::Request;
//! use slack_transport::{Body, Limits, Transport};
//! use slack_transport_reqwest::ReqwestTransport;
//!
//! let transport = ReqwestTransport::new(Limits::new())?;
//! let request = Request::post("https://slack.com/api/api.test").body(Body::empty())?;
//! let response = pollster::block_on(transport.send(request))?;
//! assert!(response.status().is_success());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Features
//!
//! | feature | TLS | needs | trusts |
//! |---|---|---|---|
//! | `rustls` (default) | rustls with aws-lc-rs | a C compiler | what the platform trusts |
//! | `native-tls` | the platform's; on Linux OpenSSL | libssl-dev and pkg-config | what that library trusts |
//!
//! OpenSSL as `native-tls` uses it does not notice a TLS connection that is cut off: a body without
//! `Content-Length` and chunks may then come shorter than it was sent. The rest of the conformance suite passes.
//!
//! With both, rustls is used. With neither, only plain http on loopback can be reached.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod builder;
mod exchange;
mod failure;
mod last_url;
mod transport;

pub use builder::Builder;
pub use transport::ReqwestTransport;
