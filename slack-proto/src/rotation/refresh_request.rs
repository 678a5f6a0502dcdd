//! The calls that give a new pair, and what they give.

use super::AnyCredential;
use crate::{
    ApiMethod, Timestamp,
    methods::{
        OauthV2Exchange, OauthV2ExchangeResponse, OauthV2Refresh, OauthV2RefreshResponse,
        OauthV2UserRefresh, OauthV2UserRefreshResponse, OpenidConnectRefresh,
        OpenidConnectRefreshResponse, ToolingTokensRotate,
    },
    tokens::{Credential, IssuedCredential, RefreshMethod, RefreshToken},
};

/// The call to send for a new pair, by [`Action::Send`](crate::rotation::Action::Send).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum RefreshRequest {
    /// A refresh token of `oauth.v2.access`.
    Refresh(OauthV2Refresh),
    /// A person's refresh token of `oauth.v2.user.access`.
    UserRefresh(OauthV2UserRefresh),
    /// A refresh token of `openid.connect.token`.
    OpenidRefresh(OpenidConnectRefresh),
    /// The refresh token of an app configuration token.
    Rotate(ToolingTokensRotate),
    /// A token that lives for ever, for a pair that rotates.
    Exchange(OauthV2Exchange),
}

impl RefreshRequest {
    /// Returns the refresh of a credential; `None` if it has no refresh token.
    #[must_use]
    pub fn refresh(credential: &AnyCredential) -> Option<Self> {
        let token = credential.refresh_token()?.clone();
        Some(match credential {
            AnyCredential::Configuration(_) => Self::Rotate(ToolingTokensRotate::new(token)),
            AnyCredential::Credential(it) => match it.refresh_method {
                RefreshMethod::OauthV2Access => Self::Refresh(OauthV2Refresh::new(token)),
                RefreshMethod::OauthV2UserAccess => {
                    Self::UserRefresh(OauthV2UserRefresh::new(token))
                }
                RefreshMethod::OpenidConnectToken => {
                    Self::OpenidRefresh(OpenidConnectRefresh::new(token))
                }
            },
        })
    }

    /// Returns the name of the API method, such as `oauth.v2.access`.
    #[must_use]
    pub const fn method(&self) -> &'static str {
        match self {
            Self::Refresh(_) => <OauthV2Refresh as ApiMethod>::NAME,
            Self::UserRefresh(_) => <OauthV2UserRefresh as ApiMethod>::NAME,
            Self::OpenidRefresh(_) => <OpenidConnectRefresh as ApiMethod>::NAME,
            Self::Rotate(_) => ToolingTokensRotate::NAME,
            Self::Exchange(_) => <OauthV2Exchange as ApiMethod>::NAME,
        }
    }

    /// The exchange of a token that lives for ever; `None` if it rotates already.
    pub(super) fn exchange(credential: &AnyCredential) -> Option<Self> {
        match credential.refresh_token() {
            Some(_) => None,
            None => {
                credential.access_token().cloned().map(OauthV2Exchange::new).map(Self::Exchange)
            }
        }
    }
}

/// What a [`RefreshRequest`] gave. Made from the response and the time when the request was **sent**.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Issued {
    /// The new pair.
    pub credential: AnyCredential,
    /// A second token that came along, whosever it is.
    pub unplaced: Option<Credential>,
    /// Refresh tokens that came along and belong to no access token.
    pub spare_refresh_tokens: Vec<RefreshToken>,
}

impl Issued {
    /// Creates the response from a pair that came without other tokens, such as that of
    /// [`ToolingTokensRotateResponse::into_credential`](crate::methods::ToolingTokensRotateResponse::into_credential).
    #[must_use]
    pub fn new(credential: impl Into<AnyCredential>) -> Self {
        Self { credential: credential.into(), unplaced: None, spare_refresh_tokens: Vec::new() }
    }

    fn with(
        credential: IssuedCredential,
        unplaced: Option<IssuedCredential>,
        spare_refresh_tokens: Vec<RefreshToken>,
        sent: Timestamp,
    ) -> Self {
        Self {
            unplaced: unplaced.map(|it| it.into_credential(sent)),
            spare_refresh_tokens,
            ..Self::new(credential.into_credential(sent))
        }
    }
}

impl OauthV2RefreshResponse {
    /// Converts the response to the input of a [`Rotation`](crate::rotation::Rotation). `requested_at` is the time
    /// when the request was **sent**; expiry counts from it.
    #[must_use]
    pub fn into_credential(self, requested_at: Timestamp) -> Issued {
        Issued::with(self.credential, self.unplaced, self.spare_refresh_tokens, requested_at)
    }
}

impl OauthV2UserRefreshResponse {
    /// Converts the response to the input of a [`Rotation`](crate::rotation::Rotation). `requested_at` is the time
    /// when the request was **sent**; expiry counts from it.
    #[must_use]
    pub fn into_credential(self, requested_at: Timestamp) -> Issued {
        Issued::with(self.credential, self.unplaced, self.spare_refresh_tokens, requested_at)
    }
}

impl OauthV2ExchangeResponse {
    /// Converts the response to the input of a [`Rotation`](crate::rotation::Rotation). `requested_at` is the time
    /// when the request was **sent**; expiry counts from it.
    #[must_use]
    pub fn into_credential(self, requested_at: Timestamp) -> Issued {
        Issued::with(self.credential, self.unplaced, self.spare_refresh_tokens, requested_at)
    }
}

impl OpenidConnectRefreshResponse {
    /// Converts the response to the input of a [`Rotation`](crate::rotation::Rotation). `requested_at` is the time
    /// when the request was **sent**; expiry counts from it.
    #[must_use]
    pub fn into_credential(self, requested_at: Timestamp) -> Issued {
        Issued::new(self.credential.into_credential(requested_at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ApiMethod;

    fn read<M: ApiMethod>(body: &'static str) -> M::Response {
        M::parse_response(&http::Response::new(body)).unwrap().value
    }

    #[test]
    fn whatever_came_along_with_a_new_pair_goes_on_to_the_rotation() {
        const SECOND: &str = r#"{"ok":true,"access_token":"xoxe.xoxb-1-a","refresh_token":"xoxe-1-a","token_type":"bot",
            "authed_user":{"access_token":"xoxe.xoxp-1-b","refresh_token":"xoxe-1-b"}}"#;
        const SPARE: &str = r#"{"ok":true,"access_token":"xoxe.xoxp-1-a","refresh_token":"xoxe-1-a",
            "authed_user":{"refresh_token":"xoxe-1-b"}}"#;
        let sent = Timestamp::from_unix(1_000);
        for issued in [
            read::<OauthV2Refresh>(SECOND).into_credential(sent),
            read::<OauthV2Exchange>(SECOND).into_credential(sent),
            read::<OauthV2UserRefresh>(SECOND).into_credential(sent),
        ] {
            assert_eq!(issued.credential.access_token().unwrap().expose(), "xoxe.xoxb-1-a");
            let second = issued.unplaced.unwrap();
            assert_eq!(second.access_token.expose(), "xoxe.xoxp-1-b");
            assert_eq!(second.refresh_token.unwrap().expose(), "xoxe-1-b");
            assert_eq!(second.issued_at, sent);
            assert!(issued.spare_refresh_tokens.is_empty());
        }
        for issued in [
            read::<OauthV2Refresh>(SPARE).into_credential(sent),
            read::<OauthV2Exchange>(SPARE).into_credential(sent),
            read::<OauthV2UserRefresh>(SPARE).into_credential(sent),
        ] {
            assert_eq!(issued.credential.access_token().unwrap().expose(), "xoxe.xoxp-1-a");
            assert!(issued.unplaced.is_none());
            let spare: Vec<_> =
                issued.spare_refresh_tokens.iter().map(RefreshToken::expose).collect();
            assert_eq!(spare, ["xoxe-1-b"]);
        }
    }

    #[test]
    fn a_pair_for_signing_in_counts_from_when_it_was_asked_for() {
        const PAIR: &str = r#"{"ok":true,"access_token":"xoxe.xoxp-1-a","refresh_token":"xoxe-1-a",
            "token_type":"Bearer","expires_in":43200}"#;
        let issued =
            read::<OpenidConnectRefresh>(PAIR).into_credential(Timestamp::from_unix(1_000));
        assert_eq!(issued.credential.access_token().unwrap().expose(), "xoxe.xoxp-1-a");
        assert_eq!(issued.credential.expires_at(), Some(Timestamp::from_unix(44_200)));
        assert!(issued.unplaced.is_none() && issued.spare_refresh_tokens.is_empty());
    }
}
