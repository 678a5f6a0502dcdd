//! The rotation of a credential, told what happens and asked what to do.

use std::time::Duration;

use http::Response;
use slack_proto::{
    AccessToken, ApiMethod, Installation, Slot, Timestamp,
    methods::{
        AuthTest, OauthV2Exchange, OauthV2ExchangeResponse, OauthV2Refresh, OauthV2RefreshResponse,
        OauthV2UserRefresh, OauthV2UserRefreshResponse, OpenidConnectRefresh,
        OpenidConnectRefreshResponse,
    },
    rotation::{
        Action, AnyCredential, Input, Issued, RefreshFailure, Rotation, RotationPolicy, Write,
    },
    tokens::{Credential, InstallationKey, RefreshMethod, RefreshToken},
};

const SENT: Timestamp = Timestamp::from_unix(1_000);
const DUE: Timestamp = Timestamp::from_unix(43_000);
const NEW: &str =
    r#"{"ok":true,"access_token":"xoxe.xoxb-2","refresh_token":"xoxe-2","expires_in":43200}"#;

pub(crate) fn a_refresh() {
    let mut rotation = Rotation::new(policy(), 7);
    assert!(matches!(Rotation::step(&mut rotation, DUE, Input::Tick), Action::Read));
    assert!(Rotation::is_busy(&rotation));
    let mut installation = installed();
    let mut write = None;
    let mut event = Input::Read(Installation::any_credential(&installation, Slot::Bot));
    for _ in 0..10 {
        event = match Rotation::step(&mut rotation, DUE, event) {
            Action::Read => Input::Read(installation.any_credential(Slot::Bot)),
            Action::TakeLease => Input::Leased,
            Action::Release => Input::Released,
            Action::Send(_) => Input::Issued(issued()),
            Action::Write(pair) => {
                assert!(Rotation::unsaved(&rotation).is_some());
                assert!(Write::apply(&pair, &mut installation, Slot::Bot));
                write = Some(pair);
                Input::Written
            }
            Action::Wait(_) => Input::Waited,
            _ => break,
        };
    }
    assert!(write.is_some() && Rotation::unsaved(&rotation).is_none());
    let held = Rotation::credential(&rotation).unwrap();
    assert_eq!(held.access_token().unwrap().expose(), "xoxe.xoxb-2");
    assert!(Rotation::valid_credential(&rotation, DUE, Duration::from_secs(60)).is_some());
    assert!(Rotation::read_again_at(&rotation).is_none());
    assert!(Rotation::due_at(&rotation) > Some(DUE));
    assert!(Rotation::next_refresh_at(&rotation, DUE) > Some(DUE));
    assert_eq!(Rotation::method(&rotation), Some("oauth.v2.access"));
    assert!(Rotation::problem(&rotation).is_none());
    assert!(Rotation::refresh_token_ends(&rotation).is_none());
    assert!(Rotation::authorization_ends_at(&rotation).is_none());
    assert!(!Rotation::take_events(&mut rotation).is_empty());
    assert!(!format!("{rotation:?}").contains("xox"));
}

/// Every event in every order of three: none may trap.
pub(crate) fn anything_in_any_order() {
    let error = AuthTest::parse_response(&Response::new("<html>")).unwrap_err();
    let events = || {
        [
            Input::Tick,
            Input::Refresh,
            Input::Exchange,
            Input::Read(None),
            Input::Read(installed().any_credential(Slot::Bot)),
            Input::ReadFailed,
            Input::Leased,
            Input::LeaseHeld { remaining: Duration::MAX },
            Input::LeaseFailed,
            Input::Released,
            Input::Issued(issued()),
            Input::Failed(RefreshFailure::of(&error)),
            Input::Written,
            Input::Conflict,
            Input::WriteFailed,
            Input::Waited,
            Input::Aborted,
        ]
    };
    for first in events() {
        for second in events() {
            for third in events() {
                let mut rotation = Rotation::new(RotationPolicy::new(), 7);
                for (at, event) in [(0, first.clone()), (43_000, second.clone()), (u64::MAX, third)]
                {
                    rotation.step(Timestamp::from_unix(at), event);
                }
            }
        }
    }
}

pub(crate) fn policies_and_pairs() {
    let policy = RotationPolicy::for_public_client(policy());
    assert!(RotationPolicy::refresh_tokens_end(&policy));
    let held = installed().any_credential(Slot::Bot).unwrap();
    assert_eq!(AnyCredential::lifetime(&held).as_str(), "rotating");
    let ends = RotationPolicy::refresh_token_ends(&policy, &held);
    assert_eq!(RotationPolicy::authorization_ends_at(&policy, &held), ends);
    assert_eq!(RotationPolicy::grace_period(&policy), Duration::from_secs(20));
    assert_eq!(RotationPolicy::lease_length(&policy), Duration::from_secs(30));
    let credential = installed().any_credential(Slot::Bot).unwrap();
    assert!(RotationPolicy::due_at(&policy, &credential, 7) < Some(DUE));

    assert!(AnyCredential::access_token(&credential).is_some());
    assert!(AnyCredential::configuration_token(&credential).is_none());
    assert_eq!(AnyCredential::refresh_token(&credential).unwrap().expose(), "xoxe-1");
    assert_eq!(AnyCredential::issued_at(&credential), SENT);
    assert_eq!(AnyCredential::expires_at(&credential), Some(SENT + Duration::from_secs(43_200)));
    let told = format!(
        "{} {} {:?}",
        AnyCredential::fingerprint(&credential),
        AnyCredential::pair_fingerprint(&credential),
        AnyCredential::refresh_token_issued_at(&credential),
    );
    assert!(told.len() > 32);
    assert_eq!(RefreshMethod::as_str(RefreshMethod::OauthV2Access), "oauth.v2.access");

    let response = &Response::new(NEW);
    let exchanged = OauthV2Exchange::parse_response(response).ok().unwrap().value;
    let refreshed = <OauthV2Refresh>::parse_response(response).ok().unwrap().value;
    let user = <OauthV2UserRefresh>::parse_response(response).ok().unwrap().value;
    let openid = <OpenidConnectRefresh>::parse_response(response).ok().unwrap().value;
    for issued in [
        OauthV2ExchangeResponse::into_credential(exchanged, SENT),
        OauthV2RefreshResponse::into_credential(refreshed, SENT),
        OauthV2UserRefreshResponse::into_credential(user, SENT),
        OpenidConnectRefreshResponse::into_credential(openid, SENT),
        Issued::new(credential),
    ] {
        assert!(issued.credential.refresh_token().is_some());
    }
}

fn policy() -> RotationPolicy {
    let policy = RotationPolicy::margin(RotationPolicy::new(), Duration::from_secs(3_600));
    let policy = RotationPolicy::grace(policy, Duration::from_secs(20));
    let policy = RotationPolicy::lease(policy, Duration::from_secs(30));
    let policy = RotationPolicy::rate_limit_wait(policy, Duration::from_secs(5));
    RotationPolicy::refusal_wait(policy, Duration::from_secs(5))
}

fn installed() -> Installation {
    let mut bot = Credential::new(AccessToken::new("xoxe.xoxb-1").unwrap(), SENT);
    bot.refresh_token = Some(RefreshToken::new("xoxe-1").unwrap());
    bot.expires_at = Some(SENT + Duration::from_secs(43_200));
    let mut installation = Installation::new(InstallationKey::Workspace("T1".into()));
    installation.bot = Some(bot);
    installation
}

fn issued() -> Issued {
    let reply = <OauthV2Refresh>::parse_response(&Response::new(NEW));
    OauthV2RefreshResponse::into_credential(reply.ok().unwrap().value, DUE)
}
