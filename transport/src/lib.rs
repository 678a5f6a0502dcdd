//! The contract between a protocol core and the HTTP client that carries its requests.
//!
//! A core that does no I/O turns what it wants into an [`http::Request`] and reads an
//! [`http::Response`]. A [`Transport`] is what lies between: it sends the request once, and brings
//! the answer back whole or says why not. [`BlockingTransport`] is its twin for programs without
//! `async`. Both can be made into trait objects.
//!
//! ```
//! use async_trait::async_trait;
//! use http::{Request, Response};
//! use slack_transport::{Body, Error, Transport, check_request};
//!
//! /// Answers everything by itself: a transport for a test.
//! struct Canned;
//!
//! #[async_trait]
//! impl Transport for Canned {
//!     async fn send(&self, request: Request<Body>) -> Result<Response<Vec<u8>>, Error> {
//!         check_request(&request)?;
//!         Ok(Response::new(br#"{"ok":true}"#.to_vec()))
//!     }
//! }
//!
//! let transport: Box<dyn Transport> = Box::new(Canned);
//! let request = Request::post("https://slack.com/api/auth.test").body(Body::empty())?;
//! let response = pollster::block_on(transport.send(request))?;
//! assert_eq!(response.body(), br#"{"ok":true}"#);
//!
//! let foreign = Request::post("http://slack.com/api/auth.test").body(Body::empty())?;
//! let error = pollster::block_on(transport.send(foreign)).unwrap_err();
//! assert!(error.nothing_was_sent());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Writing a transport
//!
//! The promises of a [`Transport`] are a table in the docs of the module `conformance` (feature of the same name),
//! with the suite that tests each of them. `slack-transport-hyper` is the smallest complete one. The steps, with
//! what clients commonly do otherwise:
//!
//! 1. [`check_request`] before anything else. No proxy, no cookies, no header of the client's own but `Host`,
//!    `Content-Length`, `Accept` and `User-Agent`; above all no `Accept-Encoding`.
//! 2. Redirects off. Retries off, those on another connection when a kept one breaks included.
//! 3. The connect timeout around name resolution, TCP and TLS together, since many clients' own covers TCP alone; the
//!    total timeout around everything, the body included.
//! 4. [`check_response_head`] once the headers are there; a client may have to be told to take folded ones.
//! 5. [`CappedBody`] while the body is read, which must end as it was announced.
//! 6. [`Error::unsent`] for what failed while connecting or earlier, [`Error::unprocessed`] where HTTP/2 says that
//!    the server did not act on the request, [`Error::maybe_sent`] for all the rest. A kept connection that breaks
//!    counts as the rest, unless the client knows that it never wrote the request. For clients over hyper,
//!    `failure_of_sending` and `failure_of_reading` (feature `hyper`) sort the errors.
//! 7. A client that needs a runtime is given one, and runs requests as tasks there: a future may be polled outside of
//!    it. Dropping the future must end its task, and so close the connection. For Tokio `OverTokio` (feature `tokio`)
//!    does this.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod body;
#[cfg(feature = "conformance")]
pub mod conformance;
mod error;
mod guard;
#[cfg(feature = "hyper")]
mod hyper_failure;
mod limits;
#[cfg(feature = "tokio")]
mod over_tokio;
mod proxies;
mod request_body;
mod transport;

pub use body::CappedBody;
pub use error::{Error, ErrorKind};
pub use guard::{announces_empty_bodies, check_request, check_response_head};
#[cfg(feature = "hyper")]
pub use hyper_failure::{failure_of_reading, failure_of_sending};
pub use limits::Limits;
#[cfg(feature = "tokio")]
pub use over_tokio::{Exchange, OverTokio};
pub use proxies::{check_environment_proxies, check_proxy};
pub use request_body::Body;
pub use transport::{BlockingTransport, Transport};
