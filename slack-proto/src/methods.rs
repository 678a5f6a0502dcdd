//! Methods of the Web API, the trait that makes one, and what goes in and comes out.

mod api_method;
mod apps_auth_external_delete;
mod apps_auth_external_get;
mod apps_uninstall;
pub(crate) mod auth;
mod auth_revoke;
mod auth_teams_list;
mod auth_test;
mod code_exchange;
pub(crate) mod endpoint;
pub(crate) mod form_fields;
mod grant;
mod grant_wire;
mod json_body;
mod oauth_v2_access;
mod oauth_v2_exchange;
mod oauth_v2_refresh;
mod oauth_v2_user_access;
mod oauth_v2_user_refresh;
mod openid_connect_refresh;
mod openid_connect_token;
mod openid_connect_user_info;
pub(crate) mod parse_warning;
mod refresh;
pub(crate) mod reply;
pub(crate) mod request_body;
mod single_grant;
mod tooling_tokens_rotate;
pub(crate) mod untrusted_text;
mod user_grant;
pub(crate) mod verdict;

pub use crate::wire::payload::Payload;
pub use api_method::ApiMethod;
pub use apps_auth_external_delete::{
    AppsAuthExternalDelete, AppsAuthExternalDeleteError, AppsAuthExternalDeleteResponse,
};
pub use apps_auth_external_get::{
    AppsAuthExternalGet, AppsAuthExternalGetError, AppsAuthExternalGetResponse,
};
pub use apps_uninstall::{AppsUninstall, AppsUninstallError, AppsUninstallResponse};
pub use auth::Auth;
pub use auth_revoke::{AuthRevoke, AuthRevokeError, AuthRevokeResponse};
pub use auth_teams_list::{
    AuthTeamsList, AuthTeamsListError, AuthTeamsListResponse, ListedTeam, TeamIcon,
};
pub use auth_test::{AuthTest, AuthTestResponse};
pub use endpoint::Endpoint;
pub use form_fields::FormFields;
pub use json_body::JsonBody;
pub use oauth_v2_access::{OauthV2Access, OauthV2AccessError, OauthV2AccessResponse};
pub use oauth_v2_exchange::{OauthV2Exchange, OauthV2ExchangeError, OauthV2ExchangeResponse};
pub use oauth_v2_refresh::{OauthV2Refresh, OauthV2RefreshResponse};
pub use oauth_v2_user_access::{
    OauthV2UserAccess, OauthV2UserAccessError, OauthV2UserAccessResponse,
};
pub use oauth_v2_user_refresh::{OauthV2UserRefresh, OauthV2UserRefreshResponse};
pub use openid_connect_refresh::{OpenidConnectRefresh, OpenidConnectRefreshResponse};
pub use openid_connect_token::{
    OpenidConnectToken, OpenidConnectTokenError, OpenidConnectTokenResponse,
};
pub use openid_connect_user_info::OpenidConnectUserInfo;
pub use parse_warning::ParseWarning;
pub use reply::{Reply, ReplyMeta};
pub use request_body::RequestBody;
pub use tooling_tokens_rotate::{
    ToolingTokensRotate, ToolingTokensRotateError, ToolingTokensRotateResponse,
};
pub use untrusted_text::UntrustedText;
pub use verdict::Purpose;
