//! The requests of a code exchange.

use std::hint::black_box;

use http::{Request, header::AUTHORIZATION};
use slack_proto::{
    ApiMethod, ClientId, ClientSecret, ConfidentialClient, Endpoint, PublicClient,
    methods::{OauthV2Access, RequestBody},
    oauth::{AuthorizationCode, CodeVerifier, RedirectUri},
};

use super::{Allowed, Case};
use crate::{meter::Meter, yardstick};

pub(super) const CASES: &[Case] = &[
    Case {
        name: "exchange-basic",
        ours: ours_basic,
        yardstick: hand_basic,
        limit: 1.6,
        allocations: Allowed::AtMost(6),
    },
    Case {
        name: "exchange-public",
        ours: ours_public,
        yardstick: hand_public,
        limit: 1.6,
        allocations: Allowed::AtMost(6),
    },
];

const ID: &str = "1000000001.2000000002";
const SECRET: &str = "fakeclientsecret0000000000000001";
const CODE: &str =
    "1000000001.3000000003.FAKEFAKEFAKEFAKEFAKEFAKEFAKEFAKEFAKEFAKEFAKEFAKEFAKEFAKEFAKEFAKE";
const REDIRECT: &str = "https://app.example.com/slack/oauth/callback";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

fn id() -> ClientId {
    ClientId::new(ID).expect("an id")
}

fn code() -> AuthorizationCode {
    AuthorizationCode::new(CODE).expect("a code")
}

fn redirect() -> RedirectUri {
    RedirectUri::new(REDIRECT).expect("a redirect URI")
}

/// Both ways must give the same bytes, else the comparison says nothing.
fn same(ours: &Request<RequestBody>, by_hand: &Request<String>) {
    assert_eq!(ours.body().as_ref(), by_hand.body().as_bytes());
    assert_eq!(ours.headers().get(AUTHORIZATION), by_hand.headers().get(AUTHORIZATION));
    assert_eq!((ours.uri(), ours.method()), (by_hand.uri(), by_hand.method()));
    assert_eq!(ours.headers().len(), by_hand.headers().len());
}

fn ours_basic(meter: &mut Meter) {
    let client = ConfidentialClient::new(id(), ClientSecret::new(SECRET).expect("a secret"));
    let endpoint = Endpoint::slack();
    let method = OauthV2Access::new(code()).redirect_uri(redirect());
    same(
        &method.to_request(&endpoint, &client),
        &yardstick::exchange_with_basic(ID, SECRET, CODE, REDIRECT),
    );
    meter.measure(|| black_box(&method).to_request(black_box(&endpoint), black_box(&client)));
}

fn hand_basic(meter: &mut Meter) {
    meter.measure(|| {
        yardstick::exchange_with_basic(
            black_box(ID),
            black_box(SECRET),
            black_box(CODE),
            black_box(REDIRECT),
        )
    });
}

fn ours_public(meter: &mut Meter) {
    let client = PublicClient::new(id());
    let endpoint = Endpoint::slack();
    let verifier = CodeVerifier::new(VERIFIER).expect("a verifier");
    let method = OauthV2Access::pkce(code(), verifier).redirect_uri(redirect());
    same(
        &method.to_request(&endpoint, &client),
        &yardstick::exchange_with_verifier(ID, CODE, VERIFIER, REDIRECT),
    );
    meter.measure(|| black_box(&method).to_request(black_box(&endpoint), black_box(&client)));
}

fn hand_public(meter: &mut Meter) {
    meter.measure(|| {
        yardstick::exchange_with_verifier(
            black_box(ID),
            black_box(CODE),
            black_box(VERIFIER),
            black_box(REDIRECT),
        )
    });
}
