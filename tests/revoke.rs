//! All tokens of an installation are revoked, and what could not be is told.

use std::sync::Arc;

use http::Request;
use pollster::block_on;
use slack_auth::{
    AuthorizationCode, CallError, Client, ClientId, ClientSecret, ConfidentialClient, Endpoint,
    Installation, OauthV2Access, ResponseError, Slot, Timestamp,
};
use slack_fake::{
    App, Clock, Consent, FakeSlack, FakeTransport, Fault, SharedFake, User, Workspace,
};

const NOW: u64 = 1_795_219_200;

/// An installation of a bot and a person, with a refresh token each.
fn installed() -> (SharedFake, Client, Installation) {
    let fake = FakeSlack::new()
        .workspace(Workspace::new("T0FAKE00001", "Fake Team"))
        .user(User::new("U0FAKE00001", "fake.person"))
        .app(App::new("1.2", "hush").redirect_url("https://app.example.com/cb").rotate_tokens())
        .consent(Consent::Allow);
    let shared = SharedFake::new(fake, Clock::manual(NOW));
    let page =
        "/oauth/v2/authorize?client_id=1.2&scope=chat%3Awrite&user_scope=search%3Aread&state=s";
    let answer = shared.handle(&Request::get(page).body(Vec::new()).unwrap());
    let callback = answer.headers()["location"].to_str().unwrap();
    let code = callback.split(['=', '&']).nth(1).unwrap();
    let client = Client::new(Endpoint::slack(), Arc::new(FakeTransport::new(shared.clone())));
    let app =
        ConfidentialClient::new(ClientId::new("1.2").unwrap(), ClientSecret::new("hush").unwrap());
    let method = OauthV2Access::new(AuthorizationCode::new(code).unwrap());
    let reply = block_on(client.call(&method, &app)).unwrap();
    (shared, client, reply.value.issued_at(Timestamp::from_unix(NOW)))
}

fn live_tokens(shared: &SharedFake, installation: &Installation) -> usize {
    let credentials = [installation.bot.as_ref().unwrap(), installation.user.as_ref().unwrap()];
    let tokens = credentials.into_iter().flat_map(|credential| {
        [credential.access_token.expose(), credential.refresh_token.as_ref().unwrap().expose()]
    });
    shared.with(|fake| tokens.filter(|token| fake.is_live(token, shared.clock().now())).count())
}

#[test]
fn access_and_refresh_tokens_of_bot_and_person_end() {
    let (shared, client, installation) = installed();
    assert_eq!(live_tokens(&shared, &installation), 4);
    let done = block_on(client.revoke_all(&installation));
    assert!(done.is_complete());
    assert_eq!((done.revoked, done.ended_before), (4, 0));
    assert_eq!(live_tokens(&shared, &installation), 0);
    let again = block_on(client.revoke_all(&installation));
    assert!(again.is_complete(), "{again:?}");
    assert_eq!((again.revoked, again.ended_before), (0, 4));
}

#[test]
fn an_expired_access_token_keeps_no_refresh_token_alive() {
    let (shared, client, installation) = installed();
    shared.clock().advance(43_200);
    assert_eq!(live_tokens(&shared, &installation), 2);
    let done = block_on(client.revoke_all(&installation));
    assert!(done.is_complete(), "{done:?}");
    assert_eq!((done.revoked, done.ended_before), (2, 2));
    assert_eq!(live_tokens(&shared, &installation), 0);
}

#[test]
fn what_could_not_be_revoked_is_told_and_the_rest_is() {
    let (shared, client, installation) = installed();
    shared.with(|fake| fake.script("auth.revoke", Fault::RateLimited { retry_after: Some(7) }));
    let done = block_on(client.revoke_all(&installation));
    assert!(!done.is_complete());
    assert_eq!(done.revoked, 3);
    let [(Slot::Bot, CallError::Response(ResponseError::RateLimited(_)))] = &done.failed[..] else {
        panic!("{done:?}")
    };
    assert_eq!(live_tokens(&shared, &installation), 1);
}
