//! The transport of slack-auth over libcurl.
//!
//! [`CurlTransport`] keeps every promise of [`slack_transport`]: no redirect is followed, nothing
//! is sent twice, an answer is read up to a cap and within a time, connections are used again, and
//! all headers come through. One agent thread drives any number of requests at once and is woken
//! only while it sleeps; no runtime is needed, and any will do. Blocking calls run libcurl on the
//! thread that makes them.
//!
//! ```no_run
//! use http::Request;
//! use slack_transport::{Body, Limits, Transport};
//! use slack_transport_curl::CurlTransport;
//!
//! let transport = CurlTransport::new(Limits::new())?;
//! let request = Request::post("https://slack.com/api/api.test").body(Body::empty())?;
//! let response = pollster::block_on(transport.send(request))?;
//! assert!(response.status().is_success());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Features
//!
//! | features | libcurl | TLS | needs, to build |
//! |---|---|---|---|
//! | `rustls` (default) | from source | rustls with aws-lc-rs | a C compiler |
//! | `vendored`, `openssl` | from source | the system's OpenSSL | and libssl-dev, pkg-config |
//! | `vendored-openssl` | from source | OpenSSL from source | and perl, make, minutes |
//! | `openssl` | the system's, if pkg-config finds one | that libcurl's | libcurl4-openssl-dev or libssl-dev |
//!
//! libcurl must be 8.7 or later, or [`CurlTransport::new`] refuses it. From source means the libcurl that the `curl-sys` crate brings, with HTTP/2. The system's is
//! smaller and gets its security fixes from the distribution, but is another version than the one
//! tested here. When both TLS libraries are asked for, rustls is used.
//!
//! The libcurl that `curl-sys` 0.4.91 builds waits by select(2), so it can use no socket whose number
//! is 1024 or more: in a process with that many open files connections fail, with
//! [`slack_transport::ErrorKind::Connect`] and nothing sent. `CFLAGS=-DHAVE_POLL` at build time lifts
//! that. A transport opens at most 1,000 connections at once; requests beyond that wait in line.
//!
//! A kept connection whose end has arrived is not used again, nor one on which something came that nobody asked
//! for: idle sockets are checked before each request, on Unix. At most 128 connections are kept for asynchronous
//! requests, and 64 for blocking ones.
//!
//! # What is written here and not taken from elsewhere
//!
//! | part | why |
//! |---|---|
//! | `agent`, `inbox` | isahc, the one ready agent over libcurl's multi interface, keeps a dropped request's connection open until the server speaks, and costs twice the CPU time |
//! | `sockets` | libcurl does not look at a connection within a second of its last use; mio asks the system |
//! | `setup` | requests as POSTs whose body cannot be rewound: libcurl offers no other way to forbid its own retries |
//! | `head` | libcurl hands over one line at a time: they are collected for `httparse`, which does not know HTTP/2's status line |
//! | `exchange`, `transport`, `builder` | libcurl's callbacks, the contract's traits and the settings of a transport joined |
//! | `failure` | libcurl's numbers in the contract's words |
//!
//! With rustls the platform's own verifier and CA certificates decide (as in reqwest); with OpenSSL
//! the CA file that the system is found to have.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod agent;
mod builder;
mod exchange;
mod failure;
mod head;
mod inbox;
mod setup;
mod sockets;
mod transport;

pub use builder::Builder;
pub use transport::CurlTransport;
