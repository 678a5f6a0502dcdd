//! The secret that Slack signs its requests with.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::secret::{secrets, visible_ascii};

secrets! {
    /// The signing secret of an app, from its settings page: Slack signs each request to the app with it.
    ///
    /// It is neither the client secret nor the verification token, which Slack has deprecated.
    SigningSecret, "signing secret", visible_ascii;
}

impl SigningSecret {
    /// Returns the value of `X-Slack-Signature` for a body: `v0=` and the HMAC in lowercase hex digits.
    ///
    /// `timestamp` is the text of `X-Slack-Request-Timestamp`. A program needs this for its tests only.
    #[expect(clippy::missing_panics_doc, reason = "HMAC takes a key of any length")]
    #[must_use]
    pub fn sign(&self, timestamp: &str, body: &[u8]) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.expose().as_bytes())
            .expect("HMAC takes a key of any length");
        for part in [b"v0:", timestamp.as_bytes(), b":", body] {
            mac.update(part);
        }
        Signature(&mac.finalize().into_bytes()).to_string()
    }
}

/// A signature as Slack spells it.
struct Signature<'a>(&'a [u8]);

impl fmt::Display for Signature<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("v0=")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_and_line_ends_are_refused() {
        for text in ["", "hush\n", " hush", "hush\r\n", "hu sh", "hush\u{e9}"] {
            assert!(SigningSecret::new(text).is_err(), "{text:?}");
        }
        let refused = SigningSecret::new("hush\n").unwrap_err().to_string();
        assert!(refused.starts_with("signing secret must be visible ASCII"), "{refused}");
    }

    #[test]
    fn the_documented_example_is_signed_as_documented() {
        let secret = SigningSecret::new("8f742231b10e8888abcd99yyyzzz85a5").unwrap();
        let body = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V\
            &channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=\
            https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN\
            &trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
        assert_eq!(
            secret.sign("1531420618", body.as_bytes()),
            "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
        );
    }
}
