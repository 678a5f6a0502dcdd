//! What must hold for the reply of any method.

use slack_proto::{IssuedCredential, Method, RefreshToken, Reply, ResponseError};

use crate::{
    input,
    oracle::{self, Members},
    secrets,
};

/// Parses an input as a reply of `M`, and gives the success to a target that has more to ask.
///
/// Nothing panics; what is shown holds no token; a failure is never a success.
pub fn check<M: Method>(input: &[u8]) -> Option<Reply<M::Response>>
where
    M::Response: std::fmt::Debug,
{
    let response = input::response(input);
    let members = Members::of(response.body());
    match M::parse_response(&response) {
        Ok(reply) => {
            assert!(
                members.is_none_or(|members| members.may_succeed()),
                "a failure became a success"
            );
            secrets::assert_hidden(&reply);
            Some(reply)
        }
        Err(error) => {
            secrets::assert_hidden_error(&error);
            let _ = error.recovery();
            if let (ResponseError::Api(error), Some(code)) =
                (&error, members.and_then(|m| m.text("error")))
            {
                assert_eq!(error.code.as_str(), code, "an error code was changed");
            }
            None
        }
    }
}

/// Where a method's answer may hold tokens.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Places {
    /// In the object itself and in `authed_user`.
    TopAndAuthedUser,
    /// In the object itself.
    Top,
}

/// Parses an input as a reply that hands tokens out, and compares them with those that went in: every access token and
/// every refresh token that stands once in a place where a token belongs comes out, and none that never went in.
pub fn check_tokens<M: Method>(
    input: &[u8],
    places: Places,
    tokens: impl FnOnce(&M::Response) -> Vec<String>,
) where
    M::Response: std::fmt::Debug,
{
    let reply = check::<M>(input);
    let given = reply.as_ref().map(|reply| tokens(&reply.value)).unwrap_or_default();
    let response = input::response(input);
    if reply.is_some() {
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
    let nested = top.object("authed_user").filter(|_| places == Places::TopAndAuthedUser);
    let holders = || [Some(&top), nested.as_ref()].into_iter().flatten();
    for token in holders().filter_map(|holder| holder.text("access_token")) {
        assert!(given.contains(&token), "a token was lost");
    }
    // Without any access token there is no success that could hand a refresh token over.
    for token in holders().filter_map(|holder| holder.text("refresh_token")) {
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
