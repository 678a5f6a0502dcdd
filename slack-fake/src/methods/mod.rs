//! The methods of the Web API, one file each, over what they share.

mod apps_auth_external;
mod apps_uninstall;
mod auth_revoke;
mod auth_teams_list;
mod auth_test;
pub(crate) mod bearer;
pub(crate) mod client;
mod oauth_v2_access;
mod oauth_v2_exchange;
mod oauth_v2_user_access;
#[cfg(feature = "openid")]
mod openid_connect_token;
#[cfg(feature = "openid")]
mod openid_connect_user_info;
mod token_answer;
mod token_method;
mod tooling_tokens_rotate;
