//! Whatever rotates, as one type.

use std::{fmt, time::Duration};

use crate::{
    AccessToken, ConfigurationCredential, ConfigurationToken, Credential, Fingerprint,
    Installation, RefreshToken, Slot, Timestamp,
};

/// A credential that a [`Rotation`](crate::Rotation) keeps alive: a bot's, a person's, or an app configuration token.
#[derive(Clone)]
#[non_exhaustive]
pub enum AnyCredential {
    /// A bot's or a person's.
    Credential(Credential),
    /// An app configuration token, with its pair.
    Configuration(ConfigurationCredential),
}

impl AnyCredential {
    /// Gives the token that calls Slack's Web API; `None` if it is an app configuration token.
    #[must_use]
    pub fn access_token(&self) -> Option<&AccessToken> {
        match self {
            Self::Credential(it) => Some(&it.access_token),
            Self::Configuration(_) => None,
        }
    }

    /// Gives the app configuration token, if it is one.
    #[must_use]
    pub fn configuration_token(&self) -> Option<&ConfigurationToken> {
        match self {
            Self::Credential(_) => None,
            Self::Configuration(it) => Some(&it.token),
        }
    }

    /// Gives the refresh token; `None` if it does not rotate.
    #[must_use]
    pub fn refresh_token(&self) -> Option<&RefreshToken> {
        match self {
            Self::Credential(it) => it.refresh_token.as_ref(),
            Self::Configuration(it) => it.refresh_token.as_ref(),
        }
    }

    /// Tells when the token that calls was issued.
    #[must_use]
    pub fn issued_at(&self) -> Timestamp {
        match self {
            Self::Credential(it) => it.issued_at,
            Self::Configuration(it) => it.issued_at,
        }
    }

    /// Tells when the token that calls ends; `None` if it does not, or if nobody said.
    #[must_use]
    pub fn expires_at(&self) -> Option<Timestamp> {
        match self {
            Self::Credential(it) => it.expires_at,
            Self::Configuration(it) => it.expires_at,
        }
    }

    /// Tells when the refresh token was issued, if anybody knows.
    #[must_use]
    pub fn refresh_token_issued_at(&self) -> Option<Timestamp> {
        match self {
            Self::Credential(it) => it.refresh_token_issued_at,
            Self::Configuration(it) => it.refresh_token.as_ref().map(|_| it.issued_at),
        }
    }

    /// Gives a name for the token that calls that can stand in a log.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(self.token())
    }

    /// Gives a name for the whole pair: two credentials with the same mark hold the same tokens.
    #[must_use]
    pub fn mark(&self) -> Fingerprint {
        match self.refresh_token() {
            None => self.fingerprint(),
            Some(refresh_token) => Fingerprint::of_pair(self.token(), refresh_token.expose()),
        }
    }

    /// Takes what a newer reading of the same credential leaves out: a refresh token that did not come, scopes, ids.
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

/// Shows fingerprints, so that two states of a [`Rotation`](crate::Rotation) can be told apart.
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
    /// Gives the credential of a slot as a [`Rotation`](crate::Rotation) takes it.
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

    fn configuration(token: &str) -> ConfigurationCredential {
        ConfigurationCredential::new(
            ConfigurationToken::new(token).unwrap(),
            RefreshToken::new(format!("{token}-refresh")).unwrap(),
            Timestamp::from_unix(1_000),
        )
    }

    #[test]
    fn what_a_newer_configuration_token_leaves_out_stays() {
        let mut old = configuration("old");
        old.team_id = Some("T1".into());
        old.user_id = Some("U1".into());
        let succeeded = |new: &ConfigurationCredential| match AnyCredential::from(old.clone())
            .succeeded_by(new.clone().into())
        {
            AnyCredential::Configuration(it) => (
                it.token.expose().to_owned(),
                it.refresh_token.unwrap().expose().to_owned(),
                it.team_id.unwrap().to_string(),
                it.user_id.unwrap().to_string(),
            ),
            AnyCredential::Credential(_) => panic!(),
        };
        let text = |texts: [&str; 4]| {
            let [token, refresh_token, team, user] = texts.map(str::to_owned);
            (token, refresh_token, team, user)
        };
        let mut new = configuration("new");
        new.team_id = Some("T2".into());
        new.user_id = Some("U2".into());
        assert_eq!(succeeded(&new), text(["new", "new-refresh", "T2", "U2"]));
        (new.refresh_token, new.team_id, new.user_id) = (None, None, None);
        assert_eq!(succeeded(&new), text(["new", "old-refresh", "T1", "U1"]));
    }

    #[test]
    fn a_configuration_token_calls_no_web_api_method() {
        let any = AnyCredential::from(configuration("xoxe.xoxp-1"));
        assert!(any.access_token().is_none());
        assert_eq!(any.configuration_token().unwrap().expose(), "xoxe.xoxp-1");
    }
}
