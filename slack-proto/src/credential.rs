//! A token, what it may do, and how long it lives.

use std::time::Duration;

use crate::{AccessToken, RefreshToken, Scopes, Timestamp};

/// The place of a credential in an installation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Slot {
    /// The app's bot.
    Bot,
    /// The person who installed the app or signed in.
    User,
    /// Neither prefix, nor type, nor ids tell.
    Unknown,
}

/// A credential as a reply gave it: its life counts from a moment that only the caller knows.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct IssuedCredential {
    /// The token that calls.
    pub access_token: AccessToken,
    /// The token for the next refresh; `None` if the app does not rotate its tokens.
    pub refresh_token: Option<RefreshToken>,
    /// What the token may do; empty if the reply did not say.
    pub scopes: Scopes,
    /// How long the access token lives; `None` if it does not expire, or if the reply did not say (a rotating token has a
    /// refresh token: then take it for due).
    pub expires_in: Option<Duration>,
}

impl IssuedCredential {
    /// Takes a token alone, of which nothing else is known.
    #[must_use]
    pub fn new(access_token: AccessToken) -> Self {
        Self { access_token, refresh_token: None, scopes: Scopes::default(), expires_in: None }
    }

    /// Takes from another reading of the same token what this one lacks; scopes that are empty are a lack. Gives a refresh
    /// token that is not this one's back: it must not be lost.
    pub(crate) fn fill(&mut self, other: Self) -> Option<RefreshToken> {
        self.expires_in = self.expires_in.or(other.expires_in);
        if self.scopes.is_empty() {
            self.scopes = other.scopes;
        }
        self.adopt(other.refresh_token?)
    }

    /// Takes a refresh token if there is none yet; gives another one back.
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

    /// Tells whether both hold the same access token.
    pub(crate) fn is_same_token(&self, other: &Self) -> bool {
        self.access_token.expose() == other.access_token.expose()
    }

    /// Fixes the expiry, counted from when the request was **sent**: the answer's own time would promise too much.
    #[must_use]
    pub fn issued_at(self, sent: Timestamp) -> Credential {
        let Self { access_token, refresh_token, scopes, expires_in } = self;
        let expires_at = expires_in.map(|life| sent + life);
        Credential { access_token, refresh_token, scopes, issued_at: sent, expires_at }
    }
}

/// A credential as a store keeps it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Credential {
    /// The token that calls.
    pub access_token: AccessToken,
    /// The token for the next refresh; `None` if the app does not rotate its tokens.
    pub refresh_token: Option<RefreshToken>,
    /// What the token may do; empty if nobody said.
    pub scopes: Scopes,
    /// When the request was sent that gave the tokens: refresh tokens of PKCE apps end 30 days later.
    pub issued_at: Timestamp,
    /// When the access token ends; `None` if it does not.
    pub expires_at: Option<Timestamp>,
}

impl Credential {
    /// Takes a token that does not expire, as an app's settings page shows it.
    #[must_use]
    pub fn new(access_token: AccessToken, issued_at: Timestamp) -> Self {
        Self {
            access_token,
            refresh_token: None,
            scopes: Scopes::default(),
            issued_at,
            expires_at: None,
        }
    }

    /// Takes the place of this credential after a refresh. What the new one does not tell stays: a refresh token that
    /// did not come, and scopes.
    pub(crate) fn succeed(&mut self, new: Self) {
        let old = std::mem::replace(self, new);
        if self.refresh_token.is_none() {
            // The refresh token that stays was issued when it was, and so ends when it did.
            self.refresh_token = old.refresh_token;
            self.issued_at = old.issued_at;
        }
        if self.scopes.is_empty() {
            self.scopes = old.scopes;
        }
    }

    /// Tells whether the access token is past its life, or will be within `margin`.
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
        }
        .issued_at(Timestamp::from_unix(1_000))
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
    fn no_life_is_for_ever_and_a_zero_life_is_due_at_once() {
        assert!(!issued(None).is_due(Timestamp::from_unix(u64::MAX), Duration::MAX));
        assert!(issued(Some(0)).is_due(Timestamp::from_unix(1_000), Duration::ZERO));
        assert_eq!(issued(Some(u64::MAX)).expires_at, Some(Timestamp::from_unix(u64::MAX)));
    }
}
