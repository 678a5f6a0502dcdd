//! What the three methods share that exchange an authorization code.

/// Implements the constructors and [`ApiMethod`](crate::ApiMethod) of a code exchange around a
/// [`CodeGrant`](crate::oauth::client_authentication::CodeGrant).
macro_rules! code_exchange {
    ($Method:ident, $name:literal, $Response:ty, $Error:ty) => {
        impl $Method {
            /// Creates the exchange of a `code` from the callback; the client authenticates by its secret.
            pub fn new(code: AuthorizationCode) -> Self {
                Self { grant: CodeGrant::new(code, SecretAuthentication, None) }
            }
        }

        impl $Method<CodeVerifier> {
            /// Creates the exchange for a client without a secret. `verifier` is the one whose challenge the
            /// authorization request carried (PKCE, RFC 7636).
            pub fn pkce(code: AuthorizationCode, verifier: CodeVerifier) -> Self {
                Self { grant: CodeGrant::new(code, verifier, None) }
            }
        }

        impl $Method<SecretAndPkce> {
            /// Creates the exchange with both a secret and a verifier.
            ///
            /// Whether Slack accepts both is unconfirmed; on `openid.connect.token` it was seen to answer
            /// `internal_error`.
            pub fn pkce_with_secret(code: AuthorizationCode, verifier: CodeVerifier) -> Self {
                Self { grant: CodeGrant::new(code, SecretAndPkce::new(verifier), None) }
            }
        }

        impl<P: ClientAuthentication> $Method<P> {
            /// Sets the redirect URI. It is required if the authorization request had one, and must be the same text.
            pub fn redirect_uri(self, uri: RedirectUri) -> Self {
                Self { grant: self.grant.redirect_uri(uri) }
            }

            pub(crate) fn from_grant(grant: CodeGrant<P>) -> Self {
                Self { grant }
            }
        }

        impl<P: ClientAuthentication> ApiMethod for $Method<P> {
            const NAME: &'static str = $name;
            const PURPOSE: $crate::methods::Purpose = $crate::methods::Purpose::CodeGrant;
            type Auth = P::Client;
            type Response = $Response;
            type Error = $Error;

            fn authenticate(&self, auth: &Self::Auth, form: &mut FormFields) {
                $crate::methods::auth::authenticate_client($name, auth, form);
            }

            fn params(&self, form: &mut FormFields) {
                self.grant.params(form);
            }
        }
    };
}
pub(super) use code_exchange;
