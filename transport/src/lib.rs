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
//! use slack_transport::{Error, Transport, check_request};
//!
//! /// Answers everything by itself: a transport for a test.
//! struct Canned;
//!
//! #[async_trait]
//! impl Transport for Canned {
//!     async fn send(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, Error> {
//!         check_request(&request)?;
//!         Ok(Response::new(br#"{"ok":true}"#.to_vec()))
//!     }
//! }
//!
//! let transport: Box<dyn Transport> = Box::new(Canned);
//! let request = Request::post("https://slack.com/api/auth.test").body(Vec::new())?;
//! let response = pollster::block_on(transport.send(request))?;
//! assert_eq!(response.body(), br#"{"ok":true}"#);
//!
//! let foreign = Request::post("http://slack.com/api/auth.test").body(Vec::new())?;
//! let error = pollster::block_on(transport.send(foreign)).unwrap_err();
//! assert!(error.nothing_was_sent());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # A backend of one's own
//!
//! What a [`Transport`] promises stands as a table in the docs of the module `conformance` (feature of the same name),
//! with the suite that tries each sentence. `examples/hyper-transport` in the repository is a whole one. The way
//! there, with the things that clients commonly do otherwise:
//!
//! 1. [`check_request`] before anything else. No proxy, no cookies, no header of the client's own but `Host`,
//!    `Content-Length`, `Accept` and `User-Agent`; above all no `Accept-Encoding`.
//! 2. Redirects off. Retries off, those on another connection when a kept one breaks included.
//! 3. The connect timeout around name resolution, TCP and TLS together, since many clients' own covers TCP alone; the
//!    total timeout around everything, the body included.
//! 4. [`check_response_head`] once the headers are there; a client may have to be told to take folded ones.
//! 5. [`CappedBody`] while the body is read, which must end as it was announced.
//! 6. [`Error::unsent`] for what failed while connecting or earlier, [`Error::maybe_sent`] for all the rest: a kept
//!    connection that breaks counts as the rest, unless the client tells that it never took the request.
//! 7. A client that needs a runtime is given one, and runs requests as tasks there: a future is polled by whoever
//!    calls. Dropping the future must end its task, and so close the connection.

mod body;
#[cfg(feature = "conformance")]
pub mod conformance;
mod error;
mod guard;
mod limits;
mod transport;

pub use body::CappedBody;
pub use error::{Error, ErrorKind};
pub use guard::{check_request, check_response_head};
pub use limits::Limits;
pub use transport::{BlockingTransport, Transport};
