//! A call works with each feature set.

use slack_auth::{AccessToken, Installation, methods::AuthTest, tokens::InstallationKey};

#[test]
fn a_transport_of_ones_own_needs_no_feature() {
    let client = feature_sets::client();
    let reply = pollster::block_on(feature_sets::call(&client)).unwrap();
    assert_eq!(reply.value.team_id.unwrap().as_str(), "T0FAKE00001");
    let token = AccessToken::new("xoxb-not-a-real-token").unwrap();
    assert!(client.call_blocking(&AuthTest::default(), &token).is_ok());
}

#[test]
fn the_backends_are_those_that_were_asked_for() {
    let made = feature_sets::backends();
    let names: Vec<_> = made.iter().map(|(name, _)| *name).collect();
    let mut wanted = Vec::new();
    if cfg!(feature = "hyper") {
        wanted.push("hyper");
    }
    if cfg!(feature = "reqwest") {
        wanted.push("reqwest");
    }
    if cfg!(feature = "curl") {
        wanted.push("curl");
    }
    assert_eq!(names, wanted);
    for (name, client) in made {
        assert!(client.is_ok(), "{name}: {:?}", client.err());
    }
}

#[test]
#[cfg(feature = "id-token")]
fn an_id_token_is_refused_where_there_are_no_keys() {
    let token = slack_auth::openid::IdToken::new("not-a-token").unwrap();
    let refused = pollster::block_on(feature_sets::verify(&token));
    assert_eq!(refused.len(), 1 + usize::from(cfg!(feature = "id-token-aws-lc")));
    for error in refused {
        // The answer in the same words is not a discovery document.
        assert!(error.to_string().starts_with("no signing keys"), "{error}");
    }
}

#[test]
#[cfg(feature = "events")]
fn a_request_without_a_signature_is_refused() {
    let request = http::Request::post("/slack/events").body(Vec::new()).unwrap();
    let now = slack_auth::Timestamp::from_unix(1_795_219_200);
    assert!(feature_sets::verify_event(request, now).is_err());
}

#[test]
#[cfg(feature = "metrics")]
fn metrics_have_names_that_begin_with_the_crates() {
    assert!(feature_sets::metrics().iter().all(|name| name.starts_with("slack_auth_")));
}

#[test]
fn every_store_keeps_an_installation() {
    let folder = std::env::temp_dir().join(format!("feature-sets-{}", std::process::id()));
    let installation = Installation::new(InstallationKey::Workspace("T0FAKE00001".into()));
    let stores = feature_sets::stores(&folder);
    assert_eq!(stores.len(), if cfg!(feature = "file-store") { 2 } else { 1 });
    for store in stores {
        assert!(pollster::block_on(feature_sets::keep(&store.unwrap(), &installation)).unwrap());
    }
    if cfg!(feature = "file-store") {
        std::fs::remove_dir_all(folder).unwrap();
    }
}

#[test]
#[cfg(feature = "postgres-store")]
fn a_server_that_is_not_there_is_an_error() {
    let error = pollster::block_on(feature_sets::no_server()).unwrap();
    assert_eq!(error.kind(), slack_auth::store::StoreErrorKind::Unavailable);
}

#[test]
fn a_rotator_without_a_runtime_names_the_features_that_have_one() {
    match feature_sets::rotator() {
        Ok(_) => assert!(cfg!(feature = "thread-runtime")),
        Err(error) => {
            assert!(!cfg!(feature = "thread-runtime"), "{error}");
            let text = error.to_string();
            assert!(text.contains("`thread-runtime`") && text.contains("`TokioRuntime`"), "{text}");
        }
    }
}
