//! Replies that are odd in one way each.

use slack_proto::{
    ApiMethod,
    methods::{OauthV2Access, OauthV2Refresh},
};

use crate::reading::{response, tokens};

#[test]
fn text_after_the_object_and_a_byte_order_mark_are_odd() {
    for (body, path) in [
        ("{\"ok\":true,\"access_token\":\"xoxb-1\"} trailing", "$"),
        ("\u{feff}{\"ok\":true,\"access_token\":\"xoxb-1\"}", "$"),
        ("{\"ok\":true,\"access_token\":\"xoxb-1\",\"access_token\":\"xoxb-2\"}", "access_token"),
        ("{\"ok\":true,\"ok\":true,\"access_token\":\"xoxb-1\"}", "ok"),
    ] {
        let reply = <OauthV2Access>::parse_response(&response(200, body)).unwrap();
        assert!(
            reply.meta.parse_warnings().iter().any(|oddity| oddity.path() == path),
            "{body}: {:?}",
            reply.meta
        );
    }
}

#[test]
fn of_repeated_members_the_last_usable_one_counts() {
    for (body, token) in [
        (r#"{"ok":true,"access_token":"xoxb-1","access_token":"xoxb-2"}"#, "xoxb-2"),
        (r#"{"ok":true,"access_token":"xoxb-1","access_token":null}"#, "xoxb-1"),
        (r#"{"ok":true,"access_token":7,"access_token":"xoxb-2","access_token":""}"#, "xoxb-2"),
    ] {
        let reply = <OauthV2Access>::parse_response(&response(200, body)).unwrap();
        assert_eq!(tokens(&reply.value), [token], "{body}");
    }
}

#[test]
fn a_second_token_is_handed_over_and_the_same_one_twice_is_one() {
    let second = r#"{"ok":true,"access_token":"xoxb-1","refresh_token":"r","authed_user":{"access_token":"xoxp-2"}}"#;
    let reply = <OauthV2Refresh>::parse_response(&response(200, second)).unwrap().value;
    assert_eq!(reply.credential.access_token.expose(), "xoxb-1");
    assert_eq!(reply.unplaced.unwrap().access_token.expose(), "xoxp-2");

    let twice = r#"{"ok":true,"access_token":"xoxp-1","refresh_token":"r","expires_in":9,"scope":"a",
        "authed_user":{"access_token":"xoxp-1"}}"#;
    let reply = <OauthV2Refresh>::parse_response(&response(200, twice)).unwrap().value;
    assert!(reply.unplaced.is_none());
    let installed = <OauthV2Access>::parse_response(&response(200, twice)).unwrap().value;
    assert!(installed.unplaced.is_none() && installed.bot.is_none());
    for credential in [reply.credential, installed.user.unwrap()] {
        assert_eq!(credential.refresh_token.unwrap().expose(), "r");
        assert_eq!(credential.expires_in.unwrap().as_secs(), 9);
        assert!(credential.scopes.contains("a"));
    }
}

#[test]
fn a_repeated_object_counts_member_by_member() {
    let body = r#"{"ok":true,"authed_user":{"id":"U","access_token":"xoxp-1","refresh_token":"r"},"authed_user":{"id":"V"}}"#;
    let installed = <OauthV2Access>::parse_response(&response(200, body)).unwrap().value;
    assert_eq!(installed.authed_user_id.unwrap().as_str(), "V");
    let user = installed.user.unwrap();
    assert_eq!(user.access_token.expose(), "xoxp-1");
    assert_eq!(user.refresh_token.unwrap().expose(), "r");
}

#[test]
fn the_bots_own_place_wins_over_a_stray_one() {
    let body = r#"{"ok":true,"access_token":"xoxb-REAL","authed_user":{"id":"U","access_token":"xoxb-STRAY"}}"#;
    let installed = <OauthV2Access>::parse_response(&response(200, body)).unwrap().value;
    assert_eq!(installed.bot.unwrap().access_token.expose(), "xoxb-REAL");
    assert_eq!(installed.unplaced.unwrap().access_token.expose(), "xoxb-STRAY");
    let body = r#"{"ok":true,"access_token":"xoxp-STRAY","authed_user":{"id":"U","access_token":"xoxp-REAL"}}"#;
    let installed = <OauthV2Access>::parse_response(&response(200, body)).unwrap().value;
    assert_eq!(installed.user.unwrap().access_token.expose(), "xoxp-REAL");
    assert_eq!(installed.unplaced.unwrap().access_token.expose(), "xoxp-STRAY");
}

#[test]
fn control_characters_in_a_token_come_out_as_they_went_in() {
    let body = "{\"ok\":true,\n\t\"access_token\":\"xoxb-a\tb\u{1}c\\\\\",\"refresh_token\":\"x\ny\\\"\r\"}";
    let reply = <OauthV2Refresh>::parse_response(&response(200, body)).unwrap();
    assert_eq!(reply.value.credential.access_token.expose(), "xoxb-a\tb\u{1}c\\");
    assert_eq!(reply.value.credential.refresh_token.unwrap().expose(), "x\ny\"\r");
    assert_eq!(
        reply.meta.parse_warnings()[0].to_string(),
        "$: control characters stood unescaped in a string"
    );
}
