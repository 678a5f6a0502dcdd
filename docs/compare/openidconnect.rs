//! Signs a person in with Slack by openidconnect, and prints who it is.
//!
//! Not built by the checks. It was run on 2026-11-29 against `slack-auth fake`, whose origin is in `SLACK`, with
//! openidconnect 4.0.1, and tokio 1.
use openidconnect::{
    AuthorizationCode, ClientId, ClientSecret, CsrfToken, IssuerUrl, Nonce, RedirectUrl, Scope,
    TokenResponse,
    core::{CoreAuthenticationFlow, CoreClient, CoreProviderMetadata},
    reqwest,
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let http = reqwest::ClientBuilder::new().redirect(reqwest::redirect::Policy::none()).build()?;
    let issuer = IssuerUrl::new(std::env::var("SLACK")?)?;
    let provider = CoreProviderMetadata::discover_async(issuer, &http).await?;
    let secret = ClientSecret::new(std::env::var("CLIENT_SECRET")?);
    let client = CoreClient::from_provider_metadata(
        provider,
        ClientId::new(std::env::var("CLIENT_ID")?),
        Some(secret),
    )
    .set_redirect_uri(RedirectUrl::new(std::env::var("REDIRECT")?)?);
    let (url, state, nonce) = client
        .authorize_url(
            CoreAuthenticationFlow::AuthorizationCode,
            CsrfToken::new_random,
            Nonce::new_random,
        )
        .add_scope(Scope::new("profile".into()))
        .url();
    // The browser.
    let answer = http.get(url).send().await?;
    let callback = answer.headers()["location"].to_str()?.to_owned();
    let callback = openidconnect::url::Url::parse(&callback)?;
    let field =
        |name: &str| callback.query_pairs().find(|it| it.0 == name).map(|it| it.1.into_owned());
    assert_eq!(field("state").as_ref(), Some(state.secret()));
    let code = AuthorizationCode::new(field("code").ok_or("no code")?);
    let tokens = client.exchange_code(code)?.request_async(&http).await?;
    let claims =
        tokens.id_token().ok_or("no ID token")?.claims(&client.id_token_verifier(), &nonce)?;
    println!("{}", claims.subject().as_str());
    Ok(())
}
