//! `oauth.v2.access` with a refresh token.

use serde_json::json;
use slack_fake::CredentialKind;

use crate::support::*;

#[test]
fn a_bot_gets_a_new_pair() {
    let mut fake = fake_with(app().rotate_tokens());
    let installed = install(&mut fake, NOW);
    let refreshed = refresh(&mut fake, text(&installed, "refresh_token"), NOW + 40_000);
    assert_ne!(refreshed["access_token"], installed["access_token"]);
    let expected = json!({
        "ok": true,
        "app_id": "A0FAKE00001",
        "scope": "chat:write,commands",
        "token_type": "bot",
        "access_token": refreshed["access_token"],
        "bot_user_id": installed["bot_user_id"],
        "refresh_token": refreshed["refresh_token"],
        "expires_in": 43_200,
        "team": {"id": "T0FAKE00001", "name": "Fake Team"},
        "enterprise": null,
        "is_enterprise_install": false,
    });
    assert_eq!(refreshed, expected);
    assert_eq!(text(&refreshed, "access_token").len(), 176);
    assert_eq!(text(&refreshed, "refresh_token").len(), 153);
}

#[test]
fn a_users_pair_stands_at_the_top() {
    let mut fake = fake_with(app().rotate_tokens());
    let code = code(&mut fake, &[("user_scope", "chat:write")], NOW);
    let installed = access(&mut fake, &[("code", &code)], NOW);
    let refreshed = refresh(&mut fake, text(&installed["authed_user"], "refresh_token"), NOW);
    assert_eq!(refreshed["token_type"], "user");
    assert_eq!(refreshed["user_id"], "U0FAKE00001");
    assert!(text(&refreshed, "access_token").starts_with("xoxe.xoxp-1-"));
    assert_eq!(refreshed.get("authed_user"), None);
    assert_eq!(refreshed.get("bot_user_id"), None);
}

#[test]
fn twelve_hours_of_a_token() {
    let mut fake = fake_with(app().rotate_tokens());
    let installed = install(&mut fake, NOW);
    let old = text(&installed, "access_token");
    assert_eq!(auth_test(&mut fake, old, NOW + 43_199)["expires_in"], 1);
    assert_eq!(auth_test(&mut fake, old, NOW + 43_200)["error"], "token_expired");
    let refreshed = refresh(&mut fake, text(&installed, "refresh_token"), NOW + 43_200);
    assert_eq!(auth_test(&mut fake, text(&refreshed, "access_token"), NOW + 43_200)["ok"], true);
}

#[test]
fn a_lost_race_shows_at_the_third_pair() {
    let mut fake = fake_with(app().rotate_tokens());
    let installed = install(&mut fake, NOW);
    let spent = text(&installed, "refresh_token");
    let one = refresh(&mut fake, spent, NOW + 100);
    let two = refresh(&mut fake, spent, NOW + 130);
    // At most two live: the installation's own token went first.
    assert_eq!(
        auth_test(&mut fake, text(&installed, "access_token"), NOW + 130)["error"],
        "token_revoked"
    );
    assert_eq!(auth_test(&mut fake, text(&one, "access_token"), NOW + 130)["ok"], true);
    assert_eq!(auth_test(&mut fake, text(&two, "access_token"), NOW + 130)["ok"], true);
    assert_eq!(refresh(&mut fake, spent, NOW + 160)["error"], "invalid_refresh_token");

    assert_eq!(refresh(&mut fake, text(&two, "refresh_token"), NOW + 40_000)["ok"], true);
    assert_eq!(
        refresh(&mut fake, text(&one, "refresh_token"), NOW + 40_000)["error"],
        "invalid_refresh_token"
    );
    assert_eq!(
        auth_test(&mut fake, text(&one, "access_token"), NOW + 40_000)["error"],
        "token_revoked"
    );
}

#[test]
fn a_refresh_needs_the_secret_and_the_right_app() {
    let other = slack_fake::App::new("9.9", "other").redirect_url("https://other.example/");
    let mut fake = fake_with(app().rotate_tokens()).app(other);
    let installed = install(&mut fake, NOW);
    let fields =
        [("grant_type", "refresh_token"), ("refresh_token", text(&installed, "refresh_token"))];
    let mut error = |authorization: &str, more: &[(&str, &str)]| {
        let answer = json(&call(
            &mut fake,
            "oauth.v2.access",
            authorization,
            &[&fields[..], more].concat(),
            NOW,
        ));
        text(&answer, "error").to_owned()
    };
    assert_eq!(error("", &[("client_id", CLIENT_ID)]), "bad_client_secret");
    assert_eq!(error(&basic(CLIENT_ID, "x"), &[]), "bad_client_secret");
    assert_eq!(error(&basic("9.9", "other"), &[]), "invalid_refresh_token");
    assert_eq!(error(&basic("9.8", "other"), &[]), "invalid_client_id");
    assert_eq!(error("Bearer xoxb-stale", &[("client_id", CLIENT_ID)]), "invalid_auth");
    let nothing = access(&mut fake, &[("grant_type", "refresh_token")], NOW);
    assert_eq!(nothing["error"], "invalid_arguments");
    assert_eq!(refresh(&mut fake, "xoxe-1-unknown", NOW)["error"], "invalid_refresh_token");
    let access_token = text(&installed, "access_token");
    assert_eq!(refresh(&mut fake, access_token, NOW)["error"], "invalid_refresh_token");
}

#[test]
fn a_public_client_refreshes_without_a_secret_for_thirty_days() {
    let mut fake = fake_with(app().enable_pkce());
    let fields = [
        ("user_scope", "chat:write"),
        ("redirect_uri", NATIVE_CALLBACK),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let code = code(&mut fake, &fields, NOW);
    let redeem = [
        ("client_id", CLIENT_ID),
        ("code", code.as_str()),
        ("redirect_uri", NATIVE_CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    let installed = json(&call(&mut fake, "oauth.v2.access", "", &redeem, NOW));
    let token = text(&installed["authed_user"], "refresh_token");
    let month = 30 * 86_400;
    let with_wrong_secret = [
        ("client_id", CLIENT_ID),
        ("client_secret", "x"),
        ("grant_type", "refresh_token"),
        ("refresh_token", token),
    ];
    let refused = json(&call(&mut fake, "oauth.v2.access", "", &with_wrong_secret, NOW));
    assert_eq!(refused["error"], "bad_client_secret");
    let mut refresh_at = |token: &str, now| {
        let fields =
            [("client_id", CLIENT_ID), ("grant_type", "refresh_token"), ("refresh_token", token)];
        json(&call(&mut fake, "oauth.v2.access", "", &fields, now))
    };
    let next = refresh_at(token, NOW + month - 1);
    assert_eq!(next["token_type"], "user");
    assert_eq!(
        refresh_at(text(&next, "refresh_token"), NOW + 2 * month - 1)["error"],
        "invalid_refresh_token"
    );
}

#[test]
fn a_confidential_clients_refresh_token_does_not_end() {
    let mut fake = fake_with(app().rotate_tokens());
    let installed = install(&mut fake, NOW);
    let ten_years = 10 * 365 * 86_400;
    assert_eq!(refresh(&mut fake, text(&installed, "refresh_token"), NOW + ten_years)["ok"], true);
}

#[test]
fn the_newest_pair_can_be_made_to_win() {
    let mut fake = fake_with(app().rotate_tokens()).siblings(slack_fake::Siblings::NewestWins);
    let installed = install(&mut fake, NOW);
    let spent = text(&installed, "refresh_token");
    let one = refresh(&mut fake, spent, NOW);
    let two = refresh(&mut fake, spent, NOW + 1);
    assert_eq!(auth_test(&mut fake, text(&one, "access_token"), NOW + 59)["ok"], true);
    assert_eq!(
        auth_test(&mut fake, text(&one, "access_token"), NOW + 60)["error"],
        "token_revoked"
    );
    assert_eq!(
        refresh(&mut fake, text(&one, "refresh_token"), NOW + 60)["error"],
        "invalid_refresh_token"
    );
    assert_eq!(refresh(&mut fake, text(&two, "refresh_token"), NOW + 60)["ok"], true);
}

#[test]
fn the_fake_reports_on_its_credentials() {
    let mut fake = fake_with(app().rotate_tokens());
    let code = code(&mut fake, &[("scope", "commands"), ("user_scope", "chat:write")], NOW);
    let installed = access(&mut fake, &[("code", &code)], NOW);
    let pair = refresh(&mut fake, text(&installed, "refresh_token"), NOW + 1);
    let [bot, user] = &fake.credentials(NOW + 1)[..] else { panic!("two credentials") };
    assert_eq!(
        (bot.kind, bot.refreshes, bot.live_access_tokens, bot.live_refresh_tokens),
        (CredentialKind::Bot, 1, 2, 1)
    );
    assert_eq!((user.kind, user.refreshes, user.live_access_tokens), (CredentialKind::User, 0, 1));
    assert_eq!(fake.credential_of(text(&pair, "refresh_token"), NOW + 1).as_ref(), Some(bot));

    let token = text(&pair, "access_token");
    assert!(fake.is_live(token, NOW + 1));
    assert!(fake.revoke(token));
    assert_eq!(auth_test(&mut fake, token, NOW + 1)["error"], "token_revoked");
    let token = text(&installed, "access_token");
    assert!(fake.expire(token, NOW + 1));
    assert_eq!(auth_test(&mut fake, token, NOW + 1)["error"], "token_expired");
    assert_eq!(fake.uninstall(CLIENT_ID, "T0FAKE00001"), 2);
    assert_eq!(auth_test(&mut fake, token, NOW + 1)["error"], "account_inactive");
    let user_token = text(&installed["authed_user"], "access_token");
    assert_eq!(auth_test(&mut fake, user_token, NOW + 1)["error"], "token_revoked");
    assert!(!fake.revoke("xoxb-unknown"));
}
