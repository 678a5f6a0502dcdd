//! An answer read by serde's derive into text of its own, without leniency or care of secrets: below that nobody is who
//! wants the token.

use serde::Deserialize;

#[derive(Deserialize)]
#[expect(dead_code, reason = "it is read, and the token alone is looked at")]
struct Grant {
    ok: bool,
    access_token: Option<String>,
    refresh_token: Option<String>,
    expires_in: Option<u64>,
    token_type: Option<String>,
    scope: Option<String>,
    bot_user_id: Option<String>,
    app_id: Option<String>,
    team: Option<Named>,
    enterprise: Option<Named>,
    authed_user: Option<User>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "see above")]
struct Named {
    id: Option<String>,
    name: Option<String>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "see above")]
struct User {
    id: Option<String>,
    scope: Option<String>,
    access_token: Option<String>,
}

pub(crate) fn parsed(body: &[u8]) {
    // White space is what serde_json is slow at.
    let grant: Grant = serde_json::from_slice(body.trim_ascii_end()).expect("an installation");
    assert!(std::hint::black_box(grant).access_token.is_some());
}
