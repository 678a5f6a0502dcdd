//! What must hold for a stateless state that comes back.

use slack_proto::{
    ClientId, Endpoint, Timestamp,
    methods::OauthV2Access,
    oauth::{
        AuthorizationRequest, Callback, InstallScopes, RandomBytes, SessionBinding,
        SignedStateError, SignedStateFlow, StateSigningKey,
    },
};

use crate::secrets;

/// Brings back, with the cookie of the input's first line, the rest of the input as a state, and the one genuine state
/// with the rest as changes to it: only the genuine one is taken, and only with its own cookie.
pub(crate) fn check(input: &[u8]) {
    let end = input.iter().position(|&byte| byte == b'\n').unwrap_or(input.len());
    let (cookie, rest) = (&input[..end], input.get(end + 1..).unwrap_or_default());
    let (flow, genuine) = flow();
    let cookie = std::str::from_utf8(cookie).ok().and_then(|text| SessionBinding::new(text).ok());
    let mut changed = genuine.clone().into_bytes();
    for change in rest.chunks_exact(2) {
        let at = usize::from(change[0]) % changed.len();
        changed[at] = change[1];
    }
    for state in [rest, &changed] {
        let Ok(state) = std::str::from_utf8(state) else { continue };
        let back: String = form_urlencoded::byte_serialize(state.as_bytes()).collect();
        let callback = Callback::parse(&format!("code=c&state={back}")).expect("a callback");
        match flow.finish(cookie.as_ref(), callback, NOW) {
            Ok(authorized) => {
                secrets::assert_hidden(&authorized);
                assert!(state == genuine, "another state was taken");
                let cookie = cookie.as_ref().map(SessionBinding::expose);
                assert!(cookie == Some(COOKIE), "taken with another cookie");
            }
            Err(error) => {
                secrets::assert_hidden_error(&error);
                let cookie = cookie.as_ref().map(SessionBinding::expose);
                let expected = match &error {
                    SignedStateError::StateMissing => state.is_empty(),
                    SignedStateError::OtherBrowser => state == genuine && cookie != Some(COOKIE),
                    SignedStateError::Malformed
                    | SignedStateError::UnknownVersion
                    | SignedStateError::Tampered => state != genuine,
                    _ => false,
                };
                assert!(expected, "a failure of another kind: {error}");
            }
        }
    }
}

/// Makes the one flow of these tests, and the state that it begins with.
fn flow() -> (SignedStateFlow<OauthV2Access>, String) {
    let id = ClientId::new("1.2").expect("an id");
    let scopes = InstallScopes::bot("commands");
    let request = AuthorizationRequest::new(id, scopes, None).expect("a request");
    let key = StateSigningKey::new([7; 32]).expect("a key");
    let flow = SignedStateFlow::new(request, Endpoint::slack(), key);
    let browser = SessionBinding::new(COOKIE).expect("a cookie");
    let url = flow.begin(&browser, &RandomBytes::new([3; 96]), NOW);
    let state = url.expose().split("&state=").nth(1).expect("a state").to_owned();
    (flow, state)
}

const COOKIE: &str = "a-cookie-of-this-browser";
const NOW: Timestamp = Timestamp::from_unix(1_795_219_200);
