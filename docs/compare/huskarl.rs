//! Refreshes a bot token by huskarl, which refuses Slack's answer: `InvalidTokenType { token_type: "bot" }`.
//!
//! Not built by the checks. It was run on 2026-11-29 against `slack-auth fake`, whose origin is in `SLACK`, with
//! huskarl 0.11.10 and huskarl-reqwest 0.9.3, and tokio 1.
use huskarl::{
    core::{
        client_auth::ClientSecret,
        secrets::{EnvVarSecret, encodings::StringEncoding},
    },
    grant::refresh::{RefreshGrant, RefreshGrantParameters},
    prelude::*,
    token::RefreshToken,
};
use huskarl_reqwest::ReqwestClient;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let slack = std::env::var("SLACK")?;
    let http = ReqwestClient::builder().build().await?;
    let secret = EnvVarSecret::new("CLIENT_SECRET", &StringEncoding)?;
    let client_auth: ClientSecret = ClientSecret::new(secret);
    let grant: RefreshGrant = RefreshGrant::builder()
        .token_endpoint(format!("{slack}/api/oauth.v2.access").parse()?)
        .client_id(std::env::var("CLIENT_ID")?)
        .http_client(http)
        .client_auth(client_auth)
        .build();
    let old = RefreshToken::new(std::env::var("REFRESH_TOKEN")?.into(), None);
    let new = grant.exchange(RefreshGrantParameters::refresh_token(old)).await?;
    println!(
        "{}, another refresh token: {}",
        new.access_token().token_type(),
        new.refresh_token().is_some()
    );
    Ok(())
}
