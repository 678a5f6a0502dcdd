//! The names that mean the same whatever features are on.

use std::sync::Arc;

use async_trait::async_trait;
use http::{Request, Response};
use slack_auth::{
    AccessToken, AuthTest, AuthTestResponse, BlockingTransport, CallError, Client, Endpoint,
    Installation, InstallationStore, Limits, MemoryInstallationStore, NoError, Reply, StoreError,
    StoreKey, Transport, transport,
};

/// Answers every request in the same words.
pub struct Canned;

impl Canned {
    fn answer(request: &Request<Vec<u8>>) -> Result<Response<Vec<u8>>, transport::Error> {
        assert_eq!(request.uri(), "https://slack.com/api/auth.test");
        Ok(Response::new(br#"{"ok":true,"team_id":"T0FAKE00001"}"#.to_vec()))
    }
}

#[async_trait]
impl Transport for Canned {
    async fn send(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, transport::Error> {
        Self::answer(&request)
    }
}

impl BlockingTransport for Canned {
    fn send_blocking(
        &self,
        request: Request<Vec<u8>>,
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
        #[cfg(feature = "reqwest")]
        ("reqwest", Client::with_reqwest(Endpoint::slack(), Limits::new())),
        #[cfg(feature = "curl")]
        ("curl", Client::with_curl(Endpoint::slack(), Limits::new())),
    ]
}

/// Every store that the features give, the one in a folder at `path`.
pub fn stores(path: &std::path::Path) -> Vec<Result<Arc<dyn InstallationStore>, StoreError>> {
    let _path = path;
    vec![
        Ok(Arc::new(MemoryInstallationStore::new())),
        #[cfg(feature = "file-store")]
        slack_auth::FileInstallationStore::open(path)
            .map(|store| Arc::new(store) as Arc<dyn InstallationStore>),
    ]
}

/// Puts an installation into a store, and reads it again.
pub async fn keep(
    store: &dyn InstallationStore,
    installation: &Installation,
) -> Result<bool, StoreError> {
    let key: StoreKey = installation.key().expect("it names a place").into();
    store.put(&key, installation, slack_auth::Expected::Absent).await?;
    Ok(store.load(&key).await?.is_some())
}
