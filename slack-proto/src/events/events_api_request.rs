//! The body of a request of the Events API.

use std::{error::Error, fmt};

use super::{
    EventAuthorization, EventCallback, Verified,
    event::{Event, EventJson},
};
use crate::{
    Timestamp,
    ids::{AppId, EnterpriseId, TeamId, UserId},
    methods::{ParseWarning, UntrustedText},
    wire::{
        document::read_document,
        fields::Nested,
        object::{Member, object},
    },
};

/// A request that the Events API sends to the app.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum EventsApiRequest {
    /// `url_verification`: answer with status 200 and this challenge as the body.
    UrlVerification(UntrustedText),
    /// `event_callback`: an event.
    EventCallback(Box<EventCallback>),
    /// `app_rate_limited`: Slack holds events back for a while.
    AppRateLimited(AppRateLimited),
    /// Any other request, by its type.
    Other(UntrustedText),
}

/// Where, and since which minute, Slack holds events back.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AppRateLimited {
    /// The workspace.
    pub team_id: Option<TeamId>,
    /// The app.
    pub api_app_id: Option<AppId>,
    /// When it began.
    pub minute_rate_limited: Option<Timestamp>,
}

impl EventsApiRequest {
    /// Parses the body of a request that was proved to be Slack's.
    ///
    /// It is read as leniently as a reply: a member of a wrong type counts as absent and is reported in
    /// [`EventCallback::parse_warnings`].
    ///
    /// # Errors
    ///
    /// When the body is not a JSON object, or an object without a type.
    pub fn parse<B: AsRef<[u8]>>(verified: &Verified<B>) -> Result<Self, InvalidEventsRequest> {
        let (wire, warnings) = read_document::<RequestWire>(verified.body())
            .ok_or(InvalidEventsRequest::NotAnObject)?;
        match wire.kind.as_ref().map(UntrustedText::as_str) {
            Some("event_callback") => {
                Ok(Self::EventCallback(Box::new(wire.into_callback(warnings))))
            }
            Some("url_verification") => {
                let challenge = wire.challenge.take();
                challenge
                    .map(Self::UrlVerification)
                    .ok_or(InvalidEventsRequest::Missing("challenge"))
            }
            Some("app_rate_limited") => Ok(Self::AppRateLimited(AppRateLimited {
                team_id: wire.team_id.take(),
                api_app_id: wire.api_app_id.take(),
                minute_rate_limited: wire.minute_rate_limited.take(),
            })),
            _ => wire.kind.take().map(Self::Other).ok_or(InvalidEventsRequest::Missing("type")),
        }
    }
}

object! {
    struct RequestWire {
        kind: UntrustedText = "type",
        challenge: UntrustedText = "challenge",
        team_id: TeamId = "team_id",
        enterprise_id: EnterpriseId = "enterprise_id",
        api_app_id: AppId = "api_app_id",
        event_id: UntrustedText = "event_id",
        event_time: Timestamp = "event_time",
        minute_rate_limited: Timestamp = "minute_rate_limited",
        authorizations: Vec<Nested<AuthorizationWire>> = "authorizations",
        event: EventJson = "event",
    }
}

object! {
    struct AuthorizationWire {
        enterprise_id: EnterpriseId = "enterprise_id",
        team_id: TeamId = "team_id",
        user_id: UserId = "user_id",
        is_bot: bool = "is_bot",
        is_enterprise_install: bool = "is_enterprise_install",
    }
}

impl RequestWire {
    fn into_callback(self, mut parse_warnings: Vec<ParseWarning>) -> EventCallback {
        let json = self.event.take().map(|EventJson(json)| json).unwrap_or_default();
        let event = Event::read(&json, &mut parse_warnings);
        let authorizations = self.authorizations.take().unwrap_or_default();
        EventCallback {
            team_id: self.team_id.take(),
            enterprise_id: self.enterprise_id.take(),
            api_app_id: self.api_app_id.take(),
            event_id: self.event_id.take(),
            event_time: self.event_time.take(),
            authorizations: authorizations.into_iter().map(|Nested(it)| it.into_value()).collect(),
            event,
            parse_warnings,
            json,
        }
    }
}

impl AuthorizationWire {
    fn into_value(self) -> EventAuthorization {
        let is = |flag: Member<bool>| flag.take().unwrap_or_default();
        EventAuthorization {
            enterprise_id: self.enterprise_id.take(),
            team_id: self.team_id.take(),
            user_id: self.user_id.take(),
            is_bot: is(self.is_bot),
            is_enterprise_install: is(self.is_enterprise_install),
        }
    }
}

/// A body is not a request of the Events API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidEventsRequest {
    /// The body is not a JSON object: slash commands and interactions, for instance, are forms.
    NotAnObject,
    /// This member is missing, or of no use.
    Missing(&'static str),
}

impl fmt::Display for InvalidEventsRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAnObject => f.write_str(
                "the body is not a JSON object; send slash commands and interactions, which are forms, to another handler",
            ),
            Self::Missing(member) => write!(f, "the body has no usable `{member}`"),
        }
    }
}

impl Error for InvalidEventsRequest {}

#[cfg(test)]
mod tests;
