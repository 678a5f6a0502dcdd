//! The suite that every transport must pass, those of other people included.
//!
//! A server on loopback misbehaves in every way of the table below, over raw TCP and TLS, HTTP/1.1 and
//! HTTP/2, and the suite compares the results with the table, which it reads from this very text. Feature `conformance`.
//!
//! ```
//! # // Any transport will do to show the call; this one fails nearly everything.
//! # struct Mine;
//! # #[async_trait::async_trait]
//! # impl slack_transport::Transport for Mine {
//! #     async fn send(&self, request: http::Request<slack_transport::Body>)
//! #     -> Result<http::Response<Vec<u8>>, slack_transport::Error> {
//! #         slack_transport::check_request(&request)?;
//! #         Ok(http::Response::new(Vec::new()))
//! #     }
//! # }
//! # impl Mine {
//! #     fn new(_: slack_transport::Limits, _: &str) -> Result<Self, slack_transport::Error> { Ok(Self) }
//! # }
//! use slack_transport::conformance::Suite;
//!
//! let suite = Suite::new(|setup| Mine::new(setup.limits(), setup.ca_pem()))?;
//! let report = suite.run_only(&["refuses-foreign"]);
//! assert!(report.failures().is_empty(), "{report}");
//! // In earnest: `suite.run().assert_passed()`.
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Guarantees
#![doc = include_str!("guarantees.md")]
//!
//! # Faults
//!
//! A number is an answer with that status; the other results are error kinds. Where nothing is
//! said of what was sent, there is no error.
#![doc = include_str!("faults.md")]

mod canary;
mod cases;
mod fault;
mod h2;
mod leaks;
mod plan;
mod report;
mod server;
mod table;
mod tls;
mod wait;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use http::{Request, Response};

pub use self::report::Report;
use self::tls::TestCa;
use crate::{BlockingTransport, Body, Error, Limits, Transport};

/// What a transport under test is made with.
#[derive(Clone, Debug)]
pub struct Setup {
    limits: Limits,
    ca_pem: String,
}

impl Setup {
    /// Returns the limits that it must keep.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Returns the certificate, as PEM, of the only CA that it must trust.
    #[must_use]
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }
}

/// The suite for one backend.
pub struct Suite {
    make: Box<Make>,
    kind: Kind,
    http2: bool,
    ca: TestCa,
}

type Make = dyn Fn(&Setup) -> Result<Arc<dyn Transport>, Error> + Send + Sync;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Async,
    Blocking,
}

impl Suite {
    /// Creates a suite for the transports that `make` returns; it is called anew for each case.
    ///
    /// # Errors
    ///
    /// When the test CA cannot be made.
    pub fn new<T: Transport>(
        make: impl Fn(&Setup) -> Result<T, Error> + Send + Sync + 'static,
    ) -> Result<Self, Box<dyn std::error::Error>> {
        let make = move |setup: &Setup| Ok(Arc::new(make(setup)?) as Arc<dyn Transport>);
        Ok(Self { make: Box::new(make), kind: Kind::Async, http2: true, ca: TestCa::new()? })
    }

    /// Creates a suite for blocking transports; cases that need a future to drop are left out.
    ///
    /// # Errors
    ///
    /// When the test CA cannot be made.
    pub fn blocking<T: BlockingTransport>(
        make: impl Fn(&Setup) -> Result<T, Error> + Send + Sync + 'static,
    ) -> Result<Self, Box<dyn std::error::Error>> {
        let suite = Self::new(move |setup| Ok(OnThisThread(make(setup)?)))?;
        Ok(Self { kind: Kind::Blocking, ..suite })
    }

    /// Leaves out the faults of HTTP/2, for transports that speak HTTP/1.1 alone.
    #[must_use]
    pub fn without_http2(self) -> Self {
        Self { http2: false, ..self }
    }

    /// Runs every case on the calling thread.
    #[must_use]
    pub fn run(&self) -> Report {
        self.run_where(|_| true)
    }

    /// Runs the cases with these names.
    #[must_use]
    pub fn run_only(&self, names: &[&str]) -> Report {
        self.run_where(|name| names.contains(&name))
    }

    fn run_where(&self, wanted: impl Fn(&str) -> bool) -> Report {
        let mut report = Report::default();
        for row in table::rows().iter().filter(|row| wanted(row.name)) {
            if !self.http2 && row.name.starts_with("h2") {
                continue;
            }
            report.time(row.name, || fault::play(self, row));
        }
        for (name, case) in cases::ALL.iter().filter(|(name, _)| wanted(name)) {
            report.time(name, || case(self));
        }
        report
    }

    /// Sends this many requests, good and bad ones in turn, and compares threads, open files and
    /// memory before and after.
    ///
    /// It counts for the whole process: run it in one of its own, with no other test beside it. On
    /// systems without `/proc` it finds nothing.
    #[must_use]
    pub fn run_leaks(&self, requests: usize) -> Report {
        let mut report = Report::default();
        report.time("leaks", || leaks::hunt(self, requests));
        report
    }

    fn transport(&self, limits: Limits) -> Result<Arc<dyn Transport>, String> {
        let setup = Setup { limits, ca_pem: self.ca.pem() };
        (self.make)(&setup).map_err(|error| format!("the transport cannot be made: {error}"))
    }
}

impl fmt::Debug for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Suite").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// A blocking transport behind the asynchronous trait.
struct OnThisThread<T>(T);

#[async_trait]
impl<T: BlockingTransport> Transport for OnThisThread<T> {
    async fn send(&self, request: Request<Body>) -> Result<Response<Vec<u8>>, Error> {
        self.0.send_blocking(request)
    }
}
