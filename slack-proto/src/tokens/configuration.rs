//! App configuration tokens: a kind of their own, although they look like a user's.

use zeroize::Zeroizing;

use crate::{
    Timestamp,
    ids::{TeamId, UserId},
    secret::{secrets, visible_ascii},
    tokens::{Fingerprint, RefreshToken},
};

secrets! {
    /// A token that reads and writes app manifests (`apps.manifest.*`), and nothing else.
    ///
    /// It belongs to a person and a workspace, not to an app, and rotates by
    /// [`ToolingTokensRotate`](crate::methods::ToolingTokensRotate) alone. Its prefix is that of a rotating user token.
    ConfigurationToken, "configuration token", visible_ascii;
}

impl ConfigurationToken {
    /// Wraps the token of a reply. The caller has checked that it is not empty.
    pub(crate) fn from_reply(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// Returns the fingerprint of the token, which is safe to log.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(self.expose())
    }
}

/// An app configuration token and its refresh token, as a store keeps them.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ConfigurationCredential {
    /// The access token.
    pub token: ConfigurationToken,
    /// The token for the next rotation.
    pub refresh_token: Option<RefreshToken>,
    /// The workspace that the token belongs to.
    pub team_id: Option<TeamId>,
    /// The person that the token belongs to.
    pub user_id: Option<UserId>,
    /// When the tokens were issued: by Slack's clock, or, if it did not say, when the request was sent.
    pub issued_at: Timestamp,
    /// When the token expires, by Slack's clock; `None` if nobody said: then it is refreshed at its first use. It lives for 12
    /// hours.
    pub expires_at: Option<Timestamp>,
}

impl ConfigurationCredential {
    /// Creates a credential from the pair that the settings page shows. Its end is not known, so that it is refreshed at its
    /// first use.
    #[must_use]
    pub fn new(
        token: ConfigurationToken,
        refresh_token: RefreshToken,
        issued_at: Timestamp,
    ) -> Self {
        Self {
            token,
            refresh_token: Some(refresh_token),
            team_id: None,
            user_id: None,
            issued_at,
            expires_at: None,
        }
    }

    /// Returns whether the token has expired, or will within `margin`. One with a refresh token and an unknown end may have
    /// expired, and counts so.
    #[must_use]
    pub fn is_due(&self, now: Timestamp, margin: std::time::Duration) -> bool {
        self.expires_at.map_or(self.refresh_token.is_some(), |end| now + margin >= end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_has_a_name_for_logs() {
        let token = ConfigurationToken::new("xoxe.xoxp-1-a").unwrap();
        assert_eq!(token.fingerprint(), Fingerprint::of("xoxe.xoxp-1-a"));
        assert_ne!(token.fingerprint(), Fingerprint::of("xoxe.xoxp-1-b"));
    }
}
