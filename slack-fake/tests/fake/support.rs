//! A fake with one of everything, and requests made by hand.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{Request, Response};
use serde_json::Value;
use slack_fake::{App, Consent, FakeSlack, Organization, User, Workspace};

pub(crate) const NOW: u64 = 1_795_219_200;
pub(crate) const CLIENT_ID: &str = "1000000001.2000000002";
pub(crate) const SECRET: &str = "fakeclientsecret0000000000000001";
pub(crate) const CALLBACK: &str = "https://app.example.com/slack/cb";
pub(crate) const NATIVE_CALLBACK: &str = "fakeapp://oauth/cb";
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

pub(crate) fn app() -> App {
    App::new(CLIENT_ID, SECRET).redirect_url(CALLBACK).redirect_url(NATIVE_CALLBACK)
}

pub(crate) fn fake_with(app: App) -> FakeSlack {
    FakeSlack::new()
        .organization(Organization::new("E0FAKE00001", "Fake Org"))
        .workspace(Workspace::new("T0FAKE00001", "Fake Team"))
        .workspace(Workspace::new("T0FAKE00002", "Grid Team").organization("E0FAKE00001"))
        .user(User::new("U0FAKE00001", "fake.person"))
        .user(User::new("U0FAKE00002", "other.person").member_of("T0FAKE00001"))
        .app(app)
        .consent(Consent::Allow)
}

pub(crate) fn fake() -> FakeSlack {
    fake_with(app())
}

/// Asks for a page; `query` is percent-encoded already.
pub(crate) fn get(fake: &mut FakeSlack, path_and_query: &str, now: u64) -> Response<Vec<u8>> {
    fake.handle(&Request::get(path_and_query).body(Vec::new()).unwrap(), now)
}

pub(crate) fn form(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// Goes through the authorize page and gives the code.
pub(crate) fn code(fake: &mut FakeSlack, fields: &[(&str, &str)], now: u64) -> String {
    let mut all = vec![("client_id", CLIENT_ID)];
    all.extend_from_slice(fields);
    let response = get(fake, &format!("/oauth/v2/authorize?{}", form(&all)), now);
    callback_value(&response, "code").expect("a code")
}

/// A value of the query that the browser is sent on with.
pub(crate) fn callback_value(response: &Response<Vec<u8>>, name: &str) -> Option<String> {
    let location = response.headers().get("location")?.to_str().unwrap();
    let (_, query) = location.split_once('?')?;
    let pairs = form_urlencoded::parse(query.as_bytes());
    pairs.into_owned().find(|(key, _)| key == name).map(|(_, value)| value)
}

pub(crate) fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

/// Calls a method with a form, and an `Authorization` header unless that is empty.
pub(crate) fn call(
    fake: &mut FakeSlack,
    method: &str,
    authorization: &str,
    fields: &[(&str, &str)],
    now: u64,
) -> Response<Vec<u8>> {
    let mut request = Request::post(format!("https://slack.com/api/{method}"))
        .header("content-type", "application/x-www-form-urlencoded");
    if !authorization.is_empty() {
        request = request.header("authorization", authorization);
    }
    fake.handle(&request.body(form(fields).into_bytes()).unwrap(), now)
}

pub(crate) fn json(response: &Response<Vec<u8>>) -> Value {
    serde_json::from_slice(response.body()).unwrap()
}

/// Calls a method as a confidential client with Basic.
pub(crate) fn access(fake: &mut FakeSlack, fields: &[(&str, &str)], now: u64) -> Value {
    json(&call(fake, "oauth.v2.access", &basic(CLIENT_ID, SECRET), fields, now))
}

/// Installs with bot scopes and gives the answer of the code grant.
pub(crate) fn install(fake: &mut FakeSlack, now: u64) -> Value {
    let code = code(fake, &[("scope", "chat:write,commands"), ("state", "s")], now);
    let installed = access(fake, &[("code", &code)], now);
    assert_eq!(installed["ok"], true);
    installed
}

pub(crate) fn refresh(fake: &mut FakeSlack, token: &str, now: u64) -> Value {
    access(fake, &[("grant_type", "refresh_token"), ("refresh_token", token)], now)
}

pub(crate) fn auth_test(fake: &mut FakeSlack, token: &str, now: u64) -> Value {
    json(&call(fake, "auth.test", &format!("Bearer {token}"), &[], now))
}

pub(crate) fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap_or_else(|| panic!("no text in {member}"))
}

/// Waits for something that another thread does, but not for ever.
#[cfg(any(feature = "server", feature = "transport"))]
pub(crate) fn wait_until(mut done: impl FnMut() -> bool) {
    let start = std::time::Instant::now();
    while !done() {
        assert!(start.elapsed().as_secs() < 20, "it did not happen");
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
}
