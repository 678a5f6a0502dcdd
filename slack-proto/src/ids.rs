//! Slack's ids: short text such as `T0123456789`, one type per thing named.

/// Defines newtypes over an id, which is kept as it came and shown with the care that text from outside needs.
macro_rules! ids {
    ($($(#[$docs:meta])* $Name:ident;)*) => {$(
        $(#[$docs])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $Name(crate::methods::UntrustedText);

        impl $Name {
            /// Returns the id unchanged, byte for byte.
            #[must_use]
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }
        }

        impl<T: Into<Box<str>>> From<T> for $Name {
            fn from(id: T) -> Self {
                Self(crate::methods::UntrustedText::from(id))
            }
        }

        impl std::fmt::Display for $Name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(&self.0, f)
            }
        }

        impl std::fmt::Debug for $Name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Debug::fmt(&self.0, f)
            }
        }
    )*};
}

ids! {
    /// An app, `A…`.
    AppId;
    /// A workspace, `T…`. For a token of an org-wide install Slack may put the organization's `E…` here.
    TeamId;
    /// An Enterprise organization, `E…`.
    EnterpriseId;
    /// A person or a bot user, `U…` or `W…`. Unique within a team, not across Slack: store it with the team.
    UserId;
    /// A bot, `B…`: not the bot's user.
    BotId;
    /// A conversation, `C…`.
    ChannelId;
    /// A person's stored token of an outside provider, `Et…`.
    ExternalTokenId;
    /// An outside provider, as the app's manifest names it.
    ProviderKey;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_kept_and_shown_with_care() {
        let team = TeamId::from("T0FAKE00001");
        assert_eq!(team.as_str(), "T0FAKE00001");
        assert_eq!(team.to_string(), "T0FAKE00001");
        assert_eq!(format!("{:?}", TeamId::from("xoxb-1")), "[6 bytes not shown]");
    }
}
