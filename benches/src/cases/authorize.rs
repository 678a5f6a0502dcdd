//! The browser leg: a PKCE pair, and the address of the consent screen.

use std::hint::black_box;

use slack_proto::{
    ClientId, Endpoint, Timestamp,
    methods::OauthV2Access,
    oauth::{AuthorizationRequest, CodeVerifier, InstallScopes, RandomBytes, RedirectUri},
};

use super::{Allowed, Case};
use crate::{meter::Meter, yardstick};

pub(super) const CASES: &[Case] = &[
    Case {
        name: "pkce-pair",
        ours: ours_pkce,
        yardstick: hand_pkce,
        limit: 1.1,
        allocations: Allowed::Any,
    },
    Case {
        name: "authorize-url",
        ours: ours_url,
        yardstick: |meter| hand_url(meter, None),
        limit: 2.1,
        allocations: Allowed::AtMost(2),
    },
    Case {
        name: "authorize-url-pkce",
        ours: ours_url_pkce,
        yardstick: |meter| hand_url(meter, Some(&BYTES)),
        limit: 2.1,
        // The third is the verifier, which the pending authorization keeps.
        allocations: Allowed::AtMost(3),
    },
];

const ID: &str = "1000000001.2000000002";
const SCOPES: &str = "chat:write,commands,channels:history,incoming-webhook";
const REDIRECT: &str = "https://app.example.com/slack/oauth/callback";
const BYTES: [u8; 32] = *b"\x00fake entropy of thirty2 bytes.\xff";

fn entropy() -> RandomBytes {
    let mut bytes = [0; 96];
    bytes[..32].copy_from_slice(&BYTES);
    bytes[32..64].copy_from_slice(&BYTES);
    RandomBytes::new(bytes)
}

fn ours_pkce(meter: &mut Meter) {
    let entropy = entropy();
    let (verifier, challenge) = yardstick::pkce(&BYTES);
    let ours = CodeVerifier::from_random_bytes(&entropy);
    assert_eq!(
        (ours.expose().as_bytes(), ours.challenge().as_str().as_bytes()),
        (&verifier[..], &challenge[..])
    );
    meter.measure(|| {
        let verifier = CodeVerifier::from_random_bytes(black_box(&entropy));
        let challenge = verifier.challenge();
        (verifier, challenge)
    });
}

fn hand_pkce(meter: &mut Meter) {
    meter.measure(|| yardstick::pkce(black_box(&BYTES)));
}

fn request_parts() -> (ClientId, InstallScopes, RedirectUri) {
    let id = ClientId::new(ID).expect("an id");
    (id, InstallScopes::bot(SCOPES), RedirectUri::new(REDIRECT).expect("a redirect URI"))
}

fn ours_url(meter: &mut Meter) {
    let (id, scopes, redirect) = request_parts();
    let request =
        AuthorizationRequest::<OauthV2Access>::new(id, scopes, redirect).expect("a request");
    let url = request.clone().begin(&Endpoint::slack(), &entropy(), Timestamp::from_unix(0)).0;
    assert_eq!(url.expose(), yardstick::authorize_url(ID, SCOPES, REDIRECT, &BYTES, None));
    begin(meter, |endpoint, entropy| request.begin(endpoint, entropy, Timestamp::from_unix(0)));
}

fn ours_url_pkce(meter: &mut Meter) {
    let (id, scopes, redirect) = request_parts();
    let request = AuthorizationRequest::<OauthV2Access<CodeVerifier>>::new(id, scopes, redirect)
        .expect("a request");
    let url = request.clone().begin(&Endpoint::slack(), &entropy(), Timestamp::from_unix(0)).0;
    assert_eq!(url.expose(), yardstick::authorize_url(ID, SCOPES, REDIRECT, &BYTES, Some(&BYTES)));
    begin(meter, |endpoint, entropy| request.begin(endpoint, entropy, Timestamp::from_unix(0)));
}

fn begin<T>(meter: &mut Meter, begin: impl FnOnce(&Endpoint, &RandomBytes) -> T) {
    let (endpoint, entropy) = (Endpoint::slack(), entropy());
    meter.measure(|| begin(black_box(&endpoint), black_box(&entropy)));
}

fn hand_url(meter: &mut Meter, verifier: Option<&[u8; 32]>) {
    let scopes = [ID, SCOPES, REDIRECT];
    meter.measure(|| {
        let [id, scopes, redirect] = black_box(scopes);
        yardstick::authorize_url(id, scopes, redirect, black_box(&BYTES), black_box(verifier))
    });
}
