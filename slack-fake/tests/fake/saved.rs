//! Saving and restoring.

use slack_fake::{FakeSlack, RestoreError};

use crate::support::*;

#[test]
fn a_restored_fake_goes_on_where_the_other_stopped() {
    let mut fake = fake_with(app().rotate_tokens());
    let installed = install(&mut fake, NOW);
    let open_code = code(&mut fake, &[("scope", "commands")], NOW);
    let mut other = FakeSlack::restore(&fake.save()).unwrap();
    assert_eq!(other.save(), fake.save());

    assert_eq!(auth_test(&mut other, text(&installed, "access_token"), NOW)["ok"], true);
    assert_eq!(access(&mut other, &[("code", &open_code)], NOW)["ok"], true);
    let refreshed = refresh(&mut other, text(&installed, "refresh_token"), NOW);
    assert_eq!(refreshed["ok"], true);
    // The first one still knows nothing of it, and would answer with the same texts.
    assert_eq!(
        auth_test(&mut fake, text(&refreshed, "access_token"), NOW)["error"],
        "invalid_auth"
    );
}

#[test]
fn counters_at_their_end_do_no_harm() {
    let mut fake = fake_with(app().rotate_tokens());
    let installed = install(&mut fake, NOW);
    let mut saved: serde_json::Value = serde_json::from_slice(&fake.save()).unwrap();
    saved["state"]["counter"] = u64::MAX.into();
    saved["state"]["credentials"][0]["refreshes"] = u64::MAX.into();
    let mut other = FakeSlack::restore(saved.to_string().as_bytes()).unwrap();
    assert_eq!(refresh(&mut other, text(&installed, "refresh_token"), NOW)["ok"], true);
}

#[test]
fn the_format_is_as_documented() {
    let saved: serde_json::Value = serde_json::from_slice(&fake().save()).unwrap();
    assert_eq!((&saved["format"], &saved["version"]), (&"slack-fake".into(), &1.into()));
    let mut members: Vec<&str> =
        saved["state"].as_object().unwrap().keys().map(String::as_str).collect();
    members.sort_unstable();
    let documented = [
        "access_tokens",
        "apps",
        "codes",
        "consent",
        "counter",
        "credentials",
        "external_tokens",
        "id_token_faults",
        "organizations",
        "refresh_tokens",
        "rules",
        "seed",
        "signed_in",
        "signing",
        "users",
        "workspaces",
    ];
    assert_eq!(members, documented);
}

#[test]
fn other_documents_are_refused() {
    let mut fake = fake_with(app().rotate_tokens());
    install(&mut fake, NOW);
    let saved = String::from_utf8(fake.save()).unwrap();
    let refused = |text: &str| FakeSlack::restore(text.as_bytes()).unwrap_err();
    assert_eq!(refused(&saved[..saved.len() - 1]), RestoreError::Damaged);
    assert_eq!(refused("{}"), RestoreError::Damaged);
    assert_eq!(refused(&saved.replace("slack-fake", "other")), RestoreError::Foreign);
    assert_eq!(refused(&saved.replace("\"version\":1", "\"version\":2")), RestoreError::Foreign);
    assert_eq!(
        refused(&saved.replace("\"credential\":0", "\"credential\":9")),
        RestoreError::Damaged
    );
    assert_eq!(
        refused(&saved.replace("\"current\":0", "\"current\":18446744073709551615")),
        RestoreError::Damaged
    );
    assert!(!RestoreError::Damaged.to_string().is_empty());
}
