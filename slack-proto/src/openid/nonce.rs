//! The nonce of a sign-in.

use subtle::ConstantTimeEq;

use crate::{
    oauth::{RandomBytes, pkce::base64url},
    secret::{not_empty, secrets},
};

secrets! {
    /// The `nonce` of an OpenID Connect sign-in, which goes onto the authorize page and comes back inside the ID token
    /// (OpenID Connect Core section 3.1.2.1): it ties the token to the browser that began.
    Nonce, "nonce", not_empty;
}

impl Nonce {
    /// Creates a nonce from the last third of `entropy`: 32 random bytes in base64url, 43 characters.
    #[must_use]
    pub fn from_random_bytes(entropy: &RandomBytes) -> Self {
        Self(base64url(&entropy.nonce))
    }

    pub(crate) fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self(base64url(bytes))
    }

    /// Returns whether both are equal, compared in constant time.
    #[must_use]
    pub fn same_as(&self, other: &Self) -> bool {
        self.matches(other.expose())
    }

    /// Compares with a token's `nonce` claim, in constant time. Slack sends an empty one when it was sent none, and no
    /// nonce matches that.
    #[must_use]
    pub fn matches(&self, claim: &str) -> bool {
        self.expose().as_bytes().ct_eq(claim.as_bytes()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_made_of_the_last_32_bytes() {
        let mut bytes = [0; 96];
        bytes[64..].fill(0xff);
        let nonce = Nonce::from_random_bytes(&RandomBytes::new(bytes));
        assert_eq!(nonce.expose(), "__________________________________________8");
    }

    #[test]
    fn only_the_whole_text_matches() {
        let nonce = Nonce::new("fake-nonce").unwrap();
        assert!(nonce.matches("fake-nonce") && nonce.same_as(&nonce.clone()));
        for other in ["", "fake-nonc", "fake-nonce ", "Fake-nonce"] {
            assert!(!nonce.matches(other), "{other}");
        }
        assert!(!nonce.same_as(&Nonce::new("fake").unwrap()));
        assert_eq!(format!("{nonce:?}"), "Nonce([redacted])");
    }
}
