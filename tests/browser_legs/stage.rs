//! The fake Slack, the app as it is known there, and a browser.

use std::sync::Arc;

use http::Request;
use slack_auth::{
    ApiMethod, Client, ClientId, ClientSecret, ConfidentialClient, Endpoint, PublicClient,
    Timestamp,
    error::{CallError, ErrorCode, MethodError},
    methods::OauthV2Access,
    oauth::{
        AuthorizationRequest, Callback, CodeExchange, InstallScopes, PendingAuthorization,
        RandomBytes, RedirectUri, SignedStateFlow, StateSigningKey, random_bytes,
    },
};
use slack_fake::{App, Clock, Consent, FakeSlack, FakeTransport, SharedFake, User, Workspace};

pub(crate) const SERVER: &str = "1000000001.2000000002";
pub(crate) const DESKTOP: &str = "1000000001.2000000003";
pub(crate) const SECRET: &str = "fakeclientsecret0000000000000001";
pub(crate) const WEB: &str = "https://app.example.com/slack/cb";
pub(crate) const OWN_SCHEME: &str = "fakeapp://oauth/cb";

/// The fake Slack, who the app is there, and a browser.
pub(crate) struct Stage {
    pub fake: SharedFake,
    pub client: Client,
}

impl Stage {
    pub(crate) fn new() -> Self {
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

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_unix(self.fake.clock().now())
    }

    /// Opens a page of Slack's, and gives what the browser brings back to the app.
    pub(crate) fn browse(&self, url: &str) -> Callback {
        let page = self.fake.handle(&Request::get(url).body(Vec::new()).unwrap());
        assert_eq!(page.status(), 302, "Slack shows a page of its own");
        Callback::parse(page.headers()["location"].to_str().unwrap()).unwrap()
    }

    pub(crate) fn begin<M: CodeExchange>(
        &self,
        request: AuthorizationRequest<M>,
    ) -> (Callback, PendingAuthorization<M>) {
        let (url, pending) = request.begin(self.client.endpoint(), &entropy(), self.now());
        (self.browse(url.expose()), pending)
    }

    pub(crate) fn call<M: ApiMethod>(
        &self,
        method: &M,
        app: &M::Auth,
    ) -> Result<M::Response, CallError<M::Error>> {
        pollster::block_on(self.client.call(method, app)).map(|reply| reply.value)
    }
}

pub(crate) fn entropy() -> RandomBytes {
    random_bytes().unwrap()
}

pub(crate) fn server() -> ConfidentialClient {
    ConfidentialClient::new(ClientId::new(SERVER).unwrap(), ClientSecret::new(SECRET).unwrap())
}

pub(crate) fn desktop() -> PublicClient {
    PublicClient::new(ClientId::new(DESKTOP).unwrap())
}

pub(crate) fn on_server<M: CodeExchange>(scopes: impl Into<M::Scopes>) -> AuthorizationRequest<M> {
    let redirect = RedirectUri::new(WEB).unwrap();
    AuthorizationRequest::new(server().id().clone(), scopes, redirect).unwrap()
}

pub(crate) fn on_desktop<M: CodeExchange>(scopes: impl Into<M::Scopes>) -> AuthorizationRequest<M> {
    let redirect = RedirectUri::new(OWN_SCHEME).unwrap();
    AuthorizationRequest::new(desktop().id().clone(), scopes, redirect).unwrap()
}

pub(crate) fn install() -> AuthorizationRequest<OauthV2Access> {
    on_server(InstallScopes::bot("chat:write,commands"))
}

pub(crate) fn stateless<M: CodeExchange>(request: AuthorizationRequest<M>) -> SignedStateFlow<M> {
    SignedStateFlow::new(request, Endpoint::slack(), StateSigningKey::new([7; 32]).unwrap())
}

/// The code of one callback with the state of another, as an attacker's link has them.
pub(crate) fn spliced(code: &Callback, state: &Callback) -> Callback {
    let (code, state) = (code.unchecked_code().unwrap(), state.state().unwrap());
    Callback::parse(&format!("code={}&state={}", code.expose(), state.expose())).unwrap()
}

#[track_caller]
pub(crate) fn code_of<E: MethodError + Clone, T>(result: Result<T, CallError<E>>) -> ErrorCode<E> {
    let Err(error) = result else { panic!("a call succeeded that had to fail") };
    error.response().and_then(|error| error.code()).cloned().expect("a code of Slack's")
}
