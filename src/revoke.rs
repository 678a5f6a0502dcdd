//! The end of an installation's tokens.

use slack_proto::{
    AuthRevoke, AuthRevokeError, CommonError, Credential, ErrorCode, Installation, Method,
    Recovery, Slot,
};

use crate::{CallError, Client};

/// What came of revoking the tokens of an installation.
#[derive(Debug, Default)]
#[must_use = "a token that could not be revoked still works"]
#[non_exhaustive]
pub struct Revocation {
    /// How many tokens Slack has revoked now.
    pub revoked: usize,
    /// How many had ended before.
    pub ended_before: usize,
    /// Whose tokens could not be revoked, and why; call again after what [`CallError::recovery`] says.
    pub failed: Vec<(Slot, CallError<AuthRevokeError>)>,
}

impl Revocation {
    /// Tells whether no token is left.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.failed.is_empty()
    }
}

impl Client {
    /// Revokes the tokens of an installation: of each credential the access token, and then the refresh token, which
    /// would live on. Goes through all of them, whatever becomes of one.
    ///
    /// Of an app without token rotation this ends the whole authorization behind a token. A configuration token, which
    /// is no app's, is left alone. Remove the installation from the store first
    /// ([`remove_installation`](crate::remove_installation) gives it), so that nobody takes up a token that is going.
    pub async fn revoke_all(&self, installation: &Installation) -> Revocation {
        let mut done = Revocation::default();
        for slot in [Slot::Bot, Slot::User, Slot::Unknown] {
            let Some(credential) = installation.credential(slot) else { continue };
            let Credential { access_token, refresh_token, .. } = credential;
            done.note(slot, self.call(&AuthRevoke::new(), access_token).await.map(|_| ()));
            if let Some(token) = refresh_token {
                done.note(slot, self.call(&AuthRevoke::refresh_token(), token).await.map(|_| ()));
            }
        }
        done
    }
}

impl Revocation {
    fn note(&mut self, slot: Slot, outcome: Result<(), CallError<AuthRevokeError>>) {
        match outcome {
            Ok(()) => self.revoked += 1,
            Err(error) if has_ended(&error) => self.ended_before += 1,
            Err(error) => self.failed.push((slot, error)),
        }
    }
}

/// Tells whether the token is as good as revoked: an expired one as well.
fn has_ended(error: &CallError<<AuthRevoke as Method>::Error>) -> bool {
    let code = error.response().and_then(|response| response.code());
    matches!(error.recovery(), Recovery::AlreadyDone)
        || matches!(code, Some(ErrorCode::Common(CommonError::TokenExpired)))
}
