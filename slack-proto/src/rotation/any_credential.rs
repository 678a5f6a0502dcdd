//! Whatever rotates, as one type.

use std::{fmt, time::Duration};

use crate::{
    AccessToken, Installation, Slot, Timestamp,
    tokens::{
        ConfigurationCredential, ConfigurationToken, Credential, CredentialLifetime, Fingerprint,
        RefreshToken,
    },
};

/// A credential that a [`Rotation`](crate::rotation::Rotation) keeps alive: a bot's, a person's, or an app configuration token.
#[derive(Clone)]
#[non_exhaustive]
pub enum AnyCredential {
    /// A bot's or a person's.
    Credential(Credential),
    /// An app configuration token, with its pair.
    Configuration(ConfigurationCredential),
}

impl AnyCredential {
    /// Returns the access token; `None` if the credential is an app configuration token.
    #[must_use]
    pub fn access_token(&self) -> Option<&AccessToken> {
        match self {
            Self::Credential(it) => Some(&it.access_token),
            Self::Configuration(_) => None,
        }
    }

    /// Returns the app configuration token, if the credential is one.
    #[must_use]
    pub fn configuration_token(&self) -> Option<&ConfigurationToken> {
        match self {
            Self::Credential(_) => None,
            Self::Configuration(it) => Some(&it.token),
        }
    }

    /// Returns the refresh token; `None` if the credential does not rotate.
    #[must_use]
    pub fn refresh_token(&self) -> Option<&RefreshToken> {
        match self {
            Self::Credential(it) => it.refresh_token.as_ref(),
            Self::Configuration(it) => it.refresh_token.as_ref(),
        }
    }

    /// Returns when the access token was issued.
    #[must_use]
    pub fn issued_at(&self) -> Timestamp {
        match self {
            Self::Credential(it) => it.issued_at,
            Self::Configuration(it) => it.issued_at,
        }
    }

    /// Returns when the access token expires; `None` if it does not, or if it is unknown ([`lifetime`](Self::lifetime)
    /// distinguishes the two).
    #[must_use]
    pub fn expires_at(&self) -> Option<Timestamp> {
        match self {
            Self::Credential(it) => it.expires_at,
            Self::Configuration(it) => it.expires_at,
        }
    }

    /// Returns whether the credential comes to an end, and whether it can be refreshed.
    #[must_use]
    pub fn lifetime(&self) -> CredentialLifetime {
        CredentialLifetime::of(self.refresh_token(), self.expires_at())
    }

    /// Returns when the refresh token was issued, if that is known.
    #[must_use]
    pub fn refresh_token_issued_at(&self) -> Option<Timestamp> {
        match self {
            Self::Credential(it) => it.refresh_token_issued_at,
            Self::Configuration(it) => it.refresh_token.as_ref().map(|_| it.issued_at),
        }
    }

    /// Returns the fingerprint of the access token, which is safe to log.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(self.token())
    }

    /// Returns the fingerprint of access and refresh token together. Two credentials with the same fingerprint hold
    /// the same tokens.
    #[must_use]
    pub fn pair_fingerprint(&self) -> Fingerprint {
        match self.refresh_token() {
            None => self.fingerprint(),
            Some(refresh_token) => Fingerprint::of_pair(self.token(), refresh_token.expose()),
        }
    }

    /// Fills in what a newer response left out: the refresh token, scopes, ids.
    pub(super) fn succeeded_by(&self, new: Self) -> Self {
        match (self, new) {
            (Self::Credential(old), Self::Credential(new)) => {
                let mut old = old.clone();
                old.succeed(new);
                Self::Credential(old)
            }
            (Self::Configuration(old), Self::Configuration(new)) => {
                Self::Configuration(ConfigurationCredential {
                    refresh_token: new.refresh_token.or_else(|| old.refresh_token.clone()),
                    team_id: new.team_id.or_else(|| old.team_id.clone()),
                    user_id: new.user_id.or_else(|| old.user_id.clone()),
                    ..new
                })
            }
            (_, new) => new,
        }
    }

    /// Sets the end of a rotating token that was issued just now, if the response did not say: everybody who reads it from
    /// the store then takes it for a token that is valid, and not for one of unknown age.
    pub(super) fn assume_end(&mut self, life: Duration) {
        if self.lifetime() != (CredentialLifetime::Rotating { expires_at: None }) {
            return;
        }
        let end = Some(self.issued_at() + life);
        match self {
            Self::Credential(it) => it.expires_at = end,
            Self::Configuration(it) => it.expires_at = end,
        }
    }

    /// How long the token that calls lives in all, as far as anybody said.
    pub(super) fn life(&self) -> Option<Duration> {
        self.expires_at().map(|end| end.since(self.issued_at()))
    }

    fn token(&self) -> &str {
        match self {
            Self::Credential(it) => it.access_token.expose(),
            Self::Configuration(it) => it.token.expose(),
        }
    }
}

impl From<Credential> for AnyCredential {
    fn from(credential: Credential) -> Self {
        Self::Credential(credential)
    }
}

impl From<ConfigurationCredential> for AnyCredential {
    fn from(credential: ConfigurationCredential) -> Self {
        Self::Configuration(credential)
    }
}

/// Shows fingerprints, so that two states of a [`Rotation`](crate::rotation::Rotation) can be told apart.
impl fmt::Debug for AnyCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::Credential(_) => "Credential",
            Self::Configuration(_) => "ConfigurationCredential",
        };
        f.debug_struct(name)
            .field("token", &self.fingerprint())
            .field("refresh_token", &self.refresh_token().map(RefreshToken::fingerprint))
            .field("issued_at", &self.issued_at())
            .field("expires_at", &self.expires_at())
            .finish_non_exhaustive()
    }
}

impl Installation {
    /// Returns the credential of a slot, in the form that a [`Rotation`](crate::rotation::Rotation) works with.
    #[must_use]
    pub fn any_credential(&self, slot: Slot) -> Option<AnyCredential> {
        match slot {
            Slot::Configuration => self.configuration.clone().map(AnyCredential::Configuration),
            _ => self.credential(slot).cloned().map(AnyCredential::Credential),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Timestamp = Timestamp::from_unix(1_000);

    fn configuration() -> ConfigurationCredential {
        ConfigurationCredential::new(
            ConfigurationToken::new("xoxe.xoxp-1-a").unwrap(),
            RefreshToken::new("xoxe-1-a").unwrap(),
            AT,
        )
    }

    #[test]
    fn a_configuration_token_is_no_access_token() {
        let any = AnyCredential::from(configuration());
        assert!(any.access_token().is_none());
        assert_eq!(any.configuration_token().unwrap().expose(), "xoxe.xoxp-1-a");
        assert_eq!(any.refresh_token_issued_at(), Some(AT), "the two are issued together");
        let any = AnyCredential::from(Credential::new(AccessToken::new("xoxb-1").unwrap(), AT));
        assert!(any.configuration_token().is_none());
        assert_eq!(any.access_token().unwrap().expose(), "xoxb-1");
    }

    #[test]
    fn without_a_refresh_token_it_has_no_age() {
        let mut lone = configuration();
        lone.refresh_token = None;
        assert_eq!(AnyCredential::from(lone).refresh_token_issued_at(), None);
    }

    #[test]
    fn what_a_new_configuration_token_leaves_out_stays() {
        let mut old = configuration();
        (old.team_id, old.user_id) = (Some("T1".into()), Some("U1".into()));
        let mut new = configuration();
        new.token = ConfigurationToken::new("xoxe.xoxp-1-b").unwrap();
        new.refresh_token = None;
        new.expires_at = Some(Timestamp::from_unix(2_000));
        let AnyCredential::Configuration(it) = AnyCredential::from(old).succeeded_by(new.into())
        else {
            panic!("another kind came out");
        };
        assert_eq!(it.token.expose(), "xoxe.xoxp-1-b");
        assert_eq!(it.refresh_token.unwrap().expose(), "xoxe-1-a");
        assert_eq!(it.team_id.unwrap().as_str(), "T1");
        assert_eq!(it.user_id.unwrap().as_str(), "U1");
        assert_eq!(it.expires_at, Some(Timestamp::from_unix(2_000)));
    }

    #[test]
    fn what_a_new_configuration_token_brings_counts() {
        let mut old = configuration();
        (old.team_id, old.user_id) = (Some("T1".into()), Some("U1".into()));
        let mut new = configuration();
        new.refresh_token = Some(RefreshToken::new("xoxe-1-b").unwrap());
        (new.team_id, new.user_id) = (Some("T2".into()), Some("U2".into()));
        let AnyCredential::Configuration(it) = AnyCredential::from(old).succeeded_by(new.into())
        else {
            panic!("another kind came out");
        };
        assert_eq!(it.refresh_token.unwrap().expose(), "xoxe-1-b");
        assert_eq!(it.team_id.unwrap().as_str(), "T2");
        assert_eq!(it.user_id.unwrap().as_str(), "U2");
    }

    #[test]
    fn a_slot_gives_its_own_credential() {
        let credential = |token: &str| Credential::new(AccessToken::new(token).unwrap(), AT);
        let mut installation = Installation::default();
        assert!(installation.any_credential(Slot::Configuration).is_none());
        assert!(installation.any_credential(Slot::Bot).is_none());
        installation.bot = Some(credential("xoxb-1"));
        installation.user = Some(credential("xoxp-1"));
        installation.unplaced = Some(credential("new-1"));
        installation.configuration = Some(configuration());
        let token = |slot| installation.any_credential(slot).unwrap().token().to_owned();
        let slots = [Slot::Bot, Slot::User, Slot::Unknown, Slot::Configuration];
        assert_eq!(slots.map(token), ["xoxb-1", "xoxp-1", "new-1", "xoxe.xoxp-1-a"]);
    }
}
