//! No secret is ever shown: a canary stands in for each, and no `Debug` or `Display` may let it out.

use std::fmt::{Debug, Display};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use http::Response;
use slack_proto::*;

/// Looks like a token, as every secret in a place meant for other text must to be recognised; survives no escaping.
const CANARY: &str = "xoxb-C4n4ry+/=?7";

/// The shapes in which the canary could get out.
fn shapes() -> Vec<String> {
    let bytes = CANARY.as_bytes();
    let join =
        |each: fn(&u8) -> String, with: &str| bytes.iter().map(each).collect::<Vec<_>>().join(with);
    let mut shapes = vec![
        CANARY.to_owned(),
        "C4n4ry".to_owned(),
        join(|byte| format!("%{byte:02X}"), ""),
        form_urlencoded::byte_serialize(bytes).collect(),
        join(|byte| format!("{byte:02x}"), ""),
        join(|byte| format!("{byte:02X}"), ""),
        join(|byte| format!("{byte:02x}"), " "),
        join(u8::to_string, ", "),
        join(u8::to_string, ",\n    "),
    ];
    for offset in 0..3 {
        // The characters that depend on nothing but the canary, wherever it stands in what was encoded.
        let padded = [&[0; 3][..offset], bytes].concat();
        let encoded = BASE64_STANDARD.encode(&padded);
        let from = (offset * 8).div_ceil(6);
        let to = padded.len() * 8 / 6;
        shapes.push(encoded[from..to].to_owned());
        shapes.push(encoded[from..to].replace('+', "-").replace('/', "_"));
    }
    shapes
}

fn assert_clean(what: &str, text: &str) {
    // An indented list of decimal bytes is a list all the same.
    let folded = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for shape in shapes() {
        let shape = shape.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(!folded.contains(&shape), "{what} shows the canary as {shape}");
    }
}

fn debug(what: &str, value: &impl Debug) {
    assert_clean(what, &format!("{value:?}"));
    assert_clean(what, &format!("{value:#?}"));
}

fn display(what: &str, value: &impl Display) {
    assert_clean(what, &format!("{value}"));
    assert_clean(what, &format!("{value:#}"));
}

fn both(what: &str, value: &(impl Debug + Display)) {
    debug(what, value);
    display(what, value);
}

fn token() -> AccessToken {
    AccessToken::new(CANARY).unwrap()
}

fn code() -> AuthorizationCode {
    AuthorizationCode::new(CANARY).unwrap()
}

fn verifier() -> CodeVerifier {
    // The canary's letters, as far as a verifier may have them.
    CodeVerifier::new("C4n4ry".repeat(8)).unwrap()
}

fn confidential() -> ConfidentialClient {
    ConfidentialClient::new(ClientId::new("1.2").unwrap(), ClientSecret::new(CANARY).unwrap())
}

fn public() -> PublicClient {
    PublicClient::new(ClientId::new("1.2").unwrap())
}

#[test]
fn the_canary_would_be_seen() {
    for shown in [
        format!("{:?}", CANARY.as_bytes()),
        format!("{:#?}", CANARY.as_bytes()),
        format!("{:02x?}", CANARY.as_bytes()).replace(", ", " "),
        BASE64_STANDARD.encode(format!("1.2:{CANARY}")),
        BASE64_STANDARD.encode(format!("12.2:{CANARY}")),
        BASE64_STANDARD.encode(format!("123.2:{CANARY}")),
        form_urlencoded::byte_serialize(CANARY.as_bytes()).collect(),
    ] {
        let seen = std::panic::catch_unwind(|| assert_clean("a leak", &shown));
        assert!(seen.is_err(), "{shown} was not recognised");
    }
}

#[test]
fn secrets_and_what_holds_them() {
    debug("AccessToken", &token());
    debug("RefreshToken", &RefreshToken::new(CANARY).unwrap());
    debug("ClientSecret", &ClientSecret::new(CANARY).unwrap());
    debug("AuthorizationCode", &code());
    debug("CodeVerifier", &verifier());
    debug("State", &State::new(CANARY).unwrap());
    debug("Nonce", &Nonce::new(CANARY).unwrap());
    debug("ConfigurationToken", &ConfigurationToken::new(CANARY).unwrap());
    debug("ExternalToken", &ExternalToken::new(CANARY).unwrap());
    debug("IdToken", &IdToken::new(CANARY).unwrap());
    debug("WebhookUrl", &WebhookUrl::new(CANARY).unwrap());
    debug("ConfidentialClient", &confidential());
    debug("ConfidentialClient", &confidential().in_body());
    debug("PublicClient", &public());
    debug("ClientCredentials", &ClientCredentials::from(confidential()));
    debug("Credential", &Credential::new(token(), Timestamp::from_unix(1)));
    debug("SecretAndVerifier", &OauthV2Access::pkce_with_secret(code(), verifier()));
    both("Fingerprint", &token().fingerprint());
    let mut bytes = [0; 96];
    bytes[..CANARY.len()].copy_from_slice(CANARY.as_bytes());
    debug("Entropy", &Entropy::new(bytes));
    debug("Body", &Body::from(CANARY.to_owned()));
    debug("Body", &Body::from(CANARY.as_bytes().to_vec()));
}

#[test]
fn a_rotation_and_what_it_says() {
    use slack_proto::rotation::{Action, Death, Event, Issued, Notice, Problem, Setback};
    let refresh_token = || RefreshToken::new(CANARY).unwrap();
    let now = Timestamp::from_unix(1_795_219_200);
    let mut credential = Credential::new(token(), Timestamp::from_unix(1));
    credential.refresh_token = Some(refresh_token());
    credential.expires_at = Some(now);
    let configuration = ConfigurationCredential::new(
        ConfigurationToken::new(CANARY).unwrap(),
        refresh_token(),
        Timestamp::from_unix(1),
    );
    let mut issued = Issued::new(Credential::new(AccessToken::new("xoxb-C4n4ry-2").unwrap(), now));
    issued.spare_refresh_tokens = vec![refresh_token()];
    issued.unplaced = Some(credential.clone());
    for stored in [AnyCredential::from(credential), AnyCredential::from(configuration)] {
        debug("AnyCredential", &stored);
        both("mark", &stored.mark());
        let mut rotation = Rotation::new(RotationPolicy::new(), 0);
        let events = [
            Event::Look,
            Event::Read(Some(stored.clone())),
            Event::Leased,
            Event::Read(Some(stored.clone())),
            Event::Failed(Setback::Refused { code: CANARY.into(), class: ErrorClass::Other }),
            Event::Waited,
            Event::Leased,
            Event::Read(Some(stored)),
            Event::Issued(issued.clone()),
            Event::Written,
        ];
        for event in events {
            debug("Event", &event);
            if let Event::Failed(setback) = &event {
                debug("Setback", setback);
            }
            let action: Action = rotation.step(now, event);
            debug("Action", &action);
            match &action {
                Action::Send(trade) => debug("Trade", trade),
                Action::Write(write) => debug("Write", write),
                _ => {}
            }
            debug("Rotation", &rotation);
            if let Some(problem) = rotation.problem() {
                both("Problem", problem);
            }
        }
        let notices: Vec<Notice> = rotation.take_notices();
        assert!(notices.iter().any(|notice| matches!(notice, Notice::Spares { .. })));
        debug("Notice", &notices);
    }
    both("Death", &Death::RefreshTokenInvalid { code: CANARY.into() });
    both("Problem", &Problem::Dead(Death::RefreshTokenInvalid { code: CANARY.into() }));
}

#[test]
fn what_is_stored() {
    let mut installation = Installation::new(InstallationKey::Workspace(CANARY.into()));
    installation.bot = Some(Credential::new(token(), Timestamp::from_unix(1)));
    let refresh = || RefreshToken::new(CANARY).unwrap();
    let configuration = ConfigurationCredential::new(
        ConfigurationToken::new(CANARY).unwrap(),
        refresh(),
        Timestamp::from_unix(1),
    );
    debug("ConfigurationCredential", &configuration);
    debug("EncodedSecrets", &configuration.encode_exposing_secrets());
    installation.configuration = Some(configuration);
    installation.incoming_webhook = Some(IncomingWebhook::new(WebhookUrl::new(CANARY).unwrap()));
    debug("Installation", &installation);
    debug("EncodedSecrets", &installation.encode_exposing_secrets());
    let key = StoreKey::person(InstallationKey::Workspace(CANARY.into()), CANARY.into());
    both("StoreKey", &key);
    both("InvalidEncoding", &StoreKey::from_text(CANARY).unwrap_err());
    let newer = Credential::new(token(), Timestamp::from_unix(2));
    both("RefreshTokenNotHere", &installation.refreshed(&refresh(), newer).unwrap_err());
    // Spoilt in every place that a word could stand.
    let whole = format!(
        r#"{{"version":1,"kind":"installation","team":{{"id":"{CANARY}"}},"bot":{{"access_token":"{CANARY}",
        "issued_at":1,"refresh_method":"oauth.v2.access"}},"is_enterprise_install":true}}"#
    );
    assert!(Installation::decode(whole.as_bytes()).is_ok());
    for word in ["1", "\"installation\"", "\"oauth.v2.access\"", "true", "{", "}", ":", "\"kind\""]
    {
        let canary = format!("\"{CANARY}\"");
        for spoilt in [canary.clone(), format!("[{canary}]"), CANARY.to_owned(), String::new()] {
            let text = whole.replace(word, &spoilt);
            match Installation::decode(text.as_bytes()) {
                Err(error) => both("InvalidEncoding", &error),
                Ok(installation) => debug("Installation", &installation),
            }
            both("InvalidEncoding", &Credential::decode(text.as_bytes()).unwrap_err());
        }
    }
}

#[test]
fn text_from_outside() {
    both("ForeignText", &ForeignText::from(CANARY));
    both("Scopes", &Scopes::from(CANARY));
    both("Scopes", &Scopes::from(["chat:write", CANARY]));
    for id in
        [&TeamId::from(CANARY) as &dyn Both, &EnterpriseId::from(CANARY), &UserId::from(CANARY)]
    {
        id.check();
    }
    for id in [&ExternalTokenId::from(CANARY) as &dyn Both, &ProviderKey::from(CANARY)] {
        id.check();
    }
    for id in [&AppId::from(CANARY) as &dyn Both, &BotId::from(CANARY), &ChannelId::from(CANARY)] {
        id.check();
    }
}

trait Both {
    fn check(&self);
}

impl<T: Debug + Display> Both for T {
    fn check(&self) {
        both(std::any::type_name::<T>(), self);
    }
}

/// A method of a user's own, which may look at the form.
struct Peek;
impl Method for Peek {
    const NAME: &'static str = "peek";
    type Auth = ();
    type Response = AuthTestResponse;
    type Error = NoError;
    fn params(&self, form: &mut Form) {
        form.field("token", CANARY);
        form.bearer(&token());
        debug("Form", form);
    }
}

#[test]
fn requests() {
    let endpoint = Endpoint::slack();
    let uri = RedirectUri::new("https://app.example.com/cb").unwrap();
    let exchange = OauthV2Access::new(code()).redirect_uri(uri);
    debug("OauthV2Access", &exchange);
    debug("a request with Basic", &exchange.to_request(&endpoint, &confidential()));
    debug(
        "a request with the secret in its body",
        &exchange.to_request(&endpoint, &confidential().in_body()),
    );
    let exchange = OauthV2Access::pkce(code(), verifier());
    debug("OauthV2Access with a verifier", &exchange);
    debug("a request with a verifier", &exchange.to_request(&endpoint, &public()));
    let refresh = OauthV2Refresh::new(RefreshToken::new(CANARY).unwrap());
    debug("OauthV2Refresh", &refresh);
    debug("a refresh", &refresh.to_request(&endpoint, &confidential().into()));
    let request = AuthTest.to_request(&endpoint, &token());
    debug("a request with a bearer", &request);
    debug("its headers", request.headers());
    debug("AuthTest", &AuthTest);
    debug("OpenidConnectUserInfo", &OpenidConnectUserInfo.to_request(&endpoint, &token()));
    debug(
        "a revocation",
        &AuthRevoke::refresh_token().to_request(&endpoint, &RefreshToken::new(CANARY).unwrap()),
    );
    let app = confidential();
    debug("OauthV2Exchange", &OauthV2Exchange::new(token()));
    debug("an exchange", &OauthV2Exchange::new(token()).to_request(&endpoint, &app));
    debug("AppsUninstall", &AppsUninstall::new(token()));
    debug("an uninstallation", &AppsUninstall::new(token()).to_request(&endpoint, &app));
    let rotate = ToolingTokensRotate::new(RefreshToken::new(CANARY).unwrap());
    debug("ToolingTokensRotate", &rotate);
    debug("a rotation", &rotate.to_request(&endpoint, &()));
    debug("OauthV2UserRefresh", &OauthV2UserRefresh::new(RefreshToken::new(CANARY).unwrap()));
    debug("OpenidConnectRefresh", &OpenidConnectRefresh::new(RefreshToken::new(CANARY).unwrap()));
    debug("OauthV2UserAccess", &OauthV2UserAccess::pkce(code(), verifier()));
    debug("OpenidConnectToken", &OpenidConnectToken::pkce(code(), verifier()));
    debug("AppsAuthExternalGet", &AppsAuthExternalGet::new(CANARY).unwrap());
    debug("AppsAuthExternalDelete", &AppsAuthExternalDelete::by_token(CANARY).unwrap());
    debug("AuthTeamsList", &AuthTeamsList::new().cursor(CANARY.into()));
    debug("a request of a user's method", &Peek.to_request(&endpoint, &()));
}

#[test]
fn the_browser_legs() {
    type Flow = OauthV2Access<CodeVerifier>;
    let request = || {
        let uri = RedirectUri::new("https://app.example.com/cb").unwrap();
        AuthorizationRequest::<Flow>::new(
            ClientId::new("1.2").unwrap(),
            InstallScopes::user("chat:write"),
            uri,
        )
        .unwrap()
    };
    debug("AuthorizationRequest", &request());
    // The three parts of the entropy repeat the canary's letters, so that base64url of any shows them.
    let bytes: Vec<u8> = CANARY.bytes().cycle().take(96).collect();
    let entropy = Entropy::new(bytes.try_into().unwrap());
    let now = Timestamp::from_unix(1_795_219_200);
    let pending = || request().begin(&Endpoint::slack(), &entropy, now);
    debug("AuthorizeUrl", &pending().0);
    debug("PendingAuthorization", &pending().1);
    let state = pending().1.state().expose().to_owned();
    let canary: String = form_urlencoded::byte_serialize(CANARY.as_bytes()).collect();
    for text in [
        format!("code={canary}"),
        format!("code={canary}&state={canary}"),
        format!("error={canary}"),
        format!("error={canary}&state={canary}"),
        format!("error={canary}&state={state}"),
        format!("code={canary}&state={state}"),
    ] {
        let callback = Callback::parse(&text).unwrap();
        debug("Callback", &callback);
        if let Some(refused) = callback.refused() {
            both("Refused", refused);
        }
        match pending().1.finish(callback, now) {
            Ok(method) => debug("a finished authorization", &method),
            Err(error) => both("CallbackError", &error),
        }
    }
    both("InvalidCallback", &Callback::parse(&format!("code={CANARY}&code={CANARY}")).unwrap_err());
}

#[test]
fn values_that_are_refused() {
    let spoilt = format!("{CANARY} \n");
    both("InvalidValue", &AccessToken::new(spoilt.clone()).unwrap_err());
    both("InvalidValue", &RefreshToken::new(spoilt.clone()).unwrap_err());
    both("InvalidValue", &CodeVerifier::new(spoilt.clone()).unwrap_err());
    both("InvalidValue", &Endpoint::new(&format!("https://user:{CANARY}@slack.com")).unwrap_err());
    both("InvalidValue", &Endpoint::new(&format!("https://slack.com/?{CANARY}")).unwrap_err());
    both(
        "InvalidValue",
        &RedirectUri::new(format!("https://u:{CANARY}@app.example.com")).unwrap_err(),
    );
    both("InvalidValue", &RedirectUri::new(spoilt).unwrap_err());
}

/// A reply of many kinds with the canary in every string, and in every place that a name could stand.
fn replies() -> Vec<Response<Vec<u8>>> {
    let c = CANARY;
    let grant = format!(
        r#""app_id":"{c}","access_token":"{c}","refresh_token":"{c}","token_type":"{c}","scope":"{c}",
        "bot_user_id":"{c}","user_id":"{c}","team":{{"id":"{c}","name":"{c}"}},"enterprise":{{"id":"{c}","name":"{c}"}},
        "authed_user":{{"id":"{c}","access_token":"xoxp-{c}","refresh_token":"{c}","token_type":"{c}","scope":"{c}"}},
        "incoming_webhook":{{"url":"{c}","channel":"{c}","channel_id":"{c}","configuration_url":"{c}"}},
        "expires_in":"{c}","is_enterprise_install":"{c}","{c}":"{c}","token":"{c}","external_token":"{c}",
        "token_response_extras":{{"{c}":["{c}"]}},"id_token":"{c}","state":"{c}","exp":"{c}","iat":["{c}"],
        "sub":"{c}","https:\\/\\/slack.com\\/user_id":"{c}","https:\\/\\/slack.com\\/team_id":"{c}","email":"{c}","name":"{c}",
        "https:\\/\\/slack.com\\/{c}":{{"{c}":"{c}"}},"revoked":"{c}","uninstalled":"{c}",
        "teams":[{{"id":"{c}","name":"{c}","icon":{{"image_34":"{c}","{c}":"{c}"}}}},"{c}"]"#
    );
    let envelope = format!(
        r#""error":"{c}","warning":"{c}","needed":"{c}","provided":"{c}","errors":["{c}",{{"message":"{c}"}},["{c}"]],
        "response_metadata":{{"messages":["{c}"],"warnings":["{c}"],"next_cursor":"{c}"}},"url":"{c}","team":"{c}""#
    );
    let mut replies = Vec::new();
    for status in [200, 302, 400, 429, 500] {
        for body in [
            format!(r#"{{"ok":true,{grant},{envelope}}}"#),
            format!(r#"{{"ok":true,{envelope}}}"#),
            format!(r#"{{"ok":false,{envelope},{grant}}}"#),
            format!(r#"{{"ok":"{c}",{envelope}}}"#),
            format!(r#"{{"ok":true,"ok":false,{envelope}}}"#),
            format!("{{{envelope}}}"),
            format!(r#"{{"ok":true,"access_token":["{c}"],"team":"{c}","authed_user":"{c}"}}"#),
            format!(r#"{{"ok":true,{grant}"#),
            format!(r#"{{"ok":true,{grant}}} {c}"#),
            format!(r#"{{"ok":true,{grant},"\ud800{c}":"\ud800{c}","expires_in":1e999}}"#),
            format!("[\"{c}\"]"),
            format!("\"{c}\""),
            format!("<html>{c}</html>"),
            c.to_owned(),
            String::new(),
        ] {
            let response = Response::builder()
                .status(status)
                .header("x-slack-req-id", c)
                .header("retry-after", c)
                .header("x-oauth-scopes", c)
                .header("x-accepted-oauth-scopes", c);
            replies.push(response.body(body.into_bytes()).unwrap());
        }
    }
    let mut broken = replies[0].clone();
    broken.body_mut().extend(b"\xff");
    replies.push(broken);
    replies
}

fn check<M: Method>()
where
    M::Response: Debug,
    M::Error: 'static,
{
    for response in replies() {
        match M::parse_response(&response) {
            Ok(reply) => {
                debug(M::NAME, &reply);
                debug("ReplyMeta", &reply.meta);
                reply.meta.oddities().iter().for_each(|oddity| both("Oddity", oddity));
            }
            Err(error) => {
                both(M::NAME, &error);
                both("Recovery", &error.recovery());
                match &error {
                    ResponseError::Api(error) => both("ApiError", error),
                    ResponseError::RateLimited(error) => both("RateLimited", error),
                    ResponseError::Http(error) => both("HttpError", error),
                    ResponseError::Decode(error) => both("DecodeError", error),
                    _ => unreachable!("a new kind of error is to be checked here"),
                }
                if let Some(code) = error.code() {
                    both("ErrorCode", code);
                }
                assert!(std::error::Error::source(&error).is_none());
            }
        }
    }
}

#[test]
fn replies_and_errors() {
    check::<OauthV2Access>();
    check::<OauthV2Access<CodeVerifier>>();
    check::<OauthV2Refresh>();
    check::<OauthV2UserAccess>();
    check::<OauthV2UserRefresh>();
    check::<OauthV2Exchange>();
    check::<ToolingTokensRotate>();
    check::<OpenidConnectToken>();
    check::<OpenidConnectRefresh>();
    check::<OpenidConnectUserInfo>();
    check::<AppsAuthExternalGet>();
    check::<AppsAuthExternalDelete>();
    check::<AuthTest>();
    check::<AuthRevoke>();
    check::<AuthTeamsList>();
    check::<AppsUninstall>();
}

#[test]
fn stored_credentials() {
    let body = format!(
        r#"{{"ok":true,"access_token":"{CANARY}","refresh_token":"{CANARY}","scope":"{CANARY}"}}"#
    );
    let reply = OauthV2Refresh::parse_response(&Response::new(body)).unwrap();
    debug("IssuedCredential", &reply.value.credential);
    let credential = reply.value.credential.issued_at(Timestamp::from_unix(1));
    debug("Credential", &credential);
    let body =
        format!(r#"{{"ok":true,"token":"{CANARY}","refresh_token":"{CANARY}","exp":2,"iat":1}}"#);
    let rotated = ToolingTokensRotate::parse_response(&Response::new(body)).unwrap();
    debug("ConfigurationCredential", &rotated.value.issued_at(Timestamp::from_unix(1)));
    let key = InstallationKey::Workspace(TeamId::from(CANARY));
    both("InstallationKey", &key);
    let mut installation = Installation::new(key);
    installation.bot = Some(credential.clone());
    installation.incoming_webhook = Some(IncomingWebhook::new(WebhookUrl::new(CANARY).unwrap()));
    debug("Installation", &installation);
    let foreign = installation.refreshed(&RefreshToken::new("xoxe-1-other").unwrap(), credential);
    both("RefreshTokenNotHere", &foreign.unwrap_err());
}

/// Public types that hold no text from outside, nor anything secret.
const HARMLESS: &[&str] = &[
    "Auth",
    "AuthorizeError",
    "CodeChallenge",
    "CodeExchange",
    "CommonError",
    "ErrorClass",
    "Method",
    "MethodError",
    "NoError",
    "OauthV2AccessError",
    "Payload",
    "Proof",
    "Purpose",
    "RefreshMethod",
    "Rejection",
    "Secret",
    "Slot",
    "TokenKind",
];

/// Types that are checked inside others, or by the generic check of replies.
const INSIDE: &[&str] = &[
    "UserClaims",
    "ListedTeam",
    "TeamIcon",
    "TokenResponseExtras",
    "AuthTestResponse",
    "Reply",
    "OauthV2AccessResponse",
    "OauthV2RefreshResponse",
    "Enterprise",
    "IncomingWebhook",
    "Team",
];

#[test]
fn every_public_type_is_checked() {
    let this = include_str!("canary.rs");
    let modules = [include_str!("../src/rotation.rs"), include_str!("../src/lib.rs")];
    let exports = modules
        .iter()
        .flat_map(|module| module.lines().skip_while(|line| !line.starts_with("pub use")))
        .filter(|line| !line.starts_with("pub mod "))
        .take_while(|line| !line.starts_with("mod "));
    let names: Vec<String> = exports
        .flat_map(|line| {
            line.split(|c: char| !c.is_alphanumeric()).map(str::to_owned).collect::<Vec<_>>()
        })
        .filter(|word| word.starts_with(char::is_uppercase))
        .collect();
    assert!(names.len() > 60, "only {} public names found", names.len());
    let known = |name: &str| {
        // What a checked method gives was checked with it; its own codes are fixed text.
        let stem = name.strip_suffix("Response").or(name.strip_suffix("Error"));
        stem.is_some_and(|method| this.contains(&format!("check::<{method}")))
            || HARMLESS.contains(&name)
            || INSIDE.contains(&name)
            || [
                format!("{name}::"),
                format!("&{name})"),
                format!("\"{name}\""),
                format!("&{name}."),
            ]
            .iter()
            .any(|text| this.contains(text))
    };
    let unknown: Vec<_> = names.iter().filter(|name| !known(name)).collect();
    assert!(
        unknown.is_empty(),
        "check {unknown:?} for canaries here, or say why they need no check"
    );
}
