//! Small public choices.

use serde::{Deserialize, Serialize};

/// How the authorize page decides.
///
/// A request can decide for itself by a parameter `fake_decision` of `allow` or `deny`, in the address or in the form
/// that is posted back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Consent {
    /// Shows a page with the buttons Allow and Cancel.
    Ask,
    /// Goes back to the app with a code at once.
    Allow,
    /// Goes back to the app with `access_denied` at once.
    Deny,
    /// Goes back to the app with this error at once, for instance `unapproved_scope`.
    Fail(String),
}

/// Which pair stays when one refresh token gave several within its grace time.
///
/// At Slack the others are revoked later; when exactly is unconfirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Siblings {
    /// The one that is refreshed first; the others end at that moment.
    FirstUsedWins,
    /// The one that was issued last; the others end with the grace time.
    NewestWins,
}

/// Whom a credential lets an app act for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CredentialKind {
    /// The app's bot.
    Bot,
    /// A person.
    User,
}
