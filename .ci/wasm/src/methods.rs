//! Every method: its request, and all that can come back.

use std::{collections::BTreeMap, fmt::Debug, str};

use http::Response;
use slack_proto::{
    AccessToken, ApiMethod, ClientId, ClientSecret, ConfidentialClient, Endpoint, PublicClient,
    Timestamp,
    error::{NoError, ResponseError},
    methods::{
        AppsAuthExternalDelete, AppsAuthExternalGet, AppsUninstall, Auth, AuthRevoke,
        AuthTeamsList, AuthTest, AuthTestResponse, FormFields, JsonBody, OauthV2Access,
        OauthV2AccessResponse, OauthV2Exchange, OauthV2Refresh, OauthV2UserAccess,
        OauthV2UserRefresh, OpenidConnectRefresh, OpenidConnectToken, OpenidConnectUserInfo,
        RequestBody, TeamIcon, ToolingTokensRotate, ToolingTokensRotateResponse,
    },
    oauth::{AuthorizationCode, ClientCredentials, CodeVerifier, RandomBytes, RedirectUri},
    openid::UserClaims,
    tokens::{ConfigurationCredential, RefreshToken, TokenResponseExtras},
};

use crate::shown;

const GRANT: &str = r#"{"ok":true,"access_token":"xoxe.xoxb-1","token_type":"bot","scope":"chat:write",
    "refresh_token":"xoxe-1","expires_in":43200,"team":{"id":"T1","name":"a"},"enterprise":null,
    "authed_user":{"id":"U1","scope":"users:read","access_token":"xoxp-1"}}"#;
const SIGNED_IN: &str = r#"{"ok":true,"access_token":"xoxp-1","id_token":"a.b.c","state":"s"}"#;

pub(crate) fn clients() {
    let sent = |client: ConfidentialClient| {
        let app = ClientCredentials::from(client);
        let request = OauthV2Refresh::new(refresh()).to_request(&Endpoint::slack(), &app);
        let header = request.headers().get("authorization").cloned();
        (header, RequestBody::into_vec(request.into_body()))
    };
    let client = ConfidentialClient::in_header(confidential().in_body());
    let (first, body) = sent(client.clone());
    // The Base64 of `1.2:hush`.
    assert_eq!(first.as_ref().unwrap(), "Basic MS4yOmh1c2g=");
    assert!(!str::from_utf8(&body).unwrap().contains("hush"));
    let other = ConfidentialClient::with_secret(&client, ClientSecret::new("other").unwrap());
    assert_eq!(other.id(), client.id());
    assert!(sent(other.clone()).0.is_some_and(|second| Some(second) != first));
    assert!(sent(other.in_body()).0.is_none());
}

pub(crate) fn code_exchanges() {
    let call = OauthV2Access::redirect_uri(OauthV2Access::new(code()), redirect());
    let response = method(&call, &confidential(), GRANT);
    let installation = OauthV2AccessResponse::into_installation(response, Timestamp::from_unix(1));
    assert_eq!(installation.bot.unwrap().expires_at, Some(Timestamp::from_unix(43_201)));
    method(&OauthV2Access::pkce(code(), verifier()), &public(), GRANT);
    method(&OauthV2Access::pkce_with_secret(code(), verifier()), &confidential(), GRANT);

    let call = OauthV2UserAccess::redirect_uri(OauthV2UserAccess::new(code()), redirect());
    method(&call, &confidential(), GRANT);
    method(&OauthV2UserAccess::pkce(code(), verifier()), &public(), GRANT);
    method(&OauthV2UserAccess::pkce_with_secret(code(), verifier()), &confidential(), GRANT);

    let call = OpenidConnectToken::redirect_uri(OpenidConnectToken::new(code()), redirect());
    let response = method(&call, &confidential(), SIGNED_IN);
    assert_eq!(response.id_token.unwrap().expose(), "a.b.c");
    method(&OpenidConnectToken::pkce(code(), verifier()), &public(), SIGNED_IN);
    method(&OpenidConnectToken::pkce_with_secret(code(), verifier()), &confidential(), SIGNED_IN);
}

pub(crate) fn refreshes() {
    let app = ClientCredentials::from(confidential());
    let response = method(&OauthV2Refresh::new(refresh()), &app, GRANT);
    assert_eq!(response.credential.access_token.expose(), "xoxe.xoxb-1");
    let app = ClientCredentials::from(public());
    method(&OauthV2UserRefresh::new(refresh()), &app, GRANT);
    method(&OpenidConnectRefresh::new(refresh()), &app, SIGNED_IN);
    method(&OauthV2Exchange::new(token()), &confidential(), GRANT);

    let rotated =
        r#"{"ok":true,"token":"xoxe.xoxp-1","refresh_token":"xoxe-2","iat":5,"exp":"47"}"#;
    let response = method(&ToolingTokensRotate::new(refresh()), &(), rotated);
    let credential =
        ToolingTokensRotateResponse::into_credential(response, Timestamp::from_unix(1));
    assert_eq!(credential.expires_at, Some(Timestamp::from_unix(47)));
    let margin = std::time::Duration::from_secs(2);
    assert!(ConfigurationCredential::is_due(&credential, Timestamp::from_unix(45), margin));
    assert!(!ConfigurationCredential::is_due(&credential, Timestamp::from_unix(44), margin));
    // Its end is unknown.
    let seeded = ConfigurationCredential::new(credential.token, refresh(), Timestamp::from_unix(1));
    assert!(ConfigurationCredential::is_due(&seeded, Timestamp::from_unix(2), margin));
}

pub(crate) fn external_tokens() {
    let found = r#"{"ok":true,"external_token":"t0ken","token_response_extras":{"a":"b"}}"#;
    let response = method(&AppsAuthExternalGet::new("Et1").unwrap(), &token(), found);
    let extras = response.token_response_extras.unwrap();
    assert_eq!(TokenResponseExtras::expose(&extras), r#"{"a":"b"}"#);
    let read: BTreeMap<String, String> = TokenResponseExtras::read(&extras).unwrap();
    assert_eq!(read["a"], "b");
    let call = AppsAuthExternalGet::force_refresh(AppsAuthExternalGet::new("Et1").unwrap());
    method(&call, &token(), found);

    let done = r#"{"ok":true}"#;
    method(&AppsAuthExternalDelete::by_token("Et1").unwrap(), &token(), done);
    method(&AppsAuthExternalDelete::by_app("A1").unwrap(), &token(), done);
    let call = AppsAuthExternalDelete::by_app_and_provider("A1", "p").unwrap();
    method(&call, &token(), done);
    assert!(AppsAuthExternalGet::new("").is_err() && AppsAuthExternalDelete::by_app("").is_err());
}

pub(crate) fn tokens_of_a_life() {
    let response = method(&AuthTest, &token(), r#"{"ok":true,"team_id":"T1","expires_in":"9"}"#);
    assert_eq!(response.team_id.unwrap().as_str(), "T1");
    let revoked = r#"{"ok":true,"revoked":true}"#;
    method(&AuthRevoke::test_only(AuthRevoke::new()), &token(), revoked);
    assert_eq!(method(&AuthRevoke::refresh_token(), &refresh(), revoked).revoked, Some(true));
    method(&AppsUninstall::new(token()), &confidential(), r#"{"ok":true,"uninstalled":true}"#);

    let first = AuthTeamsList::limit(AuthTeamsList::include_icon(AuthTeamsList::new()), 2).unwrap();
    assert!(AuthTeamsList::limit(AuthTeamsList::new(), 0).is_err());
    let page = r#"{"ok":true,"teams":[{"id":"T1","icon":{"image_34":"a"}}],
        "response_metadata":{"next_cursor":"b"}}"#;
    let response = method(&first, &token(), page);
    let icon = response.teams[0].icon.as_ref().unwrap();
    assert_eq!(TeamIcon::image(icon, 34).unwrap().as_str(), "a");
    let reply = <AuthTeamsList as ApiMethod>::parse_response(&Response::new(page)).unwrap();
    let second = AuthTeamsList::next_page(first, &reply.meta).unwrap();
    assert!(AuthTeamsList::next_page(second, &reply.meta).is_none());
    method(&AuthTeamsList::cursor(AuthTeamsList::new(), "b".into()), &token(), page);
}

pub(crate) fn people() {
    let info = r#"{"ok":true,"sub":"U1","https://slack.com/team_id":"T1","email":"a@b","new":[1],
        "https://slack.com/user_image_48":"u","https://slack.com/team_image_88":"t"}"#;
    let claims = method(&OpenidConnectUserInfo, &token(), info);
    assert_eq!(UserClaims::user_image(&claims, 48).unwrap().as_str(), "u");
    assert_eq!(UserClaims::team_image(&claims, 88).unwrap().as_str(), "t");
    assert_eq!(UserClaims::other(&claims, "new").unwrap().as_str(), "[1]");
    assert_eq!(UserClaims::others(&claims).count(), 1);
}

pub(crate) fn own_method() {
    let request = Own.to_request(&Endpoint::slack(), &token());
    let body = RequestBody::into_vec(request.into_body());
    assert_eq!(str::from_utf8(&body), Ok("a=b+c&limit=2"));
    method(&Own, &token(), r#"{"ok":true}"#);
    let json = JsonBody::new(&BTreeMap::from([("a", "b c")])).unwrap();
    let request = JsonBody::to_request::<Own>(&json, &Endpoint::slack(), &token());
    assert_eq!(request.body().as_ref(), br#"{"a":"b c"}"#);
}

/// A method as users write their own, which borrows from others what it can.
#[derive(Debug)]
struct Own;

impl ApiMethod for Own {
    const NAME: &'static str = "team.info";
    type Auth = AccessToken;
    type Response = AuthTestResponse;
    type Error = NoError;

    fn params(&self, form: &mut FormFields) {
        FormFields::field(form, "a", "b c");
        FormFields::optional_field(form, "not", None);
        ApiMethod::params(&AuthTeamsList::new().limit(2).unwrap(), form);
        assert!(!format!("{form:?}").contains("b c"));
    }

    fn authenticate(&self, token: &AccessToken, form: &mut FormFields) {
        FormFields::bearer(form, token);
        Auth::apply(token, form);
        ApiMethod::authenticate(&AuthTest, token, form);
    }
}

/// Builds the request, and reads the success given, an error, a rate limit and garbage.
fn method<M: ApiMethod<Auth: Debug> + Debug>(
    call: &M,
    auth: &M::Auth,
    success: &str,
) -> M::Response {
    let request = ApiMethod::to_request(call, &Endpoint::slack(), auth);
    assert!(request.uri().path().ends_with(M::NAME));
    assert!(!format!("{call:?}{auth:?}{request:?}").contains("xox"));
    let read = |status, body: &[u8]| {
        let mut response = Response::new(body);
        *response.status_mut() = http::StatusCode::from_u16(status).unwrap();
        <M as ApiMethod>::parse_response(&response)
    };
    let refused = |status, body: &[u8]| match read(status, body) {
        Ok(_) => panic!("{} took a failure for a success", M::NAME),
        Err(error) => {
            shown(&error);
            error
        }
    };
    let error = refused(200, br#"{"ok":false,"error":"invalid_auth"}"#);
    assert_eq!(ResponseError::code(&error).unwrap().as_str(), "invalid_auth");
    refused(429, b"");
    refused(503, b"<html>");
    for garbage in
        [&b""[..], b"[", b"{\"ok\":tr", b"\xff", b"{\"ok\":true,\"ok\":false}", &[b'['; 9000]]
    {
        refused(200, garbage);
    }
    read(200, &[b"{\"\xff\\ud800\":1,", &success.as_bytes()[1..]].concat()).ok().unwrap();
    read(200, success.as_bytes()).ok().unwrap().value
}

fn code() -> AuthorizationCode {
    AuthorizationCode::new("c0de").unwrap()
}

fn verifier() -> CodeVerifier {
    CodeVerifier::from_random_bytes(&RandomBytes::new([7; 96]))
}

fn redirect() -> RedirectUri {
    RedirectUri::new("https://app.example.com/cb").unwrap()
}

fn refresh() -> RefreshToken {
    RefreshToken::new("xoxe-1").unwrap()
}

fn token() -> AccessToken {
    AccessToken::new("xoxb-1").unwrap()
}

fn confidential() -> ConfidentialClient {
    ConfidentialClient::new(ClientId::new("1.2").unwrap(), ClientSecret::new("hush").unwrap())
}

fn public() -> PublicClient {
    PublicClient::new(ClientId::new("1.2").unwrap())
}
