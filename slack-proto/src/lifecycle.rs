//! What a second install, or an event, means for the credentials that are stored already.
//!
//! Both are decided by the time of issue of each credential: newer beats older, and an event that is older than a
//! credential does not concern it. The decisions are values here; the `slack-auth` package carries them out over a store.
//!
//! ```
//! use slack_proto::{
//!     AccessToken, Installation, Slot, Timestamp,
//!     tokens::{Credential, InstallationKey},
//! };
//!
//! let place = InstallationKey::Workspace("T0FAKE00001".into());
//! let at = Timestamp::from_unix(1_795_219_200);
//! let mut stored = Installation::new(place.clone());
//! stored.bot = Some(Credential::new(AccessToken::new("xoxb-not-a-real-token")?, at));
//!
//! // A second install, with user scopes alone.
//! let mut answer = Installation::new(place);
//! answer.user = Some(Credential::new(AccessToken::new("xoxp-not-a-real-token")?, at));
//! answer.user_id = Some("U0FAKE00001".into());
//!
//! let changes = stored.merge(answer)?;
//! assert_eq!((&changes.added[..], &changes.kept[..]), (&[Slot::User][..], &[Slot::Bot][..]));
//! assert!(stored.bot.is_some() && stored.user.is_some());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod answer;
mod issue_order;
mod merge;
mod people;
mod take_over;

pub use issue_order::IssueOrder;
pub use merge::{InstallChanges, OtherApp, SupersededCredential};
