//! What proves to Slack who is calling.

use crate::{AccessToken, ConfigurationToken, Form, RefreshToken};

/// A credential that a method can take; each method names its own, so that a wrong one does not compile.
pub trait Auth {
    /// Adds the credential to the request.
    fn apply(&self, form: &mut Form);
}

/// An access token is presented as a bearer token.
impl Auth for AccessToken {
    fn apply(&self, form: &mut Form) {
        form.bearer(self);
    }
}

/// A refresh token calls nothing; [`AuthRevoke`](crate::AuthRevoke) alone takes it as a bearer token.
impl Auth for RefreshToken {
    fn apply(&self, form: &mut Form) {
        form.bearer_text(self.expose());
    }
}

/// A configuration token is presented as a bearer token, to the methods `apps.manifest.*`.
impl Auth for ConfigurationToken {
    fn apply(&self, form: &mut Form) {
        form.bearer_text(self.expose());
    }
}

/// For a method whose argument is the credential.
impl Auth for () {
    fn apply(&self, _: &mut Form) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_token_calls_as_a_bearer_and_travels_in_no_form() {
        let applied = |auth: &dyn Auth| {
            let mut form = Form::new();
            auth.apply(&mut form);
            let (body, authorization) = form.finish();
            (body.into_vec(), authorization.unwrap())
        };
        for (auth, expected) in [
            (&AccessToken::new("xoxb-1").unwrap() as &dyn Auth, "Bearer xoxb-1"),
            (&RefreshToken::new("xoxe-1-a").unwrap(), "Bearer xoxe-1-a"),
            (&ConfigurationToken::new("xoxe.xoxp-1-a").unwrap(), "Bearer xoxe.xoxp-1-a"),
        ] {
            let (body, authorization) = applied(auth);
            assert_eq!((body.as_slice(), &authorization), (&b""[..], &expected.parse().unwrap()));
            assert!(authorization.is_sensitive());
        }
    }
}
