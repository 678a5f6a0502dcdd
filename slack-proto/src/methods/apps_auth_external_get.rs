//! `apps.auth.external.get`: a token of an outside provider that Slack keeps for the app.
//!
//! Source: <https://docs.slack.dev/reference/methods/apps.auth.external.get>.

use crate::{
    AccessToken, ApiMethod,
    error::InvalidValue,
    ids::ExternalTokenId,
    methods::FormFields,
    secret::not_empty,
    tokens::{ExternalToken, TokenResponseExtras},
    wire::{notes::Notes, object::object, payload::lenient_payload},
};

/// Fetches an outside provider's token. The token that calls is a bot's or a workflow step's.
///
/// # Examples
///
/// ```
/// use slack_proto::{AccessToken, ApiMethod, Endpoint, methods::AppsAuthExternalGet};
///
/// let get = AppsAuthExternalGet::new("Et0FAKE00001")?.force_refresh();
/// let request = get.to_request(&Endpoint::slack(), &AccessToken::new("xwfp-FAKE")?);
/// assert_eq!(request.body().as_ref(), b"external_token_id=Et0FAKE00001&force_refresh=true");
/// # Ok::<(), slack_proto::error::InvalidValue>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a method does nothing until its request is sent"]
pub struct AppsAuthExternalGet {
    id: ExternalTokenId,
    refresh: Refresh,
}

#[derive(Clone, Copy, Debug)]
enum Refresh {
    WhenExpired,
    Always,
}

impl AppsAuthExternalGet {
    /// Creates the call from the id of the token, as the workflow step's input of type
    /// `slack#/types/credential/oauth2` has it.
    ///
    /// # Errors
    ///
    /// Returns an error if the id is empty.
    pub fn new(id: impl Into<ExternalTokenId>) -> Result<Self, InvalidValue> {
        let id = id.into();
        not_empty("external token id", id.as_str())?;
        Ok(Self { id, refresh: Refresh::WhenExpired })
    }

    /// Asks Slack to refresh the token at the provider even if it has not expired.
    pub fn force_refresh(self) -> Self {
        Self { refresh: Refresh::Always, ..self }
    }
}

impl ApiMethod for AppsAuthExternalGet {
    const NAME: &'static str = "apps.auth.external.get";
    type Auth = AccessToken;
    type Response = AppsAuthExternalGetResponse;
    type Error = AppsAuthExternalGetError;

    fn params(&self, form: &mut FormFields) {
        form.field("external_token_id", self.id.as_str());
        if let Refresh::Always = self.refresh {
            form.field("force_refresh", "true");
        }
    }
}

/// The response of [`AppsAuthExternalGet`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AppsAuthExternalGetResponse {
    /// The token. Slack does not say when it expires.
    pub external_token: ExternalToken,
    /// What else the provider answered, if the app's manifest asked for it.
    pub token_response_extras: Option<TokenResponseExtras>,
}

impl AppsAuthExternalGetResponse {
    fn from_wire(wire: ExternalGetWire, notes: &mut Notes) -> Option<Self> {
        let Some(external_token) = wire.external_token.take() else {
            notes.missing("external_token");
            return None;
        };
        Some(Self { external_token, token_response_extras: wire.token_response_extras.take() })
    }
}

object! {
    struct ExternalGetWire {
        external_token: ExternalToken = "external_token",
        token_response_extras: TokenResponseExtras = "token_response_extras",
    }
}

lenient_payload!(AppsAuthExternalGetResponse, holds_token: true, from: ExternalGetWire);

crate::error_codes! {
    /// The errors of `apps.auth.external.get`, in addition to the common ones.
    pub enum AppsAuthExternalGetError {
        /// Slack could not get or refresh the token at the provider; the person may have to connect again
        AccessTokenExchangeFailed = "access_token_exchange_failed", Other;
        /// Slack does not offer the method here
        MethodNotSupported = "method_not_supported", Other;
        /// a refresh was needed, and Slack has no refresh token of the provider; the person has to connect again
        NoRefreshToken = "no_refresh_token", Other;
        /// there is no external token of this id
        TokenNotFound = "token_not_found", Other;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Endpoint;

    #[test]
    fn a_refresh_is_asked_for_only_when_forced() {
        let body = |get: AppsAuthExternalGet| {
            let token = AccessToken::new("xoxb-FAKE").unwrap();
            let request = get.to_request(&Endpoint::slack(), &token);
            String::from_utf8(request.body().as_ref().to_vec()).unwrap()
        };
        let get = AppsAuthExternalGet::new("Et1").unwrap();
        assert_eq!(body(get.clone()), "external_token_id=Et1");
        assert_eq!(body(get.force_refresh()), "external_token_id=Et1&force_refresh=true");
    }
}
