//! Replies of `oauth.v2.access`.

use std::hint::black_box;

use http::Response;
use slack_proto::{
    ApiMethod, error::ResponseError, methods::OauthV2Access, oauth::SecretAuthentication,
};

use super::{Allowed, Case};
use crate::{
    meter::Meter,
    yardstick::{ErrorBody, Grant, Seen},
};

pub(super) const CASES: &[Case] = &[
    Case {
        name: "parse-success",
        ours: |meter| ours_success(meter, FULL),
        yardstick: |meter| derive_success(meter, FULL),
        limit: 0.80,
        allocations: Allowed::AsYardstick,
    },
    Case {
        name: "parse-success-rotating",
        ours: |meter| ours_success(meter, ROTATING),
        yardstick: |meter| derive_success(meter, ROTATING),
        limit: 0.90,
        allocations: Allowed::AsYardstick,
    },
    // Not ours: serde_json over text, with nothing copied. What the two above cost beyond it is one block of memory for
    // each text, and leniency.
    Case {
        name: "parse-success-floor",
        ours: |meter| seen_success(meter, FULL),
        yardstick: |meter| derive_success(meter, FULL),
        limit: 1.0,
        allocations: Allowed::Any,
    },
    Case {
        name: "parse-rotating-floor",
        ours: |meter| seen_success(meter, ROTATING),
        yardstick: |meter| derive_success(meter, ROTATING),
        limit: 1.0,
        allocations: Allowed::Any,
    },
    Case {
        name: "parse-error",
        ours: ours_error,
        yardstick: derive_error,
        limit: 1.35,
        allocations: Allowed::AtMost(0),
    },
    Case {
        name: "parse-failing",
        ours: |meter| ours_failing(meter, FAILING),
        yardstick: |meter| derive_failing(meter, FAILING),
        limit: 1.3,
        allocations: Allowed::Any,
    },
    // serde_json stops where it fails; a reader that may not lose a token must look at the rest.
    Case {
        name: "parse-failing-at-end",
        ours: |meter| ours_failing(meter, FAILING_AT_END),
        yardstick: |meter| derive_failing(meter, FAILING_AT_END),
        limit: 1.3,
        allocations: Allowed::Any,
    },
];

/// 687 bytes: a bot and a user, an organization, a webhook, as a large workspace gets them.
const FULL: &str = r#"{"ok":true,"access_token":"xoxb-1000000001-2000000002-FAKEFAKEFAKEFAKEFAKEFAKE","token_type":"bot","scope":"chat:write,commands,incoming-webhook","bot_user_id":"U0FAKEBOT01","app_id":"A0FAKE00001","team":{"name":"Fake Softball Team","id":"T0FAKE00001"},"enterprise":{"name":"Fake Sports","id":"E0FAKE00001"},"is_enterprise_install":false,"authed_user":{"id":"U0FAKE00001","scope":"chat:write,users:read","access_token":"xoxp-1000000001-3000000003-FAKEFAKEFAKEFAKEFAKEFAKE","token_type":"user"},"incoming_webhook":{"channel":"general","channel_id":"C0FAKE00001","configuration_url":"https:\/\/fake.example.com\/services\/B0FAKE00001","url":"https:\/\/hooks.example.com\/services\/T0FAKE00001\/B0FAKE00001\/FAKE"}}"#;
const ROTATING: &str =
    include_str!("../../../slack-proto/tests/samples/oauth.v2.access--rotation-bot-and-user.json");
const ERROR: &str = r#"{"ok":false,"error":"invalid_code"}"#;
const FAILING: &str =
    include_str!("../../../slack-proto/tests/samples/oauth.v2.access--access-token-number.json");

const FAILING_AT_END: &str = r#"{"ok":true,"app_id":"A0FAKE00001","authed_user":{"id":"U0FAKE00001"},"scope":"chat:write,commands","token_type":"bot","bot_user_id":"U0FAKEBOT01","team":{"id":"T0FAKE00001","name":"Fake Softball Team"},"enterprise":null,"is_enterprise_install":false,"access_token":12345}"#;

/// A body lies on the heap, as a transport hands it over: where a constant lies, and how it is aligned, changes with
/// every other one.
fn response(body: &str) -> Response<Vec<u8>> {
    Response::new(body.as_bytes().to_vec())
}

fn ours_success(meter: &mut Meter, body: &'static str) {
    let response = response(body);
    let reply =
        OauthV2Access::<SecretAuthentication>::parse_response(&response).expect("a success");
    assert!(reply.value.bot.is_some() && reply.value.user.is_some());
    meter.measure(|| OauthV2Access::<SecretAuthentication>::parse_response(black_box(&response)));
}

fn derive_success(meter: &mut Meter, body: &'static str) {
    let grant: Grant = serde_json::from_slice(body.as_bytes()).expect("a success");
    assert!(grant.access_token.is_some() && grant.authed_user.is_some());
    let body = body.as_bytes().to_vec();
    meter.measure(|| serde_json::from_slice::<Grant>(black_box(&body)));
}

fn seen_success(meter: &mut Meter, body: &'static str) {
    let body = body.as_bytes().to_vec();
    meter.measure(|| {
        let text = std::str::from_utf8(black_box(&body)).expect("a text");
        serde_json::from_str::<Seen<'_>>(text).map(|seen| seen.access_token.is_some())
    });
}

fn ours_error(meter: &mut Meter) {
    let response = response(ERROR);
    let error = OauthV2Access::<SecretAuthentication>::parse_response(&response).unwrap_err();
    assert!(matches!(error, ResponseError::Api(error) if error.code.as_str() == "invalid_code"));
    meter.measure(|| OauthV2Access::<SecretAuthentication>::parse_response(black_box(&response)));
}

fn derive_error(meter: &mut Meter) {
    let body = ERROR.as_bytes().to_vec();
    meter.measure(|| serde_json::from_slice::<ErrorBody<'_>>(black_box(&body)));
}

fn ours_failing(meter: &mut Meter, body: &'static str) {
    let response = response(body);
    let error = OauthV2Access::<SecretAuthentication>::parse_response(&response).unwrap_err();
    assert!(
        matches!(error, ResponseError::Decode(error) if error.member() == Some("access_token"))
    );
    meter.measure(|| OauthV2Access::<SecretAuthentication>::parse_response(black_box(&response)));
}

fn derive_failing(meter: &mut Meter, body: &'static str) {
    assert!(serde_json::from_slice::<Grant>(body.as_bytes()).is_err());
    let body = body.as_bytes().to_vec();
    meter.measure(|| serde_json::from_slice::<Grant>(black_box(&body)));
}
