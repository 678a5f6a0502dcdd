//! Whole calls: the same code exchange built, sent and parsed by this library and by its peers.

use std::net::SocketAddr;

use futures_util::future::join_all;
use hyper_util::client::legacy::connect::HttpConnector;
use oauth2::TokenResponse as _;
use oauth2::basic::BasicClient;
use slack_auth::{
    Client, ClientId, ClientSecret, ConfidentialClient, Endpoint,
    methods::OauthV2Access,
    oauth::{AuthorizationCode, RedirectUri},
    transport::Backend,
};
use slack_morphism::prelude::SlackOAuthV2AccessTokenRequest;
use slack_morphism::{SlackClient, prelude::SlackClientHyperConnector};

use crate::contenders::{
    Run, bare_curl, bare_reqwest, counted, on_threads, raw_hyper, reqwest_as_ours, runtime,
};
use crate::floor::parsed;

/// A request of about that size, with nothing built of arguments and nothing parsed.
pub(crate) const REQWEST_ALONE: &str = "call: reqwest alone";
pub(crate) const HYPER_ALONE: &str = "call: hyper connection alone";
pub(crate) const CURL_ALONE: &str = "call: curl easy alone";
/// The same, and the answer read by serde's derive: what nobody who wants the token can be below.
pub(crate) const REQWEST_PARSED: &str = "call: reqwest alone, and serde_json";
pub(crate) const CURL_PARSED: &str = "call: curl easy alone, and serde_json";
pub(crate) const OUR_CALL: &str = "call: ours over reqwest";
pub(crate) const OUR_CALL_HYPER: &str = "call: ours over hyper";
pub(crate) const OUR_CALL_CURL: &str = "call: ours over curl, blocking";
pub(crate) const OAUTH2: &str = "call: oauth2 over reqwest";
pub(crate) const SLACK_MORPHISM: &str = "call: slack-morphism";

pub(crate) fn over_libcurl(address: SocketAddr) -> Vec<(&'static str, Run)> {
    let origin = &format!("http://{address}");
    vec![
        (CURL_ALONE, bare_curl(format!("{origin}/api/oauth.v2.access"), counted)),
        (CURL_PARSED, bare_curl(format!("{origin}/api/oauth.v2.access"), parsed)),
        (OUR_CALL_CURL, our_blocking_call(client(Backend::Curl, origin))),
    ]
}

pub(crate) fn over_hyper(address: SocketAddr) -> Vec<(&'static str, Run)> {
    let origin = &format!("http://{address}");
    let url = format!("{origin}/api/oauth.v2.access");
    vec![
        (REQWEST_ALONE, bare_reqwest(url.clone(), reqwest_as_ours(), counted)),
        (REQWEST_PARSED, bare_reqwest(url, reqwest_as_ours(), parsed)),
        (HYPER_ALONE, raw_hyper(address)),
        (OUR_CALL, our_call(client(Backend::Reqwest, origin))),
        (OUR_CALL_HYPER, our_call(client(Backend::Hyper, origin))),
        (OAUTH2, oauth2_call(origin)),
        (SLACK_MORPHISM, slack_morphism_call(origin)),
    ]
}

fn client(backend: Backend, origin: &str) -> Client {
    let endpoint = Endpoint::new(origin).expect("an origin on loopback");
    Client::builder().backend(backend).endpoint(endpoint).build().expect("a client")
}

/// With a thread for each of those at once.
fn our_blocking_call(client: Client) -> Run {
    let app = ConfidentialClient::new(
        ClientId::new(ID).expect("an id"),
        ClientSecret::new(SECRET).expect("a secret"),
    );
    let redirect = RedirectUri::new(REDIRECT).expect("a redirect URI");
    Box::new(move |total, at_once| {
        on_threads(at_once, || {
            for _ in 0..total / at_once {
                let code = AuthorizationCode::new(CODE).expect("a code");
                let exchange = OauthV2Access::new(code).redirect_uri(redirect.clone());
                let installed = client.call_blocking(&exchange, &app).expect("an installation");
                let bot = installed.value.bot.as_ref();
                assert_eq!(bot.map(|bot| bot.access_token.expose()), Some(TOKEN));
            }
        });
    })
}

fn our_call(client: Client) -> Run {
    let app = ConfidentialClient::new(
        ClientId::new(ID).expect("an id"),
        ClientSecret::new(SECRET).expect("a secret"),
    );
    let redirect = RedirectUri::new(REDIRECT).expect("a redirect URI");
    let runtime = runtime();
    Box::new(move |total, at_once| {
        runtime.block_on(join_all((0..at_once).map(|_| async {
            for _ in 0..total / at_once {
                let code = AuthorizationCode::new(CODE).expect("a code");
                let exchange = OauthV2Access::new(code).redirect_uri(redirect.clone());
                let installed = client.call(&exchange, &app).await.expect("an installation").value;
                assert_eq!(
                    installed.bot.as_ref().map(|bot| bot.access_token.expose()),
                    Some(TOKEN)
                );
            }
        })));
    })
}

/// Set up as its documentation says: without redirects; it has no timeout then, and ours has.
fn oauth2_call(origin: &str) -> Run {
    let http = oauth2::reqwest::ClientBuilder::new()
        .redirect(oauth2::reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .expect("a client");
    let client = BasicClient::new(oauth2::ClientId::new(ID.to_owned()))
        .set_client_secret(oauth2::ClientSecret::new(SECRET.to_owned()))
        .set_token_uri(
            oauth2::TokenUrl::new(format!("{origin}/api/oauth.v2.access")).expect("a URL"),
        )
        .set_redirect_uri(oauth2::RedirectUrl::new(REDIRECT.to_owned()).expect("a URL"));
    let runtime = runtime();
    Box::new(move |total, at_once| {
        runtime.block_on(join_all((0..at_once).map(|_| async {
            for _ in 0..total / at_once {
                let code = oauth2::AuthorizationCode::new(CODE.to_owned());
                let exchange = client.exchange_code(code);
                let installed = exchange.request_async(&http).await.expect("an installation");
                assert_eq!(installed.access_token().secret(), TOKEN);
            }
        })));
    })
}

/// Over plain hyper on loopback: its own connector takes https only. It sends GET with the code in the query.
fn slack_morphism_call(origin: &str) -> Run {
    let runtime = runtime();
    let connector = SlackClientHyperConnector::with_connector(HttpConnector::new())
        .with_slack_api_url(&format!("{origin}/api"));
    let client = SlackClient::new(connector);
    Box::new(move |total, at_once| {
        runtime.block_on(join_all((0..at_once).map(|_| async {
            for _ in 0..total / at_once {
                let request = SlackOAuthV2AccessTokenRequest {
                    client_id: ID.to_owned().into(),
                    client_secret: SECRET.to_owned().into(),
                    code: CODE.to_owned().into(),
                    redirect_uri: Some(REDIRECT.parse().expect("a URL")),
                };
                let installed = client.oauth2_access(&request).await.expect("an installation");
                assert_eq!(installed.access_token.0, TOKEN);
            }
        })));
    })
}

const ID: &str = "1234567890.1234567890";
const SECRET: &str = "not-a-secret";
const CODE: &str = "1234567890.1234567890.not-a-code";
const REDIRECT: &str = "https://app.example/callback";
const TOKEN: &str = "xoxe.xoxb-1-not-a-token";
