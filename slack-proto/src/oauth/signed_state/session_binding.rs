//! What ties a state to the browser that began.

use sha2::{Digest, Sha256};

use crate::{
    error::InvalidValue,
    oauth::{RandomBytes, pkce::base64url},
    secret::secrets,
};

secrets! {
    /// The value of a cookie that only one browser sends: random text of 16 characters at least, such as a session id.
    SessionBinding, "browser binding", long_enough;
}

impl SessionBinding {
    /// Creates a value for a new cookie: 43 characters of base64url. It reveals nothing about other values created
    /// from the same bytes, nor they about it.
    #[must_use]
    pub fn from_random_bytes(entropy: &RandomBytes) -> Self {
        let mut hash = Sha256::new_with_prefix("slack-auth/1/browser-binding");
        for part in [&entropy.verifier, &entropy.state, &entropy.nonce] {
            hash.update(part.as_slice());
        }
        Self(base64url(&hash.finalize().into()))
    }
}

fn long_enough(field: &'static str, text: &str) -> Result<(), InvalidValue> {
    if text.chars().count() < 16 {
        let rule = "must have at least 16 characters: a value that can be guessed binds nothing";
        return Err(InvalidValue::new(field, rule));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_value_is_refused() {
        let error = SessionBinding::new("fifteen-letters").unwrap_err();
        assert_eq!(
            error.to_string(),
            "browser binding must have at least 16 characters: a value that can be guessed binds nothing"
        );
        assert!(SessionBinding::new("sixteen-letters!").is_ok());
    }

    #[test]
    fn every_byte_of_the_entropy_counts() {
        let of =
            |bytes| SessionBinding::from_random_bytes(&RandomBytes::new(bytes)).expose().to_owned();
        let zeros = of([0; 96]);
        assert_eq!(zeros.len(), 43);
        for index in 0..96 {
            let mut bytes = [0; 96];
            bytes[index] = 1;
            assert_ne!(of(bytes), zeros);
        }
    }
}
