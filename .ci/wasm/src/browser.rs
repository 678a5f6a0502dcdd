//! The browser legs.

use std::time::Duration;

use slack_proto::{
    AuthorizationRequest, AuthorizeUrl, Authorized, Callback, CallbackError, ClientId,
    CodeVerifier, Endpoint, Entropy, InstallScopes, Method, OauthV2Access, PendingAuthorization,
    RedirectUri, Refused, Secret, State, Timestamp,
};

use crate::shown;

const NOW: Timestamp = Timestamp::from_unix(1_000);

type Pending = PendingAuthorization<OauthV2Access>;

pub(crate) fn installing() {
    let (url, pending) = begin();
    assert!(
        AuthorizeUrl::expose(&url)
            .starts_with("https://slack.com/oauth/v2/authorize?client_id=1.2&scope=")
    );
    assert!(
        !format!("{url:?}{pending:?}")
            .contains(State::expose(PendingAuthorization::state(&pending)))
    );
    assert!(PendingAuthorization::scopes(&pending).bot.contains("commands"));
    assert!(PendingAuthorization::redirect_uri(&pending).is_some());
    let callback =
        Callback::parse(&format!("/cb?code=c&state={}", pending.state().expose())).unwrap();
    assert!(pending.state().same_as(Callback::state(&callback).unwrap()));
    assert_eq!(Callback::unchecked_code(&callback).unwrap().expose(), "c");
    let exchange = PendingAuthorization::finish(pending, callback, NOW).unwrap();
    assert_eq!(OauthV2Access::<Secret>::NAME, "oauth.v2.access");
    assert!(!format!("{exchange:?}").contains("c0de"));

    let scopes = InstallScopes::user("users:read");
    let redirect = RedirectUri::new("fakeapp://oauth/cb").unwrap();
    let desktop =
        AuthorizationRequest::<OauthV2Access<CodeVerifier>>::new(id(), scopes, redirect).unwrap();
    let (url, _) = desktop.begin(&Endpoint::slack(), &Entropy::new([7; 96]), NOW);
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
    assert_eq!(Refused::recovery(Callback::refused(&refused).unwrap()).as_str(), "ask_admin");
    let pending = back(pending.finish(answer("code=a"), NOW));
    let pending = back(pending.finish(answer("code=a&state=b"), NOW));
    let pending = back(pending.finish(answer("error=access_denied"), NOW));
    shown(&pending.finish(refused, NOW).unwrap_err());
    let late = NOW + AuthorizationRequest::<OauthV2Access>::DEFAULT_LIFE + Duration::from_secs(1);
    shown(&begin().1.finish(answer("code=a&state=STATE"), late).unwrap_err());
}

fn begin() -> (AuthorizeUrl, Pending) {
    let scopes = InstallScopes::and_user(InstallScopes::bot("commands"), "users:read");
    let redirect = RedirectUri::new("https://app.example.com/cb").unwrap();
    let request = AuthorizationRequest::<OauthV2Access>::new(id(), scopes, redirect).unwrap();
    let request = AuthorizationRequest::team(request, "T1".into());
    AuthorizationRequest::begin(request, &Endpoint::slack(), &Entropy::new([7; 96]), NOW)
}

fn back(result: Result<Authorized<OauthV2Access>, CallbackError<OauthV2Access>>) -> Pending {
    let error = result.unwrap_err();
    shown(&error);
    match error {
        CallbackError::StateMissing(pending)
        | CallbackError::StateMismatch(pending)
        | CallbackError::RefusedWithoutState(_, pending) => *pending,
        other => panic!("{other} gives nothing back"),
    }
}

fn id() -> ClientId {
    ClientId::new("1.2").unwrap()
}
