//! A fake that holds many credentials is neither slow nor large.

use std::time::{Duration, Instant};

use slack_fake::{App, FakeSlack, User, Workspace};

use crate::support::*;

const TEAM: &str = "T0FAKE00001";

/// A fake with `count` credentials, each of a person of their own in one workspace.
fn crowded(count: usize) -> FakeSlack {
    let mut fake = fake_with(app().rotate_tokens());
    for number in 0..count {
        install_for(&mut fake, number);
    }
    fake
}

fn install_for(fake: &mut FakeSlack, number: usize) -> String {
    let id = format!("U{number:010}");
    *fake = std::mem::take(fake).user(User::new(id.as_str(), "some.person"));
    let fields = [("user_scope", "chat:write,users:read"), ("fake_user", &id), ("team", TEAM)];
    let code = code(fake, &fields, NOW);
    let installed = access(fake, &[("code", &code)], NOW);
    text(&installed["authed_user"], "refresh_token").to_owned()
}

#[test]
fn a_credential_takes_at_most_a_kibibyte() {
    const COUNT: u64 = 3000;
    let mut fake = crowded(100);
    // The people are there before, and the log of calls is full: what grows is the credentials.
    for number in 0..100 + usize::try_from(COUNT).unwrap() {
        let id = format!("U{number:010}");
        fake = fake.user(User::new(id.as_str(), "some.person"));
    }
    for _ in 0..10_000 {
        get(&mut fake, "/api/auth.test", NOW);
    }
    let info = allocation_counter::measure(|| {
        for number in 100..100 + usize::try_from(COUNT).unwrap() {
            install_for(&mut fake, number);
        }
    });
    assert_eq!(fake.credentials(NOW).len(), 100 + usize::try_from(COUNT).unwrap());
    let each = u64::try_from(info.bytes_current).unwrap() / COUNT;
    assert!((300..1024).contains(&each), "{each} bytes for each credential");
}

#[test]
fn the_time_of_a_call_does_not_grow_with_what_is_stored() {
    let few = time(&mut crowded(50));
    let many = time(&mut crowded(20_000));
    // A logarithm at most: a search among all of them shows as a multiple.
    assert!(many < few * 3, "{few:?} with 50 credentials, {many:?} with 20,000");
}

/// The shortest of several times for an install, a refresh, an uninstall and the end of one token.
fn time(fake: &mut FakeSlack) -> Duration {
    let other = App::new("9.9", "other").redirect_url("https://other.example/").distribute();
    let team = Workspace::new("T0FAKE00009", "Other Team");
    *fake = std::mem::take(fake).app(other).workspace(team);
    let round = |number: usize| {
        let start = Instant::now();
        for part in 0..20 {
            let token = install_for(fake, 20_000 + number * 20 + part);
            assert_eq!(refresh(fake, &token, NOW)["ok"], true);
            assert!(fake.revoke(&token));
            let fields = [("client_id", "9.9"), ("scope", "commands"), ("team", "T0FAKE00009")];
            let query = form(&fields);
            let response = get(fake, &format!("/oauth/v2/authorize?{query}"), NOW);
            let code = callback_value(&response, "code").unwrap();
            let authorization = basic("9.9", "other");
            call(fake, "oauth.v2.access", &authorization, &[("code", &code)], NOW);
            assert_eq!(fake.uninstall("9.9", "T0FAKE00009"), 1);
        }
        start.elapsed()
    };
    (0..5).map(round).min().unwrap()
}
