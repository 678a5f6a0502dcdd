//! The state as a document, so that another fake can continue from it.

use std::error::Error;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::FakeSlack;
use crate::state::installation::Indexes;
use crate::state::memory::{SIGNING_KEYS, State};

/// The file's two leading members say what it is.
#[derive(Serialize, Deserialize)]
struct Saved<S> {
    format: String,
    version: u64,
    state: S,
}

impl FakeSlack {
    /// Returns the whole state as JSON, with **client and signing secrets in plain text**.
    ///
    /// Tokens and codes are stored by the first half of their SHA-256 digest.
    ///
    /// The document is an object with `format` (`"slack-fake"`), `version` (`1`) and `state`, an
    /// object with these members: `seed` and `counter` (what texts are made from), `rules` (times
    /// in seconds), `consent`, `signed_in`, `signing` (which key), `id_token_faults`, `apps`,
    /// `workspaces`, `organizations`, `users`, `external_tokens`, `codes` (by code), `credentials`,
    /// and `access_tokens` and `refresh_tokens` (by token, each with the index of its credential).
    /// Times are Unix seconds. Scripted faults and the calls seen belong to the run and are not
    /// saved.
    #[must_use]
    pub fn save(&self) -> Vec<u8> {
        let saved = Saved { format: FORMAT.into(), version: VERSION, state: &self.state };
        // Nothing in the state can fail to be written: its keys are strings and it is written to
        // memory.
        serde_json::to_vec(&saved).unwrap_or_default()
    }

    /// Creates a fake from what [`FakeSlack::save`] returned.
    ///
    /// Scripted faults, methods of one's own and the calls seen start empty.
    ///
    /// # Errors
    ///
    /// If the document is of another format or version, or damaged.
    pub fn restore(saved: &[u8]) -> Result<Self, RestoreError> {
        let head: Saved<serde::de::IgnoredAny> =
            serde_json::from_slice(saved).map_err(|_| RestoreError::Damaged)?;
        if head.format != FORMAT || head.version != VERSION {
            return Err(RestoreError::Foreign);
        }
        let Saved { mut state, .. } =
            serde_json::from_slice::<Saved<State>>(saved).map_err(|_| RestoreError::Damaged)?;
        if !state.is_consistent() {
            return Err(RestoreError::Damaged);
        }
        state.indexes = Indexes::of(&state.credentials);
        Ok(Self { state, ..Self::new() })
    }
}

impl State {
    /// Whether every token belongs to a credential that exists, and the signing key is one of ours.
    fn is_consistent(&self) -> bool {
        let count = self.credentials.len();
        self.access_tokens.values().all(|record| (record.credential as usize) < count)
            && self.refresh_tokens.values().all(|record| (record.credential as usize) < count)
            && self.signing.current < SIGNING_KEYS
    }
}

/// Why a saved state could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RestoreError {
    /// The document is not of this format, or of a version this release does not know.
    Foreign,
    /// The document is not JSON, is cut short, or lacks members.
    Damaged,
}

impl fmt::Display for RestoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Foreign => {
                "not a state of this fake, or of another version of it: start with a new fake"
            }
            Self::Damaged => "the saved state is damaged: start with a new fake",
        })
    }
}

impl Error for RestoreError {}

const FORMAT: &str = "slack-fake";
const VERSION: u64 = 1;
