//! What an ID token must say before anybody is signed in by it.

use crate::{ClientId, openid::Nonce};

/// What the ID token of one sign-in has to be checked against: for which app it must be made, and for which
/// authorization.
///
/// # Examples
///
/// ```
/// use slack_proto::{ClientId, openid::{ExpectedIdToken, Nonce}};
///
/// let expected = ExpectedIdToken::new(ClientId::new("1000000001.2000000002")?).nonce(Nonce::new("fake-nonce")?);
/// assert!(expected.sent_nonce().is_some_and(|nonce| nonce.matches("fake-nonce")));
/// # Ok::<(), slack_proto::error::InvalidValue>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct ExpectedIdToken {
    client_id: ClientId,
    nonce: Option<Nonce>,
}

impl ExpectedIdToken {
    /// Expects a token for this app, of an authorization that sent no nonce.
    pub fn new(client_id: ClientId) -> Self {
        Self { client_id, nonce: None }
    }

    /// Expects the nonce that went onto the authorize page.
    pub fn nonce(self, nonce: Nonce) -> Self {
        Self { nonce: Some(nonce), ..self }
    }

    /// Returns the client id, which must be the token's audience.
    #[must_use]
    pub fn client_id(&self) -> &ClientId {
        &self.client_id
    }

    /// Returns the nonce of the request, which the token must repeat. If there is none, Slack's tokens have an empty
    /// nonce.
    #[must_use]
    pub fn sent_nonce(&self) -> Option<&Nonce> {
        self.nonce.as_ref()
    }
}
