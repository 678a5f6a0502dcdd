//! The life of an installation in a store: installs, events, and what they mean for the credentials that are stored already.
//!
//! There is one way in and one way out, and both need a [`TokenRotator`](crate::TokenRotator), so that its next caller gets
//! what is true now.
//!
//! | what happens | call |
//! |---|---|
//! | a person installs the app, for the first time or again | [`install`](crate::TokenRotator::install) |
//! | a token in hand is to be stored, such as one from the app's settings page | [`install`](crate::TokenRotator::install) |
//! | an install took a credential's place away | [`revoke_displaced`](crate::TokenRotator::revoke_displaced) |
//! | Slack's event `app_uninstalled` or `tokens_revoked` | `apply_event` (feature `events`) |
//! | the app itself ends an installation | [`revoke_all`](crate::TokenRotator::revoke_all) |
//! | another part of the program has changed a row | [`invalidate`](crate::TokenRotator::invalidate) |
//!
//! A second install is laid over the first one: a slot that its answer does not hold stays, and another person's credential
//! goes under that person's key ([`StoreKey::person`](crate::StoreKey::person)). Each credential is judged by its own time of
//! issue, so that neither an answer nor an event that is late undoes what is newer.
//!
//! ```
//! # use std::error::Error;
//! # use slack_auth::{
//! #     Client, ConfidentialClient, Slot, StoreKey, Timestamp, TokenRotator, methods::OauthV2Access, oauth::VerifiedCallback,
//! # };
//! async fn installed(
//!     slack: &Client,
//!     app: &ConfidentialClient,
//!     rotator: &TokenRotator,
//!     verified: VerifiedCallback<OauthV2Access>,
//!     requested_at: Timestamp,
//! ) -> Result<(), Box<dyn Error>> {
//!     let reply = slack.call(&verified.exchange, app).await?;
//!     let outcome = rotator.install(reply.value.into_installation(requested_at)).await?;
//!     for row in &outcome.rows {
//!         println!("{}: added {:?}, kept {:?}", row.key, row.changes.added, row.changes.kept);
//!     }
//!     rotator.revoke_displaced(&outcome).await?;
//!     Ok(())
//! }
//! ```

pub use slack_proto::lifecycle::{InstallChanges, IssueOrder, OtherApp, SupersededCredential};

pub use crate::rotator::{InstallError, InstallOutcome, InstalledRow};
