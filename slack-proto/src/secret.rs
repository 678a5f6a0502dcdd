//! Text that must never be shown: one newtype per secret, all made by one table.

use crate::error::InvalidValue;

/// Defines newtypes over secret text: redacted `Debug`, no `Display`, no `PartialEq`, wiped on drop.
macro_rules! secrets {
    ($($(#[$docs:meta])* $Name:ident, $field:literal, $check:path;)*) => {$(
        $(#[$docs])*
        #[derive(Clone)]
        pub struct $Name(zeroize::Zeroizing<String>);

        impl $Name {
            #[doc = concat!("Creates a ", $field, " from text that did not come in a reply of Slack's.")]
            ///
            /// # Errors
            ///
            /// Returns an error if the text breaks the rule of this type. The error names the rule, never the text.
            pub fn new(text: impl Into<String>) -> Result<Self, $crate::error::InvalidValue> {
                let text = zeroize::Zeroizing::new(text.into());
                $check($field, &text)?;
                Ok(Self(text))
            }

            /// Returns the secret. Calls of this method are easy to find in a review; nothing else reveals it.
            #[must_use]
            pub fn expose(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Debug for $Name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($Name), "([redacted])"))
            }
        }
    )*};
}
pub(crate) use secrets;

secrets! {
    /// The secret of a confidential client: 32 hex digits as Slack issues them, any text here.
    ClientSecret, "client secret", without_blanks_around;
    /// The authorization code of a callback: single use, ten minutes.
    AuthorizationCode, "authorization code", not_empty;
    /// The address of an incoming webhook: anyone who knows it can post.
    WebhookUrl, "webhook URL", not_empty;
}

impl WebhookUrl {
    /// Wraps the URL of a reply. The caller has checked that it is not empty.
    pub(crate) fn from_reply(text: String) -> Self {
        Self(zeroize::Zeroizing::new(text))
    }
}

/// Refuses the empty text.
pub(crate) fn not_empty(field: &'static str, text: &str) -> Result<(), InvalidValue> {
    if text.is_empty() {
        return Err(InvalidValue::new(field, "must not be empty"));
    }
    Ok(())
}

/// Refuses blanks and line ends around a text, as a file or an environment variable brings them along, and control
/// characters within.
pub(crate) fn without_blanks_around(field: &'static str, text: &str) -> Result<(), InvalidValue> {
    not_empty(field, text)?;
    if text.trim() != text || text.contains(char::is_control) {
        let rule = "must not have blanks or line ends around it: remove them";
        return Err(InvalidValue::new(field, rule));
    }
    Ok(())
}

/// Refuses what an HTTP header cannot hold unescaped: a blank, a control character, non-ASCII.
pub(crate) fn visible_ascii(field: &'static str, text: &str) -> Result<(), InvalidValue> {
    not_empty(field, text)?;
    if !is_visible_ascii(text) {
        let rule = "must be visible ASCII characters only: remove blanks and line ends around it";
        return Err(InvalidValue::new(field, rule));
    }
    Ok(())
}

pub(crate) fn is_visible_ascii(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_secret_is_refused() {
        let refused = ClientSecret::new("").unwrap_err();
        assert_eq!(refused.to_string(), "client secret must not be empty");
        assert!(AuthorizationCode::new("").is_err());
    }

    #[test]
    fn blanks_around_a_client_secret_are_refused() {
        for text in ["hush\n", "hush\r\n", " hush", "hush ", "\thush", "hu\nsh", "\u{a0}hush"] {
            let refused = ClientSecret::new(text).unwrap_err();
            assert_eq!(
                refused.to_string(),
                "client secret must not have blanks or line ends around it: remove them"
            );
            assert!(crate::ClientId::new(text).is_err(), "{text:?}");
        }
        assert!(ClientSecret::new("s3cr:et/+% \u{e9}").is_ok());
    }

    #[test]
    fn debug_shows_the_type_only() {
        let secret = ClientSecret::new("hush").unwrap();
        assert_eq!(format!("{secret:?}"), "ClientSecret([redacted])");
        assert_eq!(secret.expose(), "hush");
    }
}
