//! Proof Key for Code Exchange, RFC 7636: the verifier that stays here and the challenge that goes out.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::{error::InvalidValue, oauth::RandomBytes, secret::secrets};

secrets! {
    /// The secret half of a PKCE pair: 43 to 128 characters of `A-Z a-z 0-9 - . _ ~` (RFC 7636 section 4.1).
    CodeVerifier, "code verifier", is_verifier;
}

impl CodeVerifier {
    /// Creates a verifier from the first third of `entropy`: 32 random bytes in base64url, 43 characters, as RFC 7636
    /// section 4.1 recommends.
    #[inline]
    #[must_use]
    pub fn from_random_bytes(entropy: &RandomBytes) -> Self {
        Self(base64url(&entropy.verifier))
    }

    pub(crate) fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self(base64url(bytes))
    }

    /// Returns the challenge, which the authorization request carries.
    #[inline]
    #[must_use]
    pub fn challenge(&self) -> CodeChallenge {
        let mut text = [0; 43];
        // 32 bytes are 43 characters without padding: the slice always has room.
        let written = BASE64_URL_SAFE_NO_PAD.encode_slice(Sha256::digest(self.expose()), &mut text);
        debug_assert!(matches!(written, Ok(43)));
        CodeChallenge(text)
    }
}

/// The public half of a PKCE pair: base64url of the SHA-256 of the verifier (RFC 7636 section 4.2, `S256`).
///
/// Slack supports no other method, and neither does this library: there is no `plain`.
///
/// # Examples
///
/// ```
/// // RFC 7636 appendix B.
/// let verifier = slack_proto::oauth::CodeVerifier::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")?;
/// assert_eq!(verifier.challenge().as_str(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
/// # Ok::<(), slack_proto::error::InvalidValue>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CodeChallenge([u8; 43]);

impl CodeChallenge {
    /// The value of `code_challenge_method`.
    pub const METHOD: &'static str = "S256";

    /// Returns the challenge as text: 43 characters of base64url.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// Encodes a part of the entropy into a buffer of its final size, so that no copy is left behind.
#[inline]
pub(crate) fn base64url(bytes: &[u8; 32]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(43));
    BASE64_URL_SAFE_NO_PAD.encode_string(bytes, &mut text);
    text
}

fn is_verifier(field: &'static str, text: &str) -> Result<(), InvalidValue> {
    if !(43..=128).contains(&text.len()) {
        return Err(InvalidValue::new(
            field,
            "must be 43 to 128 characters long (RFC 7636 section 4.1)",
        ));
    }
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    if !text.bytes().all(unreserved) {
        let rule = "must consist of A-Z a-z 0-9 - . _ ~ (RFC 7636 section 4.1)";
        return Err(InvalidValue::new(field, rule));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verifier_is_made_of_the_first_32_bytes() {
        // RFC 7636 appendix B gives the octets behind its verifier.
        let octets = [
            116, 24, 223, 180, 151, 153, 224, 37, 79, 250, 96, 125, 216, 173, 187, 186, 22, 212,
            37, 77, 105, 214, 191, 240, 91, 88, 5, 88, 83, 132, 141, 121,
        ];
        let mut bytes = [0xff; 96];
        bytes[..32].copy_from_slice(&octets);
        let verifier = CodeVerifier::from_random_bytes(&RandomBytes::new(bytes));
        assert_eq!(verifier.expose(), "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        assert_eq!(verifier.challenge().as_str(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn a_foreign_verifier_is_checked() {
        let ok = "a".repeat(43);
        assert!(CodeVerifier::new(ok.clone()).is_ok());
        assert!(CodeVerifier::new("~".repeat(128)).is_ok());
        for bad in [
            "a".repeat(42),
            "a".repeat(129),
            String::new(),
            ok.replacen('a', "+", 1),
            ok + "\u{e9}",
        ] {
            assert!(CodeVerifier::new(bad).is_err());
        }
    }
}
