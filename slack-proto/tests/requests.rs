//! The request of every method, byte for byte.

use std::fmt::Debug;

use http::Request;
use slack_proto::{
    AccessToken, ApiMethod, ClientId, ClientSecret, ConfidentialClient, Endpoint, PublicClient,
    methods::{
        AppsAuthExternalDelete, AppsAuthExternalGet, AppsUninstall, AuthRevoke, AuthTeamsList,
        AuthTest, OauthV2Access, OauthV2Exchange, OauthV2Refresh, OauthV2UserAccess,
        OauthV2UserRefresh, OpenidConnectRefresh, OpenidConnectToken, OpenidConnectUserInfo,
        RequestBody, ToolingTokensRotate,
    },
    oauth::{AuthorizationCode, ClientCredentials, CodeVerifier, RedirectUri},
    tokens::RefreshToken,
};

const ID: &str = "1000000001.2000000002";
const SECRET: &str = "fakeclientsecret0000000000000001";
const BASIC: &str =
    "Basic MTAwMDAwMDAwMS4yMDAwMDAwMDAyOmZha2VjbGllbnRzZWNyZXQwMDAwMDAwMDAwMDAwMDAx";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

fn confidential() -> ConfidentialClient {
    ConfidentialClient::new(ClientId::new(ID).unwrap(), ClientSecret::new(SECRET).unwrap())
}

fn public() -> PublicClient {
    PublicClient::new(ClientId::new(ID).unwrap())
}

fn code() -> AuthorizationCode {
    AuthorizationCode::new("CODE").unwrap()
}

fn verifier() -> CodeVerifier {
    CodeVerifier::new(VERIFIER).unwrap()
}

fn refresh() -> RefreshToken {
    RefreshToken::new("xoxe-1-FAKE").unwrap()
}

fn token() -> AccessToken {
    AccessToken::new("xoxb-FAKE").unwrap()
}

fn https() -> RedirectUri {
    RedirectUri::new("https://app.example.com/cb").unwrap()
}

fn custom() -> RedirectUri {
    RedirectUri::new("fakeapp://oauth/cb").unwrap()
}

/// Builds a request, and formats all that took part: none of it shows a secret.
#[track_caller]
fn request<M: ApiMethod<Auth: Debug> + Debug>(method: &M, auth: &M::Auth) -> Request<RequestBody> {
    const SECRETS: [&str; 6] =
        ["xox", SECRET, VERIFIER, "CODE", "MTAwMDAwMDAwMS4", "120, 111, 120"];
    let request = method.to_request(&Endpoint::slack(), auth);
    for shown in
        [format!("{method:?}{auth:?}{request:?}"), format!("{method:#?}{auth:#?}{request:#?}")]
    {
        assert!(!SECRETS.iter().any(|secret| shown.contains(secret)), "{shown}");
    }
    request
}

/// Checks all of a request: method, address, both headers and no other, and the form.
#[track_caller]
fn check(request: &Request<RequestBody>, name: &str, authorization: Option<&str>, form: &str) {
    assert_eq!(request.method(), "POST");
    assert_eq!(request.uri().to_string(), format!("https://slack.com/api/{name}"));
    let headers = request.headers();
    assert_eq!(headers["content-type"], "application/x-www-form-urlencoded");
    let found = headers.get("authorization");
    assert_eq!(found.map(|value| value.to_str().unwrap()), authorization);
    assert!(found.is_none_or(http::HeaderValue::is_sensitive));
    assert_eq!(headers.len(), 1 + usize::from(authorization.is_some()));
    assert_eq!(std::str::from_utf8(request.body().as_ref()).unwrap(), form);
}

#[test]
fn a_refresh_takes_the_same_clients_as_a_code_exchange() {
    // The signature of a client's `call`: no conversion is written where it is used.
    fn call<M: ApiMethod>(method: &M, auth: &M::Auth) -> Request<RequestBody> {
        method.to_request(&Endpoint::slack(), auth)
    }
    let id = || ClientId::new("1.2").unwrap();
    let server = ConfidentialClient::new(id(), ClientSecret::new("hush").unwrap());
    let desktop = PublicClient::new(id());
    let either = ClientCredentials::from(server.clone());
    let code = || AuthorizationCode::new("c0de").unwrap();
    let token = || RefreshToken::new("xoxe-1-a").unwrap();
    let basic = call(&OauthV2Access::new(code()), &server).headers().clone();
    for request in [
        call(&OauthV2Refresh::new(token()), &server),
        call(&OpenidConnectRefresh::new(token()), &server),
        call(&OauthV2Refresh::new(token()), &either),
    ] {
        assert_eq!(request.headers(), &basic);
        assert_eq!(request.body().as_ref(), b"grant_type=refresh_token&refresh_token=xoxe-1-a");
    }
    // Slack reads no Basic header there.
    for request in [
        call(&OauthV2UserRefresh::new(token()), &server),
        call(&OauthV2UserRefresh::new(token()), &either),
    ] {
        assert!(request.headers().get("authorization").is_none());
        let form =
            b"client_id=1.2&client_secret=hush&grant_type=refresh_token&refresh_token=xoxe-1-a";
        assert_eq!(request.body().as_ref(), form);
    }
    for request in [
        call(&OauthV2Refresh::new(token()), &desktop),
        call(&OauthV2UserRefresh::new(token()), &desktop),
        call(&OpenidConnectRefresh::new(token()), &desktop),
    ] {
        let form = b"client_id=1.2&grant_type=refresh_token&refresh_token=xoxe-1-a";
        assert_eq!(request.body().as_ref(), form);
    }
}

#[test]
fn a_code_exchange_with_a_secret() {
    let form =
        "grant_type=authorization_code&code=CODE&redirect_uri=https%3A%2F%2Fapp.example.com%2Fcb";
    let app = confidential();
    let method = OauthV2Access::new(code()).redirect_uri(https());
    check(&request(&method, &app), "oauth.v2.access", Some(BASIC), form);
    let method = OauthV2UserAccess::new(code()).redirect_uri(https());
    let in_body = format!("client_id={ID}&client_secret={SECRET}&{form}");
    check(&request(&method, &app), "oauth.v2.user.access", None, &in_body);
    check(&request(&method, &app.clone().in_header()), "oauth.v2.user.access", Some(BASIC), form);
    let method = OpenidConnectToken::new(code()).redirect_uri(https());
    check(&request(&method, &app), "openid.connect.token", Some(BASIC), form);

    let app = confidential().in_body();
    let form = format!("client_id={ID}&client_secret={SECRET}&{form}");
    let method = OauthV2Access::new(code()).redirect_uri(https());
    check(&request(&method, &app), "oauth.v2.access", None, &form);
}

#[test]
fn a_code_exchange_of_a_public_client() {
    let form = format!(
        "client_id={ID}&grant_type=authorization_code&code=CODE&code_verifier={VERIFIER}\
         &redirect_uri=fakeapp%3A%2F%2Foauth%2Fcb"
    );
    let method = OauthV2Access::pkce(code(), verifier()).redirect_uri(custom());
    check(&request(&method, &public()), "oauth.v2.access", None, &form);
    let method = OauthV2UserAccess::pkce(code(), verifier()).redirect_uri(custom());
    check(&request(&method, &public()), "oauth.v2.user.access", None, &form);
    let method = OpenidConnectToken::pkce(code(), verifier()).redirect_uri(custom());
    check(&request(&method, &public()), "openid.connect.token", None, &form);
}

#[test]
fn a_code_exchange_with_both_proofs() {
    let form = format!("grant_type=authorization_code&code=CODE&code_verifier={VERIFIER}");
    let app = confidential();
    let method = OauthV2Access::pkce_with_secret(code(), verifier());
    check(&request(&method, &app), "oauth.v2.access", Some(BASIC), &form);
    let method = OauthV2UserAccess::pkce_with_secret(code(), verifier());
    let in_body = format!("client_id={ID}&client_secret={SECRET}&{form}");
    check(&request(&method, &app), "oauth.v2.user.access", None, &in_body);
    let method = OpenidConnectToken::pkce_with_secret(code(), verifier());
    check(&request(&method, &app), "openid.connect.token", Some(BASIC), &form);
}

#[test]
fn a_refresh() {
    let form = "grant_type=refresh_token&refresh_token=xoxe-1-FAKE";
    let app = ClientCredentials::from(confidential());
    check(&request(&OauthV2Refresh::new(refresh()), &app), "oauth.v2.access", Some(BASIC), form);
    let user = request(&OauthV2UserRefresh::new(refresh()), &app);
    let in_body = format!("client_id={ID}&client_secret={SECRET}&{form}");
    check(&user, "oauth.v2.user.access", None, &in_body);
    let openid = request(&OpenidConnectRefresh::new(refresh()), &app);
    check(&openid, "openid.connect.token", Some(BASIC), form);

    let app = ClientCredentials::from(public());
    let form = format!("client_id={ID}&{form}");
    check(&request(&OauthV2Refresh::new(refresh()), &app), "oauth.v2.access", None, &form);
    let user = request(&OauthV2UserRefresh::new(refresh()), &app);
    check(&user, "oauth.v2.user.access", None, &form);
    let openid = request(&OpenidConnectRefresh::new(refresh()), &app);
    check(&openid, "openid.connect.token", None, &form);
}

#[test]
fn an_exchange_has_the_client_in_the_form_whatever_was_chosen() {
    let form = format!("client_id={ID}&client_secret={SECRET}&token=xoxb-FAKE");
    for app in [confidential(), confidential().in_body()] {
        check(&request(&OauthV2Exchange::new(token()), &app), "oauth.v2.exchange", None, &form);
    }
}

#[test]
fn an_uninstall_has_the_client_in_the_form_and_the_token_in_the_header() {
    let form = format!("client_id={ID}&client_secret={SECRET}");
    for app in [confidential(), confidential().in_body()] {
        let request = request(&AppsUninstall::new(token()), &app);
        check(&request, "apps.uninstall", Some("Bearer xoxb-FAKE"), &form);
    }
}

#[test]
fn a_rotation_of_a_configuration_token_has_nothing_but_its_refresh_token() {
    let request = request(&ToolingTokensRotate::new(refresh()), &());
    check(&request, "tooling.tokens.rotate", None, "refresh_token=xoxe-1-FAKE");
}

#[test]
fn external_tokens() {
    let bearer = Some("Bearer xoxb-FAKE");
    let get = AppsAuthExternalGet::new("Et0FAKE00001").unwrap();
    let name = "apps.auth.external.get";
    check(&request(&get, &token()), name, bearer, "external_token_id=Et0FAKE00001");
    let form = "external_token_id=Et0FAKE00001&force_refresh=true";
    check(&request(&get.force_refresh(), &token()), name, bearer, form);

    let name = "apps.auth.external.delete";
    for (delete, form) in [
        (AppsAuthExternalDelete::by_token("Et0FAKE00001"), "external_token_id=Et0FAKE00001"),
        (AppsAuthExternalDelete::by_app("A0FAKE00001"), "app_id=A0FAKE00001"),
        (
            AppsAuthExternalDelete::by_app_and_provider("A0FAKE00001", "git hub"),
            "app_id=A0FAKE00001&provider_key=git+hub",
        ),
    ] {
        check(&request(&delete.unwrap(), &token()), name, bearer, form);
    }
}

#[test]
fn calls_with_a_bearer_token() {
    let bearer = Some("Bearer xoxb-FAKE");
    check(&request(&AuthTest, &token()), "auth.test", bearer, "");
    check(&request(&OpenidConnectUserInfo, &token()), "openid.connect.userInfo", bearer, "");
    check(&request(&AuthRevoke::new(), &token()), "auth.revoke", bearer, "");
    let test_only = AuthRevoke::new().test_only();
    check(&request(&test_only, &token()), "auth.revoke", bearer, "test=true");
    let refresh_token = request(&AuthRevoke::refresh_token(), &refresh());
    check(&refresh_token, "auth.revoke", Some("Bearer xoxe-1-FAKE"), "");
    let list = AuthTeamsList::new();
    check(&request(&list, &token()), "auth.teams.list", bearer, "");
    let list = list.limit(2).unwrap().include_icon();
    check(&request(&list, &token()), "auth.teams.list", bearer, "limit=2&include_icon=true");
}
