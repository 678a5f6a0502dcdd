//! No secret is shown by the client, nor by the errors of a call.

use std::{
    error::Error,
    fmt::Write as _,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use http::{Request, Response};
use slack_auth::{
    AccessToken, ApiMethod, Client, ClientId, ClientSecret, ConfidentialClient, Endpoint,
    Installation, InstallationStore, Recovery, StoreKey, Timestamp,
    error::CallError,
    methods::{AuthTest, OauthV2Refresh},
    oauth::random_bytes,
    openid::{ExpectedIdToken, IdToken, IdTokenKeys, Nonce},
    store::{
        FileStore, MemoryStore, Precondition, SealingKey, SealingKeys, StoredVersion,
        find_installation,
    },
    tokens::{Credential, InstallationKey, RefreshToken},
    transport::{self, BlockingTransport, Body, ErrorKind, Transport},
};

const CANARY: &str = "xoxz-C4n4ry";

/// Answers with a body full of canaries, or not at all.
struct Echo(Option<&'static str>, ErrorKind);

impl BlockingTransport for Echo {
    fn send_blocking(&self, request: Request<Body>) -> Result<Response<Vec<u8>>, transport::Error> {
        assert_eq!(
            request.headers()["user-agent"].to_str().unwrap().split('/').next(),
            Some("slack-auth")
        );
        match self.0 {
            Some(body) => Ok(Response::new(body.as_bytes().to_vec())),
            None => Err(transport::Error::maybe_sent(self.1, "the test's transport fails")),
        }
    }
}

#[async_trait]
impl Transport for Echo {
    async fn send(&self, request: Request<Body>) -> Result<Response<Vec<u8>>, transport::Error> {
        self.send_blocking(request)
    }
}

fn client(body: Option<&'static str>) -> Client {
    let transport = Arc::new(Echo(body, ErrorKind::Closed));
    Client::new(Endpoint::slack(), transport.clone()).and_blocking(transport)
}

fn assert_clean(error: &(dyn Error + 'static)) {
    let mut text = format!("{error:?} {error:#?} {error}");
    let mut source = error.source();
    while let Some(cause) = source {
        write!(text, " {cause:?} {cause}").unwrap();
        source = cause.source();
    }
    let bytes = format!("{:?}", CANARY.as_bytes());
    assert!(!text.contains("C4n4ry") && !text.contains(bytes.trim_matches(['[', ']'])), "{text}");
}

fn refresh_error(body: Option<&'static str>) -> CallError<<OauthV2Refresh as ApiMethod>::Error> {
    let app =
        ConfidentialClient::new(ClientId::new("1.2").unwrap(), ClientSecret::new(CANARY).unwrap());
    let method = OauthV2Refresh::new(RefreshToken::new(CANARY).unwrap());
    let client = client(body);
    let blocking = client.call_blocking(&method, &app).unwrap_err();
    let error = pollster::block_on(client.call(&method, &app)).unwrap_err();
    assert_eq!(blocking.to_string(), error.to_string());
    error
}

#[test]
fn no_error_of_a_call_shows_a_secret() {
    for body in [
        None,
        Some(""),
        Some("<html>xoxz-C4n4ry"),
        Some(r#"{"ok":false,"error":"xoxz-C4n4ry","needed":"xoxz-C4n4ry"}"#),
        Some(r#"{"ok":true,"refresh_token":"xoxz-C4n4ry"}"#),
        Some(r#"{"ok":true,"access_token":"xoxz-C4n4ry"#),
    ] {
        let error = refresh_error(body);
        assert_clean(&error);
        if let CallError::Transport(error) = &error {
            assert_clean(error);
        }
    }
}

#[test]
fn the_client_shows_its_endpoint_only() {
    assert_eq!(
        format!("{:?}", client(None)),
        "Client { endpoint: Endpoint(https://slack.com), .. }"
    );
    assert_eq!(format!("{:?}", random_bytes().unwrap()), "RandomBytes([redacted])");
}

#[test]
fn neither_keys_nor_their_errors_show_a_token() {
    for body in [
        None,
        Some("xoxz-C4n4ry"),
        Some(r#"{"issuer":"xoxz-C4n4ry","jwks_uri":"https://slack.com/xoxz-C4n4ry"}"#),
        Some(r#"{"issuer":"https://slack.com","jwks_uri":"https://xoxz-C4n4ry"}"#),
        Some(
            r#"{"issuer":"https://slack.com","jwks_uri":"https://slack.com/k","keys":[{"kid":"xoxz-C4n4ry"}]}"#,
        ),
    ] {
        let keys = IdTokenKeys::with_aws_lc(client(body));
        let expected =
            ExpectedIdToken::new(ClientId::new(CANARY).unwrap()).nonce(Nonce::new(CANARY).unwrap());
        // {"alg":"RS256","kid":"xoxz-C4n4ry"}
        for token in [CANARY, "eyJhbGciOiJSUzI1NiIsImtpZCI6InhveGItQzRuNHJ5In0.e30.AA"] {
            let token = IdToken::new(token).unwrap();
            let now = Timestamp::from_unix(1);
            let error = keys.verify_blocking(&token, &expected, None, now).unwrap_err();
            assert_clean(&error);
            let error = pollster::block_on(keys.verify(&token, &expected, None, now)).unwrap_err();
            assert_clean(&error);
        }
        assert!(!format!("{keys:?}").contains("C4n4ry"));
    }
}

#[test]
fn after_an_unknown_outcome_the_same_refresh_token_is_sent_again() {
    let soon = Recovery::ResendSameRefreshToken { after: None };
    assert_eq!(refresh_error(None).recovery(), soon);
    assert_eq!(refresh_error(Some("")).recovery(), soon);
    let token = AccessToken::new(CANARY).unwrap();
    let error = client(None).call_blocking(&AuthTest, &token).unwrap_err();
    assert_eq!(error.recovery(), Recovery::RetryLater { after: None });
    assert_eq!(
        error.to_string(),
        "the test's transport fails; the request may have been sent; call again later"
    );
}

#[test]
fn a_client_without_a_blocking_transport_says_what_to_do() {
    let client = Client::new(Endpoint::slack(), Arc::new(Echo(None, ErrorKind::Closed)));
    let error = client.call_blocking(&AuthTest, &AccessToken::new(CANARY).unwrap()).unwrap_err();
    assert!(error.to_string().contains("Client::and_blocking"), "{error}");
    let client = Client::new_blocking(Endpoint::slack(), Arc::new(Echo(None, ErrorKind::Closed)));
    let token = AccessToken::new(CANARY).unwrap();
    let refused = pollster::block_on(client.call(&AuthTest, &token)).unwrap_err();
    assert!(refused.to_string().contains("call_blocking"), "{refused}");
    assert!(
        client
            .call_blocking(&AuthTest, &token)
            .unwrap_err()
            .to_string()
            .starts_with("the test's transport")
    );
    assert_eq!(error.recovery(), Recovery::FixConfiguration);
}

#[test]
fn no_store_shows_what_it_holds() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    // The canary's letters, as far as a key has room for them.
    let mut bytes = [0; 32];
    bytes[..CANARY.len()].copy_from_slice(CANARY.as_bytes());
    let keys = SealingKeys::new(SealingKey::new(bytes)).old_key(SealingKey::new(bytes));
    assert_hidden(&keys);
    let app = || ClientId::new("1.2").unwrap();
    let folder = |name: &str| FileStore::open(path(name)).unwrap();
    let stores = [
        ("memory", InstallationStore::new(MemoryStore::new(), app())),
        ("plain", InstallationStore::new(folder("plain"), app())),
        ("sealed", InstallationStore::new(folder("sealed"), app()).sealed(keys)),
    ];
    let mut installation = Installation::new(InstallationKey::Workspace(CANARY.into()));
    let token = AccessToken::new(CANARY).unwrap();
    installation.bot = Some(Credential::new(token, Timestamp::from_unix(1)));
    let key: StoreKey = InstallationKey::Workspace(CANARY.into()).into();
    for (name, store) in &stores {
        let version =
            pollster::block_on(store.put(&key, &installation, Precondition::Absent)).unwrap();
        let found = pollster::block_on(find_installation(store, &key)).unwrap().unwrap();
        assert_hidden(store);
        assert_hidden(&found);
        assert_hidden(&found.stored);
        for expected in
            [Precondition::Absent, Precondition::Version(StoredVersion::new(!version.as_u64()))]
        {
            let put = store.put(&key, &installation, expected);
            assert_clean(&pollster::block_on(put).unwrap_err());
        }
        let other = StoredVersion::new(!version.as_u64());
        assert_clean(&pollster::block_on(store.remove(&key, other)).unwrap_err());
        // Whatever a file holds instead.
        let installations = path(name).join("installations");
        for entry in std::fs::read_dir(installations).into_iter().flatten() {
            let file = entry.unwrap().path();
            if file.file_name().unwrap() == "@app.slack" {
                continue;
            }
            let whole = std::fs::read(&file).unwrap();
            let text = String::from_utf8_lossy(&whole).into_owned();
            for spoilt in [
                text.replace("team/", CANARY),
                text.replace("slack-auth", CANARY),
                text.replace(' ', CANARY),
                text.replacen('1', CANARY, 1),
                CANARY.to_owned(),
            ] {
                std::fs::write(&file, spoilt).unwrap();
                assert_clean(&pollster::block_on(store.load(&key)).unwrap_err());
                let page = pollster::block_on(store.rewrite(None, 9)).unwrap();
                assert!(page.keys.is_empty());
                assert_hidden(&page);
            }
            std::fs::write(&file, whole).unwrap();
        }
        assert_eq!(pollster::block_on(store.rewrite(None, 9)).unwrap().keys.len(), 1, "{name}");
    }
    assert_hidden(&folder("plain"));
    assert_hidden(&MemoryStore::new());
}

fn assert_hidden(value: &dyn std::fmt::Debug) {
    assert_text_hidden(&format!("{value:?} {value:#?}"));
}

fn assert_text_hidden(text: &str) {
    let bytes = format!("{:?}", CANARY.as_bytes());
    assert!(!text.contains("C4n4ry") && !text.contains(bytes.trim_matches(['[', ']'])), "{text}");
}

#[test]
fn a_rotator_and_its_errors_show_no_secret() {
    use slack_auth::{
        TokenRotator,
        rotation::{
            RevokeError, RotatedCallError, RotationEvent, TokenError, ValidConfigurationToken,
            ValidToken,
        },
        runtime::{ManualRuntime, ThreadRuntime},
    };
    let bodies = [
        None,
        Some("<html>xoxz-C4n4ry"),
        Some(r#"{"ok":false,"error":"xoxz-C4n4ry","needed":"xoxz-C4n4ry"}"#),
        Some(r#"{"ok":false,"error":"invalid_refresh_token"}"#),
        Some(r#"{"ok":false,"error":"bad_client_secret"}"#),
        Some(
            r#"{"ok":true,"access_token":"xoxz-C4n4ry-2","refresh_token":"xoxz-C4n4ry","expires_in":43200}"#,
        ),
    ];
    for body in bodies {
        let store = InstallationStore::new(MemoryStore::new(), ClientId::new("1.2").unwrap());
        let key = StoreKey::from(InstallationKey::Workspace(CANARY.into()));
        let mut installation = Installation::new(key.place().clone());
        let mut bot = Credential::new(AccessToken::new(CANARY).unwrap(), Timestamp::from_unix(1));
        bot.refresh_token = Some(RefreshToken::new(CANARY).unwrap());
        bot.expires_at = Some(Timestamp::from_unix(2));
        installation.bot = Some(bot);
        let mut configuration = slack_auth::tokens::ConfigurationCredential::new(
            slack_auth::tokens::ConfigurationToken::new(CANARY).unwrap(),
            RefreshToken::new(CANARY).unwrap(),
            Timestamp::from_unix(90_000),
        );
        configuration.expires_at = Some(Timestamp::from_unix(200_000));
        installation.configuration = Some(configuration);
        pollster::block_on(store.put(&key, &installation, Precondition::Absent)).unwrap();
        let runtime = ManualRuntime::new(Timestamp::from_unix(100_000));
        assert_hidden(&runtime);
        assert_hidden(&ThreadRuntime::new());
        let app = ConfidentialClient::new(
            ClientId::new("1.2").unwrap(),
            ClientSecret::new(CANARY).unwrap(),
        );
        // A panic in an observer is contained: what it sees is kept, and looked at here.
        let seen = Arc::new(Mutex::new(String::new()));
        let noticed = Arc::clone(&seen);
        let builder = TokenRotator::builder(client(body), app, store)
            .runtime(runtime.clone())
            .observer(move |key: &StoreKey, _: slack_auth::Slot, notice: &RotationEvent| {
                let mut seen = noticed.lock().unwrap();
                write!(seen, "{key:?} {key:#?} {key} {notice:?} {notice:#?}").unwrap();
            });
        assert_hidden(&builder);
        let rotator = builder.build().unwrap();
        assert_hidden(&rotator);
        let within = std::time::Duration::from_secs(1_000_000);
        assert_hidden(&runtime.block_on(rotator.sweep_plan(within, None, 10)).unwrap());
        assert_hidden(&rotator.start_sweep());
        let token: Result<ValidToken, TokenError> =
            runtime.block_on(rotator.access_token(&key, slack_auth::Slot::Bot));
        assert_eq!(token.is_ok(), body.is_some_and(|body| body.contains("43200")));
        match &token {
            Ok(token) => assert_hidden(token),
            Err(error) => assert_clean(error),
        }
        let configuration: ValidConfigurationToken =
            runtime.block_on(rotator.configuration_token(&key)).unwrap();
        assert_hidden(&configuration);
        let health = runtime.block_on(rotator.health(&key)).unwrap().unwrap();
        assert_hidden(&health);
        for credential in &health.credentials {
            assert_text_hidden(&credential.state.to_string());
        }
        assert_hidden(&runtime.block_on(rotator.health_page(None, 10)).unwrap());
        assert_hidden(&runtime.block_on(rotator.health_summary(10)).unwrap());
        let report = runtime.block_on(rotator.sweep_once()).unwrap();
        assert_hidden(&report);
        for failure in &report.failures {
            assert_clean(&failure.error);
        }
        let other = rotator.access_token(&key, slack_auth::Slot::Configuration);
        assert_clean(&runtime.block_on(other).unwrap_err());
        let called = runtime.block_on(rotator.call(&AuthTest, &key, slack_auth::Slot::Bot));
        if let Err(error) = called {
            let error: RotatedCallError<_> = error;
            assert_clean(&error);
        }
        if let Err(error) = runtime.block_on(rotator.revoke_all(&key)) {
            let error: RevokeError = error;
            assert_clean(&error);
        }
        let seen = seen.lock().unwrap();
        assert!(!seen.is_empty(), "the observer is called");
        assert_text_hidden(&seen);
    }
}
