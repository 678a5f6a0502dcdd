//! Credentials as they are stored.

use serde::{Serialize, Serializer, ser::SerializeMap};

use super::{
    EncodedSecrets, InvalidEncoding, Record, decode, encode,
    members::{Members, head, member},
};
use crate::{
    AccessToken, Timestamp,
    ids::{TeamId, UserId},
    methods::UntrustedText,
    oauth::Scopes,
    tokens::{
        ConfigurationCredential, ConfigurationToken, Credential, RefreshMethod, RefreshToken,
    },
    wire::object::object,
};

impl Credential {
    /// Encodes the credential for a store that keeps each by itself, **secrets in clear**.
    ///
    /// An object with the members `version` (1) and `kind` (`credential`), and those that
    /// [`Installation::encode_exposing_secrets`](crate::Installation::encode_exposing_secrets) lists for a credential.
    ///
    /// # Examples
    ///
    /// ```
    /// use slack_proto::{AccessToken, Timestamp, tokens::Credential};
    ///
    /// let token = AccessToken::new("xoxb-not-a-real-token")?;
    /// let stored = Credential::new(token, Timestamp::from_unix(7)).encode_exposing_secrets();
    /// assert_eq!(
    ///     stored.as_ref(),
    ///     br#"{"version":1,"kind":"credential","access_token":"xoxb-not-a-real-token","issued_at":7}"#,
    /// );
    /// assert_eq!(Credential::decode(stored.as_ref())?.issued_at.as_unix(), 7);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn encode_exposing_secrets(&self) -> EncodedSecrets {
        encode(&Alone(CREDENTIAL, StoredCredential(self)))
    }

    /// Parses the bytes that [`encode_exposing_secrets`](Self::encode_exposing_secrets) returned. Unknown members are
    /// ignored.
    ///
    /// # Errors
    ///
    /// Returns an error if the bytes are truncated, damaged, of another kind, or written by a newer version.
    pub fn decode(bytes: &[u8]) -> Result<Self, InvalidEncoding> {
        decode::<CredentialWire>(bytes)?.finish()
    }
}

impl ConfigurationCredential {
    /// Encodes the credential for a store that keeps each by itself, **secrets in clear**.
    ///
    /// An object with the members `version` (1) and `kind` (`configuration`), and those that
    /// [`Installation::encode_exposing_secrets`](crate::Installation::encode_exposing_secrets) lists for it.
    #[must_use]
    pub fn encode_exposing_secrets(&self) -> EncodedSecrets {
        encode(&Alone(CONFIGURATION, StoredConfiguration(self)))
    }

    /// Parses the bytes that [`encode_exposing_secrets`](Self::encode_exposing_secrets) returned, by the rules of
    /// [`Credential::decode`].
    ///
    /// # Errors
    ///
    /// Returns an error if the bytes are truncated, damaged, of another kind, or written by a newer version.
    pub fn decode(bytes: &[u8]) -> Result<Self, InvalidEncoding> {
        decode::<ConfigurationWire>(bytes)?.finish()
    }
}

const CREDENTIAL: &str = "credential";
const CONFIGURATION: &str = "configuration";

/// An object by itself: its kind, and its members.
struct Alone<T>(&'static str, T);

impl<T: Members> Serialize for Alone<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        head(&mut map, self.0)?;
        self.1.write(&mut map)?;
        map.end()
    }
}

pub(super) struct StoredCredential<'a>(pub(super) &'a Credential);

impl Members for StoredCredential<'_> {
    fn write<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        let Credential {
            access_token,
            refresh_token,
            refresh_token_issued_at,
            refresh_method,
            scopes,
            issued_at,
            server_date,
            expires_at,
        } = self.0;
        let method = (*refresh_method != RefreshMethod::default()).then(|| refresh_method.as_str());
        map.serialize_entry("access_token", access_token.expose())?;
        member(map, "refresh_token", refresh_token.as_ref().map(RefreshToken::expose))?;
        member(map, "refresh_token_issued_at", refresh_token_issued_at.map(Timestamp::as_unix))?;
        member(map, "refresh_method", method)?;
        member(map, "scopes", Some(scopes.as_str()).filter(|scopes| !scopes.is_empty()))?;
        map.serialize_entry("issued_at", &issued_at.as_unix())?;
        member(map, "server_date", server_date.map(Timestamp::as_unix))?;
        member(map, "expires_at", expires_at.map(Timestamp::as_unix))
    }
}

pub(super) struct StoredConfiguration<'a>(pub(super) &'a ConfigurationCredential);

impl Members for StoredConfiguration<'_> {
    fn write<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        let ConfigurationCredential {
            token,
            refresh_token,
            team_id,
            user_id,
            issued_at,
            expires_at,
        } = self.0;
        map.serialize_entry("token", token.expose())?;
        member(map, "refresh_token", refresh_token.as_ref().map(RefreshToken::expose))?;
        member(map, "team_id", team_id.as_ref().map(TeamId::as_str))?;
        member(map, "user_id", user_id.as_ref().map(UserId::as_str))?;
        map.serialize_entry("issued_at", &issued_at.as_unix())?;
        member(map, "expires_at", expires_at.map(Timestamp::as_unix))
    }
}

// Ids are read as text: the empty one, which no reply gives, can be made by hand.
object! {
    pub(super) struct CredentialWire {
        version: u64 = "version",
        kind: UntrustedText = "kind",
        access_token: AccessToken = "access_token",
        refresh_token: RefreshToken = "refresh_token",
        refresh_token_issued_at: Timestamp = "refresh_token_issued_at",
        refresh_method: UntrustedText = "refresh_method",
        scopes: Scopes = "scopes",
        issued_at: Timestamp = "issued_at",
        server_date: Timestamp = "server_date",
        expires_at: Timestamp = "expires_at",
    }
}

impl Record<'_> for CredentialWire {
    const KIND: &'static str = CREDENTIAL;

    fn head(&self) -> (Option<u64>, Option<&str>) {
        (self.version.as_ref().copied(), self.kind.as_ref().map(UntrustedText::as_str))
    }
}

impl CredentialWire {
    pub(super) fn finish(self) -> Result<Credential, InvalidEncoding> {
        let refresh_method = match self.refresh_method.take() {
            None => RefreshMethod::default(),
            Some(name) => RefreshMethod::find(name.as_str()).ok_or(InvalidEncoding::new(
                "refresh_method",
                "is not a method that takes a refresh token",
            ))?,
        };
        Ok(Credential {
            access_token: self
                .access_token
                .take()
                .ok_or(InvalidEncoding::missing("access_token"))?,
            refresh_token: self.refresh_token.take(),
            refresh_token_issued_at: self.refresh_token_issued_at.take(),
            refresh_method,
            scopes: self.scopes.take().unwrap_or_default(),
            issued_at: self.issued_at.take().ok_or(InvalidEncoding::missing("issued_at"))?,
            server_date: self.server_date.take(),
            expires_at: self.expires_at.take(),
        })
    }
}

object! {
    pub(super) struct ConfigurationWire {
        version: u64 = "version",
        kind: UntrustedText = "kind",
        token: ConfigurationToken = "token",
        refresh_token: RefreshToken = "refresh_token",
        team_id: UntrustedText = "team_id",
        user_id: UntrustedText = "user_id",
        issued_at: Timestamp = "issued_at",
        expires_at: Timestamp = "expires_at",
    }
}

impl Record<'_> for ConfigurationWire {
    const KIND: &'static str = CONFIGURATION;

    fn head(&self) -> (Option<u64>, Option<&str>) {
        (self.version.as_ref().copied(), self.kind.as_ref().map(UntrustedText::as_str))
    }
}

impl ConfigurationWire {
    pub(super) fn finish(self) -> Result<ConfigurationCredential, InvalidEncoding> {
        Ok(ConfigurationCredential {
            token: self.token.take().ok_or(InvalidEncoding::missing("token"))?,
            refresh_token: self.refresh_token.take(),
            team_id: self.team_id.take().map(|id| id.as_str().into()),
            user_id: self.user_id.take().map(|id| id.as_str().into()),
            issued_at: self.issued_at.take().ok_or(InvalidEncoding::missing("issued_at"))?,
            expires_at: self.expires_at.take(),
        })
    }
}
