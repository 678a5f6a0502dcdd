//! The three flows: an authorize page, what it takes, and the method that trades its code.

use super::{AskedScopes, InstallScopes, RedirectUri, SignInScopes};
use crate::{
    AuthorizationCode, IssuedCredential, Method, OauthV2Access, OauthV2UserAccess,
    OpenidConnectToken, Scopes,
    proof::{CodeGrant, Proof},
    sealed::Sealed,
};

/// A method that trades a code for credentials, and so ends a flow that began on an authorize page.
///
/// | method | begins at | asks for |
/// |---|---|---|
/// | [`OauthV2Access`] | `/oauth/v2/authorize` | [`InstallScopes`] |
/// | [`OauthV2UserAccess`] | `/oauth/v2_user/authorize` | [`Scopes`], a person's |
/// | [`OpenidConnectToken`] | `/openid/connect/authorize` | [`SignInScopes`] |
///
/// A code from one page used at another's method gives `oauth_authorization_url_mismatch`; the types keep that from
/// happening.
pub trait CodeExchange: Method + Sealed {
    /// What its page is asked for.
    type Scopes: AskedScopes;

    /// What the exchange proves.
    #[doc(hidden)]
    type Proof: Proof;

    /// The page, with its query up to the client id.
    #[doc(hidden)]
    const PAGE: &'static str;

    /// The flow's number in a stateless state.
    #[doc(hidden)]
    const FLOW: u8;

    /// Whether a nonce goes onto the page and comes back in an ID token.
    #[doc(hidden)]
    const SIGNS_IN: bool = false;

    #[doc(hidden)]
    fn with_proof(
        code: AuthorizationCode,
        proof: Self::Proof,
        redirect_uri: Option<RedirectUri>,
    ) -> Self;

    /// Gives the scopes of the bot's and of the person's credential.
    #[doc(hidden)]
    fn granted(response: &Self::Response) -> [Option<&Scopes>; 2];
}

impl<P> Sealed for OauthV2Access<P> {}

impl<P: Proof> CodeExchange for OauthV2Access<P> {
    type Scopes = InstallScopes;
    type Proof = P;
    const PAGE: &'static str = "/oauth/v2/authorize?client_id=";
    const FLOW: u8 = 1;

    fn with_proof(code: AuthorizationCode, proof: P, redirect_uri: Option<RedirectUri>) -> Self {
        Self::from_grant(CodeGrant::new(code, proof, redirect_uri))
    }

    fn granted(response: &Self::Response) -> [Option<&Scopes>; 2] {
        [response.bot.as_ref().map(scopes), response.user.as_ref().map(scopes)]
    }
}

impl<P> Sealed for OauthV2UserAccess<P> {}

impl<P: Proof> CodeExchange for OauthV2UserAccess<P> {
    type Scopes = Scopes;
    type Proof = P;
    const PAGE: &'static str = "/oauth/v2_user/authorize?client_id=";
    const FLOW: u8 = 2;

    fn with_proof(code: AuthorizationCode, proof: P, redirect_uri: Option<RedirectUri>) -> Self {
        Self::from_grant(CodeGrant::new(code, proof, redirect_uri))
    }

    fn granted(response: &Self::Response) -> [Option<&Scopes>; 2] {
        [None, Some(scopes(&response.credential))]
    }
}

impl<P> Sealed for OpenidConnectToken<P> {}

impl<P: Proof> CodeExchange for OpenidConnectToken<P> {
    type Scopes = SignInScopes;
    type Proof = P;
    const PAGE: &'static str = "/openid/connect/authorize?response_type=code&client_id=";
    const FLOW: u8 = 3;
    const SIGNS_IN: bool = true;

    fn with_proof(code: AuthorizationCode, proof: P, redirect_uri: Option<RedirectUri>) -> Self {
        Self::from_grant(CodeGrant::new(code, proof, redirect_uri))
    }

    fn granted(response: &Self::Response) -> [Option<&Scopes>; 2] {
        [None, Some(scopes(&response.credential))]
    }
}

fn scopes(credential: &IssuedCredential) -> &Scopes {
    &credential.scopes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_granted_stands_where_the_answer_has_it() {
        fn granted<M: CodeExchange>(body: &'static str) -> [Option<String>; 2] {
            let reply = M::parse_response(&http::Response::new(body)).unwrap();
            M::granted(&reply.value).map(|scopes| scopes.map(ToString::to_string))
        }
        let user = r#"{"ok":true,"access_token":"xoxp-1","scope":"a,b","authed_user":{"id":"U1"}}"#;
        assert_eq!(granted::<OauthV2UserAccess>(user), [None, Some("a,b".to_owned())]);
        let person =
            r#"{"ok":true,"access_token":"xoxp-1","scope":"openid","id_token":"e30.e30.e30"}"#;
        let [bot, scopes] = granted::<OpenidConnectToken>(person);
        assert!(bot.is_none() && scopes.is_some());
        let both = r#"{"ok":true,"access_token":"xoxb-1","scope":"a",
            "authed_user":{"id":"U1","access_token":"xoxp-1","scope":"b"}}"#;
        assert_eq!(granted::<OauthV2Access>(both), [Some("a".to_owned()), Some("b".to_owned())]);
    }
}
