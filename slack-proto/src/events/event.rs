//! The inner events that concern an installation.

use serde::{Deserialize, Deserializer, de::SeqAccess};
use serde_json::value::RawValue;

use crate::{
    ids::UserId,
    methods::{ParseWarning, UntrustedText},
    wire::{
        document::read_document,
        fields::Nested,
        notes::{Notes, Place},
        object::object,
        value::{Got, Lenient, Value},
    },
};

/// The inner event of an [`EventCallback`](super::EventCallback), as far as it concerns credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// `tokens_revoked`: people or the bot lost their tokens.
    TokensRevoked(TokensRevoked),
    /// `app_uninstalled`: the app was removed, and all its tokens of that place are dead.
    AppUninstalled,
    /// Any other event, by its type. [`EventCallback::event_json`](super::EventCallback::event_json) has all of it.
    Other(UntrustedText),
}

/// Whose tokens were revoked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokensRevoked {
    /// The people whose user tokens were revoked.
    pub oauth: Vec<UserId>,
    /// The bot users whose bot tokens were revoked.
    pub bot: Vec<UserId>,
}

impl Event {
    /// Returns Slack's name of the event's type, such as `app_uninstalled`.
    #[must_use]
    pub fn kind(&self) -> &str {
        match self {
            Self::TokensRevoked(_) => TOKENS_REVOKED,
            Self::AppUninstalled => APP_UNINSTALLED,
            Self::Other(kind) => kind.as_str(),
        }
    }

    /// Reads the JSON text of an inner event; what was odd goes to `warnings`.
    pub(super) fn read(json: &str, warnings: &mut Vec<ParseWarning>) -> Self {
        let Some((wire, inner)) = read_document::<EventWire>(json.as_bytes()) else {
            warnings.push(ParseWarning::new("event", "expected an object".into()));
            return Self::Other(UntrustedText::from(""));
        };
        warnings.extend(inner.into_iter().map(|warning| warning.inside("event")));
        match wire.kind.as_ref().map(UntrustedText::as_str) {
            Some(TOKENS_REVOKED) => {
                let tokens = wire.tokens.take().map(|Nested(tokens)| tokens).unwrap_or_default();
                Self::TokensRevoked(TokensRevoked {
                    oauth: tokens.oauth.take().unwrap_or_default(),
                    bot: tokens.bot.take().unwrap_or_default(),
                })
            }
            Some(APP_UNINSTALLED) => Self::AppUninstalled,
            _ => Self::Other(wire.kind.take().unwrap_or_else(|| UntrustedText::from(""))),
        }
    }
}

object! {
    struct EventWire {
        kind: UntrustedText = "type",
        tokens: Nested<TokensWire> = "tokens",
    }
}

object! {
    struct TokensWire {
        oauth: Vec<UserId> = "oauth",
        bot: Vec<UserId> = "bot",
    }
}

/// The JSON text of an inner event.
#[derive(Debug)]
pub(super) struct EventJson(pub(super) Box<str>);

impl<'de> Value<'de> for EventJson {
    const EXPECTED: &'static str = "an object";

    fn read<D: Deserializer<'de>>(
        _: Lenient<'_, Self>,
        deserializer: D,
    ) -> Result<Option<Self>, D::Error> {
        let json = <&RawValue>::deserialize(deserializer)?.get();
        Ok((json != "null").then(|| Self(json.into())))
    }
}

/// A list of ids. None is passed over: each stands for tokens that are dead.
impl<'de> Value<'de> for Vec<UserId> {
    const EXPECTED: &'static str = "a list of strings";

    fn text(text: &str) -> Got<Self> {
        Got::Odd(vec![UserId::from(text)], "expected a list of strings, found a string")
    }

    fn list<A: SeqAccess<'de>>(mut seq: A, notes: &mut Notes) -> Result<Got<Self>, A::Error> {
        let mut list = Self::new();
        for index in 0.. {
            notes.at_index(Some(index));
            match seq.next_element_seed(Lenient::<UserId>::new(notes, Place::ELEMENT))? {
                Some(Some(id)) => list.push(id),
                // Why it is none has been noted, unless it is `null`.
                Some(None) => {}
                None => break,
            }
        }
        notes.at_index(None);
        Ok(Got::Value(list))
    }
}

const TOKENS_REVOKED: &str = "tokens_revoked";
const APP_UNINSTALLED: &str = "app_uninstalled";
