//! One request for a new pair, and what its answer means.

use std::sync::Arc;

use slack_proto::{
    ApiMethod, Timestamp,
    methods::{
        OauthV2ExchangeResponse, OauthV2RefreshResponse, OauthV2UserRefreshResponse,
        OpenidConnectRefreshResponse,
    },
    oauth::ClientCredentials,
    rotation::{Input, Issued, RefreshFailure, RefreshRequest},
};

use super::{entry::Cause, shared::Shared};
use crate::error::CallError;

/// Sends a request once.
pub(super) async fn send(shared: &Shared, request: RefreshRequest) -> (Input, Cause) {
    #[cfg(feature = "metrics")]
    let (method, began) = (request.method(), shared.runtime.elapsed());
    let outcome = send_once(shared, request).await;
    #[cfg(feature = "metrics")]
    {
        let took = shared.runtime.elapsed().saturating_sub(began);
        super::record::request(method, took, &outcome.0);
    }
    outcome
}

async fn send_once(shared: &Shared, request: RefreshRequest) -> (Input, Cause) {
    let app = &*shared.app();
    match &request {
        RefreshRequest::Refresh(it) => {
            call(shared, it, app, OauthV2RefreshResponse::into_credential).await
        }
        RefreshRequest::UserRefresh(it) => {
            call(shared, it, app, OauthV2UserRefreshResponse::into_credential).await
        }
        RefreshRequest::OpenidRefresh(it) => {
            call(shared, it, app, OpenidConnectRefreshResponse::into_credential).await
        }
        RefreshRequest::Rotate(it) => {
            call(shared, it, &(), |response, at| Issued::new(response.into_credential(at))).await
        }
        RefreshRequest::Exchange(it) => match app {
            ClientCredentials::Confidential(app) => {
                call(shared, it, app, OauthV2ExchangeResponse::into_credential).await
            }
            _ => (Input::Failed(RefreshFailure::NothingSent), None),
        },
        _ => (Input::Failed(RefreshFailure::NothingSent), None),
    }
}

async fn call<M: ApiMethod>(
    shared: &Shared,
    method: &M,
    auth: &M::Auth,
    issue: fn(M::Response, Timestamp) -> Issued,
) -> (Input, Cause) {
    let requested_at = shared.runtime.now();
    match shared.call(method, auth).await {
        Ok(reply) => (Input::Issued(issue(reply.value, requested_at)), None),
        Err(error) => {
            let failure = match &error {
                CallError::Response(error) => RefreshFailure::of(error),
                CallError::Transport(error) if error.error.nothing_was_sent() => {
                    RefreshFailure::NothingSent
                }
                CallError::Transport(_) => RefreshFailure::Unknown { after: None },
            };
            (Input::Failed(failure), Some(Arc::new(error)))
        }
    }
}
