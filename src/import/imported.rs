//! What an import results in.

use std::{error::Error, fmt};

use slack_proto::{
    Installation, StoreKey, lifecycle::SupersededCredential, methods::UntrustedText,
    tokens::InstallationKey,
};

use super::Rows;

/// What was read, and what has no place here.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Imported {
    /// The installations, each with the key to store it under.
    pub installations: Vec<(StoreKey, Installation)>,
    /// Credentials that a newer one of another owner has pushed out, with the key of the place. Slack may honour them still.
    pub displaced: Vec<(StoreKey, SupersededCredential)>,
    /// Fields and rows that were not taken over.
    pub left_out: Vec<LeftOut>,
}

/// A field or a whole row that was not taken over. It holds no value of the field.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LeftOut {
    /// The table, or `installation` for `@slack/oauth`.
    pub source: &'static str,
    /// The row's `id`; without one its place in the list, from 1 on.
    pub row: u64,
    /// The field; `None` if the whole row is left out.
    pub field: Option<UntrustedText>,
    /// Why.
    pub reason: LeftOutReason,
}

/// Why something was not taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LeftOutReason {
    /// An installation has no place for it. Look it up when it is needed, or keep it in
    /// [`Installation::app_data`](slack_proto::Installation::app_data).
    NoPlace,
    /// The value is not what such a field holds, for instance a token with a line end. The rest of the row was taken.
    Invalid,
    /// The row is of another client id or app.
    OtherApp,
    /// The row names neither a workspace nor an organization.
    NoWorkspace,
    /// The row holds no token.
    NoToken,
}

impl LeftOutReason {
    /// Returns a stable name in `snake_case`, for logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoPlace => "no_place",
            Self::Invalid => "invalid",
            Self::OtherApp => "other_app",
            Self::NoWorkspace => "no_workspace",
            Self::NoToken => "no_token",
        }
    }
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, row {}: ", self.source, self.row)?;
        if let Some(field) = &self.field {
            write!(f, "`{field}` ")?;
        }
        f.write_str(match self.reason {
            LeftOutReason::NoPlace => "has no place",
            LeftOutReason::Invalid => "is malformed",
            LeftOutReason::OtherApp => "is of another app",
            LeftOutReason::NoWorkspace => "names neither a workspace nor an organization",
            LeftOutReason::NoToken => "holds no token",
        })
    }
}

/// The text to import is not what it must be. The error holds nothing of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImportError {
    /// The table, or `installation` for `@slack/oauth`.
    pub source: &'static str,
    /// The line where reading failed; 0 if it is JSON of another shape.
    pub line: usize,
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{} must be a JSON array of objects", self.source),
            line => write!(f, "{} is not JSON: reading fails in line {line}", self.source),
        }
    }
}

impl Error for ImportError {}

/// One credential owner's part of a row, with the row that it comes from.
pub(super) struct Part {
    pub(super) place: InstallationKey,
    pub(super) installation: Installation,
    pub(super) source: &'static str,
    pub(super) row: u64,
}

impl Imported {
    /// Lays parts over each other, those that are older first.
    pub(super) fn lay(mut self, parts: Vec<Part>) -> Self {
        let mut rows = Rows::new();
        for Part { place, mut installation, source, row } in parts {
            let key = StoreKey::from(place.clone());
            let person = installation.user_id.clone().map(|id| StoreKey::person(place.clone(), id));
            let own = person.and_then(|person| rows.get(&person));
            let persons = installation.take_persons_own(&place, rows.get(&key), own);
            for (key, part) in persons.into_iter().chain([(key, installation)]) {
                if !part.has_credential() && !rows.contains_key(&key) {
                    continue;
                }
                let stored = rows.entry(key.clone());
                let stored = stored.or_insert_with(|| Installation::new(place.clone()));
                match stored.merge(part) {
                    Ok(changes) => {
                        let displaced = changes.displaced.into_iter();
                        self.displaced.extend(displaced.map(|it| (key.clone(), it)));
                    }
                    Err(_) => self.left_out.push(LeftOut {
                        source,
                        row,
                        field: None,
                        reason: LeftOutReason::OtherApp,
                    }),
                }
            }
        }
        self.installations = rows.into_iter().collect();
        self
    }
}
