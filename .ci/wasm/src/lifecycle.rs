//! What a second install means for the credentials that are stored already.

use std::time::Duration;

use http::Response;
use slack_proto::{
    AccessToken, ApiMethod, Installation, Slot, StoreKey, Timestamp,
    lifecycle::IssueOrder,
    methods::{
        OauthV2Exchange, OauthV2ExchangeResponse, OauthV2UserAccess, OauthV2UserAccessResponse,
    },
    oauth::SecretAuthentication,
    tokens::{AppData, Credential, CredentialLifetime, InstallationKey},
};

use crate::shown;

const SENT: Timestamp = Timestamp::from_unix(1_000);
const LATER: Timestamp = Timestamp::from_unix(2_000);

pub(crate) fn merging() {
    let mut stored = Installation::new(place());
    assert!(!Installation::has_credential(&stored));
    stored.bot = Some(credential("xoxb-1", SENT));
    stored.app_id = Some("A1".into());
    stored.app_data = Some(AppData::new("plan=pro").unwrap());
    assert!(Installation::has_credential(&stored));
    assert!(AppData::new(vec![0; AppData::MAX_LEN + 1]).is_err());

    let mut answer = Installation::new(place());
    answer.bot = Some(credential("xoxb-2", LATER));
    answer.user = Some(credential("xoxp-1", LATER));
    answer.user_id = Some("U1".into());
    let changes = Installation::merge(&mut stored, answer).unwrap();
    assert_eq!(changes.added, [Slot::User]);
    assert_eq!(changes.replaced[0].credential.access_token.expose(), "xoxb-1");
    assert_eq!(stored.bot.as_ref().unwrap().access_token.expose(), "xoxb-2");
    assert_eq!(stored.app_data.as_ref().unwrap().as_ref(), b"plan=pro");
    assert!(!format!("{stored:?}{changes:?}").contains("xox"));
    assert!(!format!("{stored:?}").contains("plan"));

    let mut foreign = Installation::new(place());
    foreign.app_id = Some("A2".into());
    shown(&Installation::merge(&mut stored, foreign).unwrap_err());

    let mut second = Installation::new(place());
    second.user = Some(credential("xoxp-2", LATER));
    second.user_id = Some("U2".into());
    let (key, own) =
        Installation::take_persons_own(&mut second, &place(), Some(&stored), None).unwrap();
    assert_eq!(key, StoreKey::person(place(), "U2".into()));
    assert_eq!(own.user.unwrap().access_token.expose(), "xoxp-2");
    assert!(second.user.is_none());
}

pub(crate) fn joining_an_organization() {
    let mut older = Installation::new(place());
    older.bot = Some(credential("xoxb-1", SENT));
    let mut newer = Installation::new(place());
    newer.bot = Some(credential("xoxb-2", LATER));
    let changes = Installation::take_over(&mut newer, &mut older, |_| true).unwrap();
    assert_eq!(changes.replaced[0].credential.access_token.expose(), "xoxb-1");
    assert!(Installation::is_empty(&older) && !Installation::is_empty(&newer));
    let lifetime = Credential::lifetime(newer.bot.as_ref().unwrap());
    assert_eq!(CredentialLifetime::as_str(lifetime), "unlimited");
}

pub(crate) fn installing_elsewhere() {
    let reply = Response::new(
        r#"{"ok":true,"access_token":"xoxp-1","user_id":"U1","team":{"id":"T1"},"expires_in":60}"#,
    );
    let answer = OauthV2UserAccess::<SecretAuthentication>::parse_response(&reply).unwrap().value;
    let installation = OauthV2UserAccessResponse::into_installation(answer, SENT);
    let user = installation.user.unwrap();
    assert_eq!(user.access_token.expose(), "xoxp-1");
    assert_eq!(user.expires_at, Some(SENT + Duration::from_secs(60)));

    let reply = Response::new(
        r#"{"ok":true,"access_token":"xoxe.xoxb-1","token_type":"bot","refresh_token":"xoxe-1",
            "expires_in":43200,"team":{"id":"T1"},"app_id":"A1"}"#,
    );
    let answer = OauthV2Exchange::parse_response(&reply).unwrap().value;
    let installation = OauthV2ExchangeResponse::into_installation(answer, SENT);
    assert_eq!(installation.key(), Some(place()));
    assert_eq!(installation.bot.unwrap().refresh_token.unwrap().expose(), "xoxe-1");
}

pub(crate) fn times_of_issue() {
    let [mut first, mut second] = [SENT, LATER].map(|at| credential("xoxb-1", at));
    assert!(Credential::is_older_than(&first, &second));
    assert_eq!(Credential::issue_order(&first, Some(LATER)), IssueOrder::Unclear);
    // By Slack's clock it is the other way round.
    (first.server_date, second.server_date) = (Some(LATER), Some(SENT));
    assert!(!Credential::is_older_than(&first, &second));
    for (event, order) in [
        (Some(SENT), IssueOrder::After),
        (Some(LATER), IssueOrder::Unclear),
        (Some(Timestamp::from_unix(u64::MAX)), IssueOrder::Before),
        (None, IssueOrder::Unclear),
    ] {
        assert_eq!(Credential::issue_order(&first, event), order);
    }
}

fn place() -> InstallationKey {
    InstallationKey::Workspace("T1".into())
}

fn credential(token: &str, at: Timestamp) -> Credential {
    Credential::new(AccessToken::new(token).unwrap(), at)
}
