//! The state of an authorization.

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::{
    oauth::{RandomBytes, pkce::base64url},
    secret::{not_empty, secrets},
};

secrets! {
    /// The `state` parameter of RFC 6749 section 4.1.1: random text that binds a callback to the browser that began
    /// the authorization.
    OauthState, "state", not_empty;
}

impl OauthState {
    /// Wraps the `state` of a reply. The caller has checked that it is not empty.
    pub(crate) fn from_reply(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    pub(super) fn from_random_bytes(entropy: &RandomBytes) -> Self {
        Self(base64url(&entropy.state))
    }

    /// Returns whether both are equal, compared in constant time.
    #[must_use]
    pub fn same_as(&self, other: &Self) -> bool {
        self.expose().as_bytes().ct_eq(other.expose().as_bytes()).into()
    }
}
