//! Sign in with Slack (`OpenID` Connect): keys, ID tokens and claims.

mod claims;
mod discovery;
mod id_token;
mod keys;
