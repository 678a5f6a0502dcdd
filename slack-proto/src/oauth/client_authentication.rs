//! What a code exchange proves: a secret, a verifier, or both.

use crate::{
    ConfidentialClient, PublicClient,
    methods::{Auth, FormFields},
    oauth::{AuthorizationCode, CodeVerifier, RedirectUri},
    sealed::Sealed,
};

/// What a code exchange proves beside having the code. It decides which client can send it, so that a secret cannot be
/// forgotten, nor sent where it harms.
pub trait ClientAuthentication: Sealed + Clone + std::fmt::Debug + Send + Sync + 'static {
    /// The client that can send such a request.
    type Client: Auth;

    /// Whether a challenge goes onto the authorize page.
    #[doc(hidden)]
    const PKCE: bool;

    /// Its name in an encoding.
    #[doc(hidden)]
    const KIND: &'static str;

    /// Makes the proof, of a verifier if one is needed.
    #[doc(hidden)]
    fn make<E>(verifier: impl FnOnce() -> Result<CodeVerifier, E>) -> Result<Self, E>;

    /// Gives the verifier to send along.
    #[doc(hidden)]
    fn verifier(&self) -> Option<&CodeVerifier>;
}

/// The client's secret, which the credential brings along.
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

/// Possession of the verifier (RFC 7636), for a client that has no secret.
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

/// Both a secret and a verifier: unconfirmed at Slack.
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
