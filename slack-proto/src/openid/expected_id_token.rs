//! What an ID token must say before anybody is signed in by it.

use crate::{ClientId, ids::TeamId, openid::Nonce};

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
    team: Option<TeamId>,
}

impl ExpectedIdToken {
    /// Expects a token for this app, of an authorization that sent no nonce.
    pub fn new(client_id: ClientId) -> Self {
        Self::of_request(client_id, None, None)
    }

    pub(crate) fn of_request(
        client_id: ClientId,
        nonce: Option<Nonce>,
        team: Option<TeamId>,
    ) -> Self {
        Self { client_id, nonce, team }
    }

    /// Expects the nonce that went onto the authorize page.
    pub fn nonce(self, nonce: Nonce) -> Self {
        Self { nonce: Some(nonce), ..self }
    }

    /// Requires that the person signed in at this workspace: the claim `https://slack.com/team_id` must be its id.
    ///
    /// [`AuthorizationRequest::require_team`](crate::oauth::AuthorizationRequest::require_team) sets it for a whole sign-in.
    pub fn team(self, team: TeamId) -> Self {
        Self { team: Some(team), ..self }
    }

    /// Returns the workspace that the person must have signed in at, if one is required.
    #[must_use]
    pub fn required_team(&self) -> Option<&TeamId> {
        self.team.as_ref()
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
