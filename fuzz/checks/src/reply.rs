//! What must hold for the reply of any method, one of your own included.

use http::Response;
use slack_proto::{
    ApiMethod,
    error::ResponseError,
    methods::{Reply, ReplyMeta},
    tokens::{IssuedCredential, RefreshToken},
};

use crate::{
    headers, input,
    oracle::{self, Members},
    secrets,
};

/// Parses an input as a reply of `M`, a method that hands out no token, and gives the success to a check that has more
/// to ask.
///
/// Nothing panics; no error shows a token; a failure (`ok: false`, no `ok`, status 429) is never a success; an error
/// code comes out as it went in, and so do the headers.
#[expect(clippy::must_use_candidate, reason = "the check is done; only some have more to ask")]
pub fn check<M: ApiMethod>(input: &[u8]) -> Option<Reply<M::Response>> {
    let reply = parse::<M>(&input::response(input))?;
    assert_ne!(reply.meta.status(), 429, "a failure became a success: a rate limit");
    Some(reply)
}

/// As [`check`], and no token is shown by `Debug` of the success either.
///
/// That holds for the library's types. A type of your own that keeps text in a `String` shows what is in it.
#[expect(clippy::must_use_candidate, reason = "the check is done; only some have more to ask")]
pub fn check_hiding<M: ApiMethod<Response: std::fmt::Debug>>(
    input: &[u8],
) -> Option<Reply<M::Response>> {
    let reply = check::<M>(input)?;
    secrets::assert_hidden(&reply);
    Some(reply)
}

/// Where a method's answer may hold tokens: members by their names, one in another as `authed_user.access_token`.
#[derive(Clone, Copy, Debug)]
pub struct Places {
    access: &'static [&'static str],
    refresh: &'static [&'static str],
}

impl Places {
    /// Names the members that hold access tokens, and those that hold refresh tokens.
    #[must_use]
    pub const fn new(access: &'static [&'static str], refresh: &'static [&'static str]) -> Self {
        Self { access, refresh }
    }
}

/// Parses an input as a reply that hands tokens out, and compares them with those that went in: every access token and
/// every refresh token that stands once in a place where a token belongs comes out, and none that never went in.
///
/// `tokens` lists the text of all tokens of a success.
pub fn check_tokens<M: ApiMethod<Response: std::fmt::Debug>>(
    input: &[u8],
    places: &Places,
    tokens: impl FnOnce(&M::Response) -> Vec<String>,
) {
    let response = input::response(input);
    let reply = parse::<M>(&response);
    let given = reply.as_ref().map(|reply| tokens(&reply.value)).unwrap_or_default();
    if let Some(reply) = &reply {
        secrets::assert_hidden(reply);
        assert!(!given.is_empty(), "a success without a token");
        let there = oracle::strings(response.body());
        for token in &given {
            assert!(
                there.contains(&oracle::readable(token)),
                "a token came out that never went in"
            );
        }
    }
    let Some(top) = Members::of(response.body()).filter(Members::may_succeed) else { return };
    for token in places.access.iter().filter_map(|place| top.text_at(place)) {
        assert!(given.contains(&token), "a token was lost");
    }
    // Without any access token there is no success that could hand a refresh token over.
    for token in places.refresh.iter().filter_map(|place| top.text_at(place)) {
        assert!(reply.is_none() || given.contains(&token), "a refresh token was lost");
    }
}

/// Gives the tokens of credentials as text.
pub fn texts<'a>(
    credentials: impl IntoIterator<Item = &'a IssuedCredential>,
    spare: &[RefreshToken],
) -> Vec<String> {
    let mut texts: Vec<_> = spare.iter().map(|token| token.expose().to_owned()).collect();
    for credential in credentials {
        texts.push(credential.access_token.expose().to_owned());
        texts.extend(credential.refresh_token.as_ref().map(|token| token.expose().to_owned()));
    }
    texts
}

/// Takes an input as a body, and reads it with every status that decides something: what it says of an error is the
/// same at all of them.
pub fn check_error_body<M: ApiMethod>(input: &[u8]) {
    let may_succeed = Members::of(input).map(|members| members.may_succeed());
    let mut codes = Vec::new();
    for status in [200, 204, 302, 400, 401, 404, 429, 500, 503] {
        let mut response = Response::new(input);
        *response.status_mut() = http::StatusCode::from_u16(status).expect("a status");
        let Some(error) = failure::<M>(&response) else { continue };
        assert_eq!(error.meta().status(), status, "another status came out");
        assert!(
            matches!(error, ResponseError::RateLimited(_)) || status != 429,
            "a rate limit was taken for another failure"
        );
        codes.extend(error.code().map(|code| code.as_str().to_owned()));
    }
    codes.dedup();
    assert!(codes.len() <= 1, "one body, and more than one code");
    assert!(codes.is_empty() || may_succeed != Some(true), "a code came of a body that is none");
}

fn failure<M: ApiMethod>(response: &Response<&[u8]>) -> Option<ResponseError<M::Error>> {
    parse::<M>(response);
    M::parse_response(response).err()
}

/// Parses, and checks what holds for every method.
fn parse<M: ApiMethod>(response: &Response<&[u8]>) -> Option<Reply<M::Response>> {
    let members = Members::of(response.body());
    match M::parse_response(response) {
        Ok(reply) => {
            assert!(
                members.as_ref().is_none_or(Members::may_succeed),
                "a failure became a success"
            );
            check_meta(&reply.meta, response, members.as_ref());
            Some(reply)
        }
        Err(error) => {
            secrets::assert_hidden_error(&error);
            check_meta(error.meta(), response, members.as_ref());
            assert_eq!(error.retry_after(), error.meta().retry_after());
            let _ = (error.recovery(), error.is_transient());
            if let (ResponseError::Api(error), Some(code)) =
                (&error, members.and_then(|members| members.text("error")))
            {
                assert_eq!(error.code.as_str(), code, "an error code was changed");
            }
            None
        }
    }
}

fn check_meta(meta: &ReplyMeta, response: &Response<&[u8]>, members: Option<&Members>) {
    secrets::assert_hidden(meta);
    headers::check_meta(meta, response);
    if let Some(cursor) = members.and_then(|top| top.text_at("response_metadata.next_cursor")) {
        let found = meta.next_cursor().map(slack_proto::methods::UntrustedText::as_str);
        assert_eq!(found, Some(&*cursor), "a cursor was lost or changed");
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::HashMap, panic::catch_unwind};

    use serde_json::Value;
    use slack_proto::{
        AccessToken,
        error::NoError,
        methods::{AuthTest, AuthTestResponse, FormFields},
    };

    use super::*;

    struct Own;

    impl ApiMethod for Own {
        const NAME: &'static str = "own.method";
        type Auth = AccessToken;
        type Response = HashMap<String, Value>;
        type Error = NoError;

        fn params(&self, _: &mut FormFields) {}
    }

    #[test]
    fn a_response_that_shows_its_text_is_found_out() {
        let shows = br#"200
{"ok":true,"name":"xoxb-FAKE"}"#;
        assert_eq!(check::<Own>(shows).unwrap().value["name"], "xoxb-FAKE");
        assert!(catch_unwind(|| check_hiding::<Own>(shows)).is_err());
    }

    #[test]
    fn a_token_that_is_lost_or_made_up_is_found_out() {
        let input = br#"{"ok":true,"name":"xoxb-FAKE"}"#;
        let places = Places::new(&["name"], &[]);
        let with = |text: &str| {
            let text = text.to_owned();
            catch_unwind(|| {
                let tokens = |_: &AuthTestResponse| vec![text];
                check_tokens::<AuthTest>(input, &places, tokens);
            })
        };
        assert!(with("xoxb-FAKE").is_ok());
        assert!(with("xoxb-OTHER").is_err());
        let none = |_: &AuthTestResponse| Vec::new();
        assert!(catch_unwind(|| check_tokens::<AuthTest>(input, &places, none)).is_err());
    }
}
