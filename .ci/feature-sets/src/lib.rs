//! The names that mean the same whatever features are on.

use std::sync::Arc;

use async_trait::async_trait;
use http::{Request, Response};
use slack_auth::{
    AccessToken, Client, ClientId, ClientSecret, ConfidentialClient, Endpoint, Installation,
    InstallationStore, Limits, StoreKey, TokenRotator,
    error::{CallError, NoError},
    methods::{AuthTest, AuthTestResponse, Reply},
    rotation::InvalidRotator,
    store::{MemoryStore, StoreError},
    transport,
    transport::{BlockingTransport, Transport},
};

/// Answers every request in the same words.
pub struct Canned;

impl Canned {
    fn answer(request: &Request<transport::Body>) -> Result<Response<Vec<u8>>, transport::Error> {
        assert_eq!(
            request.uri().authority().map(|authority| authority.as_str()),
            Some("slack.com")
        );
        Ok(Response::new(br#"{"ok":true,"team_id":"T0FAKE00001"}"#.to_vec()))
    }
}

#[async_trait]
impl Transport for Canned {
    async fn send(
        &self,
        request: Request<transport::Body>,
    ) -> Result<Response<Vec<u8>>, transport::Error> {
        Self::answer(&request)
    }
}

impl BlockingTransport for Canned {
    fn send_blocking(
        &self,
        request: Request<transport::Body>,
    ) -> Result<Response<Vec<u8>>, transport::Error> {
        Self::answer(&request)
    }
}

/// Makes a client over the transport above: there is no default one that a feature could replace.
pub fn client() -> Client {
    Client::new(Endpoint::slack(), Arc::new(Canned)).and_blocking(Arc::new(Canned))
}

/// Calls, with every type written out.
pub async fn call(client: &Client) -> Result<Reply<AuthTestResponse>, CallError<NoError>> {
    let token: AccessToken = AccessToken::new("xoxb-not-a-real-token").expect("visible ASCII");
    client.call(&AuthTest::default(), &token).await
}

/// Each backend by its own name, if its feature is on: one never stands for the other.
pub fn backends() -> Vec<(&'static str, Result<Client, transport::Error>)> {
    let _limits: fn() -> Limits = Limits::new;
    vec![
        #[cfg(feature = "hyper")]
        ("hyper", Client::with_hyper(Endpoint::slack(), Limits::new())),
        #[cfg(feature = "reqwest")]
        ("reqwest", Client::with_reqwest(Endpoint::slack(), Limits::new())),
        #[cfg(feature = "curl")]
        ("curl", Client::with_curl(Endpoint::slack(), Limits::new())),
    ]
}

/// Checks an ID token by cryptography of one's own, and by the ready one if its feature is on; every type written out.
#[cfg(feature = "id-token")]
pub async fn verify(
    token: &slack_auth::openid::IdToken,
) -> Vec<slack_auth::openid::VerifyIdTokenError> {
    use slack_auth::{
        ClientId, Timestamp,
        openid::{
            ExpectedIdToken, IdTokenKeys, Rs256, Rs256Key, VerifiedIdToken, VerifyIdTokenError,
        },
    };
    struct NoKeys;
    impl Rs256 for NoKeys {
        fn key(&self, _: &[u8], _: &[u8]) -> Option<Box<dyn Rs256Key>> {
            None
        }
    }
    let expected = ExpectedIdToken::new(ClientId::new("1.2").expect("not empty"));
    let mut refused = Vec::new();
    for keys in [
        IdTokenKeys::new(client(), Arc::new(NoKeys)),
        #[cfg(feature = "id-token-aws-lc")]
        IdTokenKeys::with_aws_lc(client()),
    ] {
        let verified: Result<VerifiedIdToken, VerifyIdTokenError> =
            keys.verify(token, &expected, None, Timestamp::from_unix(1)).await;
        refused.extend(verified.err());
    }
    refused
}

fn app() -> ClientId {
    ClientId::new("1.2").expect("not empty")
}

/// Every store that the features give, the one in a folder at `path`.
pub fn stores(path: &std::path::Path) -> Vec<Result<InstallationStore, StoreError>> {
    let _path = path;
    vec![
        Ok(InstallationStore::new(MemoryStore::new(), app())),
        #[cfg(feature = "file-store")]
        slack_auth::store::FileStore::open(path).map(|store| InstallationStore::new(store, app())),
    ]
}

/// Why a store in PostgreSQL cannot be opened where no server is.
#[cfg(feature = "postgres-store")]
pub async fn no_server() -> Option<StoreError> {
    slack_auth::store::PostgresStore::open("postgres://app@127.0.0.1:1/app").await.err()
}

/// Puts an installation into a store, and reads it again.
pub async fn keep(
    store: &InstallationStore,
    installation: &Installation,
) -> Result<bool, StoreError> {
    let key: StoreKey = installation.key().expect("it names a place").into();
    store.put(&key, installation, slack_auth::store::Precondition::Absent).await?;
    Ok(store.load(&key).await?.is_some())
}

/// Builds a rotator without choosing a runtime for it.
pub fn rotator() -> Result<TokenRotator, InvalidRotator> {
    let id = ClientId::new("1.2").expect("not empty");
    let secret = ClientSecret::new("not-a-real-secret").expect("visible ASCII");
    let store = InstallationStore::new(MemoryStore::new(), app());
    TokenRotator::builder(client(), ConfidentialClient::new(id, secret), store).build()
}

/// Verifies a request of Slack's Events API, with every type written out.
#[cfg(feature = "events")]
pub fn verify_event(
    request: Request<Vec<u8>>,
    now: slack_auth::Timestamp,
) -> Result<slack_auth::events::Verified<Vec<u8>>, slack_auth::events::SignatureError> {
    use slack_auth::events::{RequestVerifier, SigningSecret};
    let secret = SigningSecret::new("not-a-real-secret").expect("visible ASCII");
    let (head, body) = request.into_parts();
    RequestVerifier::new(secret).verify(&head.headers, body, now)
}

/// Names what a rotator records, and describes it to whatever recorder is installed.
#[cfg(feature = "metrics")]
pub fn metrics() -> [&'static str; 2] {
    slack_auth::metrics::describe();
    [slack_auth::metrics::ROTATION_EVENTS, slack_auth::metrics::REFRESH_REQUESTS]
}
