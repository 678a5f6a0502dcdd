//! A failure is never a success.

use http::Response;
use proptest::prelude::*;
use slack_proto::methods::{AuthTest, OauthV2Access, OauthV2Refresh};

use crate::reading::{is_success, response};
use crate::replies::{config, json, neighbours, object, order, quoted_token, status};

proptest! {
    #![proptest_config(config())]

    #[test]
    fn without_ok_true_there_is_no_success(
        (_, quoted) in quoted_token(), mut members in neighbours(), order in order(), status in status(),
        ok in proptest::option::of(json().prop_filter("another value", |value| value != "true")),
    ) {
        members.push(format!("\"access_token\":{quoted}"));
        members.extend(ok.map(|value| format!("\"ok\":{value}")));
        prop_assert!(!any_success(&response(status, object(members, &order))));
    }

    #[test]
    fn ok_false_beside_ok_true_is_no_success(
        (_, quoted) in quoted_token(), mut members in neighbours(), order in order(), status in status(),
        other in json().prop_filter("another value", |value| value != "true"),
    ) {
        members.push(format!("\"access_token\":{quoted}"));
        members.push("\"ok\":true".to_owned());
        members.push(format!("\"ok\":{other}"));
        prop_assert!(!any_success(&response(status, object(members, &order))));
    }

    #[test]
    fn what_is_no_object_is_no_success(body in json().prop_filter("no object", |text| !text.starts_with('{'))) {
        prop_assert!(!any_success(&response(200, body)));
    }

    #[test]
    fn a_body_cut_anywhere_is_no_success(
        (_, quoted) in quoted_token(), mut members in neighbours(), order in order(), at in any::<prop::sample::Index>(),
    ) {
        members.push(format!("\"access_token\":{quoted}"));
        members.push("\"ok\":true".to_owned());
        let body = object(members, &order);
        let whole = body.trim_end().len();
        prop_assert!(!any_success(&response(200, &body.as_bytes()[..at.index(whole)])));
    }

    #[test]
    fn any_bytes_are_answered(body in proptest::collection::vec(any::<u8>(), 0..200), status in 100..1000_u16) {
        any_success(&response(status, body));
    }
}

#[test]
fn a_control_character_behind_a_backslash_is_broken_json() {
    let broken = "{\"ok\":true,\"access_token\":\"xoxb-\\\u{0}\"}";
    assert!(!is_success::<OauthV2Refresh>(&response(200, broken)));
}

fn any_success(response: &Response<Vec<u8>>) -> bool {
    is_success::<OauthV2Access>(response)
        || is_success::<OauthV2Refresh>(response)
        || is_success::<AuthTest>(response)
}
