//! A token is never lost, whatever stands beside it.

use proptest::{prelude::*, sample::select};
use slack_proto::{
    ApiMethod,
    methods::{
        AppsAuthExternalGet, OauthV2Access, OauthV2Exchange, OauthV2Refresh, OauthV2UserAccess,
        OauthV2UserRefresh, OpenidConnectRefresh, OpenidConnectToken, ToolingTokensRotate,
    },
    tokens::{IssuedCredential, RefreshToken},
};

use crate::reading::{is_success, response, tokens};
use crate::replies::{config, json, neighbours, object, order, quoted_token, status};

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_token_at_the_top_comes_out(
        (token, quoted) in quoted_token(), mut members in neighbours(), order in order(), status in status(),
        authed_user in proptest::option::of(json()),
    ) {
        members.push(format!("\"access_token\":{quoted}"));
        members.push("\"ok\":true".to_owned());
        members.extend(authed_user.map(|value| format!("\"authed_user\":{value}")));
        let response = response(status, object(members, &order));
        let refreshed = <OauthV2Refresh>::parse_response(&response).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(refreshed.value.credential.access_token.expose(), &token);
        let installed = <OauthV2Access>::parse_response(&response).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert!(tokens(&installed.value).contains(&token.as_str()));
    }

    #[test]
    fn a_token_under_authed_user_comes_out(
        (token, quoted) in quoted_token(), members in neighbours(), mut inside in neighbours(), order in order(),
    ) {
        inside.push(format!("\"access_token\":{quoted}"));
        let mut members = members;
        members.push(format!("\"authed_user\":{}", object(inside, &order)));
        members.push("\"ok\":true".to_owned());
        let response = response(200, object(members, &order));
        let installed = <OauthV2Access>::parse_response(&response).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(tokens(&installed.value), [token.as_str()]);
        let refreshed = <OauthV2Refresh>::parse_response(&response).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(refreshed.value.credential.access_token.expose(), &token);
    }

    #[test]
    fn every_token_method_gives_its_token(
        (token, quoted) in quoted_token(), mut members in neighbours(), order in order(), status in status(),
    ) {
        members.push(format!("\"access_token\":{quoted},\"token\":{quoted},\"external_token\":{quoted}"));
        members.push("\"ok\":true".to_owned());
        let response = response(status, object(members, &order));
        let fail = |error: String| TestCaseError::fail(error);
        let user = <OauthV2UserAccess>::parse_response(&response).map_err(|error| fail(error.to_string()))?;
        prop_assert_eq!(user.value.credential.access_token.expose(), &token);
        let user = <OauthV2UserRefresh>::parse_response(&response).map_err(|error| fail(error.to_string()))?;
        prop_assert_eq!(user.value.credential.access_token.expose(), &token);
        let exchanged = OauthV2Exchange::parse_response(&response).map_err(|error| fail(error.to_string()))?;
        prop_assert_eq!(exchanged.value.credential.access_token.expose(), &token);
        let signed_in = <OpenidConnectToken>::parse_response(&response).map_err(|error| fail(error.to_string()))?;
        prop_assert_eq!(signed_in.value.credential.access_token.expose(), &token);
        let signed_in = <OpenidConnectRefresh>::parse_response(&response).map_err(|error| fail(error.to_string()))?;
        prop_assert_eq!(signed_in.value.credential.access_token.expose(), &token);
        let rotated = ToolingTokensRotate::parse_response(&response).map_err(|error| fail(error.to_string()))?;
        prop_assert_eq!(rotated.value.token.expose(), &token);
        let external = AppsAuthExternalGet::parse_response(&response).map_err(|error| fail(error.to_string()))?;
        prop_assert_eq!(external.value.external_token.expose(), &token);
    }

    #[test]
    fn no_secret_vanishes_wherever_it_stands(
        places in proptest::collection::vec(any::<bool>(), 4), kind in select(&["\"bot\"", "\"user\"", "null", "7"][..]),
        bot_user in any::<bool>(), prefixes in proptest::collection::vec(select(&["xoxb-", "xoxp-", "opaque-"][..]), 2),
    ) {
        let member = |here: bool, name: &str, value: String| {
            here.then(|| format!(",\"{name}\":\"{value}\"")).unwrap_or(format!(",\"{name}\":null"))
        };
        let secrets = [format!("{}top", prefixes[0]), "refresh-top".into(), format!("{}in", prefixes[1]), "refresh-in".into()];
        let [top, refresh, inside, refresh_inside] = secrets.clone();
        let body = format!(
            "{{\"ok\":true,\"token_type\":{kind}{}{}{},\"authed_user\":{{\"id\":\"U\"{}{}}}}}",
            member(places[0], "access_token", top),
            member(places[1], "refresh_token", refresh),
            if bot_user { ",\"bot_user_id\":\"U0\"" } else { "" },
            member(places[2], "access_token", inside),
            member(places[3], "refresh_token", refresh_inside),
        );
        let response = response(200, body);
        if !places[0] && !places[2] {
            prop_assert!(!is_success::<OauthV2Access>(&response) && !is_success::<OauthV2Refresh>(&response));
            return Ok(());
        }
        let mut installed = <OauthV2Access>::parse_response(&response).map_err(|error| TestCaseError::fail(error.to_string()))?.value;
        // A refresh token of a bot is never filed with a person's token, nor the other way round.
        if let (Some(user), true) = (&installed.user, kind == "\"bot\"" || bot_user) {
            let top = user.access_token.expose().ends_with("top");
            prop_assert!(top || user.refresh_token.as_ref().is_none_or(|token| token.expose() != "refresh-top"));
        }
        let refreshed = <OauthV2Refresh>::parse_response(&response).map_err(|error| TestCaseError::fail(error.to_string()))?.value;
        let all = [installed.bot.take(), installed.user.take(), installed.unplaced.take()];
        let kept = shown(all.into_iter().flatten(), &installed.spare_refresh_tokens);
        let kept_by_refresh =
            shown([Some(refreshed.credential), refreshed.unplaced].into_iter().flatten(), &refreshed.spare_refresh_tokens);
        for (secret, _) in secrets.iter().zip(&places).filter(|(_, here)| **here) {
            prop_assert!(kept.contains(secret), "{secret} is lost, kept: {kept:?}");
            prop_assert!(kept_by_refresh.contains(secret), "{secret} is lost by a refresh, kept: {kept_by_refresh:?}");
        }
    }

    #[test]
    fn well_formed_members_come_out_beside_odd_ones(
        (token, quoted) in quoted_token(), (refresh, quoted_refresh) in quoted_token(), life in any::<u32>(),
        scopes in "[a-z:.]{1,12}(,[a-z:.]{1,12}){0,3}", members in neighbours(), order in order(),
    ) {
        const SET: [&str; 3] = ["\"refresh_token\"", "\"expires_in\"", "\"scope\""];
        let mut members: Vec<_> =
            members.into_iter().filter(|member| !SET.iter().any(|name| member.starts_with(name))).collect();
        members.push(format!("\"access_token\":{quoted}"));
        members.push(format!("\"refresh_token\":{quoted_refresh}"));
        members.push(format!("\"expires_in\":{life}"));
        members.push(format!("\"scope\":\"{scopes}\""));
        members.push("\"ok\":true".to_owned());
        let response = response(200, object(members, &order));
        let reply = <OauthV2Refresh>::parse_response(&response).map_err(|error| TestCaseError::fail(error.to_string()))?;
        let credential = reply.value.credential;
        prop_assert_eq!(credential.access_token.expose(), &token);
        prop_assert_eq!(credential.refresh_token.as_ref().map(slack_proto::tokens::RefreshToken::expose), Some(refresh.as_str()));
        prop_assert_eq!(credential.expires_in.map(|life| life.as_secs()), Some(u64::from(life)));
        let expected: Vec<_> = scopes.split(',').collect();
        prop_assert_eq!(credential.scopes.iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn what_is_odd_is_reported(
        name in select(&["app_id", "refresh_token", "scope", "team", "enterprise", "user_id", "bot_user_id"][..]),
        odd in select(&["7", "1.5", "1e999", "true"][..]), (_, quoted) in quoted_token(),
    ) {
        let body = format!("{{\"ok\":true,\"access_token\":{quoted},\"{name}\":{odd}}}");
        let reply = <OauthV2Refresh>::parse_response(&response(200, body)).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert!(reply.meta.parse_warnings().iter().any(|oddity| oddity.path() == name), "{:?}", reply.meta.parse_warnings());
    }

    #[test]
    fn broken_bytes_beside_a_token_do_not_lose_it(
        (token, quoted) in quoted_token(), broken in proptest::collection::vec(0x80..=0xff_u8, 1..6), mut members in neighbours(),
    ) {
        members.push(format!("\"access_token\":{quoted}"));
        members.push("\"ok\":true".to_owned());
        let mut body = format!("{{{},\"name\":\"", members.join(",")).into_bytes();
        body.extend(broken);
        body.extend(b"\"}");
        let reply = <OauthV2Refresh>::parse_response(&response(200, body)).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(reply.value.credential.access_token.expose(), &token);
    }
}

/// All tokens of these credentials, and the spare ones.
fn shown(
    credentials: impl Iterator<Item = IssuedCredential>,
    spare: &[RefreshToken],
) -> Vec<String> {
    let mut all: Vec<_> = spare.iter().map(|token| token.expose().to_owned()).collect();
    for credential in credentials {
        all.push(credential.access_token.expose().to_owned());
        all.extend(credential.refresh_token.map(|token| token.expose().to_owned()));
    }
    all
}
