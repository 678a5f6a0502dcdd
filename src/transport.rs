//! HTTP clients: the contract that one fulfils to carry requests to Slack, and its errors.
//!
//! Implement [`Transport`], or [`BlockingTransport`], to put an HTTP client of your own behind a [`Client`](crate::Client). The
//! crate `slack-transport` has the test suite for it.

pub use slack_transport::{
    BlockingTransport, Body, CappedBody, Error, ErrorKind, Limits, Transport, check_request,
};

#[cfg(any(feature = "hyper", feature = "reqwest", feature = "curl"))]
pub use crate::client_builder::{Backend, ClientBuilder};
