//! `openid.connect.userInfo`: who signed in.
//!
//! Source: <https://docs.slack.dev/reference/methods/openid.connect.userInfo>.

use crate::{
    AccessToken, ApiMethod,
    error::NoError,
    methods::FormFields,
    openid::{UserClaims, user_claims::ClaimsWire},
    wire::payload::lenient_payload,
};

/// Requests the claims about the person who owns a user token with the scope `openid`.
///
/// The answer's `sub` must equal that of the ID token (OpenID Connect Core section 5.3.2).
///
/// # Examples
///
/// ```
/// use slack_proto::{ApiMethod, methods::OpenidConnectUserInfo};
///
/// let response = http::Response::new(
///     r#"{"ok":true,"sub":"U0FAKE00001","https:\/\/slack.com\/team_id":"T0FAKE00001","shoe_size":43}"#,
/// );
/// let claims = OpenidConnectUserInfo::parse_response(&response)?.value;
/// assert_eq!(claims.team_id.as_ref().unwrap().as_str(), "T0FAKE00001");
/// assert_eq!(claims.other("shoe_size").unwrap().as_str(), "43");
/// # Ok::<(), slack_proto::error::ResponseError<slack_proto::error::NoError>>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[expect(
    clippy::exhaustive_structs,
    reason = "the method has no arguments, so that its name is its value"
)]
#[must_use = "a method does nothing until its request is sent"]
pub struct OpenidConnectUserInfo;

impl ApiMethod for OpenidConnectUserInfo {
    const NAME: &'static str = "openid.connect.userInfo";
    type Auth = AccessToken;
    type Response = UserClaims;
    type Error = NoError;

    fn params(&self, _: &mut FormFields) {}
}

lenient_payload!(UserClaims, holds_token: false, from: ClaimsWire);
