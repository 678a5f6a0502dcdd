//! Sign in with Slack (`OpenID` Connect): pages, keys, ID tokens and claims.

mod claims;
mod discovery;
mod id_token;
mod keys;
mod token;
mod user_info;
