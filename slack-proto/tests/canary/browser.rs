//! The browser legs, with a session and without.

use slack_proto::{methods::*, oauth::*, *};

use crate::seen::{CANARY, both, debug};

#[test]
fn the_browser_legs() {
    type Flow = OauthV2Access<CodeVerifier>;
    let request = || {
        let uri = RedirectUri::new("https://app.example.com/cb").unwrap();
        AuthorizationRequest::<Flow>::new(
            ClientId::new("1.2").unwrap(),
            InstallScopes::user_only("chat:write"),
            uri,
        )
        .unwrap()
    };
    debug("AuthorizationRequest", &request());
    // The three parts of the entropy repeat the canary's letters, so that base64url of any shows them.
    let bytes: Vec<u8> = CANARY.bytes().cycle().take(96).collect();
    let entropy = RandomBytes::new(bytes.try_into().unwrap());
    let now = Timestamp::from_unix(1_795_219_200);
    let pending = || request().begin(&Endpoint::slack(), &entropy, now);
    debug("AuthorizationUrl", &pending().0);
    debug("PendingAuthorization", &pending().1);
    let encoded = pending().1.encode_exposing_secrets();
    let decode = |text: &str| PendingAuthorization::<Flow>::decode(text, now);
    debug("PendingAuthorization", &decode(&encoded).unwrap());
    both("InvalidPendingAuthorization", &decode(&format!("{encoded}{CANARY}")).unwrap_err());
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
        match callback.clone().without_state() {
            Ok(method) => debug("an exchange without state", &method),
            Err(error) => both("WithoutStateError", &error),
        }
        if let Some(refused) = callback.error_response() {
            both("AuthorizationErrorResponse", refused);
        }
        match pending().1.finish(callback, now) {
            Ok(authorized) => debug("VerifiedCallback", &authorized),
            Err(error) => both("CallbackError", &error),
        }
    }
    let key = || StateSigningKey::new(CANARY.repeat(2)).unwrap();
    debug("StateSigningKey", &key());
    debug("StateSigningKeys", &StateSigningKeys::new(key()).old_key(key()));
    let browser = || SessionBinding::new(CANARY).unwrap();
    debug("SessionBinding", &browser());
    let flow = SignedStateFlow::new(request(), Endpoint::slack(), key());
    debug("SignedStateFlow", &flow);
    let url = flow.begin(&browser(), &entropy, now);
    debug("AuthorizationUrl", &url);
    let state = url.expose().split("&state=").nth(1).unwrap().split('&').next().unwrap();
    for text in [
        format!("code={canary}&state={state}"),
        format!("error={canary}&state={state}"),
        format!("code={canary}&state={canary}"),
        format!("error={canary}"),
    ] {
        match flow.finish(Some(&browser()), Callback::parse(&text).unwrap(), now) {
            Ok(authorized) => debug("VerifiedCallback", &authorized),
            Err(error) => both("SignedStateError", &error),
        }
    }
    both("InvalidValue", &StateSigningKey::new(CANARY).unwrap_err());
    both("InvalidValue", &SessionBinding::new(&CANARY[..15]).unwrap_err());
    both("InvalidCallback", &Callback::parse(&format!("code={CANARY}&code={CANARY}")).unwrap_err());
}
