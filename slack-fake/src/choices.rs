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

/// How `oauth.v2.user.access` writes its answer to a code grant; sources disagree on it.
///
/// Refreshes are answered in the schema's shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum UserAccessShape {
    /// The method's schema: all at the top level, with `user_id`.
    Schema,
    /// As the schema, but `token_type` is `Bearer` (seen by MCP clients).
    Bearer,
    /// The documented example: id and scopes under `authed_user`, no `app_id`, no `enterprise`.
    DocsExample,
    /// An empty `scope` at the top, the real one and the token once more under `authed_user`.
    ScopesInAuthedUser,
    /// All of the credential under `authed_user`, as `oauth.v2.access` has it.
    Nested,
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
    /// A person who edits app configurations (`tooling.tokens.rotate`).
    Config,
}
