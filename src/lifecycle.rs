//! Merging a second install into what is stored, and the order in which credentials were issued.

pub use slack_proto::lifecycle::{InstallChanges, IssueOrder, OtherApp, SupersededCredential};

pub use crate::rotator::{InstallError, InstallOutcome, InstalledRow};
