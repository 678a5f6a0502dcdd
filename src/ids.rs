//! Identifiers that Slack gives out.

pub use slack_proto::ids::{
    AppId, BotId, ChannelId, EnterpriseId, ExternalTokenId, ProviderKey, TeamId, UserId,
};
