//! Tokens of outside providers that Slack keeps for an app.

use std::fmt;

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use crate::{
    secret::{not_empty, secrets},
    tokens::Fingerprint,
    wire::value::{Got, Lenient, Value},
};

secrets! {
    /// An opaque token of an external provider. Slack does not say when it expires, so fetch it whenever it is needed
    /// instead of storing it.
    ExternalToken, "external token", not_empty;
}

impl ExternalToken {
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

/// Members of the provider's own answer that the app's manifest asked for: a JSON object, which is kept as its text
/// and shown as little as a token, since its content is unknown.
#[derive(Clone)]
pub struct TokenResponseExtras(Zeroizing<String>);

impl TokenResponseExtras {
    /// Shows the object as JSON text; any JSON library reads it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Reads the object into a type of the caller's; `None` if it does not fit. No error is handed out, since it could
    /// quote what it met.
    #[must_use]
    pub fn read<T: serde::de::DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_str(&self.0).ok()
    }
}

impl fmt::Debug for TokenResponseExtras {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenResponseExtras([redacted])")
    }
}

impl<'de> Value<'de> for TokenResponseExtras {
    const EXPECTED: &'static str = "an object";

    /// Keeps the text, so that no number and no depth in it can do harm.
    fn read<D: Deserializer<'de>>(
        lenient: Lenient<'_, Self>,
        deserializer: D,
    ) -> Result<Option<Self>, D::Error> {
        let text = <&RawValue>::deserialize(deserializer)?.get();
        let got = match text.as_bytes().first() {
            Some(b'{') => Got::Value(Self(Zeroizing::new(text.to_owned()))),
            Some(b'n') => return Ok(None),
            Some(b'[') if text[1..].trim_start().starts_with(']') => {
                Got::Unusable("an empty list for an empty object; read as absent")
            }
            Some(b'[') => Got::Wrong("a list"),
            Some(b'"') => Got::Wrong("a string"),
            Some(b't' | b'f') => Got::Wrong("a boolean"),
            _ => Got::Wrong("a number"),
        };
        Ok(lenient.take(got))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_has_a_name_for_logs() {
        let token = ExternalToken::new("hush").unwrap();
        assert_eq!(token.fingerprint(), Fingerprint::of("hush"));
        assert_ne!(token.fingerprint(), Fingerprint::of("hush2"));
    }
}
