//! The browser legs of a server that keeps nothing, and what is kept as text.

use std::time::Duration;

use slack_proto::{
    ApiMethod, ClientId, Endpoint, Timestamp,
    methods::OauthV2Access,
    oauth::{
        AuthorizationRequest, Callback, CallbackError, CodeVerifier, InstallScopes, MissingScopes,
        PendingAuthorization, RandomBytes, RedirectUri, SecretAuthentication, SessionBinding,
        SignedStateError, SignedStateFlow, StateSigningKey, VerifiedCallback,
    },
};

use crate::shown;

const NOW: Timestamp = Timestamp::from_unix(1_000);

pub(crate) fn stateless() {
    let key = StateSigningKey::new([7; 32]).unwrap();
    shown(&StateSigningKey::new("short").unwrap_err());
    let install = SignedStateFlow::new(request(), Endpoint::slack(), key);
    let browser = SessionBinding::from_random_bytes(&RandomBytes::new([7; 96]));
    assert_eq!(SessionBinding::expose(&browser).len(), 43);
    shown(&SessionBinding::new("short").unwrap_err());
    let url = SignedStateFlow::begin(&install, &browser, &RandomBytes::new([8; 96]), NOW);
    let state = url.expose().split("&state=").nth(1).unwrap();
    let answer = |query: &str| Callback::parse(&query.replace("STATE", state)).unwrap();
    let finish = |browser, callback, now| SignedStateFlow::finish(&install, browser, callback, now);
    let good = "code=c&state=STATE";
    let authorized = finish(Some(&browser), answer(good), NOW).unwrap();
    let response = http::Response::new(r#"{"ok":true,"access_token":"xoxb-1","scope":"commands"}"#);
    let installed =
        OauthV2Access::<SecretAuthentication>::parse_response(&response).ok().unwrap().value;
    assert!(MissingScopes::is_empty(&VerifiedCallback::missing_scopes(&authorized, &installed)));

    let late = NOW + Duration::from_secs(61);
    for refused in [
        finish(None, answer(good), NOW),
        finish(Some(&browser), answer(good), late),
        finish(Some(&browser), answer("code=c"), NOW),
        finish(Some(&browser), answer("code=c&state=STATEx"), NOW),
        finish(Some(&browser), answer("code=c&state=\u{1f511}"), NOW),
        finish(Some(&browser), answer("error=access_denied&state=STATE"), NOW),
        finish(Some(&browser), answer("error=unapproved_scope"), NOW),
    ] {
        let error = refused.unwrap_err();
        let answered = SignedStateError::error_response(&error).map(|it| it.code.as_str());
        // Whoever pressed Cancel may change their mind.
        let expected =
            if answered == Some("unapproved_scope") { "ask_admin" } else { "authorize_again" };
        assert_eq!(SignedStateError::recovery(&error).as_str(), expected);
        shown(&error);
    }
}

pub(crate) fn kept_as_text() {
    let (_, pending) = request().begin(&Endpoint::slack(), &RandomBytes::new([7; 96]), NOW);
    assert_eq!(PendingAuthorization::expires_at(&pending), NOW + Duration::from_secs(60));
    let text = PendingAuthorization::encode_exposing_secrets(&pending);
    let read = PendingAuthorization::<OauthV2Access>::decode(&text, NOW).unwrap();
    assert!(read.state().same_as(pending.state()));
    for garbage in ["", "1", "1.\u{1f511}", &text[1..], &text[..text.len() - 1]] {
        shown(&PendingAuthorization::<OauthV2Access>::decode(garbage, NOW).unwrap_err());
    }
    shown(&PendingAuthorization::<OauthV2Access<CodeVerifier>>::decode(&text, NOW).unwrap_err());

    let error = read.finish(Callback::parse("error=access_denied").unwrap(), NOW).unwrap_err();
    assert!(CallbackError::error_response(&error).is_some());
    assert_eq!(CallbackError::recovery(&error).as_str(), "authorize_again");
    assert!(CallbackError::into_pending(error).is_some());
    assert!(Callback::without_state(Callback::parse("code=c").unwrap()).is_ok());
    shown(&Callback::without_state(Callback::parse("code=c&state=s").unwrap()).unwrap_err());
}

fn request() -> AuthorizationRequest<OauthV2Access> {
    let request = AuthorizationRequest::<OauthV2Access>::new(
        ClientId::new("1.2").unwrap(),
        InstallScopes::bot("commands"),
        RedirectUri::new("https://app.example.com/cb").unwrap(),
    );
    AuthorizationRequest::lifetime(request.unwrap(), Duration::from_secs(60))
}
