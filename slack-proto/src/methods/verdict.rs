//! Success or failure: decided in one place and in one order.

use http::HeaderMap;

use crate::{
    error::{ApiError, DecodeError, ErrorCode, HttpError, MethodError, RateLimited, ResponseError},
    methods::{Payload, Reply, ReplyMeta, UntrustedText},
    wire::{envelope::OkState, read::Read},
};

/// What a call is for, where that changes what an error asks for.
///
/// It is not called a grant type: calls that are no grants have one as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Purpose {
    /// Any call.
    Call,
    /// It exchanges a single-use authorization code: after an unknown outcome the flow must begin again in the browser.
    CodeGrant,
    /// It trades a single-use refresh token: after an unknown outcome the same one must be sent again soon.
    RefreshGrant,
    /// It revokes a token: one that is revoked already is not a failure.
    Revocation,
}

/// Decides what a reply is, in this order:
///
/// 1. status 429, or a rate-limit code at any status: rate limited, unless a token came with it;
/// 2. two members `ok` that differ: unreadable;
/// 3. `ok: false`: refused, at any status;
/// 4. `ok: true`: a success, at any status, if the payload is whole;
/// 5. no `ok`, a string `error`, and a status of 400 or more: refused, in OAuth's style (RFC 6749 section 5.2);
/// 6. a status that is not a success: an HTTP error;
/// 7. anything else: unreadable.
pub(crate) fn decide<P: Payload, E: MethodError>(
    status: u16,
    headers: &HeaderMap,
    purpose: Purpose,
    read: Read<E>,
    payload: &mut Option<P>,
) -> Result<Reply<P>, ResponseError<E>> {
    let Read { ok, code, details, fault, position } = read;
    let mut meta = ReplyMeta::new(status, headers, details);
    let rate_code =
        code.as_ref().is_some_and(|code| matches!(code.as_str(), "ratelimited" | "rate_limited"));
    let has_token = ok == OkState::True && P::HOLDS_TOKEN && payload.is_some();
    if (status == 429 || rate_code) && !has_token {
        let code = code.map(|code| UntrustedText::from(code.as_str()));
        return Err(ResponseError::RateLimited(RateLimited { code, meta }));
    }
    if ok == OkState::True {
        if let Some(mut value) = payload.take() {
            if let Some(date) = meta.date() {
                value.set_server_date(date);
            }
            if !(200..300).contains(&status) {
                meta.odd("$", "a success, although the HTTP status is an error");
            }
            if code.is_some() {
                meta.odd("error", "an error code beside `ok: true`");
            }
            return Ok(Reply { value, meta });
        }
    }
    Err(match (ok, code) {
        (OkState::False, code) => {
            let code = code.unwrap_or_else(|| ErrorCode::Unknown(UntrustedText::from("")));
            ResponseError::Api(ApiError { code, meta, purpose })
        }
        (OkState::Missing | OkState::NotBoolean, Some(code)) if status >= 400 => {
            ResponseError::Api(ApiError { code, meta, purpose })
        }
        (OkState::Missing | OkState::NotBoolean, _) if !(200..300).contains(&status) => {
            ResponseError::Http(HttpError { meta, purpose })
        }
        (_, code) => {
            let code = code.map(|code| UntrustedText::from(code.as_str()));
            ResponseError::Decode(DecodeError { meta, fault, position, code, purpose })
        }
    })
}
