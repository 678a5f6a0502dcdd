//! Installations as they are stored.

use base64::{Engine, display::Base64Display, prelude::BASE64_STANDARD};
use serde::{Serialize, Serializer, ser::SerializeMap};
use zeroize::Zeroizing;

use super::{
    EncodedSecrets, InvalidEncoding, Record,
    credential::{ConfigurationWire, CredentialWire, StoredConfiguration, StoredCredential},
    decode, encode,
    members::{self, Members, head, member},
    slot_state::{ConfigurationStateWire, CredentialStateWire, StoredState},
    unknown::{Known, UnknownMembers},
};
use crate::{
    Installation,
    ids::{AppId, ChannelId, UserId},
    methods::UntrustedText,
    tokens::{
        AppData, Credential, Enterprise, IncomingWebhook, Team, WebhookUrl, installation::SlotState,
    },
    wire::{
        fields::Nested,
        object::{Member, Object, object},
        value::{Got, Value},
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
    /// | `bot_state`, `user_state`, `unplaced_state`, `configuration_state` | what is known beside the credential, if the credential is there: `fallbacks`, a list of credentials, and `needs_authorization`, an object: `since`, `reason`, `code`, `refused` (a fingerprint) |
    /// | `app_data` | the application's own bytes, in base64 |
    ///
    /// Times are Unix seconds. What is not there is left out. Mandatory are `version`, `kind`, and in the objects `id`,
    /// `access_token`, `token`, `issued_at` and `url`.
    ///
    /// # Examples
    ///
    /// ```
    /// use slack_proto::{
    ///     AccessToken, Installation, Timestamp,
    ///     tokens::{Credential, InstallationKey},
    /// };
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

    /// Parses the bytes that [`encode_exposing_secrets`](Self::encode_exposing_secrets) returned.
    ///
    /// Unknown members, also those of nested objects, are kept and written again: a newer release may have added
    /// them. Tokens and ids may be any text, as in a response.
    ///
    /// # Errors
    ///
    /// Returns an error if the bytes are truncated, damaged, of another kind, or written by a newer version.
    pub fn decode(bytes: &[u8]) -> Result<Self, InvalidEncoding> {
        let mut installation = decode::<InstallationWire>(bytes)?.finish()?;
        // It was read before, and so it is UTF-8.
        let text = std::str::from_utf8(bytes).unwrap_or_default();
        installation.unknown = UnknownMembers::collect(text, &KNOWN);
        Ok(installation)
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
            app_data,
            bot_state,
            user_state,
            unplaced_state,
            configuration_state,
            unknown,
        } = self.0;
        let mut map = serializer.serialize_map(None)?;
        head(&mut map, KIND)?;
        member(&mut map, "app_id", app_id.as_ref().map(AppId::as_str))?;
        let place = team.as_ref().map(|it| StoredPlace(it.id.as_str(), it.name.as_ref()));
        object(&mut map, "team", place, unknown)?;
        let place = enterprise.as_ref().map(|it| StoredPlace(it.id.as_str(), it.name.as_ref()));
        object(&mut map, "enterprise", place, unknown)?;
        map.serialize_entry("is_enterprise_install", is_enterprise_install)?;
        object(&mut map, "bot", bot.as_ref().map(StoredCredential), unknown)?;
        member(&mut map, "bot_user_id", bot_user_id.as_ref().map(UserId::as_str))?;
        object(&mut map, "user", user.as_ref().map(StoredCredential), unknown)?;
        member(&mut map, "user_id", user_id.as_ref().map(UserId::as_str))?;
        object(&mut map, "unplaced", unplaced.as_ref().map(StoredCredential), unknown)?;
        let held = configuration.as_ref().map(StoredConfiguration);
        object(&mut map, "configuration", held, unknown)?;
        object(
            &mut map,
            "incoming_webhook",
            incoming_webhook.as_ref().map(StoredWebhook),
            unknown,
        )?;
        for (name, is_held, state) in [
            ("bot_state", bot.is_some(), bot_state),
            ("user_state", user.is_some(), user_state),
            ("unplaced_state", unplaced.is_some(), unplaced_state),
            ("configuration_state", configuration.is_some(), configuration_state),
        ] {
            object(&mut map, name, StoredState::of(is_held, state, unknown.has(name)), unknown)?;
        }
        let data =
            app_data.as_ref().map(|data| Base64Display::new(data.as_ref(), &BASE64_STANDARD));
        member(&mut map, "app_data", data.map(Text))?;
        unknown.write("", &mut map)?;
        map.end()
    }
}

/// Writes an object with the members that were unknown when it was read.
fn object<M: SerializeMap>(
    map: &mut M,
    name: &'static str,
    members: Option<impl Members>,
    unknown: &UnknownMembers,
) -> Result<(), M::Error> {
    member(map, name, members.map(|members| members::Object { name, members, unknown }))
}

/// Text that is written as it is made.
struct Text<T>(T);

impl<T: std::fmt::Display> Serialize for Text<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// A team or an enterprise: id and name.
struct StoredPlace<'a>(&'a str, Option<&'a UntrustedText>);

impl Members for StoredPlace<'_> {
    fn write<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        map.serialize_entry("id", self.0)?;
        member(map, "name", self.1.map(UntrustedText::as_str))
    }
}

struct StoredWebhook<'a>(&'a IncomingWebhook);

impl Members for StoredWebhook<'_> {
    fn write<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        let IncomingWebhook { url, channel, channel_id, configuration_url } = self.0;
        map.serialize_entry("url", url.expose())?;
        member(map, "channel", channel.as_ref().map(UntrustedText::as_str))?;
        member(map, "channel_id", channel_id.as_ref().map(ChannelId::as_str))?;
        member(map, "configuration_url", configuration_url.as_ref().map(UntrustedText::as_str))
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
        bot_state: Nested<CredentialStateWire> = "bot_state",
        user_state: Nested<CredentialStateWire> = "user_state",
        unplaced_state: Nested<CredentialStateWire> = "unplaced_state",
        configuration_state: Nested<ConfigurationStateWire> = "configuration_state",
        app_data: AppData = "app_data",
    }
}

const KNOWN: Known = Known {
    names: InstallationWire::NAMES,
    objects: &[
        ("team", PlaceWire::NAMES),
        ("enterprise", PlaceWire::NAMES),
        ("bot", CredentialWire::NAMES),
        ("user", CredentialWire::NAMES),
        ("unplaced", CredentialWire::NAMES),
        ("configuration", ConfigurationWire::NAMES),
        ("incoming_webhook", WebhookWire::NAMES),
        ("bot_state", CredentialStateWire::NAMES),
        ("user_state", CredentialStateWire::NAMES),
        ("unplaced_state", CredentialStateWire::NAMES),
        ("configuration_state", ConfigurationStateWire::NAMES),
    ],
};

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
            app_data: self.app_data.take(),
            bot_state: state(self.bot_state, "bot_state", CredentialStateWire::finish)?,
            user_state: state(self.user_state, "user_state", CredentialStateWire::finish)?,
            unplaced_state: state(
                self.unplaced_state,
                "unplaced_state",
                CredentialStateWire::finish,
            )?,
            configuration_state: state(
                self.configuration_state,
                "configuration_state",
                ConfigurationStateWire::finish,
            )?,
            unknown: UnknownMembers::default(),
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

fn state<W>(
    member: Member<Nested<W>>,
    name: &'static str,
    finish: fn(W) -> Result<SlotState, InvalidEncoding>,
) -> Result<SlotState, InvalidEncoding> {
    Ok(nested(member, name, finish)?.unwrap_or_default())
}

impl Value<'_> for AppData {
    const EXPECTED: &'static str = "a string";

    fn text(text: &str) -> Got<Self> {
        // In one allocation, so that no copy stays behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(text.len() / 4 * 3 + 3));
        if BASE64_STANDARD.decode_vec(text, &mut bytes).is_err() {
            return Got::Unusable("is not base64");
        }
        Self::new(std::mem::take(&mut *bytes)).map_or(Got::Unusable("is too long"), Got::Value)
    }
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
