//! A fake Slack, a sign-in, and a transport that counts what it carries.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use async_trait::async_trait;
use futures_util::future::{BoxFuture, FutureExt as _, Shared};
use http::{Request, Response};
use slack_auth::{
    AccessToken, Client, ClientId, ClientSecret, ConfidentialClient, Endpoint, Timestamp,
    methods::OpenidConnectToken,
    oauth::{AuthorizationCode, RedirectUri},
    openid::{ExpectedIdToken, IdToken, IdTokenKeys, Nonce, VerifiedIdToken, VerifyIdTokenError},
    transport::{BlockingTransport, Body, Error, ErrorKind, Transport},
};
use slack_fake::{App, Clock, Consent, FakeSlack, FakeTransport, SharedFake, User, Workspace};

pub(crate) const NOW: u64 = 1_795_219_200;
pub(crate) const CLIENT_ID: &str = "1000000001.2000000002";
const SECRET: &str = "fake-secret";
const CALLBACK: &str = "https://app.example.com/cb";
const NONCE: &str = "n-1";

pub(crate) fn at(after: u64) -> Timestamp {
    Timestamp::from_unix(NOW + after)
}

/// What a sign-in gave.
#[derive(Clone)]
pub(crate) struct SignedIn {
    pub(crate) id_token: IdToken,
    pub(crate) access_token: AccessToken,
}

/// A fake Slack, and the keys of it.
pub(crate) struct Stage {
    pub(crate) fake: SharedFake,
    pub(crate) wire: Arc<Wire>,
    pub(crate) keys: IdTokenKeys,
}

impl Stage {
    pub(crate) fn new() -> Self {
        let fake = FakeSlack::new()
            .workspace(Workspace::new("T0FAKE00001", "Fake Team"))
            .user(User::new("U0FAKE00001", "fake.person"))
            .app(App::new(CLIENT_ID, SECRET).redirect_url(CALLBACK))
            .consent(Consent::Allow);
        let fake = SharedFake::new(fake, Clock::manual(NOW));
        let wire = Arc::new(Wire::new(FakeTransport::new(fake.clone())));
        let client = Client::new(Endpoint::slack(), wire.clone()).and_blocking(wire.clone());
        Self { fake, wire, keys: IdTokenKeys::with_aws_lc(client) }
    }

    /// Goes through the browser leg and redeems the code.
    pub(crate) fn sign_in(&self) -> SignedIn {
        let page = format!(
            "https://slack.com/openid/connect/authorize?response_type=code&client_id={CLIENT_ID}\
             &scope=openid%20profile&redirect_uri=https%3A%2F%2Fapp.example.com%2Fcb&nonce={NONCE}"
        );
        let redirected = self.fake.handle(&Request::get(page).body(Vec::new()).unwrap());
        let location = redirected.headers()["location"].to_str().unwrap();
        let code = location.split(['?', '&']).find_map(|pair| pair.strip_prefix("code=")).unwrap();
        let exchange = OpenidConnectToken::new(AuthorizationCode::new(code).unwrap())
            .redirect_uri(RedirectUri::new(CALLBACK).unwrap());
        let app = ConfidentialClient::new(
            ClientId::new(CLIENT_ID).unwrap(),
            ClientSecret::new(SECRET).unwrap(),
        );
        let client =
            Client::new(Endpoint::slack(), Arc::new(FakeTransport::new(self.fake.clone())));
        let reply = pollster::block_on(client.call(&exchange, &app)).unwrap().value;
        SignedIn { id_token: reply.id_token.unwrap(), access_token: reply.credential.access_token }
    }

    pub(crate) fn verify(
        &self,
        signed_in: &SignedIn,
        now: Timestamp,
    ) -> Result<VerifiedIdToken, VerifyIdTokenError> {
        pollster::block_on(verify(self.keys.clone(), signed_in.clone(), now))
    }

    pub(crate) fn verify_blocking(
        &self,
        signed_in: &SignedIn,
        now: Timestamp,
    ) -> Result<VerifiedIdToken, VerifyIdTokenError> {
        let SignedIn { id_token, access_token } = signed_in;
        self.keys.verify_blocking(id_token, &expected(), Some(access_token), now)
    }
}

pub(crate) async fn verify(
    keys: IdTokenKeys,
    SignedIn { id_token, access_token }: SignedIn,
    now: Timestamp,
) -> Result<VerifiedIdToken, VerifyIdTokenError> {
    keys.verify(&id_token, &expected(), Some(&access_token), now).await
}

pub(crate) fn expected() -> ExpectedIdToken {
    ExpectedIdToken::new(ClientId::new(CLIENT_ID).unwrap()).nonce(Nonce::new(NONCE).unwrap())
}

/// Counts fetches; can hold answers back, fail, or tell something else.
pub(crate) struct Wire {
    fake: FakeTransport,
    discoveries: AtomicUsize,
    key_sets: AtomicUsize,
    broken: AtomicBool,
    answer: Mutex<Option<String>>,
    other_keys: AtomicBool,
    gate: Mutex<Option<Shared<BoxFuture<'static, ()>>>>,
}

impl Wire {
    fn new(fake: FakeTransport) -> Self {
        Self {
            fake,
            discoveries: AtomicUsize::new(0),
            key_sets: AtomicUsize::new(0),
            broken: AtomicBool::new(false),
            answer: Mutex::new(None),
            other_keys: AtomicBool::new(false),
            gate: Mutex::new(None),
        }
    }

    /// How often the discovery document was asked for: every fetch begins with it.
    pub(crate) fn fetches(&self) -> usize {
        self.discoveries.load(Ordering::SeqCst)
    }

    /// How often a key set was asked for.
    pub(crate) fn key_sets(&self) -> usize {
        self.key_sets.load(Ordering::SeqCst)
    }

    /// Lets every request fail from now on, or none.
    pub(crate) fn set_broken(&self, broken: bool) {
        self.broken.store(broken, Ordering::SeqCst);
    }

    /// Has every request answered by these words.
    pub(crate) fn answer(&self, body: &str) {
        *self.answer.lock().unwrap() = Some(body.to_owned());
    }

    /// Has every key set hold other keys under the same names from now on, or the fake's.
    pub(crate) fn set_other_keys(&self, other: bool) {
        self.other_keys.store(other, Ordering::SeqCst);
    }

    /// Changes the modulus of a key, and not its name.
    fn spoil(&self, is_key_set: bool, response: &mut Response<Vec<u8>>) {
        if !is_key_set || !self.other_keys.load(Ordering::SeqCst) {
            return;
        }
        let body = response.body_mut();
        let name = body.windows(5).position(|it| it == b"\"n\":\"").unwrap();
        let digit = &mut body[name + 45];
        *digit = if *digit == b'A' { b'B' } else { b'A' };
    }

    /// Holds answers back until the future is done.
    pub(crate) fn hold(&self, gate: impl Future<Output = ()> + Send + 'static) {
        *self.gate.lock().unwrap() = Some(gate.boxed().shared());
    }

    fn count(&self, request: &Request<Body>) -> Result<(), Error> {
        assert!(request.headers().get("authorization").is_none() && request.body().is_empty());
        assert_eq!((request.method().as_str(), request.uri().host()), ("GET", Some("slack.com")));
        match request.uri().path() {
            "/.well-known/openid-configuration" => &self.discoveries,
            "/openid/connect/keys" => &self.key_sets,
            other => panic!("a request to {other}"),
        }
        .fetch_add(1, Ordering::SeqCst);
        if self.broken.load(Ordering::SeqCst) {
            return Err(Error::unsent(ErrorKind::Connect, "the test's wire is broken"));
        }
        Ok(())
    }

    fn canned(&self) -> Option<Response<Vec<u8>>> {
        self.answer.lock().unwrap().clone().map(|body| Response::new(body.into_bytes()))
    }
}

#[async_trait]
impl Transport for Wire {
    async fn send(&self, request: Request<Body>) -> Result<Response<Vec<u8>>, Error> {
        self.count(&request)?;
        let gate = self.gate.lock().unwrap().clone();
        if let Some(gate) = gate {
            gate.await;
        }
        if let Some(canned) = self.canned() {
            return Ok(canned);
        }
        let is_key_set = request.uri().path() == "/openid/connect/keys";
        let mut response = self.fake.send(request).await?;
        self.spoil(is_key_set, &mut response);
        Ok(response)
    }
}

impl BlockingTransport for Wire {
    fn send_blocking(&self, request: Request<Body>) -> Result<Response<Vec<u8>>, Error> {
        self.count(&request)?;
        // Long enough for the other threads of a test to come and wait.
        std::thread::sleep(std::time::Duration::from_millis(20));
        self.canned().map_or_else(|| self.fake.send_blocking(request), Ok)
    }
}
