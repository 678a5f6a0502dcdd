//! A token, what it may do, and how long it lives.

use std::time::Duration;

use crate::{AccessToken, Timestamp, oauth::Scopes, tokens::RefreshToken};

/// The slot of a credential in an installation. It is not called an owner, since an app configuration token belongs
/// to a person as a user token does, and has a slot of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Slot {
    /// The app's bot.
    Bot,
    /// The user who installed the app or signed in.
    User,
    /// Unknown: neither the token's prefix nor its type nor the ids of the response say.
    Unknown,
    /// An app configuration token. It belongs to a person and to no app, and no grant returns one.
    Configuration,
}

impl Slot {
    /// Returns a stable name in lowercase letters, for keys, logs and metrics: `bot`, `user`, `unknown` or
    /// `configuration`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bot => "bot",
            Self::User => "user",
            Self::Unknown => "unknown",
            Self::Configuration => "configuration",
        }
    }
}

/// The method that refreshes a credential: the one that issued it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RefreshMethod {
    /// `oauth.v2.access`, by [`OauthV2Refresh`](crate::methods::OauthV2Refresh).
    #[default]
    OauthV2Access,
    /// `oauth.v2.user.access`, by [`OauthV2UserRefresh`](crate::methods::OauthV2UserRefresh).
    OauthV2UserAccess,
    /// `openid.connect.token`, by [`OpenidConnectRefresh`](crate::methods::OpenidConnectRefresh).
    OpenidConnectToken,
}

impl RefreshMethod {
    /// Returns Slack's name of the method.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OauthV2Access => "oauth.v2.access",
            Self::OauthV2UserAccess => "oauth.v2.user.access",
            Self::OpenidConnectToken => "openid.connect.token",
        }
    }

    /// Finds a method by Slack's name.
    pub(crate) fn find(name: &str) -> Option<Self> {
        [Self::OauthV2Access, Self::OauthV2UserAccess, Self::OpenidConnectToken]
            .into_iter()
            .find(|method| method.as_str() == name)
    }
}

/// A credential of a response. Its expiry is relative to the time of the request, which only the caller knows.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct IssuedCredential {
    /// The access token.
    pub access_token: AccessToken,
    /// The token for the next refresh; `None` if the app does not rotate its tokens.
    pub refresh_token: Option<RefreshToken>,
    /// What the token may do; empty if the reply did not say.
    pub scopes: Scopes,
    /// How long the access token lives; `None` if it does not expire, or if the reply did not say. With a refresh token it
    /// is the latter: such a credential is [refreshed at its first use](CredentialLifetime::Rotating).
    pub expires_in: Option<Duration>,
    /// The method that takes the refresh token.
    pub refresh_method: RefreshMethod,
    /// The `Date` of the response that brought it: when Slack issued it, by Slack's clock.
    pub server_date: Option<Timestamp>,
}

impl IssuedCredential {
    /// Creates a credential from a token about which nothing else is known.
    #[must_use]
    pub fn new(access_token: AccessToken) -> Self {
        Self {
            access_token,
            refresh_token: None,
            scopes: Scopes::default(),
            expires_in: None,
            refresh_method: RefreshMethod::default(),
            server_date: None,
        }
    }

    /// Fills in what this reading of a token lacks from another one; an empty list of scopes counts as missing.
    /// Returns a refresh token that differs from this one's, since it must not be lost.
    pub(crate) fn fill(&mut self, other: Self) -> Option<RefreshToken> {
        self.expires_in = self.expires_in.or(other.expires_in);
        if self.scopes.is_empty() {
            self.scopes = other.scopes;
        }
        self.adopt(other.refresh_token?)
    }

    /// Sets the refresh token if there is none. Returns it otherwise.
    pub(crate) fn adopt(&mut self, spare: RefreshToken) -> Option<RefreshToken> {
        match &self.refresh_token {
            None => {
                self.refresh_token = Some(spare);
                None
            }
            Some(own) if own.same_as(&spare) => None,
            Some(_) => Some(spare),
        }
    }

    /// Returns whether both hold the same access token.
    pub(crate) fn is_same_token(&self, other: &Self) -> bool {
        self.access_token.expose() == other.access_token.expose()
    }

    /// Converts it to a credential with absolute times. `requested_at` is the time when the request was **sent**;
    /// expiry counts from it, since the time of the response would promise too much.
    #[must_use]
    pub fn into_credential(self, requested_at: Timestamp) -> Credential {
        let Self { access_token, refresh_token, scopes, expires_in, refresh_method, server_date } =
            self;
        Credential {
            access_token,
            refresh_token_issued_at: refresh_token.is_some().then_some(requested_at),
            refresh_token,
            refresh_method,
            scopes,
            issued_at: requested_at,
            server_date,
            expires_at: expires_in.map(|life| requested_at + life),
        }
    }
}

/// A credential, as a store keeps it: an access token, its refresh token, their scopes and times.
///
/// It is not called a token response, since its expiry is absolute; [`IssuedCredential`] is that of a response.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Credential {
    /// The access token.
    pub access_token: AccessToken,
    /// The token for the next refresh; `None` if the app does not rotate its tokens.
    pub refresh_token: Option<RefreshToken>,
    /// When the request was sent that gave the refresh token: that of a PKCE app ends 30 days later. `None` if there is
    /// no refresh token, or if it is unknown.
    pub refresh_token_issued_at: Option<Timestamp>,
    /// The method that takes the refresh token.
    pub refresh_method: RefreshMethod,
    /// What the token may do; empty if nobody said.
    pub scopes: Scopes,
    /// When the request was sent that gave the access token.
    pub issued_at: Timestamp,
    /// The `Date` of the response that brought the access token: when Slack issued it, by Slack's clock, which is the
    /// clock of Slack's events. `None` if it is unknown.
    pub server_date: Option<Timestamp>,
    /// When the access token expires; `None` if it does not, or, with a refresh token, if it is unknown.
    /// [`lifetime`](Self::lifetime) distinguishes them.
    pub expires_at: Option<Timestamp>,
}

/// Whether a credential comes to an end, and whether it can be refreshed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CredentialLifetime {
    /// It has no end, and no refresh token.
    Unlimited,
    /// It ends, and no refresh token puts that off: a person must authorize the app again before.
    #[non_exhaustive]
    Ending {
        /// When the access token expires.
        expires_at: Timestamp,
    },
    /// It has a refresh token.
    #[non_exhaustive]
    Rotating {
        /// When the access token expires. `None` if it is unknown, as of a pair from an app's settings page: then it may have
        /// ended, and is refreshed at its first use.
        expires_at: Option<Timestamp>,
    },
}

impl CredentialLifetime {
    pub(crate) fn of(refresh_token: Option<&RefreshToken>, expires_at: Option<Timestamp>) -> Self {
        match (refresh_token, expires_at) {
            (Some(_), expires_at) => Self::Rotating { expires_at },
            (None, Some(expires_at)) => Self::Ending { expires_at },
            (None, None) => Self::Unlimited,
        }
    }

    /// Returns a stable name in lowercase letters, for logs and metrics: `unlimited`, `ending` or `rotating`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unlimited => "unlimited",
            Self::Ending { .. } => "ending",
            Self::Rotating { .. } => "rotating",
        }
    }
}

impl Credential {
    /// Creates a credential from a token in hand: one without an end, until a refresh token or an end is set.
    ///
    /// # Examples
    ///
    /// The settings page of an app with token rotation shows an access token and a refresh token, and not how old they
    /// are. Set the refresh token and leave `expires_at` alone: the pair is refreshed at its first use, and the new pair
    /// has an end that is known. Store it once; a copy that is stored again after that holds a spent refresh token.
    ///
    /// ```
    /// use slack_proto::{
    ///     AccessToken, Installation, Timestamp,
    ///     tokens::{Credential, CredentialLifetime, InstallationKey, RefreshToken},
    /// };
    ///
    /// let now = Timestamp::from_unix(1_795_219_200);
    /// let mut bot = Credential::new(AccessToken::new("xoxe.xoxb-1-FAKE")?, now);
    /// bot.refresh_token = Some(RefreshToken::new("xoxe-1-FAKE")?);
    /// assert!(matches!(bot.lifetime(), CredentialLifetime::Rotating { expires_at: None, .. }));
    ///
    /// let mut installation = Installation::new(InstallationKey::Workspace("T0FAKE00001".into()));
    /// installation.bot = Some(bot);
    /// # Ok::<(), slack_proto::error::InvalidValue>(())
    /// ```
    #[must_use]
    pub fn new(access_token: AccessToken, issued_at: Timestamp) -> Self {
        Self {
            access_token,
            refresh_token: None,
            refresh_token_issued_at: None,
            refresh_method: RefreshMethod::default(),
            scopes: Scopes::default(),
            issued_at,
            server_date: None,
            expires_at: None,
        }
    }

    /// Returns whether the credential comes to an end, and whether it can be refreshed.
    #[must_use]
    pub fn lifetime(&self) -> CredentialLifetime {
        CredentialLifetime::of(self.refresh_token.as_ref(), self.expires_at)
    }

    /// Replaces this credential after a refresh. A refresh token or scopes that the new one lacks are kept.
    pub(crate) fn succeed(&mut self, new: Self) {
        let old = std::mem::replace(self, new);
        if self.refresh_token.is_none() {
            // The refresh token that stays was issued when it was, and so ends when it did.
            self.refresh_token = old.refresh_token;
            self.refresh_token_issued_at = old.refresh_token_issued_at;
            self.refresh_method = old.refresh_method;
        }
        if self.scopes.is_empty() {
            self.scopes = old.scopes;
        }
    }

    /// Returns whether the access token has expired, or will within `margin`.
    #[must_use]
    pub fn is_due(&self, now: Timestamp, margin: Duration) -> bool {
        self.expires_at.is_some_and(|end| now + margin >= end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn issued(expires_in: Option<u64>) -> Credential {
        IssuedCredential {
            access_token: AccessToken::new("xoxe.xoxb-1-a").unwrap(),
            refresh_token: None,
            scopes: Scopes::default(),
            expires_in: expires_in.map(Duration::from_secs),
            refresh_method: RefreshMethod::default(),
            server_date: None,
        }
        .into_credential(Timestamp::from_unix(1_000))
    }

    #[test]
    fn the_life_counts_from_sending() {
        let credential = issued(Some(43_200));
        assert_eq!(credential.expires_at, Some(Timestamp::from_unix(44_200)));
        let margin = Duration::from_secs(200);
        assert!(!credential.is_due(Timestamp::from_unix(43_999), margin));
        assert!(credential.is_due(Timestamp::from_unix(44_000), margin));
    }

    #[test]
    fn a_refresh_token_that_stays_keeps_its_own_age() {
        let at = Timestamp::from_unix;
        let mut kept = issued(Some(60));
        kept.refresh_token = Some(RefreshToken::new("xoxe-1-a").unwrap());
        kept.refresh_token_issued_at = Some(at(1_000));
        kept.refresh_method = RefreshMethod::OauthV2UserAccess;
        let mut new = Credential::new(AccessToken::new("xoxe.xoxb-1-b").unwrap(), at(1_050));
        kept.succeed(new.clone());
        assert_eq!((kept.issued_at, kept.refresh_token_issued_at), (at(1_050), Some(at(1_000))));
        assert_eq!(kept.refresh_method, RefreshMethod::OauthV2UserAccess);
        new.refresh_token = Some(RefreshToken::new("xoxe-1-b").unwrap());
        new.refresh_token_issued_at = Some(at(1_050));
        kept.succeed(new);
        assert_eq!(kept.refresh_token_issued_at, Some(at(1_050)));
    }

    #[test]
    fn a_credential_knows_which_method_refreshes_it() {
        use crate::{
            ApiMethod,
            methods::{OauthV2Access, OauthV2UserRefresh, OpenidConnectRefresh},
        };
        let reply =
            || http::Response::new(r#"{"ok":true,"access_token":"xoxp-1","refresh_token":"r"}"#);
        let user = <OauthV2UserRefresh>::parse_response(&reply()).unwrap().value.credential;
        let openid = <OpenidConnectRefresh>::parse_response(&reply()).unwrap().value.credential;
        let install = OauthV2Access::<crate::oauth::SecretAuthentication>::parse_response(&reply())
            .unwrap()
            .value
            .user;
        for (credential, method) in [
            (user, <OauthV2UserRefresh>::NAME),
            (openid, <OpenidConnectRefresh>::NAME),
            (install.unwrap(), OauthV2Access::<crate::oauth::SecretAuthentication>::NAME),
        ] {
            let credential = credential.into_credential(Timestamp::from_unix(7));
            assert_eq!(credential.refresh_method.as_str(), method);
            assert_eq!(credential.refresh_token_issued_at, Some(Timestamp::from_unix(7)));
        }
    }

    #[test]
    fn a_refresh_token_that_is_there_already_is_no_spare() {
        let token = |text| RefreshToken::new(text).unwrap();
        let mut credential = IssuedCredential::new(AccessToken::new("xoxe.xoxb-1-a").unwrap());
        assert!(credential.adopt(token("xoxe-1-a")).is_none());
        assert!(credential.adopt(token("xoxe-1-a")).is_none());
        assert_eq!(credential.adopt(token("xoxe-1-b")).unwrap().expose(), "xoxe-1-b");
        assert_eq!(credential.refresh_token.unwrap().expose(), "xoxe-1-a");
    }

    #[test]
    fn slots_and_methods_have_the_names_that_are_stored() {
        let slots = [Slot::Bot, Slot::User, Slot::Unknown, Slot::Configuration];
        assert_eq!(slots.map(Slot::as_str), ["bot", "user", "unknown", "configuration"]);
        for method in ["oauth.v2.access", "oauth.v2.user.access", "openid.connect.token"] {
            assert_eq!(RefreshMethod::find(method).unwrap().as_str(), method);
        }
    }

    #[test]
    fn no_life_is_for_ever_and_a_zero_life_is_due_at_once() {
        assert!(!issued(None).is_due(Timestamp::from_unix(u64::MAX), Duration::MAX));
        assert!(issued(Some(0)).is_due(Timestamp::from_unix(1_000), Duration::ZERO));
        assert_eq!(issued(Some(u64::MAX)).expires_at, Some(Timestamp::from_unix(u64::MAX)));
    }

    #[test]
    fn slots_have_names_for_a_store() {
        let slots = [Slot::Bot, Slot::User, Slot::Unknown, Slot::Configuration];
        assert_eq!(slots.map(Slot::as_str), ["bot", "user", "unknown", "configuration"]);
    }

    #[test]
    fn of_a_token_alone_nothing_else_is_known() {
        let issued = IssuedCredential::new(AccessToken::new("xoxb-1").unwrap());
        assert_eq!(issued.access_token.expose(), "xoxb-1");
        assert!(issued.refresh_token.is_none() && issued.scopes.is_empty());
        assert_eq!(issued.expires_in, None);
        assert_eq!(issued.refresh_method, RefreshMethod::OauthV2Access);
    }
}
