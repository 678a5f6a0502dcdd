//! `openid.connect.token` with a refresh token: a new pair for a sign-in's spent one.
//!
//! Source: <https://docs.slack.dev/reference/methods/openid.connect.token>.

use super::openid_connect_token::OpenidWire;
use super::refresh::refresh_method;
use crate::{
    methods::OpenidConnectTokenError,
    openid::IdToken,
    tokens::IssuedCredential,
    wire::{notes::Notes, payload::lenient_payload},
};

refresh_method! {
    /// Exchanges a refresh token from [`OpenidConnectToken`](crate::methods::OpenidConnectToken) for a new pair.
    ///
    /// The rules of [`OauthV2Refresh`](crate::methods::OauthV2Refresh) apply here as well.
    ///
    /// # Examples
    ///
    /// ```
    /// use slack_proto::{
    ///     ApiMethod, ClientId, Endpoint, PublicClient,
    ///     methods::OpenidConnectRefresh,
    ///     tokens::RefreshToken,
    /// };
    ///
    /// let app = PublicClient::new(ClientId::new("1.2")?);
    /// let request = OpenidConnectRefresh::new(RefreshToken::new("xoxe-1-FAKE")?).to_request(&Endpoint::slack(), &app);
    /// assert_eq!(request.body().as_ref(), b"client_id=1.2&grant_type=refresh_token&refresh_token=xoxe-1-FAKE");
    /// # Ok::<(), slack_proto::error::InvalidValue>(())
    /// ```
    OpenidConnectRefresh, "openid.connect.token", OpenidConnectRefreshResponse, OpenidConnectTokenError
}

/// The response of [`OpenidConnectRefresh`]. It replaces the credential whose refresh token was sent.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OpenidConnectRefreshResponse {
    /// The new pair.
    pub credential: IssuedCredential,
    /// An ID token, **unverified**; Slack sends none with a refresh.
    pub id_token: Option<IdToken>,
}

impl OpenidConnectRefreshResponse {
    fn from_wire(mut wire: OpenidWire, notes: &mut Notes) -> Option<Self> {
        let credential = wire.take_credential(notes)?;
        if credential.refresh_token.is_none() {
            notes.odd_at(
                "refresh_token",
                "missing; the refresh token that was sent is the only one left",
            );
        }
        Some(Self { credential, id_token: wire.id_token.take() })
    }
}

lenient_payload!(
    OpenidConnectRefreshResponse, holds_token: true, from: OpenidWire,
    credentials: |it| [&mut it.credential]
);
