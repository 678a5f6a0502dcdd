//! Sign in with Slack.

mod page;

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{Request, Response};
use serde_json::{Value, json};
use slack_fake::{
    Consent, CredentialKind, FakeSlack, IdTokenFault, OpenIdErrors, Organization, User, Workspace,
};

use crate::support::{
    CALLBACK, CHALLENGE, CLIENT_ID, NOW, SECRET, VERIFIER, app, basic, call, callback_value,
    fake_with, form, get, json, text,
};

/// Header, claims, what was signed, and the signature.
struct Jwt {
    header: Value,
    claims: Value,
    signed: String,
    signature: Vec<u8>,
}

fn read(token: &str) -> Jwt {
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let (header, claims) = signed.split_once('.').unwrap();
    let part = |text| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap();
    Jwt {
        header: part(header),
        claims: part(claims),
        signed: signed.to_owned(),
        signature: URL_SAFE_NO_PAD.decode(signature).unwrap(),
    }
}

fn keys(fake: &mut FakeSlack) -> Vec<Value> {
    let set = json(&get(fake, "/openid/connect/keys", NOW));
    set["keys"].as_array().unwrap().clone()
}

/// Verifies by the published key that the header names.
fn verifies(fake: &mut FakeSlack, jwt: &Jwt) -> bool {
    let Some(key) = keys(fake).into_iter().find(|key| key["kid"] == jwt.header["kid"]) else {
        return false;
    };
    let number = |name| URL_SAFE_NO_PAD.decode(text(&key, name)).unwrap();
    let key = RsaPublicKeyComponents { n: number("n"), e: number("e") };
    key.verify(&RSA_PKCS1_2048_8192_SHA256, jwt.signed.as_bytes(), &jwt.signature).is_ok()
}

fn person() -> User {
    User::new("U0FAKE00001", "fake.person")
        .email("fake.person@example.com")
        .full_name("Fake", "Person")
}

fn fake() -> FakeSlack {
    fake_with(app()).user(person())
}

fn page(fake: &mut FakeSlack, more: &[(&str, &str)]) -> Response<Vec<u8>> {
    let mut fields =
        vec![("client_id", CLIENT_ID), ("response_type", "code"), ("redirect_uri", CALLBACK)];
    fields.extend_from_slice(more);
    get(fake, &format!("/openid/connect/authorize?{}", form(&fields)), NOW)
}

fn code(fake: &mut FakeSlack, more: &[(&str, &str)]) -> String {
    callback_value(&page(fake, more), "code").expect("a code")
}

fn redeem(fake: &mut FakeSlack, code: &str) -> Value {
    let fields = [("code", code), ("redirect_uri", CALLBACK), ("grant_type", "authorization_code")];
    json(&call(fake, "openid.connect.token", &basic(CLIENT_ID, SECRET), &fields, NOW + 5))
}

const ALL: (&str, &str) = ("scope", "openid email profile");

fn signed_in(fake: &mut FakeSlack, more: &[(&str, &str)]) -> Value {
    let mut fields = vec![ALL];
    fields.extend_from_slice(more);
    let code = code(fake, &fields);
    redeem(fake, &code)
}

fn id_token(answer: &Value) -> Jwt {
    read(text(answer, "id_token"))
}

#[test]
fn a_whole_sign_in() {
    let mut fake = fake();
    let answer = signed_in(&mut fake, &[("nonce", "n-1"), ("state", "s-1")]);
    assert_eq!((&answer["token_type"], &answer["state"]), (&json!("Bearer"), &json!("s-1")));
    assert!(text(&answer, "access_token").starts_with("xoxp-"));
    assert_eq!(answer.get("expires_in"), None);

    let jwt = id_token(&answer);
    assert_eq!((&jwt.header["alg"], text(&jwt.header, "kid").len()), (&json!("RS256"), 43));
    assert!(verifies(&mut fake, &jwt));
    for (name, value) in [
        ("iss", json!("https://slack.com")),
        ("aud", json!(CLIENT_ID)),
        ("sub", json!("U0FAKE00001")),
        ("iat", json!(NOW + 5)),
        ("exp", json!(NOW + 305)),
        ("auth_time", json!(NOW)),
        ("nonce", json!("n-1")),
        ("https://slack.com/team_id", json!("T0FAKE00001")),
        ("https://slack.com/user_id", json!("U0FAKE00001")),
        ("email", json!("fake.person@example.com")),
        ("email_verified", json!(true)),
        ("name", json!("Fake Person")),
        ("https://slack.com/team_domain", json!("fake-team")),
    ] {
        assert_eq!(jwt.claims[name], value, "{name}");
    }

    let bearer = format!("Bearer {}", text(&answer, "access_token"));
    let request = Request::get("/api/openid.connect.userInfo")
        .header("authorization", bearer)
        .body(Vec::new());
    let response = fake.handle(&request.unwrap(), NOW + 5);
    assert_eq!(response.headers()["x-accepted-oauth-scopes"], "openid");
    let info = json(&response);
    assert_eq!((&info["ok"], &info["sub"]), (&json!(true), &jwt.claims["sub"]));
    for absent in ["iss", "aud", "exp", "nonce", "at_hash"] {
        assert_eq!(info.get(absent), None);
    }
    assert_eq!(
        info["https://slack.com/user_image_1024"],
        jwt.claims["https://slack.com/user_image_1024"]
    );
}

#[test]
fn at_hash_follows_the_standard() {
    let mut fake = fake();
    let answer = signed_in(&mut fake, &[]);
    let digest = aws_lc_rs::digest::digest(
        &aws_lc_rs::digest::SHA256,
        text(&answer, "access_token").as_bytes(),
    );
    let expected = URL_SAFE_NO_PAD.encode(&digest.as_ref()[..16]);
    assert_eq!(id_token(&answer).claims["at_hash"], expected);
}

#[test]
fn scopes_decide_over_claims_and_the_nonce_is_always_there() {
    let mut fake = fake();
    let code = code(&mut fake, &[("scope", "openid")]);
    let answer = redeem(&mut fake, &code);
    let claims = id_token(&answer).claims;
    assert_eq!(claims["nonce"], "");
    for absent in [
        "email",
        "name",
        "picture",
        "https://slack.com/team_name",
        "https://slack.com/enterprise_id",
    ] {
        assert_eq!(claims.get(absent), None, "{absent}");
    }
    assert_eq!(answer.get("state"), None);
}

#[test]
fn grid_claims_and_people_without_an_address() {
    let mut fake = FakeSlack::new()
        .organization(Organization::new("E0FAKE00001", "Fake Org"))
        .workspace(Workspace::new("T0FAKE00002", "Grid Team").organization("E0FAKE00001"))
        .user(User::new("W0FAKE00001", "guest"))
        .app(app())
        .consent(Consent::Allow);
    let claims = id_token(&signed_in(&mut fake, &[])).claims;
    assert_eq!(claims["https://slack.com/enterprise_id"], "E0FAKE00001");
    assert_eq!(claims["https://slack.com/enterprise_domain"], "fake-org");
    assert_eq!(claims.get("email"), None);
    assert_eq!((&claims["given_name"], &claims["name"]), (&json!(""), &json!("guest")));
}

#[test]
fn keys_rotate() {
    let mut fake = fake();
    let old = id_token(&signed_in(&mut fake, &[]));
    assert_eq!(keys(&mut fake).len(), 1);
    fake.rotate_signing_key();
    let new = id_token(&signed_in(&mut fake, &[]));
    assert_ne!(old.header["kid"], new.header["kid"]);
    assert_eq!(keys(&mut fake).len(), 2);
    assert!(verifies(&mut fake, &old) && verifies(&mut fake, &new));
    fake.retire_old_signing_key();
    assert!(!verifies(&mut fake, &old) && verifies(&mut fake, &new));
    for _ in 0..2 {
        fake.rotate_signing_key();
    }
    let first_again = id_token(&signed_in(&mut fake, &[]));
    assert_eq!(first_again.header["kid"], old.header["kid"]);
}

#[test]
fn wrong_id_tokens_are_wrong_in_one_way() {
    let mut fake = fake();
    let mut wrong = |fault| {
        fake.script_id_token(fault);
        let answer = signed_in(&mut fake, &[("nonce", "n-1")]);
        let jwt = id_token(&answer);
        let verified = verifies(&mut fake, &jwt);
        (jwt, verified)
    };
    let claim = |(jwt, verified): (Jwt, bool), name: &str| {
        assert!(verified, "only the claim {name} is wrong");
        jwt.claims[name].clone()
    };
    assert_eq!(claim(wrong(IdTokenFault::WrongIssuer), "iss"), "https://slack.com.evil.example");
    assert!(claim(wrong(IdTokenFault::IssuedInFuture), "iat").as_u64() > Some(NOW + 3600));
    assert!(claim(wrong(IdTokenFault::Expired), "exp").as_u64() < Some(NOW - 3600));
    assert_eq!(claim(wrong(IdTokenFault::WrongAudience), "aud"), "9999999999.9999999999");
    let (party, _) = wrong(IdTokenFault::WrongAuthorizedParty);
    assert_eq!(party.claims["aud"], json!([CLIENT_ID, "9999999999.9999999999"]));
    assert_eq!(party.claims["azp"], "9999999999.9999999999");
    assert_eq!(claim(wrong(IdTokenFault::WrongNonce), "nonce"), "another-nonce");
    assert_eq!(claim(wrong(IdTokenFault::NoNonce), "nonce"), Value::Null);
    let right = claim(wrong(IdTokenFault::WrongIssuer), "at_hash");
    assert_ne!(claim(wrong(IdTokenFault::WrongAccessTokenHash), "at_hash"), right);
    let (critical, verified) = wrong(IdTokenFault::CriticalHeader);
    assert!(verified && critical.header["crit"].is_array());

    let (tampered, verified) = wrong(IdTokenFault::TamperedClaims);
    assert!(!verified && tampered.claims["sub"] == "U0SOMEONEELSE");
    let (flipped, verified) = wrong(IdTokenFault::TamperedSignature);
    assert!(!verified && flipped.claims["sub"] == "U0FAKE00001");
    let (unknown, verified) = wrong(IdTokenFault::UnknownKey);
    assert!(!verified);
    let (disguised, verified) = wrong(IdTokenFault::SignedByAnotherKey);
    assert!(!verified && disguised.header["kid"] != unknown.header["kid"]);
    let (unnamed, _) = wrong(IdTokenFault::NoKeyId);
    assert_eq!(unnamed.header.get("kid"), None);
    let (none, _) = wrong(IdTokenFault::AlgorithmNone);
    assert!(none.header["alg"] == "none" && none.signature.is_empty());
    let (hs256, _) = wrong(IdTokenFault::AlgorithmHs256);
    assert_eq!((&hs256.header["alg"], hs256.signature.len()), (&json!("HS256"), 32));

    let good = id_token(&signed_in(&mut fake, &[]));
    assert!(verifies(&mut fake, &good), "the faults are used up");
}

#[test]
fn a_refresh_gives_no_id_token() {
    let mut fake = fake_with(app().rotate_tokens()).user(person());
    let answer = signed_in(&mut fake, &[("state", "s")]);
    assert_eq!(answer["expires_in"], 43_200);
    let refresh_token = text(&answer, "refresh_token");
    let grant = [("grant_type", "refresh_token"), ("refresh_token", refresh_token)];
    let client = basic(CLIENT_ID, SECRET);
    let wrong = json(&call(&mut fake, "oauth.v2.access", &client, &grant, NOW));
    assert_eq!(wrong["error"], "invalid_refresh_token");
    let next = json(&call(&mut fake, "openid.connect.token", &client, &grant, NOW));
    let mut members: Vec<&str> = next.as_object().unwrap().keys().map(String::as_str).collect();
    members.sort_unstable();
    assert_eq!(members, ["access_token", "expires_in", "ok", "refresh_token", "token_type"]);
    assert_eq!(fake.credentials(NOW)[0].kind, CredentialKind::SignIn);
}

#[test]
fn errors_come_in_slacks_style_or_the_rfcs() {
    let client = basic(CLIENT_ID, SECRET);
    let ask = |style, authorization: &str, fields: &[(&str, &str)]| {
        let mut fake = fake().openid_errors(style);
        let response = call(&mut fake, "openid.connect.token", authorization, fields, NOW);
        (response.status().as_u16(), text(&json(&response), "error").to_owned())
    };
    for (authorization, fields, slack, rfc, status) in [
        (client.as_str(), &[("code", "1.2.3")][..], "invalid_code", "invalid_grant", 400),
        ("", &[("client_id", "1.1")], "invalid_client_id", "invalid_client", 401),
        (&basic(CLIENT_ID, "x"), &[("code", "1.2.3")], "bad_client_secret", "invalid_client", 401),
        (
            &client,
            &[("grant_type", "password")],
            "invalid_grant_type",
            "unsupported_grant_type",
            400,
        ),
        (&client, &[], "invalid_arguments", "invalid_request", 400),
    ] {
        assert_eq!(ask(OpenIdErrors::Slack, authorization, fields), (200, slack.to_owned()));
        assert_eq!(ask(OpenIdErrors::Rfc, authorization, fields), (200, rfc.to_owned()));
        assert_eq!(
            ask(OpenIdErrors::RfcWithStatus, authorization, fields),
            (status, rfc.to_owned())
        );
    }
}

#[test]
fn pkce_works_for_sign_in() {
    let mut fake = fake_with(app().enable_pkce()).user(person());
    let challenge = [ALL, ("code_challenge", CHALLENGE), ("code_challenge_method", "S256")];
    let code = code(&mut fake, &challenge);
    let mut redeem = |verifier: &str, authorization: &str| {
        let fields = [
            ("client_id", CLIENT_ID),
            ("code", &code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", verifier),
        ];
        json(&call(&mut fake, "openid.connect.token", authorization, &fields, NOW))
    };
    assert_eq!(redeem(&VERIFIER.replace('d', "e"), "")["error"], "invalid_grant");
    assert_eq!(redeem(VERIFIER, &basic(CLIENT_ID, SECRET))["error"], "internal_error");
    assert_eq!(redeem(VERIFIER, "")["ok"], true);
}

#[test]
fn user_info_needs_the_scope() {
    let mut fake = fake();
    let installed = crate::support::install(&mut fake, NOW);
    let bearer = format!("Bearer {}", text(&installed, "access_token"));
    let response = call(&mut fake, "openid.connect.userInfo", &bearer, &[], NOW);
    assert_eq!(response.headers()["x-oauth-scopes"], "chat:write,commands");
    let expected = json!({"ok": false, "error": "missing_scope", "needed": "openid", "provided": "chat:write,commands"});
    assert_eq!(json(&response), expected);
}

#[test]
fn discovery_is_no_envelope_and_knows_where_it_was_asked() {
    let mut fake = fake();
    let request =
        Request::get("/.well-known/openid-configuration").header("host", "127.0.0.1:4000");
    let document = json(&fake.handle(&request.body(Vec::new()).unwrap(), NOW));
    assert_eq!(document.get("ok"), None);
    assert_eq!(document["issuer"], "https://slack.com");
    assert_eq!(document["jwks_uri"], "http://127.0.0.1:4000/openid/connect/keys");
    let document = json(&get(&mut fake, "https://slack.com/.well-known/openid-configuration", NOW));
    assert_eq!(document["token_endpoint"], "https://slack.com/api/openid.connect.token");
    fake.set_issuer("http://127.0.0.1:4000");
    assert_eq!(
        json(&get(&mut fake, "/.well-known/openid-configuration", NOW))["issuer"],
        "http://127.0.0.1:4000"
    );
    assert_eq!(id_token(&signed_in(&mut fake, &[])).claims["iss"], "http://127.0.0.1:4000");
}
