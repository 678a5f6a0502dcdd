//! Every sample of `samples/`, read as its row in `index.tsv` says, against a full expectation.
//!
//! `samples_expected.json` has for each body the calls that it is read by, and all that each call must tell: tokens by
//! value, scopes, expiry, ids and parse warnings of a success; kind, code, what to do and the text of an error; status,
//! waiting time, messages and warnings of both. Absent and empty things are left out; the request id is compared with
//! the row's. Where a row leaves a choice, `why` tells which was taken.

#![expect(
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    reason = "a test may read its samples and print what it counted; the core does no I/O"
)]

mod told;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use http::{HeaderName, HeaderValue, Response, StatusCode};
use serde_json::Value;
use slack_proto::{
    AccessToken, ApiMethod, ClientId, ClientSecret, ConfidentialClient, Endpoint, Recovery,
    error::ErrorCode,
    methods::{
        AppsAuthExternalDelete, AppsAuthExternalGet, AppsUninstall, AuthRevoke, AuthTeamsList,
        AuthTest, OauthV2Access, OauthV2Exchange, OauthV2Refresh, OauthV2UserAccess,
        OauthV2UserRefresh, OpenidConnectRefresh, OpenidConnectToken, OpenidConnectUserInfo,
        ToolingTokensRotate,
    },
    oauth::{AuthorizeError, Callback, CodeChallenge, CodeVerifier, OauthState},
    tokens::RefreshToken,
};

const EXPECTED: &str = include_str!("samples_expected.json");

/// Samples that are no body of a reply; each has a test of its own below.
const VECTORS: [&str; 9] = [
    "authorize-callback--cancelled.txt",
    "authorize-callback--custom-scheme.txt",
    "authorize-callback--denied-no-state.txt",
    "authorize-callback--success.txt",
    "authorize-callback--wrong-state.txt",
    "basic-auth--vectors.json",
    "id-token--claims-full.json",
    "pkce--vectors.json",
    "request-signing--vectors.json",
];

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/samples")
}

fn bytes(file: &str) -> Vec<u8> {
    fs::read(folder().join(file)).unwrap()
}

fn text(file: &str) -> String {
    String::from_utf8(bytes(file)).unwrap()
}

fn json(file: &str) -> Value {
    serde_json::from_slice(&bytes(file)).unwrap()
}

/// The rows of the index, by file: status and headers.
fn index() -> BTreeMap<String, (String, String)> {
    let rows = text("index.tsv");
    let rows = rows.lines().skip(1).map(|line| {
        let [file, status, headers, _] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("not a row: {line}")
        };
        (file.to_owned(), (status.to_owned(), headers.to_owned()))
    });
    rows.collect()
}

fn response(file: &str, (status, headers): &(String, String)) -> Response<Vec<u8>> {
    let mut response = Response::new(bytes(file));
    *response.status_mut() = status.parse::<StatusCode>().unwrap();
    for header in headers.split(" | ") {
        let (name, value) = header.split_once(':').unwrap();
        let name: HeaderName = name.parse().unwrap();
        response.headers_mut().insert(name, HeaderValue::from_str(value.trim()).unwrap());
    }
    response
}

fn call(name: &str, response: &Response<Vec<u8>>) -> Value {
    match name {
        "oauth.v2.access code" => told::reply::<OauthV2Access>(response),
        "oauth.v2.access refresh" => told::reply::<OauthV2Refresh>(response),
        "oauth.v2.user.access code" => told::reply::<OauthV2UserAccess>(response),
        "oauth.v2.user.access refresh" => told::reply::<OauthV2UserRefresh>(response),
        "openid.connect.token code" => told::reply::<OpenidConnectToken>(response),
        "openid.connect.token refresh" => told::reply::<OpenidConnectRefresh>(response),
        "oauth.v2.exchange" => told::reply::<OauthV2Exchange>(response),
        "tooling.tokens.rotate" => told::reply::<ToolingTokensRotate>(response),
        "openid.connect.userInfo" => told::reply::<OpenidConnectUserInfo>(response),
        "apps.auth.external.get" => told::reply::<AppsAuthExternalGet>(response),
        "apps.auth.external.delete" => told::reply::<AppsAuthExternalDelete>(response),
        "auth.test" => told::reply::<AuthTest>(response),
        "auth.revoke" => told::reply::<AuthRevoke>(response),
        "auth.revoke refresh token" => told::reply::<AuthRevoke<RefreshToken>>(response),
        "auth.teams.list" => told::reply::<AuthTeamsList>(response),
        "apps.uninstall" => told::reply::<AppsUninstall>(response),
        _ => panic!("no such call: {name}"),
    }
}

#[test]
fn every_reply_is_read_as_its_row_says() {
    let index = index();
    let expected: BTreeMap<String, BTreeMap<String, Value>> =
        serde_json::from_str(EXPECTED).unwrap();
    let (mut calls, mut wrong) = (0, 0);
    for (file, expectations) in &expected {
        let response = response(file, &index[file]);
        let mut read = 0;
        for (name, expectation) in expectations.iter().filter(|(name, _)| *name != "why") {
            let told = call(name, &response);
            if told != *expectation {
                println!("{file}\t{name}\t{told}");
                wrong += 1;
            }
            read += 1;
        }
        assert!(read > 0, "{file} is read by no call");
        calls += read;
    }
    assert_eq!(wrong, 0, "the lines above show what was told");
    println!("{} bodies, {calls} calls", expected.len());
}

#[test]
fn every_sample_has_exactly_one_expectation() {
    let expected: BTreeMap<String, Value> = serde_json::from_str(EXPECTED).unwrap();
    let bodies: BTreeSet<_> = expected.keys().map(String::as_str).collect();
    let vectors = BTreeSet::from(VECTORS);
    assert!(bodies.is_disjoint(&vectors));
    let covered: BTreeSet<_> = bodies.union(&vectors).map(|file| (*file).to_owned()).collect();
    let files = fs::read_dir(folder()).unwrap();
    let files = files.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let files: BTreeSet<_> = files.filter(|file| file != "index.tsv").collect();
    assert_eq!(covered, files);
    assert_eq!(index().into_keys().collect::<BTreeSet<_>>(), files, "the index lists the folder");
    assert_eq!(EXPECTED.matches("\"why\"").count(), 5, "choices that the rows leave");
}

#[test]
fn no_error_shows_a_token() {
    let index = index();
    let expected: BTreeMap<String, BTreeMap<String, Value>> =
        serde_json::from_str(EXPECTED).unwrap();
    for (file, expectations) in &expected {
        let response = response(file, &index[file]);
        for name in expectations.keys().filter(|name| *name != "why") {
            let told = call(name, &response);
            let Some(says) = told["says"].as_str() else { continue };
            assert!(!says.contains("xox") && !says.contains("eyJ"), "{file}: {says}");
        }
    }
}

#[test]
fn callbacks() {
    let code = "1000000001.3000000003.FAKEFAKEFAKEFAKE";
    for (file, expected_code, state) in [
        ("authorize-callback--success.txt", code, "fake-state-0001"),
        ("authorize-callback--custom-scheme.txt", code, "fake-state-0001"),
        ("authorize-callback--wrong-state.txt", "FAKE", "fake-state-9999"),
    ] {
        let callback = Callback::parse(&text(file)).unwrap();
        assert_eq!(callback.unchecked_code().unwrap().expose(), expected_code, "{file}");
        assert_eq!(callback.state().unwrap().expose(), state, "{file}");
        assert!(callback.error_response().is_none());
        let ours = OauthState::new("fake-state-0001").unwrap();
        assert_eq!(callback.state().unwrap().same_as(&ours), state == "fake-state-0001");
    }
    for (file, state) in [
        ("authorize-callback--cancelled.txt", Some("fake-state-0001")),
        ("authorize-callback--denied-no-state.txt", None),
    ] {
        let callback = Callback::parse(&text(file)).unwrap();
        assert!(callback.unchecked_code().is_none(), "{file}");
        assert_eq!(callback.state().map(OauthState::expose), state, "{file}");
        let refused = callback.error_response().unwrap();
        assert_eq!(refused.code, ErrorCode::Method(AuthorizeError::AccessDenied));
        assert_eq!(refused.recovery(), Recovery::AuthorizeAgain);
    }
}

#[test]
fn pkce_vectors() {
    let vectors = json("pkce--vectors.json");
    let vectors = vectors["vectors"].as_array().unwrap();
    let mut refused = Vec::new();
    for vector in vectors {
        assert_eq!(vector["method"], CodeChallenge::METHOD);
        match CodeVerifier::new(vector["verifier"].as_str().unwrap()) {
            Ok(verifier) => assert_eq!(verifier.challenge().as_str(), vector["challenge"]),
            Err(error) => refused.push((vector["verifier"].as_str().unwrap(), error.to_string())),
        }
    }
    // The page's own example is below the minimum of RFC 7636, so the type refuses it.
    let rule = "code verifier must be 43 to 128 characters long (RFC 7636 section 4.1)";
    assert_eq!(refused, [("secretpassword", rule.to_owned())]);
    assert_eq!(vectors.len(), 5);
}

#[test]
fn request_signing_vectors() {
    use slack_proto::events::{RequestVerifier, SigningSecret};

    let vectors = json("request-signing--vectors.json");
    let vectors = vectors["vectors"].as_array().unwrap();
    for vector in vectors {
        let text = |member: &str| vector[member].as_str().unwrap();
        let secret = SigningSecret::new(text("secret")).unwrap();
        let timestamp = vector["timestamp"].as_u64().unwrap();
        let mut headers = http::HeaderMap::new();
        headers.insert("X-Slack-Request-Timestamp", timestamp.into());
        headers.insert("X-Slack-Signature", text("signature").parse().unwrap());
        let now = slack_proto::Timestamp::from_unix(timestamp);
        let verified = RequestVerifier::new(secret).verify(&headers, text("body"), now).unwrap();
        assert_eq!(verified.body(), text("body").as_bytes(), "{}", text("note"));
    }
    assert_eq!(vectors.len(), 4);
}

#[test]
fn basic_auth_vectors() {
    let vectors = json("basic-auth--vectors.json");
    let vectors = vectors["vectors"].as_array().unwrap();
    let mut refused = Vec::new();
    for vector in vectors {
        let [id, secret, authorization] = ["client_id", "client_secret", "authorization"]
            .map(|name| vector[name].as_str().unwrap());
        let secret = match ClientSecret::new(secret) {
            Ok(secret) => secret,
            Err(error) => {
                refused.push(error.to_string());
                continue;
            }
        };
        let app = ConfidentialClient::new(ClientId::new(id).unwrap(), secret);
        let refresh = OauthV2Refresh::new(RefreshToken::new("xoxe-1-FAKE").unwrap());
        let request = refresh.to_request(&Endpoint::slack(), &app);
        assert_eq!(request.headers()["authorization"], authorization);
    }
    // An app without a secret is a public client, which sends its id in the form.
    assert_eq!(refused, ["client secret must not be empty"]);
    assert_eq!(vectors.len(), 3);
}

#[test]
fn the_claims_for_reading_are_those_of_the_signed_id_token() {
    let file = "openid.connect.token--signed-id-token.json";
    let reply = OpenidConnectToken::<slack_proto::oauth::SecretAuthentication>::parse_response(
        &Response::new(bytes(file)),
    );
    let token = reply.unwrap().value.id_token.unwrap();
    let payload = token.expose().split('.').nth(1).unwrap();
    let claims = BASE64_URL_SAFE_NO_PAD.decode(payload).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!(claims, json("id-token--claims-full.json"));
    let access = AccessToken::new(json(file)["access_token"].as_str().unwrap()).unwrap();
    assert_eq!(access.fingerprint().to_string().len(), 16);
}
