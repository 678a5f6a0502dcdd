//! What proves to Slack who is calling.

use crate::{
    AccessToken,
    methods::FormFields,
    tokens::{ConfigurationToken, RefreshToken},
};

/// A credential that a method can require. Each method names its type, so that a call with another one does not
/// compile.
pub trait Auth {
    /// Adds the credential to the request.
    fn apply(&self, form: &mut FormFields);

    /// Adds the credential for a method that reads no HTTP Basic header, unless the caller has decided otherwise.
    #[doc(hidden)]
    fn apply_preferring_body(&self, form: &mut FormFields) {
        self.apply(form);
    }
}

/// Adds a client's id and secret in the way that a method is known to read them.
pub(crate) fn authenticate_client(method: &str, client: &impl Auth, form: &mut FormFields) {
    // One live report says that this method reads no Basic header; its page advises Basic.
    if method == "oauth.v2.user.access" {
        client.apply_preferring_body(form);
    } else {
        client.apply(form);
    }
}

/// An access token is presented as a bearer token.
impl Auth for AccessToken {
    fn apply(&self, form: &mut FormFields) {
        form.bearer(self);
    }
}

/// A refresh token calls nothing; [`AuthRevoke`](crate::methods::AuthRevoke) alone takes it as a bearer token.
impl Auth for RefreshToken {
    fn apply(&self, form: &mut FormFields) {
        form.bearer_text(self.expose());
    }
}

/// A configuration token is presented as a bearer token, to the methods `apps.manifest.*`.
impl Auth for ConfigurationToken {
    fn apply(&self, form: &mut FormFields) {
        form.bearer_text(self.expose());
    }
}

/// For a method whose argument is the credential.
impl Auth for () {
    fn apply(&self, _: &mut FormFields) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_token_that_calls_is_presented_as_a_bearer() {
        fn presented(token: &impl Auth) -> String {
            let mut form = FormFields::new();
            token.apply(&mut form);
            let (body, authorization) = form.finish();
            assert!(body.as_ref().is_empty());
            authorization.unwrap().to_str().unwrap().to_owned()
        }
        assert_eq!(presented(&AccessToken::new("xoxb-1").unwrap()), "Bearer xoxb-1");
        assert_eq!(presented(&RefreshToken::new("xoxe-1").unwrap()), "Bearer xoxe-1");
        assert_eq!(
            presented(&ConfigurationToken::new("xoxe.xoxp-1").unwrap()),
            "Bearer xoxe.xoxp-1"
        );
    }
}
