//! Moving in from Slack's own SDKs: what they have stored, as installations.
//!
//! [`slack_sdk`] reads the rows of the tables `slack_installations` and `slack_bots`, as the SQLAlchemy and SQLite stores of
//! Python's `slack_sdk` write them; [`slack_oauth`] reads what an installation store of `@slack/oauth` keeps. Both are
//! functions of values: they read no database and write to no store. They are tried with rows that `slack_sdk` 3.48.0 and
//! `@slack/oauth` 4.0.0 have written.
//!
//! # Which row counts
//!
//! `slack_sdk` keeps each install as a row of its own, and a refresh may write to either table, so that its stores disagree
//! about which token is the present one. Here the newest credential of each owner counts, over both tables: by the time of
//! its install, and if it rotates by the end of its token, which a refresh moves. The bot goes under the place's key; of
//! several people each keeps a row, the first under the place and the others under [`StoreKey::person`], as
//! [`TokenRotator::install`](crate::TokenRotator::install) does it.
//!
//! # The cut-over
//!
//! **Two libraries must not refresh one token.** A refresh token works once: after one library has refreshed a credential,
//! the other holds a spent refresh token and loses the installation, although its code is right. So:
//!
//! 1. Stop every process that uses the old store, workers and scheduled jobs included. Slack's events can wait: it repeats
//!    them for an hour. An access token that is out lives on.
//! 2. Export the rows, import them, and store each installation in an empty store. Look at what [`Imported::left_out`] and
//!    [`Imported::displaced`] list. Tens of thousands of rows take seconds.
//! 3. Start the new program. Credentials whose end is near are refreshed at their first use.
//! 4. Keep the old tables to look things up, and never start the old program with them again: from the first refresh on
//!    they hold spent refresh tokens. The way back is to write the present pairs into them.
//!
//! Authorizations that are under way in a browser at that moment must begin again, since the two libraries keep `state`
//! differently. Apps without token rotation have nothing that can be spent: there both programs may run side by side.
//!
//! # Examples
//!
//! ```
//! use slack_auth::{ClientId, InstallationStore, import, store::{MemoryStore, Precondition}};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // sqlite3 -json app.db 'select * from slack_installations'; or json_agg(t) in PostgreSQL.
//! let installations = r#"[{"id": 1, "client_id": "1.2", "app_id": "A0FAKE00001", "team_id": "T0FAKE00001",
//!     "bot_token": "xoxb-FAKE", "bot_scopes": "chat:write", "bot_user_id": "U0FAKEBOT01", "bot_id": "B0FAKE00001",
//!     "user_id": "U0FAKE00001", "is_enterprise_install": 0, "installed_at": "2026-11-21 00:00:00.250000"}]"#;
//! let imported = import::slack_sdk(&ClientId::new("1.2")?, installations, "[]")?;
//! for left_out in &imported.left_out {
//!     println!("{left_out}"); // slack_installations, row 1: `bot_id` has no place
//! }
//!
//! let store = InstallationStore::new(MemoryStore::new(), ClientId::new("1.2")?);
//! # pollster::block_on(async {
//! for (key, installation) in &imported.installations {
//!     store.put(key, installation, Precondition::Absent).await?;
//! }
//! # Ok::<(), slack_auth::store::StoreError>(())
//! # })?;
//! # Ok(())
//! # }
//! ```

mod imported;
mod row;
mod slack_oauth;
mod slack_sdk;
mod time;

use slack_proto::ClientId;

pub use imported::{ImportError, Imported, LeftOut, LeftOutReason};

use crate::StoreKey;

/// Reads the rows of `slack_sdk`'s tables, each a JSON object with a member for each column.
///
/// Times are UTC, as `slack_sdk` writes them: text such as `2026-11-21 00:00:00.250000`, ISO 8601, or Unix seconds. Rows of
/// another client id are left out, since each app has a store of its own.
///
/// # Errors
///
/// When one of the texts is not a JSON array of objects.
pub fn slack_sdk(
    client_id: &ClientId,
    installations: &str,
    bots: &str,
) -> Result<Imported, ImportError> {
    slack_sdk::import(client_id, installations, bots)
}

/// Reads installations of `@slack/oauth`, as it hands them to `storeInstallation`: a JSON object, or an array of them.
///
/// They hold no time of install. Of two credentials of one owner the one that ends later counts, and without an end the one
/// that comes later in the array: so begin with the oldest.
///
/// # Errors
///
/// When the text is neither a JSON object nor an array of objects.
pub fn slack_oauth(installations: &str) -> Result<Imported, ImportError> {
    slack_oauth::import(installations)
}

/// Where installations are listed by, so that each place comes with its people.
type Rows = std::collections::BTreeMap<StoreKey, slack_proto::Installation>;
