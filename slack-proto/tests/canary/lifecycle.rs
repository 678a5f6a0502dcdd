//! What an install changes.

use slack_proto::{
    Installation, Timestamp,
    lifecycle::{InstallChanges, IssueOrder, OtherApp, SupersededCredential},
    tokens::{Credential, InstallationKey},
};

use crate::seen::{CANARY, both, debug, token};

#[test]
fn installs_that_were_merged() {
    let now = Timestamp::from_unix(1);
    let credential = Credential::new(token(), now);
    debug::<IssueOrder>("IssueOrder", &credential.issue_order(Some(now)));
    let mut stored = Installation::new(InstallationKey::Workspace(CANARY.into()));
    stored.bot = Some(credential);
    let mut answer = stored.clone();
    answer.user_id = Some(CANARY.into());
    let changes: InstallChanges = stored.merge(answer.clone()).unwrap();
    debug("InstallChanges", &changes);
    let [old] = &changes.replaced[..] else { panic!("{changes:?}") };
    debug::<SupersededCredential>("SupersededCredential", old);
    (stored.app_id, answer.app_id) = (Some("A1".into()), Some(CANARY.into()));
    both::<OtherApp>("OtherApp", &stored.merge(answer).unwrap_err());
}
