//! Whether a credential is dead: by its age, or by Slack's word.

use std::time::Duration;

use slack_proto::{
    Timestamp,
    error::{CommonError, ErrorCode, NoError},
    lifecycle::IssueOrder,
    methods::AuthTest,
    tokens::Credential,
};

use super::{SpareReason, TokenRotator};
use crate::{error::CallError, rotator::guard};

/// What becomes of a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Dead,
    Spared(SpareReason),
}

impl TokenRotator {
    pub(super) async fn judge(
        &self,
        credential: &Credential,
        order: IssueOrder,
        event_time: Option<Timestamp>,
    ) -> Verdict {
        match order {
            IssueOrder::Before => Verdict::Dead,
            IssueOrder::After => Verdict::Spared(SpareReason::IssuedLater),
            _ => {
                let call = self.shared.call(&AuthTest, &credential.access_token);
                let limit = self.shared.settings.total_timeout;
                match guard::within(&*self.shared.runtime, limit, call).await {
                    Ok(Ok(_)) => Verdict::Spared(SpareReason::Alive),
                    Ok(Err(error)) => of_error(&error, credential, event_time),
                    Err(_) => Verdict::Spared(SpareReason::Doubt),
                }
            }
        }
    }
}

/// Slack says `invalid_auth` of a dead token, and of a good one that calls from an address that is not allowed: it counts
/// only if the caller's own clock agrees that the credential is older than the event.
fn of_error(
    error: &CallError<NoError>,
    credential: &Credential,
    event_time: Option<Timestamp>,
) -> Verdict {
    let code = error.response().and_then(|response| response.code());
    match code {
        Some(ErrorCode::Common(CommonError::TokenRevoked | CommonError::AccountInactive)) => {
            Verdict::Dead
        }
        Some(ErrorCode::Common(CommonError::InvalidAuth))
            if event_time.is_some_and(|event| event.since(credential.issued_at) > MARGIN) =>
        {
            Verdict::Dead
        }
        _ => Verdict::Spared(SpareReason::Doubt),
    }
}

/// How far the clocks may be apart.
const MARGIN: Duration = Duration::from_secs(5 * 60);
