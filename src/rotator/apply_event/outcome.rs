//! What an event has removed and what it has spared.

use std::{error::Error, fmt};

use slack_proto::{
    Recovery, Slot, StoreKey,
    ids::{AppId, UserId},
    tokens::AppData,
};

use crate::store::StoreError;

/// What an event removed from the store, and what it did not.
///
/// A credential that the event does not name is in neither list.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct EventOutcome {
    /// What was removed. A row that holds no credential any more was removed as a whole.
    pub removed: Vec<RemovedCredential>,
    /// What the event is about as well, and what stays.
    pub spared: Vec<SparedCredential>,
    /// The application's own data of the rows that were removed.
    pub app_data: Vec<(StoreKey, AppData)>,
}

/// A credential that was removed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RemovedCredential {
    /// The key that it stood under.
    pub key: StoreKey,
    /// Its slot.
    pub slot: Slot,
    /// The person or the bot's user, if that is known.
    pub user_id: Option<UserId>,
}

/// A credential that an event named, and that stays.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SparedCredential {
    /// The key that it is stored under.
    pub key: StoreKey,
    /// Its slot.
    pub slot: Slot,
    /// The person or the bot's user, if that is known.
    pub user_id: Option<UserId>,
    /// Why it stays.
    pub reason: SpareReason,
}

/// Why a credential stays although an event is about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SpareReason {
    /// It was issued after the event: the event is late.
    IssuedLater,
    /// Slack says that the token is alive.
    Alive,
    /// Unknown: `auth.test` returned no clear answer. Apply the event again later.
    Doubt,
}

impl EventOutcome {
    /// Returns whether a credential stays only because Slack gave no clear answer. Then apply the event again later, for
    /// instance by answering the request with an error, so that Slack repeats it.
    #[must_use]
    pub fn is_in_doubt(&self) -> bool {
        self.spared.iter().any(|spared| spared.reason == SpareReason::Doubt)
    }
}

/// Why an event was not applied, or not to all that it is about.
#[derive(Debug)]
#[non_exhaustive]
pub enum ApplyEventError {
    /// The event names neither a workspace nor an organization.
    NoPlace,
    /// The event is of another app than the stored installation.
    #[non_exhaustive]
    OtherApp {
        /// The app of the event.
        event: AppId,
        /// The app of the stored installation.
        stored: AppId,
    },
    /// The store failed.
    Store(StoreError),
    /// Other processes wrote to the installation all the time.
    Busy,
}

impl ApplyEventError {
    /// Returns what to do next.
    #[must_use]
    pub fn recovery(&self) -> Recovery {
        match self {
            Self::NoPlace => Recovery::Unknown,
            Self::OtherApp { .. } => Recovery::FixConfiguration,
            Self::Store(_) | Self::Busy => Recovery::RetryLater { after: None },
        }
    }
}

impl From<StoreError> for ApplyEventError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl fmt::Display for ApplyEventError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPlace => f.write_str("the event names neither a workspace nor an organization"),
            Self::OtherApp { event, stored } => write!(
                f,
                "the event is of app {event}, and the stored installation of app {stored}; use a store for each app"
            ),
            Self::Store(_) => {
                f.write_str("the event was not applied, since the store failed; apply it again")
            }
            Self::Busy => f.write_str(
                "the event was not applied, since other processes changed the installation at each try; apply it again",
            ),
        }
    }
}

impl Error for ApplyEventError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}
