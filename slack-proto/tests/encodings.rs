//! What is written down between the browser legs: it comes back whole, and a change of it never comes back as something
//! else.

use std::time::Duration;

use proptest::{collection::vec, prelude::*, sample::Index, test_runner::FileFailurePersistence};
use slack_proto::{
    ClientId, Endpoint, Timestamp,
    methods::{OauthV2Access, OauthV2UserAccess, OpenidConnectToken},
    oauth::{
        AuthorizationRequest, Callback, CodeExchange, CodeVerifier, InstallScopes,
        PendingAuthorization, RandomBytes, RedirectUri, Scopes, SecretAndPkce, SessionBinding,
        SignInScopes, SignedStateFlow, StateSigningKey,
    },
    tokens::Fingerprint,
};

/// A thousand cases; the variable `PROPTEST_CASES` asks for another number.
fn config() -> ProptestConfig {
    let persistence = FileFailurePersistence::WithSource("regressions");
    let config = ProptestConfig {
        failure_persistence: Some(Box::new(persistence)),
        ..ProptestConfig::default()
    };
    ProptestConfig { cases: config.cases.max(1_000), ..config }
}

/// What a request is made of.
#[derive(Clone, Debug)]
struct Parts {
    id: String,
    scopes: String,
    redirect: Option<RedirectUri>,
    entropy: [u8; 96],
    now: Timestamp,
    life: Duration,
}

impl Parts {
    fn request<M: CodeExchange>(&self, scopes: M::Scopes) -> AuthorizationRequest<M> {
        let id = ClientId::new(self.id.as_str()).unwrap();
        let redirect = self.redirect.clone();
        AuthorizationRequest::new(id, scopes, redirect).unwrap().lifetime(self.life)
    }

    fn pending<M: CodeExchange>(&self, scopes: M::Scopes) -> PendingAuthorization<M> {
        let entropy = RandomBytes::new(self.entropy);
        self.request::<M>(scopes).begin(&Endpoint::slack(), &entropy, self.now).1
    }
}

fn parts() -> impl Strategy<Value = Parts> {
    let entropy = vec(any::<u8>(), 96).prop_map(|bytes| bytes.try_into().unwrap());
    let redirect = prop_oneof![
        Just(web()),
        "https://[a-z]{1,9}\\.example/[!$-;=?-~]{0,20}".prop_map(|uri| RedirectUri::new(uri).ok()),
        (1..u16::MAX).prop_map(|port| {
            RedirectUri::insecure_for_tests(format!("http://127.0.0.1:{port}/cb")).ok()
        }),
    ];
    let scopes = "([a-z]{1,6}[:.][a-z0-9_-]{1,6}[, ]){1,4}";
    // What a request can be made of: the constructors refuse everything else.
    let id = ".{1,20}".prop_filter("a client id", |id| ClientId::new(id.as_str()).is_ok());
    (id, scopes, redirect, entropy, any::<u64>(), 0..1_000_000_u64).prop_map(
        |(id, scopes, redirect, entropy, now, life)| Parts {
            id,
            scopes,
            redirect,
            entropy,
            now: Timestamp::from_unix(now),
            life: Duration::from_secs(life),
        },
    )
}

/// Writes down and reads again, at once and at the end of its life, and not later.
fn comes_back<M: CodeExchange>(pending: &PendingAuthorization<M>, now: Timestamp) {
    let text = pending.encode_exposing_secrets();
    assert!(
        text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\",;\\".contains(&byte)),
        "{text}"
    );
    for now in [now, pending.expires_at()] {
        let back = PendingAuthorization::<M>::decode(&text, now).unwrap();
        assert_eq!(back.encode_exposing_secrets(), text);
        assert_eq!(format!("{back:?}"), format!("{pending:?}"));
        assert!(back.state().same_as(pending.state()));
    }
    let late = pending.expires_at() + Duration::from_secs(1);
    if late > pending.expires_at() {
        assert!(PendingAuthorization::<M>::decode(&text, late).is_err());
    }
}

fn web() -> Option<RedirectUri> {
    RedirectUri::new("https://app.example.com/cb").ok()
}

/// One change of a text: a character replaced, put in or taken out, or all from there on.
fn changed(text: &str, place: Index, way: u8, with: &str) -> String {
    let at = place.index(text.len());
    match way {
        0 => format!("{}{with}{}", &text[..at], &text[at + 1..]),
        1 => format!("{}{with}{}", &text[..at], &text[at..]),
        2 => format!("{}{}", &text[..at], &text[at + 1..]),
        _ => text[..at].to_owned(),
    }
}

fn decodes<M: CodeExchange>(text: &str, now: Timestamp) -> Option<String> {
    let pending = PendingAuthorization::<M>::decode(text, now).ok()?;
    Some(pending.encode_exposing_secrets())
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_pending_authorization_comes_back(parts in parts(), which in 0..4_u8) {
        let scopes = || Scopes::from(parts.scopes.as_str());
        let both = InstallScopes::bot(scopes()).user("users:read");
        match which {
            0 => comes_back(&parts.pending::<OauthV2Access>(both), parts.now),
            1 => comes_back(&parts.pending::<OauthV2Access<SecretAndPkce>>(both), parts.now),
            2 => comes_back(&parts.pending::<OauthV2UserAccess<CodeVerifier>>(scopes()), parts.now),
            _ => {
                let parts = Parts { redirect: parts.redirect.or(web()), ..parts };
                let sign_in = SignInScopes::openid().profile();
                comes_back(&parts.pending::<OpenidConnectToken<CodeVerifier>>(sign_in), parts.now);
            }
        }
    }

    #[test]
    fn a_change_is_refused(parts in parts(), place: Index, way in 0..4_u8, with in "[ -~\u{e9}]") {
        let pending = parts.pending::<OauthV2Access<CodeVerifier>>(InstallScopes::user_only("a"));
        let text = pending.encode_exposing_secrets();
        let other = changed(&text, place, way, &with);
        let back = decodes::<OauthV2Access<CodeVerifier>>(&other, parts.now);
        prop_assert_eq!(back.is_some(), other == text);
    }

    #[test]
    fn what_is_taken_was_written_so(
        parts in parts(), place: Index, way in 0..4_u8, with in "[ -~]|&[a-z]{1,9}=[a-z0-9]{1,9}"
    ) {
        // With a check that is right, as only somebody on purpose would have it.
        let pending = parts.pending::<OauthV2Access>(InstallScopes::bot("commands"));
        let text = pending.encode_exposing_secrets();
        let body = changed(text.rsplit_once("&check=").unwrap().0, place, way, &with);
        let text = format!("{body}&check={}", Fingerprint::of(&body));
        if let Some(back) = decodes::<OauthV2Access>(&text, parts.now) {
            prop_assert_eq!(back, text);
        }
    }

    #[test]
    fn any_text_is_read_without_panic(text in ".{0,200}", now: u64) {
        let now = Timestamp::from_unix(now);
        let checked = format!("{text}&check={}", Fingerprint::of(&text));
        let versioned = format!("v=1&method=oauth.v2.access&proof=secret&{text}");
        let versioned = format!("{versioned}&check={}", Fingerprint::of(&versioned));
        for text in [&text, &checked, &versioned] {
            if let Some(back) = decodes::<OauthV2Access>(text, now) {
                prop_assert_eq!(&back, text);
            }
        }
    }

    #[test]
    fn a_stateless_state_comes_back_and_a_change_does_not(
        parts in parts(), key in vec(any::<u8>(), 32..80), cookie in ".{16,40}", place: Index, way in 0..4_u8,
        with in "[!$'-*-.0-;=?-Z_a-~]"
    ) {
        let browser = SessionBinding::new(cookie.as_str()).unwrap();
        let request = parts.request::<OauthV2Access>(InstallScopes::bot(parts.scopes.as_str()));
        let flow =
            SignedStateFlow::new(request, Endpoint::slack(), StateSigningKey::new(&key).unwrap());
        let url = flow.begin(&browser, &RandomBytes::new(parts.entropy), parts.now);
        let state = url.expose().split("&state=").nth(1).unwrap();
        let taken = |state: &str, cookie: &SessionBinding| {
            let callback = Callback::parse(&format!("code=c&state={state}")).unwrap();
            flow.finish(Some(cookie), callback, parts.now).is_ok()
        };
        prop_assert!(taken(state, &browser));
        let other = changed(state, place, way, &with);
        prop_assert_eq!(taken(&other, &browser), other == state);
        let longer = SessionBinding::new(cookie + "x").unwrap();
        prop_assert!(!taken(state, &longer));
    }
}
