//! The transport of slack-auth over hyper.
//!
//! [`HyperTransport`] keeps every promise of [`slack_transport`]: no redirect is followed, nothing is sent twice,
//! an answer is read up to a cap and within a time, connections are reused, and all headers are kept. TLS is rustls
//! with aws-lc-rs and the platform's certificates; a server chooses HTTP/2 or HTTP/1.1.
//!
//! Inside Tokio a request runs in place: the future that sends it also drives its HTTP/1.1 connection, so that no
//! other task has to wake it. A connection over HTTP/2 is a task of its own. Elsewhere requests run on a runtime that
//! was given, or on one worker thread. A Tokio runtime without I/O or time counts as none.
//!
//! Kept connections are looked at before they are used: one whose end has arrived, or that has said anything
//! since its last answer, is closed. At most 128 are kept, each for 90 seconds at most.
//!
//! ```no_run
//! use http::Request;
//! use slack_transport::{Body, Limits, Transport};
//! use slack_transport_hyper::HyperTransport;
//!
//! let transport = HyperTransport::new(Limits::new())?;
//! let request = Request::post("https://slack.com/api/api.test").body(Body::empty())?;
//! let response = pollster::block_on(transport.send(request))?;
//! assert!(response.status().is_success());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![cfg_attr(docsrs, feature(doc_cfg))]

mod builder;
mod connect;
mod exchange;
mod http1;
mod http2;
mod polite;
mod pool;
mod tls;
mod transport;

pub use builder::Builder;
pub use transport::HyperTransport;
