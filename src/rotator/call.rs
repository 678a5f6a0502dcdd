//! Calls with a stored token.

use std::{error::Error, fmt};

use slack_proto::{
    AccessToken, ApiMethod, Recovery, Slot, StoreKey,
    error::{CommonError, ErrorCode, MethodError},
    methods::Reply,
    rotation::{Input, Rejection},
    tokens::Fingerprint,
};

use super::{TokenError, TokenErrorKind, TokenRotator, ValidToken};
use crate::error::CallError;

impl TokenRotator {
    /// Calls a method with the token that is stored under `key`, and refreshes it if need be.
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
        let error = match self.shared.call(method, &token).await {
            Ok(reply) => return Ok(reply),
            Err(error) => error,
        };
        let Some(rejection) = rejection(&error) else { return Err(RotatedCallError::Call(error)) };
        let old = token.fingerprint();
        match (self.report_rejected(key, slot, old, rejection).await, rejection) {
            (Ok(new), _) if new.fingerprint() != old => {
                self.shared.call(method, &new).await.map_err(RotatedCallError::Call)
            }
            // That the token has expired is nothing that the caller can cure; why it was not refreshed may be.
            (Err(why), Rejection::Expired) => Err(RotatedCallError::Token(why)),
            _ => Err(RotatedCallError::Call(error)),
        }
    }

    /// Records that Slack has refused a token that was returned here, as [`call`](Self::call) does by itself: for a program
    /// that calls by other means. Returns another token, if there is one.
    ///
    /// # Errors
    ///
    /// As [`access_token`](Self::access_token), and [`TokenErrorKind::RefreshedLately`] if the token is so new that it is
    /// not refreshed again already. After a [`Doubtful`](Rejection::Doubtful) rejection the token is the same if the store
    /// holds nothing newer.
    pub async fn report_rejected(
        &self,
        key: &StoreKey,
        slot: Slot,
        token: Fingerprint,
        rejection: Rejection,
    ) -> Result<ValidToken, TokenError> {
        self.settle(key, slot, Input::Rejected { token, rejection }).await?;
        let new = self.access_token(key, slot).await?;
        if rejection == Rejection::Expired && new.fingerprint() == token {
            let now = self.shared.runtime.now();
            let error = TokenError::of(key, slot, TokenErrorKind::RefreshedLately);
            let at = self.shared.entry(key, slot).next_refresh_at(now);
            return Err(error.retry_at(now, at.unwrap_or(now)));
        }
        Ok(new)
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
    /// There is no token to call with. Nothing was sent, or Slack said that the token has expired and no other came.
    Token(TokenError),
    /// The call failed.
    Call(CallError<E>),
}

impl<E: MethodError> RotatedCallError<E> {
    /// Returns what to do next.
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
