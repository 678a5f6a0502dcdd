//! Slack's identifiers.

pub use slack_proto::ids::{
    AppId, BotId, ChannelId, EnterpriseId, ExternalTokenId, ProviderKey, TeamId, UserId,
};
