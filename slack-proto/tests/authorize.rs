//! The authorize pages: their URLs, byte for byte, and what is refused before a browser is sent there.

use std::fmt::Debug;

use slack_proto::{
    ClientId, Endpoint, Timestamp,
    error::{ErrorCode, InvalidValue},
    methods::{OauthV2Access, OauthV2UserAccess, OpenidConnectToken},
    oauth::{
        AuthorizationRequest, AuthorizationUrl, AuthorizeError, Callback, CallbackError,
        CodeExchange, CodeVerifier, InstallScopes, PendingAuthorization, RandomBytes, RedirectUri,
        Scopes, SecretAndPkce, SignInScopes,
    },
    openid::Nonce,
    tokens::Fingerprint,
};

const ID: &str = "1000000001.2000000002";
const NOW: Timestamp = Timestamp::from_unix(1_795_219_200);
const CHALLENGE: &str =
    "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256";

/// RFC 7636 appendix B gives the octets behind its verifier.
fn entropy() -> RandomBytes {
    let octets = [
        116, 24, 223, 180, 151, 153, 224, 37, 79, 250, 96, 125, 216, 173, 187, 186, 22, 212, 37,
        77, 105, 214, 191, 240, 91, 88, 5, 88, 83, 132, 141, 121,
    ];
    let mut bytes = [1; 96];
    bytes[..32].copy_from_slice(&octets);
    bytes[64..].fill(2);
    RandomBytes::new(bytes)
}

fn web() -> RedirectUri {
    RedirectUri::new("https://app.example.com/cb").unwrap()
}

fn desktop() -> RedirectUri {
    RedirectUri::new("fakeapp://oauth/cb").unwrap()
}

fn request<M: CodeExchange>(
    scopes: impl Into<M::Scopes>,
    redirect: impl Into<Option<RedirectUri>>,
) -> Result<AuthorizationRequest<M>, InvalidValue> {
    AuthorizationRequest::new(ClientId::new(ID).unwrap(), scopes, redirect)
}

/// Writes `fake-state` and `fake-nonce`, as the reference does, for what was drawn.
fn shown(url: &AuthorizationUrl) -> String {
    let (state, nonce) =
        ("AQ".to_owned() + &"EBAQ".repeat(11), Nonce::from_random_bytes(&entropy()));
    let url = url.expose().replace(&format!("&state={}", &state[..43]), "&state=fake-state");
    url.replace(nonce.expose(), "fake-nonce")
}

fn url<M: CodeExchange>(request: Result<AuthorizationRequest<M>, InvalidValue>) -> String {
    shown(&request.unwrap().begin(&Endpoint::slack(), &entropy(), NOW).0)
}

#[test]
fn an_install_for_bot_and_person() {
    let scopes = InstallScopes::bot("chat:write,commands").user("users:read");
    let page = url(request::<OauthV2Access>(scopes, web()));
    assert_eq!(
        page,
        "https://slack.com/oauth/v2/authorize?client_id=1000000001.2000000002&scope=chat%3Awrite%2Ccommands\
         &user_scope=users%3Aread&redirect_uri=https%3A%2F%2Fapp.example.com%2Fcb&state=fake-state"
    );
    let page = url(request::<OauthV2Access>(InstallScopes::bot("commands"), None));
    assert_eq!(
        page,
        "https://slack.com/oauth/v2/authorize?client_id=1000000001.2000000002&scope=commands&state=fake-state"
    );
}

#[test]
fn an_install_of_a_desktop_app() {
    let page = url(request::<OauthV2Access<CodeVerifier>>(
        InstallScopes::user_only("chat:write"),
        desktop(),
    ));
    assert_eq!(
        page,
        "https://slack.com/oauth/v2/authorize?client_id=1000000001.2000000002&scope=&user_scope=chat%3Awrite\
         &redirect_uri=fakeapp%3A%2F%2Foauth%2Fcb&state=fake-state"
            .to_owned()
            + CHALLENGE
    );
}

#[test]
fn an_install_for_a_person_alone() {
    let asked = || {
        let scopes = Scopes::from("search:read.public users:read");
        request::<OauthV2UserAccess<CodeVerifier>>(scopes, web())
    };
    let expected = |name: &str| {
        format!(
            "https://slack.com/oauth/v2_user/authorize?client_id=1000000001.2000000002\
             &{name}=search%3Aread.public%2Cusers%3Aread&redirect_uri=https%3A%2F%2Fapp.example.com%2Fcb\
             &state=fake-state{CHALLENGE}"
        )
    };
    assert_eq!(url(asked()), expected("scope"));
    assert_eq!(
        url(asked().map(AuthorizationRequest::user_scope_parameter)),
        expected("user_scope"),
        "one report says that this is what has effect"
    );
}

#[test]
fn a_sign_in() {
    let all = || SignInScopes::openid().email().profile();
    let page = "https://slack.com/openid/connect/authorize?response_type=code&client_id=1000000001.2000000002\
                &scope=openid%20email%20profile&redirect_uri=https%3A%2F%2Fapp.example.com%2Fcb\
                &state=fake-state&nonce=fake-nonce";
    let asked = request::<OpenidConnectToken>(all(), web());
    assert_eq!(
        url(asked.map(|request| request.team("T0FAKE00001".into()))),
        format!("{page}&team=T0FAKE00001")
    );
    let with_pkce = format!("{page}{CHALLENGE}");
    assert_eq!(url(request::<OpenidConnectToken<CodeVerifier>>(all(), web())), with_pkce);
    assert_eq!(url(request::<OpenidConnectToken<SecretAndPkce>>(all(), web())), with_pkce);
}

#[test]
fn another_slack_has_the_same_pages() {
    let asked = request::<OauthV2Access>(InstallScopes::bot("commands"), None).unwrap();
    let (url, _) = asked.begin(&Endpoint::gov_slack(), &entropy(), NOW);
    assert!(url.expose().starts_with("https://slack-gov.com/oauth/v2/authorize?client_id="));
}

#[track_caller]
fn refused<M: CodeExchange + Debug>(
    request: Result<AuthorizationRequest<M>, InvalidValue>,
    rule: &str,
) {
    let error = request.unwrap_err();
    assert_eq!((error.field(), error.rule()), ("authorization request", rule));
}

#[test]
fn what_slack_would_refuse_names_its_rule() {
    const EMPTY: &str = "must ask for at least one scope";
    const MIXED: &str = "must not mix openid, email or profile with other scopes: Slack grants them in a separate request only";
    const PKCE: &str = "must use PKCE for a redirect URI on loopback or with a scheme of the app's own; tests may use RedirectUri::insecure_for_tests";
    const NO_BOT: &str = "must ask for user scopes only: a desktop redirect URI gets no bot token";
    const REDIRECT: &str =
        "must have a redirect URI for a sign-in (OpenID Connect Core section 3.1.2.1 requires it)";
    let localhost = || RedirectUri::new("http://localhost:3000/cb").unwrap();

    refused(request::<OauthV2Access>(InstallScopes::default(), web()), EMPTY);
    refused(request::<OauthV2UserAccess>("", web()), EMPTY);
    refused(request::<OauthV2Access>(InstallScopes::user_only("openid,chat:write"), web()), MIXED);
    refused(request::<OauthV2UserAccess>("search:read,email", web()), MIXED);
    refused(
        request::<OauthV2Access>(InstallScopes::bot("openid"), web()),
        "must request openid, email and profile as user scopes: a bot cannot have them",
    );
    refused(request::<OauthV2Access>(InstallScopes::user_only("chat:write"), desktop()), PKCE);
    refused(request::<OauthV2Access>(InstallScopes::user_only("chat:write"), localhost()), PKCE);
    refused(request::<OauthV2UserAccess>("chat:write", localhost()), PKCE);
    refused(request::<OpenidConnectToken>(SignInScopes::openid(), desktop()), PKCE);
    refused(
        request::<OauthV2Access<CodeVerifier>>(InstallScopes::bot("commands"), desktop()),
        NO_BOT,
    );
    let both = InstallScopes::bot("commands").user("chat:write");
    refused(request::<OauthV2Access<CodeVerifier>>(both, localhost()), NO_BOT);
    refused(request::<OpenidConnectToken>(SignInScopes::openid(), None), REDIRECT);
    refused(request::<OpenidConnectToken<CodeVerifier>>(SignInScopes::openid(), None), REDIRECT);

    // Each with the rule kept.
    assert!(request::<OauthV2UserAccess<CodeVerifier>>("openid,email", localhost()).is_ok());
    assert!(request::<OpenidConnectToken<CodeVerifier>>(SignInScopes::openid(), desktop()).is_ok());
    let tests = RedirectUri::insecure_for_tests("http://127.0.0.1:1/cb").unwrap();
    assert!(request::<OauthV2Access>(InstallScopes::bot("commands"), tests).is_ok());
}

/// A pending authorization with the state of the samples, written by hand as the format's documentation says.
fn waiting() -> PendingAuthorization<OauthV2Access> {
    let text = "v=1&method=oauth.v2.access&proof=secret&client_id=1.2&state=fake-state-0001&bot=commands\
                &began_at=1795219200&life=600";
    let text = format!("{text}&check={}", Fingerprint::of(text));
    PendingAuthorization::decode(&text, NOW).unwrap()
}

#[test]
fn the_samples_callbacks_belong_to_their_request_or_do_not() {
    let finish = |sample: &str| waiting().finish(Callback::parse(sample).unwrap(), NOW);
    assert!(finish(include_str!("samples/authorize-callback--success.txt")).is_ok());
    assert!(finish(include_str!("samples/authorize-callback--custom-scheme.txt")).is_ok());
    let error = finish(include_str!("samples/authorize-callback--cancelled.txt")).unwrap_err();
    let CallbackError::Refused(refused) = error else { panic!("{error}") };
    assert_eq!(refused.code, ErrorCode::Method(AuthorizeError::AccessDenied));
    let error = finish(include_str!("samples/authorize-callback--wrong-state.txt")).unwrap_err();
    assert!(matches!(error, CallbackError::StateMismatch(_)), "{error}");
    let error =
        finish(include_str!("samples/authorize-callback--denied-no-state.txt")).unwrap_err();
    assert!(matches!(error, CallbackError::RefusedWithoutState(..)), "{error}");
}
