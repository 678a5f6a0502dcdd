//! The three flows: an authorize page, what it takes, and the method that trades its code.

use super::{InstallScopes, RedirectUri, RequestedScopes, SignInScopes};
use crate::{
    ApiMethod,
    methods::{OauthV2Access, OauthV2UserAccess, OpenidConnectToken},
    oauth::{
        AuthorizationCode, Scopes,
        client_authentication::{ClientAuthentication, CodeGrant},
    },
    sealed::Sealed,
    tokens::IssuedCredential,
};

/// A method that exchanges an authorization code for credentials, the last step of a flow.
///
/// | method | begins at | asks for |
/// |---|---|---|
/// | [`OauthV2Access`] | `/oauth/v2/authorize` | [`InstallScopes`] |
/// | [`OauthV2UserAccess`] | `/oauth/v2_user/authorize` | [`Scopes`], a person's |
/// | [`OpenidConnectToken`] | `/openid/connect/authorize` | [`SignInScopes`] |
///
/// A code from one page used at another's method gives `oauth_authorization_url_mismatch`; the types keep that from
/// happening.
pub trait CodeExchange: ApiMethod + Sealed {
    /// The scopes that its page asks for.
    type Scopes: RequestedScopes;

    /// What the exchange proves.
    #[doc(hidden)]
    type Authentication: ClientAuthentication;

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
        proof: Self::Authentication,
        redirect_uri: Option<RedirectUri>,
    ) -> Self;

    /// Returns the granted scopes of the bot's and of the user's credential.
    #[doc(hidden)]
    fn granted(response: &Self::Response) -> [Option<&Scopes>; 2];
}

impl<P> Sealed for OauthV2Access<P> {}

impl<P: ClientAuthentication> CodeExchange for OauthV2Access<P> {
    type Scopes = InstallScopes;
    type Authentication = P;
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

impl<P: ClientAuthentication> CodeExchange for OauthV2UserAccess<P> {
    type Scopes = Scopes;
    type Authentication = P;
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

impl<P: ClientAuthentication> CodeExchange for OpenidConnectToken<P> {
    type Scopes = SignInScopes;
    type Authentication = P;
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
    use crate::{
        ClientId, Endpoint, Timestamp,
        oauth::{AuthorizationRequest, Callback, RandomBytes},
    };

    /// What was not granted, for the bot and for the person.
    fn missing_scopes<M: CodeExchange>(
        scopes: impl Into<M::Scopes>,
        answer: &'static str,
    ) -> [String; 2] {
        let now = Timestamp::from_unix(1_795_219_200);
        let redirect = RedirectUri::new("https://app.example.com/cb").unwrap();
        let request =
            AuthorizationRequest::<M>::new(ClientId::new("1.2").unwrap(), scopes, redirect);
        let (_, pending) =
            request.unwrap().begin(&Endpoint::slack(), &RandomBytes::new([7; 96]), now);
        let callback = format!("code=c0de&state={}", pending.state().expose());
        let authorized = pending.finish(Callback::parse(&callback).unwrap(), now).unwrap();
        let reply = M::parse_response(&http::Response::new(answer)).unwrap();
        let lacking = authorized.missing_scopes(&reply.value);
        [lacking.bot, lacking.user].map(|scopes| scopes.to_string())
    }

    #[test]
    fn every_flow_tells_which_scopes_were_not_granted() {
        let install = InstallScopes::bot("a,b").user("c,d");
        let answer = r#"{"ok":true,"access_token":"xoxb-1","scope":"b","authed_user":{"access_token":"xoxp-1","scope":"c"}}"#;
        assert_eq!(missing_scopes::<OauthV2Access>(install.clone(), answer), ["a", "d"]);
        let lone = r#"{"ok":true,"access_token":"xoxb-1","scope":"b"}"#;
        assert_eq!(missing_scopes::<OauthV2Access>(install, lone), ["a", "c,d"]);
        let answer = r#"{"ok":true,"access_token":"xoxp-1","scope":"d"}"#;
        assert_eq!(missing_scopes::<OauthV2UserAccess>(Scopes::from("c,d"), answer), ["", "c"]);
        let answer = r#"{"ok":true,"access_token":"xoxp-1","scope":"openid"}"#;
        let asked = SignInScopes::openid().email();
        assert_eq!(missing_scopes::<OpenidConnectToken>(asked, answer), ["", "email"]);
        // An answer without scopes grants them all.
        let silent = r#"{"ok":true,"access_token":"xoxp-1"}"#;
        assert_eq!(missing_scopes::<OauthV2UserAccess>(Scopes::from("c,d"), silent), ["", ""]);
    }
}
