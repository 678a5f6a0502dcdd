//! A JSON object whose members are taken out one by one, so that what is left has no place.

use serde_json::{Map, Value};
use slack_proto::{
    AccessToken, Timestamp,
    oauth::Scopes,
    tokens::{Credential, IncomingWebhook, RefreshToken, WebhookUrl},
};

use super::{
    imported::{ImportError, LeftOut, LeftOutReason},
    time,
};

/// The members of a row that nobody has taken yet.
pub(super) struct Row {
    pub(super) source: &'static str,
    pub(super) number: u64,
    members: Map<String, Value>,
    left_out: Vec<LeftOut>,
}

/// The names of the members that make up a credential.
pub(super) struct CredentialFields {
    pub(super) token: &'static str,
    pub(super) refresh_token: &'static str,
    pub(super) expires_at: &'static str,
    pub(super) scopes: &'static str,
}

impl Row {
    pub(super) fn new(source: &'static str, place: usize, mut members: Map<String, Value>) -> Self {
        let id = members.get("id").and_then(Value::as_u64);
        if id.is_some() {
            members.remove("id");
        }
        let number = id.unwrap_or(place as u64 + 1);
        Self { source, number, members, left_out: Vec::new() }
    }

    /// Parses a text into the rows of a table, or a lone one.
    pub(super) fn parse_all(source: &'static str, json: &str) -> Result<Vec<Self>, ImportError> {
        // No message of the parser is kept, since it may quote the text.
        let value = serde_json::from_str(json)
            .map_err(|error: serde_json::Error| ImportError { source, line: error.line() })?;
        let list = match value {
            Value::Array(list) => list,
            Value::Object(one) => vec![Value::Object(one)],
            _ => return Err(ImportError { source, line: 0 }),
        };
        let rows = list.into_iter().enumerate().map(|(place, row)| match row {
            Value::Object(members) => Ok(Self::new(source, place, members)),
            _ => Err(ImportError { source, line: 0 }),
        });
        rows.collect()
    }

    /// Removes and returns an object, as a row of its own.
    pub(super) fn object(&mut self, name: &str) -> Option<Self> {
        match self.members.remove(name)? {
            Value::Object(members) => Some(Self {
                source: self.source,
                number: self.number,
                members,
                left_out: Vec::new(),
            }),
            Value::Null => None,
            _ => {
                self.leave_out(name, LeftOutReason::Invalid);
                None
            }
        }
    }

    /// Removes and returns a text; an empty one counts as missing, as `slack_sdk`'s SQLite store writes it.
    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        match self.members.remove(name)? {
            Value::String(text) if text.is_empty() => None,
            Value::String(text) => Some(text),
            Value::Null => None,
            _ => {
                self.leave_out(name, LeftOutReason::Invalid);
                None
            }
        }
    }

    pub(super) fn flag(&mut self, name: &str) -> bool {
        match self.members.remove(name) {
            Some(Value::Bool(flag)) => flag,
            Some(Value::Number(number)) => number.as_u64() != Some(0),
            Some(Value::String(text)) => matches!(&*text, "1" | "t" | "true" | "True"),
            _ => false,
        }
    }

    pub(super) fn time(&mut self, name: &str) -> Option<Timestamp> {
        let value = self.members.remove(name).filter(|value| !value.is_null())?;
        let time = time::parse(&value);
        if time.is_none() {
            self.leave_out(name, LeftOutReason::Invalid);
        }
        time
    }

    fn scopes(&mut self, name: &str) -> Scopes {
        match self.members.remove(name) {
            Some(Value::String(text)) => Scopes::from(&*text),
            Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect(),
            _ => Scopes::default(),
        }
    }

    /// Removes and returns a credential that was installed at `installed_at`, if that is known.
    pub(super) fn credential(
        &mut self,
        fields: &CredentialFields,
        installed_at: Option<Timestamp>,
    ) -> Option<Credential> {
        let (token, refresh) = (self.text(fields.token), self.text(fields.refresh_token));
        let (expires_at, scopes) = (self.time(fields.expires_at), self.scopes(fields.scopes));
        let token = token?;
        let Ok(token) = AccessToken::new(token) else {
            self.leave_out(fields.token, LeftOutReason::Invalid);
            return None;
        };
        // A refresh moves the end, and not always the time of install.
        let refreshed_at = expires_at.map(|end| end - LIFE);
        let issued_at = installed_at.max(refreshed_at).unwrap_or(Timestamp::from_unix(0));
        let mut credential = Credential::new(token, issued_at);
        match refresh.map(RefreshToken::new) {
            Some(Ok(refresh)) => {
                credential.refresh_token = Some(refresh);
                credential.refresh_token_issued_at = Some(issued_at);
            }
            Some(Err(_)) => self.leave_out(fields.refresh_token, LeftOutReason::Invalid),
            None => {}
        }
        credential.expires_at = expires_at;
        credential.scopes = scopes;
        Some(credential)
    }

    pub(super) fn webhook(&mut self, names: [&str; 4]) -> Option<IncomingWebhook> {
        let [url, channel, channel_id, configuration_url] = names.map(|name| self.text(name));
        let Ok(url) = WebhookUrl::new(url?) else {
            self.leave_out(names[0], LeftOutReason::Invalid);
            return None;
        };
        let mut webhook = IncomingWebhook::new(url);
        webhook.channel = channel.as_deref().map(Into::into);
        webhook.channel_id = channel_id.as_deref().map(Into::into);
        webhook.configuration_url = configuration_url.as_deref().map(Into::into);
        Some(webhook)
    }

    /// Notes that the whole row is left out.
    pub(super) fn skip(self, reason: LeftOutReason) -> Vec<LeftOut> {
        vec![LeftOut { source: self.source, row: self.number, field: None, reason }]
    }

    /// Returns what was left out, those members included that nobody has taken; `prefix` names an inner object.
    pub(super) fn finish(self, prefix: &str) -> Vec<LeftOut> {
        let Self { source, number: row, members, mut left_out } = self;
        let rest = members.into_iter().filter(|(_, value)| !value.is_null());
        left_out.extend(rest.map(|(name, _)| LeftOut {
            source,
            row,
            field: Some((&*name).into()),
            reason: LeftOutReason::NoPlace,
        }));
        if !prefix.is_empty() {
            for it in &mut left_out {
                let name = it.field.as_ref().map_or("", |field| field.as_str());
                it.field = Some((&*format!("{prefix}.{name}")).into());
            }
        }
        left_out
    }

    fn leave_out(&mut self, name: &str, reason: LeftOutReason) {
        let (source, row) = (self.source, self.number);
        self.left_out.push(LeftOut { source, row, field: Some(name.into()), reason });
    }
}

/// How long Slack's rotating tokens live.
const LIFE: std::time::Duration = std::time::Duration::from_secs(12 * 3600);
