//! A body whose signature was right.

use std::fmt;

use crate::Timestamp;

/// The body of a request that Slack signed. Only [`RequestVerifier::verify`](super::RequestVerifier::verify) makes one.
///
/// Events are parsed from it by [`EventsApiRequest::parse`](super::EventsApiRequest::parse). Slash commands and
/// interactions are forms, which a program parses from [`body`](Self::body).
#[derive(Clone)]
pub struct Verified<B> {
    body: B,
    signed_at: Timestamp,
}

impl<B: AsRef<[u8]>> Verified<B> {
    pub(super) fn new(body: B, signed_at: Timestamp) -> Self {
        Self { body, signed_at }
    }

    /// Returns the raw body.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        self.body.as_ref()
    }

    /// Returns the body as it was given to the verifier.
    #[must_use]
    pub fn into_body(self) -> B {
        self.body
    }

    /// Returns when Slack signed the request, by Slack's clock.
    #[must_use]
    pub fn signed_at(&self) -> Timestamp {
        self.signed_at
    }
}

/// Leaves the body out, which may hold messages and addresses that can post.
impl<B: AsRef<[u8]>> fmt::Debug for Verified<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Verified([{} bytes not shown])", self.body().len())
    }
}
