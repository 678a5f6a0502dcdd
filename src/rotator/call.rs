//! Calls with a stored token.

use std::{error::Error, fmt};

use slack_proto::{
    AccessToken, ApiMethod, Recovery, Slot, StoreKey,
    error::{CommonError, ErrorCode, MethodError},
    methods::Reply,
    rotation::{Input, Rejection},
    tokens::Fingerprint,
};

use super::{TokenError, TokenRotator, ValidToken};
use crate::error::CallError;

impl TokenRotator {
    /// Calls a method with the token that is stored under `key`, refreshed if need be.
    ///
    /// If Slack says that the token has expired it is refreshed, and the call is sent once more. If Slack says that it
    /// is revoked or invalid, the store is read once more: another process may have put a newer token there, and then
    /// the call is sent once more with that. Nothing else is ever sent twice.
    ///
    /// # Errors
    ///
    /// When there is no token, as [`access_token`](Self::access_token) says; and as [`Client::call`](crate::Client::call).
    pub async fn call<M: ApiMethod<Auth = AccessToken>>(
        &self,
        method: &M,
        key: &StoreKey,
        slot: Slot,
    ) -> Result<Reply<M::Response>, RotatedCallError<M::Error>> {
        let token = self.access_token(key, slot).await.map_err(RotatedCallError::Token)?;
        let client = &self.shared.client;
        let error = match client.call_by_any_means(method, &token).await {
            Ok(reply) => return Ok(reply),
            Err(error) => error,
        };
        let Some(rejection) = rejection(&error) else { return Err(RotatedCallError::Call(error)) };
        match self.another(key, slot, &token, rejection).await {
            Some(token) => {
                client.call_by_any_means(method, &token).await.map_err(RotatedCallError::Call)
            }
            None => Err(RotatedCallError::Call(error)),
        }
    }

    /// Tells that Slack has refused a token that was given here, as [`call`](Self::call) does by itself: for a program
    /// that calls by other means. Gives another token, if there is one.
    ///
    /// # Errors
    ///
    /// As [`access_token`](Self::access_token); and the token is the same if the store holds nothing newer after a
    /// [`Doubtful`](Rejection::Doubtful) rejection.
    pub async fn report_rejected(
        &self,
        key: &StoreKey,
        slot: Slot,
        token: Fingerprint,
        rejection: Rejection,
    ) -> Result<ValidToken, TokenError> {
        self.settle(key, slot, Input::Rejected { token, rejection }).await?;
        self.access_token(key, slot).await
    }

    async fn another(
        &self,
        key: &StoreKey,
        slot: Slot,
        token: &ValidToken,
        rejection: Rejection,
    ) -> Option<ValidToken> {
        let old = token.fingerprint();
        let new = self.report_rejected(key, slot, old, rejection).await.ok()?;
        (new.fingerprint() != old).then_some(new)
    }
}

fn rejection<E: MethodError>(error: &CallError<E>) -> Option<Rejection> {
    let response = error.response()?;
    match (response.code()?, response.recovery()) {
        (_, Recovery::Refresh) => Some(Rejection::Expired),
        (ErrorCode::Common(CommonError::InvalidAuth | CommonError::TokenRevoked), _) => {
            Some(Rejection::Doubtful)
        }
        _ => None,
    }
}

/// Why a call with a stored token gave no result.
#[derive(Debug)]
#[non_exhaustive]
pub enum RotatedCallError<E> {
    /// There is no token to call with; nothing was sent.
    Token(TokenError),
    /// The call failed.
    Call(CallError<E>),
}

impl<E: MethodError> RotatedCallError<E> {
    /// Tells what to do next.
    #[must_use]
    pub fn recovery(&self) -> Recovery {
        match self {
            Self::Token(error) => error.recovery(),
            Self::Call(error) => error.recovery(),
        }
    }
}

impl<E: MethodError> fmt::Display for RotatedCallError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token(error) => error.fmt(f),
            Self::Call(error) => error.fmt(f),
        }
    }
}

impl<E: MethodError> Error for RotatedCallError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Token(error) => error.source(),
            Self::Call(error) => error.source(),
        }
    }
}
