//! What must hold for the reply of any method.

use slack_proto::{Method, Reply, ResponseError};

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

/// Which tokens of a success must come out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// That of the envelope and that of `authed_user`.
    Both,
    /// That of the envelope, or else that of `authed_user`.
    First,
}

/// Parses an input as a reply that hands tokens out, and compares them with those that went in.
pub fn check_tokens<M: Method>(
    input: &[u8],
    expected: Expected,
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
    let Some(members) = Members::of(response.body()).filter(Members::may_succeed) else { return };
    let nested = members.object("authed_user");
    let wanted = [members.text("access_token"), nested.and_then(|user| user.text("access_token"))];
    let number = if expected == Expected::Both { 2 } else { 1 };
    for token in wanted.into_iter().flatten().take(number) {
        assert!(given.contains(&token), "a token was lost");
    }
}
