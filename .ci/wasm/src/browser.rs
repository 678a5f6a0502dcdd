//! The browser legs.

use std::time::Duration;

use http::Response;
use slack_proto::{
    ApiMethod, ClientId, Endpoint, Timestamp,
    methods::{OauthV2Access, OauthV2UserAccess, OpenidConnectToken},
    oauth::{
        AuthorizationErrorResponse, AuthorizationRequest, AuthorizationUrl, Callback,
        CallbackError, CodeVerifier, InstallScopes, MissingScopes, OauthState,
        PendingAuthorization, RandomBytes, RedirectUri, SecretAuthentication, SessionBinding,
        SignInScopes, SignedStateError, SignedStateFlow, StateSigningKey, StateSigningKeys,
        VerifiedCallback,
    },
    openid::{ExpectedIdToken, Nonce},
};

use crate::shown;

const NOW: Timestamp = Timestamp::from_unix(1_000);

type Pending = PendingAuthorization<OauthV2Access>;

pub(crate) fn installing() {
    let (url, pending) = begin();
    assert!(
        AuthorizationUrl::expose(&url)
            .starts_with("https://slack.com/oauth/v2/authorize?client_id=1.2&scope=")
    );
    assert!(
        !format!("{url:?}{pending:?}")
            .contains(OauthState::expose(PendingAuthorization::state(&pending)))
    );
    assert!(PendingAuthorization::scopes(&pending).bot.contains("commands"));
    assert!(PendingAuthorization::redirect_uri(&pending).is_some());
    assert_eq!(PendingAuthorization::endpoint(&pending).origin(), "https://slack.com");
    let callback =
        Callback::parse(&format!("/cb?code=c&state={}", pending.state().expose())).unwrap();
    assert!(pending.state().same_as(Callback::state(&callback).unwrap()));
    assert_eq!(Callback::unchecked_code(&callback).unwrap().expose(), "c");
    let authorized = PendingAuthorization::finish(pending, callback, NOW).unwrap();
    assert_eq!(OauthV2Access::<SecretAuthentication>::NAME, "oauth.v2.access");
    assert!(!format!("{authorized:?}").contains("c0de"));
    assert_eq!(VerifiedCallback::endpoint(&authorized).origin(), "https://slack.com");
    let reply = Response::new(r#"{"ok":true,"access_token":"xoxb-1","scope":"commands"}"#);
    let installed = OauthV2Access::<SecretAuthentication>::parse_response(&reply).unwrap().value;
    let missing = VerifiedCallback::missing_scopes(&authorized, &installed);
    assert!(!MissingScopes::is_empty(&missing) && missing.user.contains("users:read"));

    let scopes = InstallScopes::user_only("users:read");
    let redirect = RedirectUri::new("fakeapp://oauth/cb").unwrap();
    let desktop =
        AuthorizationRequest::<OauthV2Access<CodeVerifier>>::new(id(), scopes, redirect).unwrap();
    let (url, _) = desktop.begin(&Endpoint::slack(), &RandomBytes::new([7; 96]), NOW);
    assert!(url.expose().contains("&code_challenge_method=S256"));
    let nothing = AuthorizationRequest::<OauthV2Access>::new(id(), InstallScopes::default(), None);
    shown(&nothing.unwrap_err());
}

pub(crate) fn refused_callbacks() {
    for text in ["", "state=a", "code=a&code=b", "https://[", "\u{0}?"] {
        shown(&Callback::parse(text).unwrap_err());
    }
    let pending = begin().1;
    let answer =
        |query: &str| Callback::parse(&query.replace("STATE", begin().1.state().expose())).unwrap();
    let refused = answer("error=access_denied&state=STATE");
    assert_eq!(
        AuthorizationErrorResponse::recovery(Callback::error_response(&refused).unwrap()).as_str(),
        "authorize_again"
    );
    let pending = back(pending.finish(answer("code=a"), NOW));
    let pending = back(pending.finish(answer("code=a&state=b"), NOW));
    let pending = back(pending.finish(answer("error=access_denied"), NOW));
    shown(&pending.finish(refused, NOW).unwrap_err());
    let late = PendingAuthorization::expires_at(&begin().1) + Duration::from_secs(1);
    let error = begin().1.finish(answer("code=a&state=STATE"), late).unwrap_err();
    assert_eq!(CallbackError::recovery(&error).as_str(), "authorize_again");
    assert!(CallbackError::error_response(&error).is_none());
    shown(&error);
    assert!(Callback::without_state(answer("code=a")).is_ok());
    shown(&answer("code=a&state=b").without_state().unwrap_err());
}

pub(crate) fn signing_in() {
    let scopes = SignInScopes::profile(SignInScopes::email(SignInScopes::openid()));
    assert_eq!(SignInScopes::as_scopes(&scopes).to_string(), "openid,email,profile");
    shown(&SignInScopes::new("email").unwrap_err());
    let request = AuthorizationRequest::<OpenidConnectToken>::new(id(), scopes, web()).unwrap();
    let request = AuthorizationRequest::lifetime(request, Duration::from_secs(30));
    let entropy = RandomBytes::new([7; 96]);
    let (url, pending) = request.begin(&Endpoint::slack(), &entropy, NOW);
    let text = PendingAuthorization::encode_exposing_secrets(&pending);
    let decode = |now| PendingAuthorization::<OpenidConnectToken>::decode(&text, now);
    shown(&decode(NOW + Duration::from_secs(31)).unwrap_err());
    let pending = decode(NOW).unwrap();
    let state = pending.state().expose();
    let callback = Callback::parse(&format!("code=a&state={state}")).unwrap();
    let authorized = pending.finish(callback, NOW).unwrap();
    let expected = VerifiedCallback::<OpenidConnectToken>::expected_id_token(&authorized);
    assert_eq!(ExpectedIdToken::client_id(expected).as_str(), "1.2");
    let nonce = ExpectedIdToken::sent_nonce(expected).unwrap();
    assert!(Nonce::matches(nonce, Nonce::from_random_bytes(&entropy).expose()));
    assert!(url.expose().contains(nonce.expose()));
    let other = ExpectedIdToken::nonce(ExpectedIdToken::new(id()), Nonce::new("n").unwrap());
    assert!(!Nonce::same_as(nonce, other.sent_nonce().unwrap()));

    let at_home = ExpectedIdToken::team(ExpectedIdToken::new(id()), "T1".into());
    assert_eq!(ExpectedIdToken::required_team(&at_home).unwrap().as_str(), "T1");
    let scopes = SignInScopes::openid();
    let request = AuthorizationRequest::<OpenidConnectToken>::new(id(), scopes, web()).unwrap();
    let request = AuthorizationRequest::require_team(request, "T1".into());
    let (url, _) = request.begin(&Endpoint::slack(), &entropy, NOW);
    assert!(url.expose().contains("&team=T1"));

    let request = AuthorizationRequest::<OauthV2UserAccess>::new(id(), "search:read", web());
    let request = AuthorizationRequest::user_scope_parameter(request.unwrap());
    let (url, _) = request.begin(&Endpoint::slack(), &entropy, NOW);
    assert!(url.expose().contains("/oauth/v2_user/authorize?client_id=1.2&user_scope="));
}

pub(crate) fn without_a_session() {
    let key = StateSigningKey::new([7; 32]).unwrap();
    shown(&StateSigningKey::new([7; 31]).unwrap_err());
    shown(&SessionBinding::new("sh0rt").unwrap_err());
    let entropy = RandomBytes::new([7; 96]);
    let browser = SessionBinding::from_random_bytes(&entropy);
    assert_eq!(SessionBinding::expose(&browser).len(), 43);
    let scopes = SignInScopes::openid();
    let request =
        AuthorizationRequest::<OpenidConnectToken<CodeVerifier>>::new(id(), scopes, web());
    let old = StateSigningKey::new([8; 32]).unwrap();
    let keys = StateSigningKeys::old_key(StateSigningKeys::new(key), old);
    let flow = SignedStateFlow::new(request.unwrap(), Endpoint::slack(), keys);
    let url = SignedStateFlow::begin(&flow, &browser, &entropy, NOW);
    let state = url.expose().split("&state=").nth(1).unwrap().split('&').next().unwrap();
    let callback = || Callback::parse(&format!("code=a&state={state}")).unwrap();
    assert!(SignedStateFlow::finish(&flow, Some(&browser), callback(), NOW).is_ok());
    let error = flow.finish(None, callback(), NOW).unwrap_err();
    assert_eq!(SignedStateError::recovery(&error).as_str(), "authorize_again");
    assert!(SignedStateError::error_response(&error).is_none());
    shown(&error);
}

fn begin() -> (AuthorizationUrl, Pending) {
    let scopes = InstallScopes::user(InstallScopes::bot("commands"), "users:read");
    let request = AuthorizationRequest::<OauthV2Access>::new(id(), scopes, web()).unwrap();
    let request = AuthorizationRequest::team(request, "T1".into());
    AuthorizationRequest::begin(request, &Endpoint::slack(), &RandomBytes::new([7; 96]), NOW)
}

fn back(result: Result<VerifiedCallback<OauthV2Access>, CallbackError<OauthV2Access>>) -> Pending {
    let error = result.unwrap_err();
    shown(&error);
    CallbackError::into_pending(error).unwrap()
}

fn web() -> RedirectUri {
    RedirectUri::new("https://app.example.com/cb").unwrap()
}

fn id() -> ClientId {
    ClientId::new("1.2").unwrap()
}
