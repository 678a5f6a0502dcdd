//! `apps.auth.external.delete`: makes Slack forget tokens of an outside provider.
//!
//! Source: <https://docs.slack.dev/reference/methods/apps.auth.external.delete>.

use crate::{
    AccessToken, ApiMethod,
    error::InvalidValue,
    ids::{AppId, ExternalTokenId, ProviderKey},
    methods::FormFields,
    secret::not_empty,
    wire::{notes::Notes, payload::lenient_payload},
};

/// Deletes external tokens on Slack's side; nothing is revoked at the provider.
///
/// What is deleted is one of three, and no other combination of arguments can be written. An empty id is refused,
/// since Slack could take it for a missing one and delete more than was meant.
///
/// # Examples
///
/// ```
/// use slack_proto::{AccessToken, ApiMethod, Endpoint, methods::AppsAuthExternalDelete};
///
/// let delete = AppsAuthExternalDelete::by_app_and_provider("A0FAKE00001", "github")?;
/// let request = delete.to_request(&Endpoint::slack(), &AccessToken::new("xoxp-FAKE")?);
/// assert_eq!(request.body().as_ref(), b"app_id=A0FAKE00001&provider_key=github");
/// # Ok::<(), slack_proto::error::InvalidValue>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a method does nothing until its request is sent"]
pub struct AppsAuthExternalDelete {
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    Token(ExternalTokenId),
    App(AppId),
    Provider(AppId, ProviderKey),
}

impl AppsAuthExternalDelete {
    /// Creates the call that deletes one token.
    ///
    /// # Errors
    ///
    /// When the id is empty.
    pub fn by_token(id: impl Into<ExternalTokenId>) -> Result<Self, InvalidValue> {
        let id = id.into();
        not_empty("external token id", id.as_str())?;
        Ok(Self { what: What::Token(id) })
    }

    /// Creates the call that deletes all tokens of an app.
    ///
    /// # Errors
    ///
    /// When the id is empty.
    pub fn by_app(id: impl Into<AppId>) -> Result<Self, InvalidValue> {
        Ok(Self { what: What::App(app(id)?) })
    }

    /// Creates the call that deletes all tokens that an app has of one provider.
    ///
    /// # Errors
    ///
    /// When the id or the key is empty.
    pub fn by_app_and_provider(
        id: impl Into<AppId>,
        provider: impl Into<ProviderKey>,
    ) -> Result<Self, InvalidValue> {
        let provider = provider.into();
        not_empty("provider key", provider.as_str())?;
        Ok(Self { what: What::Provider(app(id)?, provider) })
    }
}

fn app(id: impl Into<AppId>) -> Result<AppId, InvalidValue> {
    let id = id.into();
    not_empty("app id", id.as_str())?;
    Ok(id)
}

impl ApiMethod for AppsAuthExternalDelete {
    const NAME: &'static str = "apps.auth.external.delete";
    type Auth = AccessToken;
    type Response = AppsAuthExternalDeleteResponse;
    type Error = AppsAuthExternalDeleteError;

    fn params(&self, form: &mut FormFields) {
        match &self.what {
            What::Token(id) => form.field("external_token_id", id.as_str()),
            What::App(app) => form.field("app_id", app.as_str()),
            What::Provider(app, provider) => {
                form.field("app_id", app.as_str());
                form.field("provider_key", provider.as_str());
            }
        }
    }
}

/// The tokens are deleted; the response of [`AppsAuthExternalDelete`] holds nothing else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AppsAuthExternalDeleteResponse {}

impl AppsAuthExternalDeleteResponse {
    #[expect(clippy::unnecessary_wraps, reason = "the shape that every payload has")]
    fn from_wire((): (), _: &mut Notes) -> Option<Self> {
        Some(Self {})
    }
}

lenient_payload!(AppsAuthExternalDeleteResponse, holds_token: false, from: ());

crate::error_codes! {
    /// Why Slack refuses `apps.auth.external.delete`, beside the common reasons.
    ///
    /// The common `invalid_auth` has a second meaning here: the token that called may not delete this external token.
    pub enum AppsAuthExternalDeleteError {
        /// there is no app of this id
        AppNotFound = "app_not_found", CallerBug;
        /// Slack does not take these arguments together
        InvalidArgs = "invalid_args", CallerBug;
        /// Slack does not offer the method here
        MethodNotSupported = "method_not_supported", Other;
        /// nothing matched, so there was nothing to delete
        NoTokensFound = "no_tokens_found", Done;
        /// the app has no provider of this key
        ProvidersNotFound = "providers_not_found", CallerBug;
        /// there is no external token of this id
        TokenNotFound = "token_not_found", Other;
        /// the deletion failed on Slack's side
        UnableToDelete = "unable_to_delete", Transient;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_argument_is_refused_before_it_deletes_more_than_was_meant() {
        for (refused, shown) in [
            (AppsAuthExternalDelete::by_token(""), "external token id must not be empty"),
            (AppsAuthExternalDelete::by_app(""), "app id must not be empty"),
            (AppsAuthExternalDelete::by_app_and_provider("", "github"), "app id must not be empty"),
            (
                AppsAuthExternalDelete::by_app_and_provider("A1", ""),
                "provider key must not be empty",
            ),
        ] {
            assert_eq!(refused.unwrap_err().to_string(), shown);
        }
    }
}
