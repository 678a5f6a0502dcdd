//! The two sides: a map behind a lock, and the rotator.

use std::{
    collections::HashMap,
    future::Future,
    hint::black_box,
    pin::pin,
    sync::{
        Arc, RwLock,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use http::{Request, Response};
use slack_auth::{
    AccessToken, Client, ClientId, ClientSecret, ConfidentialClient, Endpoint, Installation,
    InstallationStore, Slot, StoreKey, Timestamp, TokenRotator,
    rotation::Rejection,
    store::{MemoryStore, Precondition},
    tokens::{Credential, InstallationKey, RefreshToken},
    transport,
    transport::Transport,
};

/// Gives tokens, and replaces them.
pub(crate) trait Side: Sync {
    fn ask(&self, key: usize);
    /// Replaces a token that has not been replaced before.
    fn replace_next(&self);
}

/// What a program would write by itself.
pub(crate) struct Bare {
    keys: Vec<StoreKey>,
    replaced: AtomicUsize,
    tokens: RwLock<HashMap<StoreKey, Arc<Credential>>>,
}

impl Bare {
    pub(crate) fn new(count: usize) -> Self {
        let keys: Vec<_> = (0..count).map(key).collect();
        let tokens = keys.iter().map(|key| (key.clone(), Arc::new(credential(0)))).collect();
        Self { keys, replaced: AtomicUsize::new(0), tokens: RwLock::new(tokens) }
    }
}

impl Side for Bare {
    fn ask(&self, key: usize) {
        let tokens = self.tokens.read().expect("nobody panics");
        black_box(Arc::clone(&tokens[&self.keys[key]]));
    }

    fn replace_next(&self) {
        let number = self.replaced.fetch_add(1, Ordering::Relaxed);
        let new = Arc::new(credential(number));
        self.tokens.write().expect("nobody panics").insert(self.keys[number].clone(), new);
    }
}

/// Ours, over a transport that gives a new pair to each that asks.
pub(crate) struct Rotator {
    keys: Vec<StoreKey>,
    replaced: AtomicUsize,
    tokens: TokenRotator,
    transport: Arc<Generous>,
}

impl Rotator {
    pub(crate) fn new(count: usize) -> Self {
        let keys: Vec<_> = (0..count).map(key).collect();
        let transport = Arc::new(Generous::default());
        let app = ConfidentialClient::new(
            ClientId::new("1.2").expect("not empty"),
            ClientSecret::new("hush").expect("not empty"),
        );
        let store = InstallationStore::new(MemoryStore::new(), app.id().clone());
        let client = Client::new(Endpoint::slack(), transport.clone());
        let rotator = TokenRotator::builder(client, app, store.clone()).build().expect("defaults");
        for (number, key) in keys.iter().enumerate() {
            let mut installation = Installation::new(key.place().clone());
            installation.bot = Some(credential(number));
            let put = store.put(key, &installation, Precondition::Absent);
            pollster::block_on(put).expect("memory does not fail");
            pollster::block_on(rotator.access_token(key, Slot::Bot)).expect("it is fresh");
        }
        Self { keys, replaced: AtomicUsize::new(0), tokens: rotator, transport }
    }

    pub(crate) fn refreshes(&self) -> usize {
        self.transport.0.load(Ordering::Relaxed)
    }
}

impl Side for Rotator {
    fn ask(&self, key: usize) {
        let asked = pin!(self.tokens.access_token(&self.keys[key], Slot::Bot));
        match asked.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(token) => drop(black_box(token)),
            // It is being refreshed just now.
            Poll::Pending => {}
        }
    }

    fn replace_next(&self) {
        let key = &self.keys[self.replaced.fetch_add(1, Ordering::Relaxed)];
        let replaced = async {
            let old = self.tokens.access_token(key, Slot::Bot).await?.fingerprint();
            self.tokens.report_rejected(key, Slot::Bot, old, Rejection::Expired).await
        };
        pollster::block_on(replaced).expect("the transport is generous");
    }
}

#[derive(Default)]
struct Generous(AtomicUsize);

#[async_trait]
impl Transport for Generous {
    async fn send(
        &self,
        _: Request<transport::Body>,
    ) -> Result<Response<Vec<u8>>, transport::Error> {
        let number = self.0.fetch_add(1, Ordering::Relaxed);
        let body = format!(
            r#"{{"ok":true,"token_type":"bot","access_token":"xoxe.xoxb-1-new-{number}","refresh_token":"xoxe-1-new-{number}","expires_in":43200}}"#
        );
        Ok(Response::new(body.into_bytes()))
    }
}

fn key(number: usize) -> StoreKey {
    InstallationKey::Workspace(format!("T{number:010}").into()).into()
}

fn credential(number: usize) -> Credential {
    let now = Timestamp::from(SystemTime::now());
    let token = AccessToken::new(format!("xoxe.xoxb-1-{number}")).expect("visible ASCII");
    let mut credential = Credential::new(token, now);
    let refresh_token = RefreshToken::new(format!("xoxe-1-{number}")).expect("visible ASCII");
    credential.refresh_token = Some(refresh_token);
    credential.expires_at = Some(now + Duration::from_secs(43_200));
    credential
}
