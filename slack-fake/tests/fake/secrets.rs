//! No secret is shown.

use crate::support::*;

#[cfg(all(feature = "server", feature = "transport"))]
#[test]
fn handles_show_no_secret() {
    let fake = fake_with(app().rotate_tokens()).external_token(slack_fake::ExternalToken::new(
        "Et1",
        "A0FAKE00001",
        "google",
        "ya29.canary",
    ));
    let shared = slack_fake::SharedFake::new(fake, slack_fake::Clock::manual(NOW));
    let token = shared.with(|fake| text(&install(fake, NOW), "access_token").to_owned());
    let server = slack_fake::FakeServer::start(shared.clone()).unwrap();
    let transport = slack_fake::FakeTransport::new(shared.clone());
    let shown =
        format!("{shared:?}{server:?}{transport:?}{:?}", shared.with(|fake| format!("{fake:?}")));
    for secret in [SECRET, &token, "ya29.canary", "xox"] {
        assert!(!shown.contains(secret));
    }
}

#[test]
fn debug_shows_no_secret() {
    let mut fake = fake_with(app().rotate_tokens());
    let open_code = code(&mut fake, &[("scope", "commands")], NOW);
    let installed = install(&mut fake, NOW);
    let token = text(&installed, "access_token").to_owned();
    let with_secret_path = format!("/api/{token}?token={token}");
    get(&mut fake, &with_secret_path, NOW);
    get(&mut fake, &format!("/{token}"), NOW);
    let report = fake.credentials(NOW);
    let seen: Vec<_> = fake.seen().cloned().collect();
    let shown = format!("{fake:?}{fake:#?}{:?}{report:?}{seen:?}", app());
    for secret in [SECRET, &open_code, &token, text(&installed, "refresh_token"), "xox"] {
        assert!(!shown.contains(secret));
    }
}
