//! Installations as they are stored.

use serde::{Serialize, Serializer, ser::SerializeMap};

use super::{
    EncodedSecrets, InvalidEncoding, Record,
    credential::{ConfigurationWire, CredentialWire, StoredConfiguration, StoredCredential},
    decode, encode,
    members::{head, member},
};
use crate::{
    AppId, ChannelId, Credential, Enterprise, IncomingWebhook, Installation, Team, UntrustedText,
    UserId, WebhookUrl,
    wire::{
        fields::Nested,
        object::{Member, object},
    },
};

impl Installation {
    /// Encodes the installation for a store, **secrets in clear**: an object in JSON, in UTF-8, on one line.
    ///
    /// | member | holds |
    /// |---|---|
    /// | `version` | the number 1; it grows when a reader of this version would misread what is written |
    /// | `kind` | `installation` |
    /// | `app_id`, `bot_user_id`, `user_id` | ids |
    /// | `team`, `enterprise` | objects: `id`, `name` |
    /// | `is_enterprise_install` | a boolean, false if it is missing |
    /// | `bot`, `user`, `unplaced` | credentials: `access_token`, `refresh_token`, `refresh_token_issued_at`, `refresh_method` (`oauth.v2.access` if it is missing, `oauth.v2.user.access`, `openid.connect.token`), `scopes` (with commas), `issued_at`, `expires_at` |
    /// | `configuration` | an app configuration token: `token`, `refresh_token`, `team_id`, `user_id`, `issued_at`, `expires_at` |
    /// | `incoming_webhook` | an object: `url`, `channel`, `channel_id`, `configuration_url` |
    ///
    /// Times are Unix seconds. What is not there is left out. Mandatory are `version`, `kind`, and in the objects `id`,
    /// `access_token`, `token`, `issued_at` and `url`.
    ///
    /// ```
    /// use slack_proto::{AccessToken, Credential, Installation, InstallationKey, Timestamp};
    ///
    /// let mut installation = Installation::new(InstallationKey::Workspace("T0FAKE00001".into()));
    /// let token = AccessToken::new("xoxb-not-a-real-token")?;
    /// installation.bot = Some(Credential::new(token, Timestamp::from_unix(1_795_219_200)));
    ///
    /// let stored = installation.encode_exposing_secrets();
    /// let again = Installation::decode(stored.as_ref())?;
    /// assert_eq!(again.key(), installation.key());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn encode_exposing_secrets(&self) -> EncodedSecrets {
        encode(&Stored(self))
    }

    /// Reads what [`encode_exposing_secrets`](Self::encode_exposing_secrets) wrote. Members of another name are passed
    /// over, and are lost when the installation is written again; tokens and ids may be any text, as in a reply.
    ///
    /// # Errors
    ///
    /// When the bytes are cut off, damaged, of another kind, or of a newer version.
    pub fn decode(bytes: &[u8]) -> Result<Self, InvalidEncoding> {
        decode::<InstallationWire>(bytes)?.finish()
    }
}

struct Stored<'a>(&'a Installation);

impl Serialize for Stored<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Installation {
            app_id,
            team,
            enterprise,
            is_enterprise_install,
            bot,
            bot_user_id,
            user,
            user_id,
            unplaced,
            configuration,
            incoming_webhook,
        } = self.0;
        let mut map = serializer.serialize_map(None)?;
        head(&mut map, KIND)?;
        member(&mut map, "app_id", app_id.as_ref().map(AppId::as_str))?;
        let place = team.as_ref().map(|it| StoredPlace(it.id.as_str(), it.name.as_ref()));
        member(&mut map, "team", place)?;
        let place = enterprise.as_ref().map(|it| StoredPlace(it.id.as_str(), it.name.as_ref()));
        member(&mut map, "enterprise", place)?;
        map.serialize_entry("is_enterprise_install", is_enterprise_install)?;
        member(&mut map, "bot", bot.as_ref().map(StoredCredential))?;
        member(&mut map, "bot_user_id", bot_user_id.as_ref().map(UserId::as_str))?;
        member(&mut map, "user", user.as_ref().map(StoredCredential))?;
        member(&mut map, "user_id", user_id.as_ref().map(UserId::as_str))?;
        member(&mut map, "unplaced", unplaced.as_ref().map(StoredCredential))?;
        member(&mut map, "configuration", configuration.as_ref().map(StoredConfiguration))?;
        member(&mut map, "incoming_webhook", incoming_webhook.as_ref().map(StoredWebhook))?;
        map.end()
    }
}

/// A team or an enterprise: id and name.
struct StoredPlace<'a>(&'a str, Option<&'a UntrustedText>);

impl Serialize for StoredPlace<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("id", self.0)?;
        member(&mut map, "name", self.1.map(UntrustedText::as_str))?;
        map.end()
    }
}

struct StoredWebhook<'a>(&'a IncomingWebhook);

impl Serialize for StoredWebhook<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let IncomingWebhook { url, channel, channel_id, configuration_url } = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("url", url.expose())?;
        member(&mut map, "channel", channel.as_ref().map(UntrustedText::as_str))?;
        member(&mut map, "channel_id", channel_id.as_ref().map(ChannelId::as_str))?;
        let configuration_url = configuration_url.as_ref().map(UntrustedText::as_str);
        member(&mut map, "configuration_url", configuration_url)?;
        map.end()
    }
}

const KIND: &str = "installation";

// Ids are read as text: the empty one, which no reply gives, can be made by hand.
object! {
    struct InstallationWire {
        version: u64 = "version",
        kind: UntrustedText = "kind",
        app_id: UntrustedText = "app_id",
        team: Nested<PlaceWire> = "team",
        enterprise: Nested<PlaceWire> = "enterprise",
        is_enterprise_install: bool = "is_enterprise_install",
        bot: Nested<CredentialWire> = "bot",
        bot_user_id: UntrustedText = "bot_user_id",
        user: Nested<CredentialWire> = "user",
        user_id: UntrustedText = "user_id",
        unplaced: Nested<CredentialWire> = "unplaced",
        configuration: Nested<ConfigurationWire> = "configuration",
        incoming_webhook: Nested<WebhookWire> = "incoming_webhook",
    }
}

object! {
    struct PlaceWire {
        id: UntrustedText = "id",
        name: UntrustedText = "name",
    }
}

object! {
    struct WebhookWire {
        url: WebhookUrl = "url",
        channel: UntrustedText = "channel",
        channel_id: UntrustedText = "channel_id",
        configuration_url: UntrustedText = "configuration_url",
    }
}

impl Record<'_> for InstallationWire {
    const KIND: &'static str = KIND;

    fn head(&self) -> (Option<u64>, Option<&str>) {
        (self.version.as_ref().copied(), self.kind.as_ref().map(UntrustedText::as_str))
    }
}

impl InstallationWire {
    fn finish(self) -> Result<Installation, InvalidEncoding> {
        let team = nested(self.team, "team", PlaceWire::finish)?;
        let enterprise = nested(self.enterprise, "enterprise", PlaceWire::finish)?;
        Ok(Installation {
            app_id: id(self.app_id),
            team: team.map(|(id, name)| Team { id: id.as_str().into(), name }),
            enterprise: enterprise.map(|(id, name)| Enterprise { id: id.as_str().into(), name }),
            is_enterprise_install: self.is_enterprise_install.take().unwrap_or_default(),
            bot: credential(self.bot, "bot")?,
            bot_user_id: id(self.bot_user_id),
            user: credential(self.user, "user")?,
            user_id: id(self.user_id),
            unplaced: credential(self.unplaced, "unplaced")?,
            configuration: nested(self.configuration, "configuration", ConfigurationWire::finish)?,
            incoming_webhook: nested(
                self.incoming_webhook,
                "incoming_webhook",
                WebhookWire::finish,
            )?,
        })
    }
}

impl PlaceWire {
    fn finish(self) -> Result<(UntrustedText, Option<UntrustedText>), InvalidEncoding> {
        let id = self.id.take().ok_or(InvalidEncoding::missing("id"))?;
        Ok((id, self.name.take()))
    }
}

impl WebhookWire {
    fn finish(self) -> Result<IncomingWebhook, InvalidEncoding> {
        Ok(IncomingWebhook {
            url: self.url.take().ok_or(InvalidEncoding::missing("url"))?,
            channel: self.channel.take(),
            channel_id: id(self.channel_id),
            configuration_url: self.configuration_url.take(),
        })
    }
}

fn id<T: for<'a> From<&'a str>>(member: Member<UntrustedText>) -> Option<T> {
    member.take().map(|id| id.as_str().into())
}

fn credential(
    member: Member<Nested<CredentialWire>>,
    name: &'static str,
) -> Result<Option<Credential>, InvalidEncoding> {
    nested(member, name, CredentialWire::finish)
}

fn nested<W, T>(
    member: Member<Nested<W>>,
    name: &'static str,
    finish: impl FnOnce(W) -> Result<T, InvalidEncoding>,
) -> Result<Option<T>, InvalidEncoding> {
    member.take().map(|Nested(wire)| finish(wire).map_err(|error| error.within(name))).transpose()
}
