//! Workspaces, organizations, and the channel of a webhook.

use crate::{
    ids::{ChannelId, EnterpriseId, TeamId},
    methods::UntrustedText,
    tokens::WebhookUrl,
};

/// A workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Team {
    /// The id, `T…`.
    pub id: TeamId,
    /// The name, which may change.
    pub name: Option<UntrustedText>,
}

impl Team {
    /// Creates a team from an id, without a name.
    #[must_use]
    pub fn new(id: TeamId) -> Self {
        Self { id, name: None }
    }
}

/// An Enterprise organization.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Enterprise {
    /// The id, `E…`.
    pub id: EnterpriseId,
    /// The name, which may change.
    pub name: Option<UntrustedText>,
}

impl Enterprise {
    /// Creates an organization from an id, without a name.
    #[must_use]
    pub fn new(id: EnterpriseId) -> Self {
        Self { id, name: None }
    }
}

/// An address that posts into one channel, given for the scope `incoming-webhook`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct IncomingWebhook {
    /// The address, which is a secret.
    pub url: WebhookUrl,
    /// The channel's name when it was chosen.
    pub channel: Option<UntrustedText>,
    /// The channel's id.
    pub channel_id: Option<ChannelId>,
    /// Where a person can change the webhook.
    pub configuration_url: Option<UntrustedText>,
}

impl IncomingWebhook {
    /// Creates a webhook from the URL alone.
    #[must_use]
    pub fn new(url: WebhookUrl) -> Self {
        Self { url, channel: None, channel_id: None, configuration_url: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_alone_makes_a_webhook() {
        let hook = IncomingWebhook::new(WebhookUrl::new("https://hooks.example/1").unwrap());
        assert_eq!(hook.url.expose(), "https://hooks.example/1");
        assert!(hook.channel.is_none() && hook.channel_id.is_none());
        assert!(hook.configuration_url.is_none());
    }
}
