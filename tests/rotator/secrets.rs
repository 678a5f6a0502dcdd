//! How a client sends its secret, before and after it is replaced.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use http::{Request, Response};
use slack_auth::{
    Client, ClientSecret, ConfidentialClient, Endpoint, Slot, TokenRotator,
    transport::{self, Body, Transport},
};
use slack_fake::FakeTransport;

use crate::{
    incidents::seconds,
    support::{LIFE, World},
};

/// Writes down where each request holds a secret.
struct Watched {
    inner: FakeTransport,
    seen: Arc<Mutex<Vec<Place>>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Header,
    Body,
    Nowhere,
}

#[async_trait]
impl Transport for Watched {
    async fn send(&self, request: Request<Body>) -> Result<Response<Vec<u8>>, transport::Error> {
        let body = String::from_utf8_lossy(request.body().as_ref()).contains("client_secret=");
        let place = match (request.headers().contains_key("authorization"), body) {
            (true, false) => Place::Header,
            (false, true) => Place::Body,
            _ => Place::Nowhere,
        };
        self.seen.lock().unwrap().push(place);
        self.inner.send(request).await
    }
}

/// Refreshes twice, the second time with a secret that was replaced.
fn places(app: ConfidentialClient) -> Vec<Place> {
    let world = World::new();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let inner = FakeTransport::new(world.slack.clone());
    let transport = Watched { inner, seen: Arc::clone(&seen) };
    let client = Client::new(Endpoint::slack(), Arc::new(transport));
    let rotator = TokenRotator::builder(client, app, world.store.clone())
        .runtime(world.runtime.clone())
        .build()
        .unwrap();
    for _ in 0..2 {
        world.runtime.advance(LIFE + seconds(1));
        let token = world.runtime.block_on(rotator.access_token(&world.key, Slot::Bot)).unwrap();
        assert!(world.is_live(token.expose()));
        rotator.replace_client_secret(ClientSecret::new("hush").unwrap());
    }
    let seen = seen.lock().unwrap();
    seen.clone()
}

#[test]
fn a_replaced_secret_is_sent_where_the_old_one_was() {
    assert_eq!(places(World::app()), [Place::Header; 2]);
    assert_eq!(places(World::app().in_body()), [Place::Body; 2]);
}
