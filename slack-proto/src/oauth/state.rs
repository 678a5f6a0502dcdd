//! The state of an authorization.

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::{
    oauth::{RandomBytes, pkce::base64url},
    secret::{not_empty, secrets},
};

secrets! {
    /// The `state` of an authorization: random text that ties a callback to the browser that began it.
    OauthState, "state", not_empty;
}

impl OauthState {
    /// Takes the state that a reply repeats; the caller has seen that it is not empty.
    pub(crate) fn from_reply(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    pub(super) fn from_random_bytes(entropy: &RandomBytes) -> Self {
        Self(base64url(&entropy.state))
    }

    /// Compares in constant time.
    #[must_use]
    pub fn same_as(&self, other: &Self) -> bool {
        self.expose().as_bytes().ct_eq(other.expose().as_bytes()).into()
    }
}
