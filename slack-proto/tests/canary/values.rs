//! Secrets, values that hold them, and text from outside.

use std::fmt::{Debug, Display};

use http::Response;
use slack_proto::{ids::*, methods::*, oauth::*, openid::*, tokens::*, *};

use crate::seen::{CANARY, both, code, confidential, debug, public, token, verifier};

#[test]
fn secrets_and_what_holds_them() {
    debug("AccessToken", &token());
    debug("RefreshToken", &RefreshToken::new(CANARY).unwrap());
    debug("ClientSecret", &ClientSecret::new(CANARY).unwrap());
    debug("AuthorizationCode", &code());
    debug("CodeVerifier", &verifier());
    debug("OauthState", &OauthState::new(CANARY).unwrap());
    debug("Nonce", &Nonce::new(CANARY).unwrap());
    let expected = ExpectedIdToken::new(ClientId::new("1.2").unwrap());
    debug("ExpectedIdToken", &expected.nonce(Nonce::new(CANARY).unwrap()));
    debug("ConfigurationToken", &ConfigurationToken::new(CANARY).unwrap());
    debug("ExternalToken", &ExternalToken::new(CANARY).unwrap());
    debug("IdToken", &IdToken::new(CANARY).unwrap());
    debug("WebhookUrl", &WebhookUrl::new(CANARY).unwrap());
    debug("ConfidentialClient", &confidential());
    debug("ConfidentialClient", &confidential().in_body());
    debug("PublicClient", &public());
    debug("ClientCredentials", &ClientCredentials::from(confidential()));
    debug("Credential", &Credential::new(token(), Timestamp::from_unix(1)));
    debug("SecretAndPkce", &OauthV2Access::pkce_with_secret(code(), verifier()));
    both("Fingerprint", &token().fingerprint());
    let mut bytes = [0; 96];
    bytes[..CANARY.len()].copy_from_slice(CANARY.as_bytes());
    debug("RandomBytes", &RandomBytes::new(bytes));
    debug("RequestBody", &RequestBody::from(CANARY.to_owned()));
    let json = std::collections::BTreeMap::from([("text", CANARY)]);
    debug("JsonBody", &JsonBody::new(&json).unwrap());
    debug(
        "JsonBody",
        &JsonBody::new(&json).unwrap().to_request::<AuthTest>(&Endpoint::slack(), &token()),
    );
    debug("RequestBody", &RequestBody::from(CANARY.as_bytes().to_vec()));
}

#[test]
fn text_from_outside() {
    both("UntrustedText", &UntrustedText::from(CANARY));
    both("ClientId", &ClientId::new(CANARY).unwrap());
    both("RedirectUri", &RedirectUri::new(format!("https://app.example.com/{CANARY}")).unwrap());
    both("Scopes", &Scopes::from(CANARY));
    both("Scopes", &Scopes::from(["chat:write", CANARY]));
    debug("InstallScopes", &InstallScopes::bot(CANARY).user(CANARY));
    both("InvalidValue", &SignInScopes::new(CANARY).unwrap_err());
    let installed = format!(r#"{{"ok":true,"access_token":"xoxb-1","scope":"{CANARY}"}}"#);
    let installed =
        OauthV2Access::<SecretAuthentication>::parse_response(&Response::new(installed)).unwrap();
    let asked = InstallScopes::bot("a").user("b");
    debug("MissingScopes", &authorized(asked).missing_scopes(&installed.value));
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

fn authorized(asked: InstallScopes) -> VerifiedCallback<OauthV2Access> {
    let (entropy, now) = (RandomBytes::new([0; 96]), Timestamp::from_unix(1));
    let id = ClientId::new("1.2").unwrap();
    let request = AuthorizationRequest::<OauthV2Access>::new(id, asked, None).unwrap();
    let (_, pending) = request.begin(&Endpoint::slack(), &entropy, now);
    let callback = Callback::parse(&format!("code=c&state={}", pending.state().expose())).unwrap();
    pending.finish(callback, now).unwrap()
}

trait Both {
    fn check(&self);
}

impl<T: Debug + Display> Both for T {
    fn check(&self) {
        both(std::any::type_name::<T>(), self);
    }
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
