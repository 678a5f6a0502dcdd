//! What a code exchange proves: a secret, a verifier, or both.

use crate::{
    ConfidentialClient, PublicClient,
    methods::{Auth, FormFields},
    oauth::{AuthorizationCode, CodeVerifier, RedirectUri},
    sealed::Sealed,
};

/// How a client authenticates when it exchanges an authorization code. The type decides which kind of client can send
/// the request, so that a secret cannot be forgotten and a public client cannot be asked for one.
pub trait ClientAuthentication: Sealed + Clone + std::fmt::Debug + Send + Sync + 'static {
    /// The client that can send such a request.
    type Client: Auth;

    /// Whether a challenge goes onto the authorize page.
    #[doc(hidden)]
    const PKCE: bool;

    /// Its name in an encoding.
    #[doc(hidden)]
    const KIND: &'static str;

    /// Creates the authentication; calls `verifier` only if this kind needs a verifier.
    #[doc(hidden)]
    fn make<E>(verifier: impl FnOnce() -> Result<CodeVerifier, E>) -> Result<Self, E>;

    /// Returns the PKCE verifier to send, if this kind has one.
    #[doc(hidden)]
    fn verifier(&self) -> Option<&CodeVerifier>;
}

/// Authentication by the client's secret.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct SecretAuthentication;

impl Sealed for SecretAuthentication {}

impl ClientAuthentication for SecretAuthentication {
    type Client = ConfidentialClient;
    const PKCE: bool = false;
    const KIND: &'static str = "secret";

    fn make<E>(_: impl FnOnce() -> Result<CodeVerifier, E>) -> Result<Self, E> {
        Ok(Self)
    }

    fn verifier(&self) -> Option<&CodeVerifier> {
        None
    }
}

impl Sealed for CodeVerifier {}

/// Authentication by PKCE (RFC 7636), for a client without a secret.
impl ClientAuthentication for CodeVerifier {
    type Client = PublicClient;
    const PKCE: bool = true;
    const KIND: &'static str = "verifier";

    fn make<E>(verifier: impl FnOnce() -> Result<CodeVerifier, E>) -> Result<Self, E> {
        verifier()
    }

    fn verifier(&self) -> Option<&CodeVerifier> {
        Some(self)
    }
}

/// Authentication by a secret and PKCE together. Whether Slack accepts both is unconfirmed.
#[derive(Clone, Debug)]
pub struct SecretAndPkce(CodeVerifier);

impl SecretAndPkce {
    pub(crate) fn new(verifier: CodeVerifier) -> Self {
        Self(verifier)
    }
}

impl Sealed for SecretAndPkce {}

impl ClientAuthentication for SecretAndPkce {
    type Client = ConfidentialClient;
    const PKCE: bool = true;
    const KIND: &'static str = "secret_and_verifier";

    fn make<E>(verifier: impl FnOnce() -> Result<CodeVerifier, E>) -> Result<Self, E> {
        verifier().map(Self)
    }

    fn verifier(&self) -> Option<&CodeVerifier> {
        Some(&self.0)
    }
}

/// The arguments that every code exchange has.
#[derive(Clone, Debug)]
pub(crate) struct CodeGrant<P> {
    code: AuthorizationCode,
    redirect_uri: Option<RedirectUri>,
    proof: P,
}

impl<P: ClientAuthentication> CodeGrant<P> {
    pub(crate) fn new(
        code: AuthorizationCode,
        proof: P,
        redirect_uri: Option<RedirectUri>,
    ) -> Self {
        Self { code, redirect_uri, proof }
    }

    pub(crate) fn redirect_uri(self, uri: RedirectUri) -> Self {
        Self { redirect_uri: Some(uri), ..self }
    }

    pub(crate) fn params(&self, form: &mut FormFields) {
        form.field("grant_type", "authorization_code");
        form.field("code", self.code.expose());
        form.optional_field("code_verifier", self.proof.verifier().map(CodeVerifier::expose));
        form.optional_field("redirect_uri", self.redirect_uri.as_ref().map(RedirectUri::as_str));
    }
}
