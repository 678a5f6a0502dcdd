//! ID tokens of Sign in with Slack, as they come.

use zeroize::Zeroizing;

use crate::{
    Fingerprint,
    secret::{secrets, visible_ascii},
};

secrets! {
    /// A signed statement about who signed in (OpenID Connect Core section 2), **unverified**: until signature, issuer,
    /// audience, times and nonce were checked, it proves nothing.
    IdToken, "ID token", visible_ascii;
}

impl IdToken {
    /// Takes the token of a reply as it is; the caller has seen that it is not empty.
    pub(crate) fn from_reply(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// Gives a name for this token that can stand in a log.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(self.expose())
    }
}
