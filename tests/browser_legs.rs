//! The browser legs over the fake Slack: the three pages to their tokens, and each attack refused by an error of its own.

use std::sync::Arc;

use http::Request;
use slack_auth::{
    ApiMethod, Client, ClientId, ClientSecret, ConfidentialClient, Endpoint, PublicClient,
    Timestamp,
    error::{CallError, ErrorCode, MethodError},
    methods::{
        OauthV2Access, OauthV2AccessError, OauthV2UserAccess, OpenidConnectToken,
        OpenidConnectTokenError,
    },
    oauth::{
        AuthorizationRequest, AuthorizeError, Callback, CallbackError, CodeExchange, CodeVerifier,
        InstallScopes, InvalidPendingAuthorization, PendingAuthorization, RandomBytes, RedirectUri,
        SessionBinding, SignInScopes, SignedStateError, SignedStateFlow, StateSigningKey,
        VerifiedCallback, WithoutStateError, random_bytes,
    },
    openid::{IdTokenError, IdTokenKeys, VerifyIdTokenError},
};
use slack_fake::{
    App, Clock, Consent, FakeSlack, FakeTransport, SharedFake, User, UserAccessShape, Workspace,
};

const SERVER: &str = "1000000001.2000000002";
const DESKTOP: &str = "1000000001.2000000003";
const SECRET: &str = "fakeclientsecret0000000000000001";
const WEB: &str = "https://app.example.com/slack/cb";
const OWN_SCHEME: &str = "fakeapp://oauth/cb";

/// The fake Slack, who the app is there, and a browser.
struct Stage {
    fake: SharedFake,
    client: Client,
}

impl Stage {
    fn new() -> Self {
        let server = App::new(SERVER, SECRET)
            .redirect_url(WEB)
            .optional_scopes(["commands", "users:read"])
            .accept_secret_beside_verifier()
            .distribute();
        let desktop = App::new(DESKTOP, SECRET).redirect_url(OWN_SCHEME).enable_pkce();
        let fake = FakeSlack::new()
            .app(server)
            .app(desktop.app_id("A0FAKE00002"))
            .workspace(Workspace::new("T0FAKE00001", "Fake Team"))
            .workspace(Workspace::new("T0FAKE00002", "Other Team"))
            .user(
                User::new("U0FAKE00001", "fake.person")
                    .member_of("T0FAKE00001")
                    .member_of("T0FAKE00002"),
            )
            .consent(Consent::Allow);
        let fake = SharedFake::new(fake, Clock::manual(1_795_219_200));
        let client = Client::new(Endpoint::slack(), Arc::new(FakeTransport::new(fake.clone())));
        Self { fake, client }
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_unix(self.fake.clock().now())
    }

    /// Opens a page of Slack's, and gives what the browser brings back to the app.
    fn browse(&self, url: &str) -> Callback {
        let page = self.fake.handle(&Request::get(url).body(Vec::new()).unwrap());
        assert_eq!(page.status(), 302, "Slack shows a page of its own");
        Callback::parse(page.headers()["location"].to_str().unwrap()).unwrap()
    }

    fn begin<M: CodeExchange>(
        &self,
        request: AuthorizationRequest<M>,
    ) -> (Callback, PendingAuthorization<M>) {
        let (url, pending) = request.begin(self.client.endpoint(), &entropy(), self.now());
        (self.browse(url.expose()), pending)
    }

    fn call<M: ApiMethod>(
        &self,
        method: &M,
        app: &M::Auth,
    ) -> Result<M::Response, CallError<M::Error>> {
        pollster::block_on(self.client.call(method, app)).map(|reply| reply.value)
    }
}

fn entropy() -> RandomBytes {
    random_bytes().unwrap()
}

fn server() -> ConfidentialClient {
    ConfidentialClient::new(ClientId::new(SERVER).unwrap(), ClientSecret::new(SECRET).unwrap())
}

fn desktop() -> PublicClient {
    PublicClient::new(ClientId::new(DESKTOP).unwrap())
}

fn on_server<M: CodeExchange>(scopes: impl Into<M::Scopes>) -> AuthorizationRequest<M> {
    let redirect = RedirectUri::new(WEB).unwrap();
    AuthorizationRequest::new(server().id().clone(), scopes, redirect).unwrap()
}

fn on_desktop<M: CodeExchange>(scopes: impl Into<M::Scopes>) -> AuthorizationRequest<M> {
    let redirect = RedirectUri::new(OWN_SCHEME).unwrap();
    AuthorizationRequest::new(desktop().id().clone(), scopes, redirect).unwrap()
}

fn install() -> AuthorizationRequest<OauthV2Access> {
    on_server(InstallScopes::bot("chat:write,commands"))
}

fn stateless<M: CodeExchange>(request: AuthorizationRequest<M>) -> SignedStateFlow<M> {
    SignedStateFlow::new(request, Endpoint::slack(), StateSigningKey::new([7; 32]).unwrap())
}

/// The code of one callback with the state of another, as an attacker's link has them.
fn spliced(code: &Callback, state: &Callback) -> Callback {
    let (code, state) = (code.unchecked_code().unwrap(), state.state().unwrap());
    Callback::parse(&format!("code={}&state={}", code.expose(), state.expose())).unwrap()
}

#[track_caller]
fn code_of<E: MethodError + Clone, T>(result: Result<T, CallError<E>>) -> ErrorCode<E> {
    let Err(error) = result else { panic!("a call succeeded that had to fail") };
    error.response().and_then(|error| error.code()).cloned().expect("a code of Slack's")
}

#[test]
fn an_install_and_what_was_declined() {
    let stage = Stage::new();
    let request = on_server::<OauthV2Access>(
        InstallScopes::bot("chat:write,commands").user("users:read,search:read"),
    );
    let (url, pending) = request.begin(stage.client.endpoint(), &entropy(), stage.now());
    let callback = stage.browse(&format!("{}&fake_decline=commands,users:read", url.expose()));
    let authorized = pending.finish(callback, stage.now()).unwrap();
    let installed = stage.call(&authorized.exchange, &server()).unwrap();
    let declined = authorized.missing_scopes(&installed);
    assert_eq!((declined.bot, declined.user), ("commands".into(), "users:read".into()));
    assert_eq!(authorized.asked.bot, "chat:write,commands".into());
}

#[test]
fn an_install_for_a_person_alone_in_every_shape_of_the_answer() {
    for shape in [
        UserAccessShape::Schema,
        UserAccessShape::Bearer,
        UserAccessShape::DocsExample,
        UserAccessShape::ScopesInAuthedUser,
        UserAccessShape::Nested,
    ] {
        let stage = Stage::new();
        stage.fake.with(|fake| *fake = std::mem::take(fake).user_access_shape(shape));
        for user_scope_parameter in [false, true] {
            let request = on_desktop::<OauthV2UserAccess<CodeVerifier>>("search:read,users:read");
            let request =
                if user_scope_parameter { request.user_scope_parameter() } else { request };
            let (callback, pending) = stage.begin(request);
            let authorized = pending.finish(callback, stage.now()).unwrap();
            let granted = stage.call(&authorized.exchange, &desktop()).unwrap();
            assert!(authorized.missing_scopes(&granted).is_empty(), "{shape:?}");
            assert_eq!(granted.credential.scopes, "search:read,users:read".into(), "{shape:?}");
        }
    }
}

#[test]
fn a_sign_in_of_each_kind_of_client() {
    let stage = Stage::new();
    let scopes = || SignInScopes::openid().email().profile();
    let (callback, pending) = stage.begin(on_server::<OpenidConnectToken>(scopes()));
    let authorized = pending.finish(callback, stage.now()).unwrap();
    let answer = stage.call(&authorized.exchange, &server()).unwrap();
    assert!(answer.id_token.is_some() && authorized.missing_scopes(&answer).is_empty());
    assert!(authorized.expected_id_token().sent_nonce().is_some());

    let (callback, pending) = stage.begin(on_desktop::<OpenidConnectToken<CodeVerifier>>(scopes()));
    let authorized = pending.finish(callback, stage.now()).unwrap();
    assert!(stage.call(&authorized.exchange, &desktop()).unwrap().id_token.is_some());
}

#[test]
fn the_second_leg_on_another_machine() {
    type Flow = OauthV2Access<CodeVerifier>;
    let stage = Stage::new();
    let (callback, pending) =
        stage.begin(on_desktop::<Flow>(InstallScopes::user_only("chat:write")));
    let kept = pending.encode_exposing_secrets();
    drop(pending);
    let pending = PendingAuthorization::<Flow>::decode(&kept, stage.now()).unwrap();
    let authorized = pending.finish(callback, stage.now()).unwrap();
    assert!(stage.call(&authorized.exchange, &desktop()).unwrap().user.is_some());
}

#[test]
fn a_replayed_callback_finds_the_code_spent() {
    let stage = Stage::new();
    // `finish` spends the pending authorization; whoever kept a copy of its text meets Slack's own rule.
    let (callback, pending) = stage.begin(install());
    let kept = pending.encode_exposing_secrets();
    let again = PendingAuthorization::<OauthV2Access>::decode(&kept, stage.now()).unwrap();
    let [first, second] =
        [pending, again].map(|pending| pending.finish(callback.clone(), stage.now()).unwrap());
    assert!(stage.call(&first.exchange, &server()).is_ok());
    let code = code_of(stage.call(&second.exchange, &server()));
    assert_eq!(code, ErrorCode::Method(OauthV2AccessError::InvalidCode));

    // Without a session a state is taken again, and the code is not.
    let (flow, browser) = (stateless(install()), SessionBinding::from_random_bytes(&entropy()));
    let callback = stage.browse(flow.begin(&browser, &entropy(), stage.now()).expose());
    let finish = || flow.finish(Some(&browser), callback.clone(), stage.now()).unwrap();
    assert!(stage.call(&finish().exchange, &server()).is_ok());
    let code = code_of(stage.call(&finish().exchange, &server()));
    assert_eq!(code, ErrorCode::Method(OauthV2AccessError::InvalidCode));
}

#[test]
fn a_callback_for_another_session_is_refused_and_harms_nobody() {
    let stage = Stage::new();
    let (attackers, _) = stage.begin(install());
    let (victims, pending) = stage.begin(install());
    let error = pending.finish(attackers, stage.now()).unwrap_err();
    assert!(matches!(error, CallbackError::StateMismatch(_)), "{error}");
    // The victim's own sign-in goes on.
    let authorized = error.into_pending().unwrap().finish(victims, stage.now()).unwrap();
    assert!(stage.call(&authorized.exchange, &server()).is_ok());
}

#[test]
fn an_expired_pending_authorization_is_refused() {
    let stage = Stage::new();
    let (callback, pending) = stage.begin(install());
    let kept = pending.encode_exposing_secrets();
    stage.fake.clock().advance(601);
    let error = PendingAuthorization::<OauthV2Access>::decode(&kept, stage.now()).unwrap_err();
    assert_eq!(error, InvalidPendingAuthorization::Expired);
    let error = pending.finish(callback, stage.now()).unwrap_err();
    assert!(matches!(error, CallbackError::Expired), "{error}");

    let (flow, browser) = (stateless(install()), SessionBinding::from_random_bytes(&entropy()));
    let callback = stage.browse(flow.begin(&browser, &entropy(), stage.now()).expose());
    stage.fake.clock().advance(601);
    let error = flow.finish(Some(&browser), callback, stage.now()).unwrap_err();
    assert!(matches!(error, SignedStateError::Expired), "{error}");
}

#[test]
fn a_tampered_state_is_refused() {
    let stage = Stage::new();
    let (flow, browser) = (stateless(install()), SessionBinding::from_random_bytes(&entropy()));
    let url = flow.begin(&browser, &entropy(), stage.now()).expose().to_owned();
    // The first character of the end of its life: a later one, as whoever comes late would like.
    let (page, old) = url.split_once("&state=").unwrap();
    let later = format!("{page}&state={}B{}", &old[..3], &old[4..]);
    assert_ne!(later, url);
    let error = flow.finish(Some(&browser), stage.browse(&later), stage.now()).unwrap_err();
    assert!(matches!(error, SignedStateError::Tampered), "{error}");
    let authorized = flow.finish(Some(&browser), stage.browse(&url), stage.now()).unwrap();
    assert!(stage.call(&authorized.exchange, &server()).is_ok());
}

#[test]
fn a_state_of_another_browser_is_refused() {
    let stage = Stage::new();
    let flow = stateless(install());
    let [attacker, victim] = [(); 2].map(|()| SessionBinding::from_random_bytes(&entropy()));
    // The attacker stops at the callback, and sends its address to the victim.
    let planted = stage.browse(flow.begin(&attacker, &entropy(), stage.now()).expose());
    for browser in [Some(&victim), None] {
        let error = flow.finish(browser, planted.clone(), stage.now()).unwrap_err();
        assert!(matches!(error, SignedStateError::OtherBrowser), "{error}");
    }
}

#[test]
fn a_code_from_another_page_is_refused() {
    let stage = Stage::new();
    let (signed_in, _) = stage.begin(on_server::<OpenidConnectToken>(SignInScopes::openid()));
    // With the state that it came with, it belongs to no install of this browser.
    let (own, pending) = stage.begin(install());
    let error = pending.finish(signed_in.clone(), stage.now()).unwrap_err();
    assert!(matches!(error, CallbackError::StateMismatch(_)), "{error}");
    // With a stolen state it reaches Slack, which knows its codes.
    let pending = error.into_pending().unwrap();
    let authorized = pending.finish(spliced(&signed_in, &own), stage.now()).unwrap();
    let code = code_of(stage.call(&authorized.exchange, &server()));
    assert_eq!(code, ErrorCode::Method(OauthV2AccessError::OauthAuthorizationUrlMismatch));

    // A stateless state says which page it is of.
    let browser = SessionBinding::from_random_bytes(&entropy());
    let sign_in = stateless(on_server::<OpenidConnectToken>(SignInScopes::openid()));
    let signed_in = stage.browse(sign_in.begin(&browser, &entropy(), stage.now()).expose());
    let error = stateless(install()).finish(Some(&browser), signed_in, stage.now()).unwrap_err();
    assert!(matches!(error, SignedStateError::OtherFlow), "{error}");
}

#[test]
fn a_code_from_another_flow_of_the_same_page_fails_by_its_verifier() {
    let stage = Stage::new();
    let request =
        || on_desktop::<OauthV2Access<CodeVerifier>>(InstallScopes::user_only("chat:write"));
    let (attackers, _) = stage.begin(request());
    let (own, pending) = stage.begin(request());
    let authorized = pending.finish(spliced(&attackers, &own), stage.now()).unwrap();
    let code = code_of(stage.call(&authorized.exchange, &desktop()));
    assert_eq!(code, ErrorCode::Method(OauthV2AccessError::InvalidCodeVerifier));

    // The same with the derived verifier of a stateless state.
    let flow = stateless(on_desktop::<OpenidConnectToken<CodeVerifier>>(SignInScopes::openid()));
    let browser = SessionBinding::from_random_bytes(&entropy());
    let [attackers, own] =
        [(); 2].map(|()| stage.browse(flow.begin(&browser, &entropy(), stage.now()).expose()));
    let finish = |callback| -> VerifiedCallback<_> {
        flow.finish(Some(&browser), callback, stage.now()).unwrap()
    };
    let spliced = finish(spliced(&attackers, &own));
    let code = code_of(stage.call(&spliced.exchange, &desktop()));
    assert!(matches!(code, ErrorCode::Method(OpenidConnectTokenError::InvalidGrant)), "{code}");
    assert!(stage.call(&finish(own).exchange, &desktop()).is_ok());
}

#[test]
fn a_code_from_anothers_sign_in_fails_by_its_nonce() {
    let stage = Stage::new();
    let keys = IdTokenKeys::with_aws_lc(stage.client.clone());
    let verify = |authorized: VerifiedCallback<OpenidConnectToken>| {
        // Without PKCE Slack hands the tokens out: only the nonce tells that they are of another sign-in.
        let answer = stage.call(&authorized.exchange, &server()).unwrap();
        let (token, access) = (answer.id_token.unwrap(), answer.credential.access_token);
        let expected = authorized.expected_id_token();
        pollster::block_on(keys.verify(&token, expected, Some(&access), stage.now()))
    };
    let request = || on_server::<OpenidConnectToken>(SignInScopes::openid());
    let [(attackers, _), (own, pending)] = [(); 2].map(|()| stage.begin(request()));
    let authorized = pending.finish(spliced(&attackers, &own), stage.now()).unwrap();
    let error = verify(authorized).unwrap_err();
    assert!(matches!(error, VerifyIdTokenError::Token(IdTokenError::WrongNonce)), "{error}");

    // The same with the derived nonce of a stateless state, and what is right.
    let (flow, browser) = (stateless(request()), SessionBinding::from_random_bytes(&entropy()));
    let [attackers, own] =
        [(); 2].map(|()| stage.browse(flow.begin(&browser, &entropy(), stage.now()).expose()));
    let finish = |callback| flow.finish(Some(&browser), callback, stage.now()).unwrap();
    let error = verify(finish(spliced(&attackers, &own))).unwrap_err();
    assert!(matches!(error, VerifyIdTokenError::Token(IdTokenError::WrongNonce)), "{error}");
    assert!(verify(finish(own)).is_ok());
}

#[test]
fn row_14_a_sign_in_at_another_workspace_than_required_is_refused() {
    let stage = Stage::new();
    let keys = IdTokenKeys::with_aws_lc(stage.client.clone());
    let at = |team: &str| {
        let request = on_server::<OpenidConnectToken>(SignInScopes::openid());
        let request = request.require_team("T0FAKE00001".into());
        let (url, pending) = request.begin(stage.client.endpoint(), &entropy(), stage.now());
        assert!(url.expose().contains("&team=T0FAKE00001"));
        let callback = stage.browse(&format!("{}&fake_team={team}", url.expose()));
        let authorized = pending.finish(callback, stage.now()).unwrap();
        let answer = stage.call(&authorized.exchange, &server()).unwrap();
        let (token, access) = (answer.id_token.unwrap(), answer.credential.access_token);
        let expected = authorized.expected_id_token();
        pollster::block_on(keys.verify(&token, expected, Some(&access), stage.now()))
    };
    assert_eq!(at("T0FAKE00001").unwrap().user.team_id, Some("T0FAKE00001".into()));
    let VerifyIdTokenError::Token(IdTokenError::WrongTeam(team)) = at("T0FAKE00002").unwrap_err()
    else {
        panic!("the person is let in")
    };
    assert_eq!(team.as_str(), "T0FAKE00002");
}

#[test]
fn a_refusal_is_typed_and_tied_to_the_request() {
    let stage = Stage::new();
    for (consent, expected) in [
        (Consent::Deny, AuthorizeError::AccessDenied),
        (Consent::Fail("unapproved_scope".into()), AuthorizeError::UnapprovedScope),
        (Consent::Fail("invalid_scope".into()), AuthorizeError::InvalidScope),
    ] {
        stage.fake.with(|fake| fake.set_consent(consent));
        let (callback, pending) = stage.begin(install());
        let error = pending.finish(callback, stage.now()).unwrap_err();
        let CallbackError::Refused(refused) = error else { panic!("{error}") };
        assert_eq!(refused.code, ErrorCode::Method(expected));
    }
}

#[test]
fn an_install_from_slacks_own_page_is_taken_knowingly() {
    let stage = Stage::new();
    let page = format!("https://slack.com/oauth/v2/authorize?client_id={SERVER}&scope=chat:write");
    let callback = stage.browse(&page);
    let (own, pending) = stage.begin(install());
    let error = pending.finish(callback.clone(), stage.now()).unwrap_err();
    assert!(matches!(error, CallbackError::StateMissing(_)), "{error}");
    let installed = stage.call(&callback.without_state().unwrap(), &server()).unwrap();
    assert!(installed.bot.is_some());
    assert!(matches!(own.without_state(), Err(WithoutStateError::HasState(_))));
}
