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

#[cfg(feature = "conformance")]
pub mod conformance;
mod error;
mod guard;
mod limits;
mod transport;

pub use error::{Error, ErrorKind};
pub use guard::{check_request, check_response_head};
pub use limits::Limits;
pub use transport::{BlockingTransport, Transport};
