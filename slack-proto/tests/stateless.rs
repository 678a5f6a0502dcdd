//! The browser legs without a session: what is taken, and each thing that is refused by an error of its own.

use std::{mem::discriminant, time::Duration};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use slack_proto::{
    ApiMethod, ClientId, Endpoint, Recovery, Timestamp,
    methods::{OauthV2Access, OauthV2UserAccess, OpenidConnectToken},
    oauth::{
        AuthorizationRequest, Callback, CodeExchange, CodeVerifier, InstallScopes, RandomBytes,
        RedirectUri, SecretAuthentication, SessionBinding, SignInScopes, SignedStateError,
        SignedStateFlow, StateSigningKey, StateSigningKeys,
    },
    openid::Nonce,
};

const NOW: Timestamp = Timestamp::from_unix(1_795_219_200);

fn key() -> StateSigningKey {
    StateSigningKey::new([7; 32]).unwrap()
}

fn browser() -> SessionBinding {
    SessionBinding::new("a-session-id-of-this-browser").unwrap()
}

fn request<M: CodeExchange>(scopes: impl Into<M::Scopes>) -> AuthorizationRequest<M> {
    let redirect = RedirectUri::new("https://app.example.com/cb").unwrap();
    AuthorizationRequest::new(ClientId::new("1.2").unwrap(), scopes, redirect).unwrap()
}

fn over<M: CodeExchange>(request: AuthorizationRequest<M>) -> SignedStateFlow<M> {
    SignedStateFlow::new(request, Endpoint::slack(), key())
}

fn install() -> SignedStateFlow<OauthV2Access> {
    over(request(InstallScopes::bot("commands")))
}

fn sign_in() -> SignedStateFlow<OpenidConnectToken<CodeVerifier>> {
    over(request(SignInScopes::openid()))
}

/// The value of a parameter of the authorize page's URL.
fn begin<M: CodeExchange>(flow: &SignedStateFlow<M>, name: &str) -> Option<String> {
    let url = flow.begin(&browser(), &RandomBytes::new([3; 96]), NOW);
    let (_, query) = url.expose().split_once('?').unwrap();
    let pairs = form_urlencoded::parse(query.as_bytes());
    pairs.into_owned().find(|(found, _)| found == name).map(|(_, value)| value)
}

fn state<M: CodeExchange>(flow: &SignedStateFlow<M>) -> String {
    begin(flow, "state").unwrap()
}

fn back(state: &str) -> Callback {
    Callback::parse(&format!("/cb?code=c0de&state={state}")).unwrap()
}

#[track_caller]
fn refused<M: CodeExchange>(flow: &SignedStateFlow<M>, state: &str, expected: &SignedStateError) {
    let Err(error) = flow.finish(Some(&browser()), back(state), NOW) else {
        panic!("taken instead of {expected:?}")
    };
    assert_eq!(discriminant(&error), discriminant(expected), "{error:?} instead of {expected:?}");
    assert_eq!(error.recovery(), Recovery::AuthorizeAgain);
}

#[test]
fn another_server_with_the_same_key_finishes() {
    let url = install().begin(&browser(), &RandomBytes::new([3; 96]), NOW);
    let page = "https://slack.com/oauth/v2/authorize?client_id=1.2&scope=commands\
                &redirect_uri=https%3A%2F%2Fapp.example.com%2Fcb&state=";
    let state = url.expose().strip_prefix(page).unwrap();
    assert_eq!(state.len(), 120);
    let authorized = install().finish(Some(&browser()), back(state), NOW).unwrap();
    let request = authorized
        .exchange
        .to_request(&Endpoint::slack(), &confidential())
        .map(slack_proto::methods::RequestBody::into_vec);
    assert_eq!(
        String::from_utf8(request.into_body()).unwrap(),
        "grant_type=authorization_code&code=c0de&redirect_uri=https%3A%2F%2Fapp.example.com%2Fcb"
    );
    assert_eq!(authorized.asked, InstallScopes::bot("commands"));
}

fn confidential() -> slack_proto::ConfidentialClient {
    let secret = slack_proto::ClientSecret::new("hush").unwrap();
    slack_proto::ConfidentialClient::new(ClientId::new("1.2").unwrap(), secret)
}

#[test]
fn verifier_and_nonce_are_derived_and_the_same_on_both_legs() {
    let authorized = sign_in().finish(Some(&browser()), back(&state(&sign_in())), NOW).unwrap();
    let public = slack_proto::PublicClient::new(ClientId::new("1.2").unwrap());
    let request = authorized.exchange.to_request(&Endpoint::slack(), &public);
    let body = String::from_utf8(request.into_body().into_vec()).unwrap();
    let verifier = form_urlencoded::parse(body.as_bytes())
        .find(|(name, _)| name == "code_verifier")
        .map(|(_, value)| CodeVerifier::new(value).unwrap())
        .unwrap();
    let challenge = begin(&sign_in(), "code_challenge").unwrap();
    assert_eq!(verifier.challenge().as_str(), challenge);
    let expected = authorized.expected_id_token();
    assert_eq!(expected.client_id().as_str(), "1.2");
    assert!(expected.sent_nonce().unwrap().matches(&begin(&sign_in(), "nonce").unwrap()));

    // Neither stands in the URL, and each other state has others.
    let url = sign_in().begin(&browser(), &RandomBytes::new([3; 96]), NOW);
    assert!(!url.expose().contains(verifier.expose()));
    let other = sign_in().begin(&browser(), &RandomBytes::new([4; 96]), NOW);
    for value in [challenge.as_str(), expected.sent_nonce().map(Nonce::expose).unwrap()] {
        assert!(url.expose().contains(value) && !other.expose().contains(value));
    }
}

#[test]
fn every_bit_counts() {
    let good = BASE64_URL_SAFE_NO_PAD.decode(state(&install())).unwrap();
    assert_eq!(good.len(), 90);
    for bit in 0..good.len() * 8 {
        let mut bytes = good.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let expected =
            if bit < 8 { SignedStateError::UnknownVersion } else { SignedStateError::Tampered };
        refused(&install(), &BASE64_URL_SAFE_NO_PAD.encode(bytes), &expected);
    }
}

#[test]
fn what_is_no_state_is_malformed() {
    let good = state(&install());
    for text in [
        &good[..119],
        &good[..116],
        &format!("{good}AAAA"),
        &format!("{good}="),
        &good.replacen(&good[60..61], "!", 1),
        "fake-state",
        "AQ",
    ] {
        refused(&install(), text, &SignedStateError::Malformed);
    }
    refused(&install(), "Ag", &SignedStateError::UnknownVersion);
    // Of a later version, of whatever length.
    refused(&install(), &format!("AgAA{good}{good}"), &SignedStateError::UnknownVersion);
}

#[test]
fn a_state_of_another_flow_is_refused() {
    let user = over(request::<OauthV2UserAccess>("search:read"));
    refused(&install(), &state(&user), &SignedStateError::OtherFlow);
    refused(&user, &state(&sign_in()), &SignedStateError::OtherFlow);
    refused(&sign_in(), &state(&install()), &SignedStateError::OtherFlow);
}

type Install<P = SecretAuthentication> = AuthorizationRequest<OauthV2Access<P>>;

#[test]
fn a_state_of_another_request_is_refused() {
    let id = || ClientId::new("1.2").unwrap();
    let bot = || InstallScopes::bot("commands");
    let redirect = |uri: &str| RedirectUri::new(uri).unwrap();
    let cb = || redirect("https://app.example.com/cb");
    for other in [
        Install::new(ClientId::new("1.3").unwrap(), bot(), cb()),
        Install::new(id(), bot(), redirect("https://app.example.com/cb2")),
        Install::new(id(), bot(), None),
        Install::new(id(), InstallScopes::bot("commands,chat:write"), cb()),
        Install::new(id(), InstallScopes::user_only("commands"), cb()),
    ] {
        refused(
            &install(),
            &state::<OauthV2Access>(&over(other.unwrap())),
            &SignedStateError::OtherRequest,
        );
    }
    let with_verifier = Install::<CodeVerifier>::new(id(), bot(), cb()).unwrap();
    refused(&install(), &state(&over(with_verifier)), &SignedStateError::OtherRequest);
    let gov = SignedStateFlow::new(request::<OauthV2Access>(bot()), Endpoint::gov_slack(), key());
    refused(&install(), &state(&gov), &SignedStateError::OtherRequest);
    // The proposed team decides nothing.
    let team = over(request::<OauthV2Access>(bot()).team("T0FAKE00001".into()));
    assert!(install().finish(Some(&browser()), back(&state(&team)), NOW).is_ok());
}

#[test]
fn another_key_made_it() {
    let other = StateSigningKey::new([8; 32]).unwrap();
    let other =
        SignedStateFlow::new(request(InstallScopes::bot("commands")), Endpoint::slack(), other);
    refused(&install(), &state::<OauthV2Access>(&other), &SignedStateError::Tampered);
}

#[test]
fn a_second_key_is_taken_while_the_key_changes() {
    let new = || StateSigningKey::new([8; 32]).unwrap();
    let flow = |keys: StateSigningKeys| {
        let request = request::<OpenidConnectToken<CodeVerifier>>(SignInScopes::openid());
        SignedStateFlow::new(request, Endpoint::slack(), keys)
    };
    let (before, after) = (flow(key().into()), flow(new().into()));
    let turned = flow(StateSigningKeys::new(new()).old_key(key()));
    let prepared = flow(StateSigningKeys::new(key()).old_key(new()));
    // A state of either key finishes wherever both are known, with the verifier and nonce that its own page was sent.
    for (began, finished) in
        [(&before, &turned), (&turned, &turned), (&turned, &prepared), (&after, &prepared)]
    {
        let (state, challenge) = (state(began), begin(began, "code_challenge").unwrap());
        let authorized = finished.finish(Some(&browser()), back(&state), NOW).unwrap();
        let nonce = begin(began, "nonce").unwrap();
        assert!(authorized.expected_id_token().sent_nonce().unwrap().matches(&nonce));
        let token = slack_proto::ApiMethod::to_request(
            &authorized.exchange,
            &Endpoint::slack(),
            &slack_proto::PublicClient::new(ClientId::new("1.2").unwrap()),
        );
        let form: Vec<_> = form_urlencoded::parse(token.body().as_ref()).into_owned().collect();
        let verifier = form.iter().find(|(name, _)| name == "code_verifier").unwrap();
        assert_eq!(CodeVerifier::new(&*verifier.1).unwrap().challenge().as_str(), challenge);
    }
    refused(&after, &state(&before), &SignedStateError::Tampered);
    refused(&before, &state(&turned), &SignedStateError::Tampered);
}

#[test]
fn a_required_team_is_part_of_the_request_and_is_asked_of_the_id_token() {
    let required = |team: &str| {
        let request = request::<OpenidConnectToken<CodeVerifier>>(SignInScopes::openid());
        over(request.require_team(team.into()))
    };
    let first = required("T0FAKE00001");
    assert_eq!(begin(&first, "team").as_deref(), Some("T0FAKE00001"));
    let authorized = first.finish(Some(&browser()), back(&state(&first)), NOW).unwrap();
    let team = authorized.expected_id_token().required_team().unwrap();
    assert_eq!(team.as_str(), "T0FAKE00001");
    assert_eq!(authorized.endpoint(), &Endpoint::slack());
    refused(&required("T0FAKE00002"), &state(&first), &SignedStateError::OtherRequest);
    refused(&sign_in(), &state(&first), &SignedStateError::OtherRequest);
}

#[test]
fn only_the_browser_that_began_finishes() {
    let state = state(&install());
    let other = SessionBinding::new("a-session-id-of-that-browser").unwrap();
    for browser in [Some(&other), None] {
        let error = install().finish(browser, back(&state), NOW).unwrap_err();
        assert!(matches!(error, SignedStateError::OtherBrowser), "{error:?}");
    }
    // It is not single use: who needs that keeps a pending authorization.
    for _ in 0..2 {
        assert!(install().finish(Some(&browser()), back(&state), NOW).is_ok());
    }
}

#[test]
fn the_wait_ends() {
    let finish = |flow: &SignedStateFlow<OauthV2Access>, seconds| {
        let now = NOW + Duration::from_secs(seconds);
        flow.finish(Some(&browser()), back(&state(flow)), now)
    };
    assert!(finish(&install(), 600).is_ok());
    assert!(matches!(finish(&install(), 601), Err(SignedStateError::Expired)));
    let short = over(
        request::<OauthV2Access>(InstallScopes::bot("commands")).lifetime(Duration::from_secs(30)),
    );
    assert!(finish(&short, 30).is_ok());
    assert!(matches!(finish(&short, 31), Err(SignedStateError::Expired)));
}

#[test]
fn a_refusal_and_a_missing_state_are_told_apart() {
    let finish = |text: &str| {
        install().finish(Some(&browser()), Callback::parse(text).unwrap(), NOW).unwrap_err()
    };
    let state = state(&install());
    let error = finish(&format!("error=access_denied&state={state}"));
    assert!(matches!(error, SignedStateError::Refused(_)), "{error:?}");
    assert_eq!(error.recovery(), Recovery::AuthorizeAgain);
    let error = finish("error=access_denied");
    assert!(matches!(error, SignedStateError::RefusedWithoutState(_)), "{error:?}");
    assert!(error.error_response().is_some());
    let error = finish("code=c0de");
    assert!(matches!(error, SignedStateError::StateMissing), "{error:?}");
    // Slack's no does not count before the state does.
    let error = finish("error=access_denied&state=fake-state");
    assert!(matches!(error, SignedStateError::Malformed), "{error:?}");
}

#[test]
fn every_error_says_what_to_do() {
    use SignedStateError::{
        Expired, Malformed, OtherBrowser, OtherFlow, OtherRequest, StateMissing, Tampered,
        UnknownVersion,
    };
    let errors = [
        StateMissing,
        Malformed,
        UnknownVersion,
        Tampered,
        OtherFlow,
        OtherRequest,
        OtherBrowser,
        Expired,
    ];
    let shown = errors.map(|error| error.to_string());
    assert!(shown.iter().all(|text| text.contains("start again")), "{shown:?}");
    assert_eq!(shown.iter().collect::<std::collections::BTreeSet<_>>().len(), shown.len());
}

#[test]
fn a_copy_takes_what_the_original_sent_out() {
    let copy = install().clone();
    let authorized = copy.finish(Some(&browser()), back(&state(&install())), NOW).unwrap();
    let request = authorized.exchange.to_request(&Endpoint::slack(), &confidential());
    assert!(request.body().as_ref().starts_with(b"grant_type=authorization_code&code=c0de"));
}

#[test]
fn a_person_comes_back_from_the_users_page() {
    let flow: SignedStateFlow<OauthV2UserAccess> = over(request("search:read"));
    let authorized = flow.finish(Some(&browser()), back(&state(&flow)), NOW).unwrap();
    let request = authorized.exchange.to_request(&Endpoint::slack(), &confidential());
    assert_eq!(request.uri(), "https://slack.com/api/oauth.v2.user.access");
    // The client's secret travels in the body here, beside the code.
    let body = String::from_utf8_lossy(request.body().as_ref());
    assert!(body.contains("grant_type=authorization_code&code=c0de"));
    assert!(body.contains("client_id=1.2"));
    let expected = authorized.expected_id_token();
    assert_eq!(expected.client_id().as_str(), "1.2");
    assert!(expected.sent_nonce().is_none(), "this page takes none");
}
