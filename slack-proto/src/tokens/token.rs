//! Access and refresh tokens, and what their prefixes mean.

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::{
    Slot,
    error::InvalidValue,
    secret::{secrets, visible_ascii},
    tokens::Fingerprint,
};

secrets! {
    /// A token that calls Slack's Web API: of a bot, a user, an app or a workflow step.
    ///
    /// Given by a person it is visible ASCII or refused. From a reply any text is taken; what does not fit into a
    /// header travels in the form field `token`, which Slack takes as well.
    AccessToken, "access token", not_a_refresh_token;
    /// A token that is traded once for a new pair; it calls nothing else, but can be revoked.
    RefreshToken, "refresh token", not_an_access_token;
}

/// Refuses a refresh token by its prefix, beside what no token is.
fn not_a_refresh_token(field: &'static str, text: &str) -> Result<(), InvalidValue> {
    visible_ascii(field, text)?;
    if text.starts_with("xoxe-") {
        let rule = "must not begin with xoxe-: that is a refresh token";
        return Err(InvalidValue::new(field, rule));
    }
    Ok(())
}

/// Refuses an access token by its prefix, beside what no token is.
fn not_an_access_token(field: &'static str, text: &str) -> Result<(), InvalidValue> {
    visible_ascii(field, text)?;
    if TokenKind::of(text) != TokenKind::Unknown {
        let rule = "must not have the prefix of an access token, such as xoxb- or xoxe.xoxb-";
        return Err(InvalidValue::new(field, rule));
    }
    Ok(())
}

impl AccessToken {
    /// Wraps the token of a reply. The caller has checked that it is not empty.
    pub(crate) fn from_reply(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// Returns the kind of token that the prefix shows.
    #[must_use]
    pub fn kind(&self) -> TokenKind {
        TokenKind::of(self.expose())
    }

    /// Returns the fingerprint of the token, which is safe to log.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(self.expose())
    }
}

impl RefreshToken {
    /// Wraps the token of a reply. The caller has checked that it is not empty.
    pub(crate) fn from_reply(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// Returns whether both are equal, compared in constant time. It is no `==`, so that no comparison in variable
    /// time happens by accident.
    #[must_use]
    pub fn same_as(&self, other: &Self) -> bool {
        self.expose().as_bytes().ct_eq(other.expose().as_bytes()).into()
    }

    /// Returns the fingerprint of the token, which is safe to log.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(self.expose())
    }
}

/// The kind of an access token, by its prefix.
///
/// A user token and an app configuration token with rotation share the prefix `xoxe.xoxp-`: what a token is for
/// follows from the method that gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TokenKind {
    /// `xoxb-`: a bot token that lives until it is revoked.
    Bot,
    /// `xoxp-`: a user token that lives until it is revoked.
    User,
    /// `xoxe.xoxb-`: a bot token of an app with token rotation.
    RotatingBot,
    /// `xoxe.xoxp-`: a user token, or an app configuration token, that rotates.
    RotatingUser,
    /// `xapp-`: an app-level token.
    AppLevel,
    /// `xwfp-`: a workflow step token, good for 15 minutes.
    Workflow,
    /// Any other prefix: Slack adds kinds without notice.
    Unknown,
}

impl TokenKind {
    /// Returns the slot of an installation that a token of this kind belongs in; `None` if the prefix does not say.
    ///
    /// A [`RotatingUser`](Self::RotatingUser) token counts as a user token, although an app configuration token has
    /// the same prefix.
    #[must_use]
    pub const fn slot(self) -> Option<Slot> {
        match self {
            Self::Bot | Self::RotatingBot => Some(Slot::Bot),
            Self::User | Self::RotatingUser => Some(Slot::User),
            _ => None,
        }
    }

    /// Returns a stable name in `snake_case`, for logs and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bot => "bot",
            Self::User => "user",
            Self::RotatingBot => "rotating_bot",
            Self::RotatingUser => "rotating_user",
            Self::AppLevel => "app_level",
            Self::Workflow => "workflow",
            Self::Unknown => "unknown",
        }
    }

    fn of(token: &str) -> Self {
        const PREFIXES: [(&str, TokenKind); 6] = [
            ("xoxb-", TokenKind::Bot),
            ("xoxp-", TokenKind::User),
            ("xoxe.xoxb-", TokenKind::RotatingBot),
            ("xoxe.xoxp-", TokenKind::RotatingUser),
            ("xapp-", TokenKind::AppLevel),
            ("xwfp-", TokenKind::Workflow),
        ];
        let known = PREFIXES.iter().find(|(prefix, _)| token.starts_with(prefix));
        known.map_or(Self::Unknown, |(_, kind)| *kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_of_the_other_kind_is_refused_where_its_prefix_shows_it() {
        let refused = AccessToken::new("xoxe-1-My0xLUFCQw").unwrap_err();
        assert_eq!(
            refused.to_string(),
            "access token must not begin with xoxe-: that is a refresh token"
        );
        for token in ["xoxb-1", "xoxp-1", "xoxe.xoxb-1-a", "xoxe.xoxp-1-a", "xapp-1", "xwfp-1"] {
            assert!(RefreshToken::new(token).is_err(), "{token}");
            assert!(AccessToken::new(token).is_ok(), "{token}");
        }
        for token in ["xoxe-1-a", "xoxr-1", "new-kind"] {
            assert!(RefreshToken::new(token).is_ok(), "{token}");
        }
    }

    #[test]
    fn the_prefix_tells_the_kind() {
        for (token, kind) in [
            ("xoxb-1", TokenKind::Bot),
            ("xoxp-1", TokenKind::User),
            ("xoxe.xoxb-1-a", TokenKind::RotatingBot),
            ("xoxe.xoxp-1234", TokenKind::RotatingUser),
            ("xapp-1-A0-1", TokenKind::AppLevel),
            ("xwfp-1", TokenKind::Workflow),
            ("xoxe-1-refresh", TokenKind::Unknown),
            ("xoxz-new", TokenKind::Unknown),
        ] {
            assert_eq!(AccessToken::from_reply(token.to_owned()).kind(), kind, "{token}");
        }
    }

    #[test]
    fn a_kind_tells_its_slot_and_its_name() {
        let kinds = [
            (TokenKind::Bot, Some(Slot::Bot)),
            (TokenKind::RotatingBot, Some(Slot::Bot)),
            (TokenKind::User, Some(Slot::User)),
            (TokenKind::RotatingUser, Some(Slot::User)),
            (TokenKind::AppLevel, None),
            (TokenKind::Workflow, None),
            (TokenKind::Unknown, None),
        ];
        for (kind, slot) in kinds {
            assert_eq!(kind.slot(), slot, "{kind:?}");
        }
        crate::words::are_stable_and_unique(kinds.map(|(kind, _)| kind.as_str()));
    }

    #[test]
    fn what_cannot_stand_in_a_header_is_refused_from_a_person() {
        for text in ["", " ", "xoxb-1\n", "xoxb 1", "xoxb-\u{e9}", "xoxb-\u{7f}"] {
            assert!(AccessToken::new(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn refresh_tokens_compare_by_content() {
        let token = RefreshToken::new("xoxe-1-a").unwrap();
        assert!(token.same_as(&token.clone()));
        assert!(!token.same_as(&RefreshToken::new("xoxe-1-b").unwrap()));
        assert!(!token.same_as(&RefreshToken::new("xoxe-1-").unwrap()));
    }
}
