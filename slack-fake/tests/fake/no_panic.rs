//! Whatever comes in, an answer goes out.

use http::Request;
use proptest::prelude::*;
use slack_fake::FakeSlack;

use crate::support::*;

fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        Just(CLIENT_ID.to_owned()),
        Just(SECRET.to_owned()),
        Just(CALLBACK.to_owned()),
        Just(NATIVE_CALLBACK.to_owned()),
        Just(VERIFIER.to_owned()),
        Just(CHALLENGE.to_owned()),
        Just("S256".to_owned()),
        Just("refresh_token".to_owned()),
        Just("E0FAKE00001".to_owned()),
        Just("allow".to_owned()),
        Just("openid email profile".to_owned()),
        Just("eyJhIjoxfQ==".to_owned()),
        ".{0,40}",
        "[a-z]{0,5}:/{0,3}[\\[\\]a-z@:%.?#0-9]{0,20}",
    ]
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        proptest::sample::select(
            &[
                "client_id",
                "client_secret",
                "code",
                "code_verifier",
                "redirect_uri",
                "grant_type",
                "refresh_token",
                "token",
                "scope",
                "user_scope",
                "team",
                "state",
                "nonce",
                "code_challenge",
                "code_challenge_method",
                "fake_decision",
                "fake_user",
                "fake_team",
                "fake_decline",
                "test",
                "limit",
                "cursor",
                "external_token_id",
                "app_id",
                "provider_key",
                "force_refresh",
                "response_type",
            ][..]
        )
        .prop_map(str::to_owned),
        ".{0,10}",
    ]
}

fn path() -> impl Strategy<Value = String> {
    let known = [
        "/oauth/v2/authorize",
        "/oauth/v2_user/authorize",
        "/openid/connect/authorize",
        "/openid/connect/keys",
        "/.well-known/openid-configuration",
        "/api/oauth.v2.access",
        "/api/oauth.v2.user.access",
        "/api/oauth.v2.exchange",
        "/api/tooling.tokens.rotate",
        "/api/openid.connect.token",
        "/api/openid.connect.userInfo",
        "/api/apps.auth.external.get",
        "/api/apps.auth.external.delete",
        "/api/auth.test",
        "/api/auth.revoke",
        "/api/auth.teams.list",
        "/api/apps.uninstall",
        "/api/",
        "/",
    ];
    prop_oneof![9 => proptest::sample::select(known.to_vec()).prop_map(str::to_owned), 1 => "/[a-z./%0-9]{0,20}"]
}

#[derive(Clone, Debug)]
struct Input {
    verb: &'static str,
    path: String,
    query: Vec<(String, String)>,
    content_type: Option<String>,
    authorization: Option<Vec<u8>>,
    body: Vec<u8>,
    now: u64,
}

fn pairs() -> impl Strategy<Value = Vec<(String, String)>> {
    proptest::collection::vec((name(), value()), 0..9)
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        6 => pairs().prop_map(|pairs| form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish().into_bytes()),
        2 => pairs().prop_map(|pairs| {
            let object: serde_json::Map<_, _> = pairs.into_iter().map(|(name, value)| (name, value.into())).collect();
            serde_json::Value::from(object).to_string().into_bytes()
        }),
        1 => proptest::collection::vec(any::<u8>(), 0..200),
    ]
}

fn input() -> impl Strategy<Value = Input> {
    let verb = proptest::sample::select(&["GET", "POST", "POST", "POST", "HEAD", "BREW"][..]);
    let content_type = proptest::option::weighted(
        0.9,
        prop_oneof![
            6 => Just("application/x-www-form-urlencoded".to_owned()),
            2 => Just("application/json; charset=utf-8".to_owned()),
            1 => "[a-z/;= \"-]{0,30}",
        ],
    );
    let authorization = proptest::option::of(prop_oneof![
        Just(basic(CLIENT_ID, SECRET).into_bytes()),
        Just(b"Bearer xoxb-1".to_vec()),
        "(Basic|Bearer) [A-Za-z0-9+/=]{0,30}".prop_map(String::into_bytes),
        proptest::collection::vec(prop_oneof![32_u8..127, 128_u8..=255], 0..30),
    ]);
    let now = prop_oneof![Just(NOW), Just(0), Just(u64::MAX), any::<u64>()];
    (verb, path(), pairs(), content_type, authorization, body(), now).prop_map(
        |(verb, path, query, content_type, authorization, body, now)| Input {
            verb,
            path,
            query,
            content_type,
            authorization,
            body,
            now,
        },
    )
}

fn send(fake: &mut FakeSlack, input: Input) -> Option<http::Response<Vec<u8>>> {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(input.query).finish();
    let mut request = Request::builder().method(input.verb).uri(format!("{}?{query}", input.path));
    if let Some(content_type) = input.content_type {
        request = request.header("content-type", content_type);
    }
    if let Some(authorization) = input.authorization {
        request = request.header("authorization", &authorization[..]);
    }
    // What the `http` crate refuses never reaches a server.
    Some(fake.handle(&request.body(input.body).ok()?, input.now))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_request_makes_it_panic(inputs in proptest::collection::vec(input(), 1..6)) {
        let mut fake = fake_with(app().enable_pkce().rotate_tokens());
        install(&mut fake, NOW);
        for input in inputs {
            let is_api = input.path.starts_with("/api/") && matches!(input.verb, "GET" | "POST");
            if let Some(response) = send(&mut fake, input) {
                prop_assert!(response.headers().contains_key("x-slack-req-id"));
                if is_api {
                    prop_assert!(serde_json::from_slice::<serde_json::Value>(response.body()).unwrap()["ok"].is_boolean());
                }
            }
        }
        prop_assert!(FakeSlack::restore(&fake.save()).is_ok());
    }

    #[test]
    fn no_saved_state_makes_it_panic(cut in 0_usize..4000, byte in any::<u8>()) {
        let mut fake = fake_with(app().rotate_tokens());
        let installed = install(&mut fake, NOW);
        let mut saved = fake.save();
        let cut = cut % saved.len();
        saved[cut] = byte;
        if let Ok(mut restored) = FakeSlack::restore(&saved) {
            let query = form(&[("client_id", CLIENT_ID), ("scope", "chat:write")]);
            get(&mut restored, &format!("/oauth/v2/authorize?{query}"), NOW);
            let tokens = [text(&installed, "access_token"), text(&installed, "refresh_token")];
            refresh(&mut restored, tokens[1], NOW + 1);
            auth_test(&mut restored, tokens[0], NOW + 1);
            restored.credentials(NOW + 1);
        }
    }
}
