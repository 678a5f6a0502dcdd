//! No secret is shown.

use crate::support::*;

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
