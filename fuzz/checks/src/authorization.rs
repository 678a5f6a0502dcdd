//! The address of an authorize page, and the way back, with whatever arguments.

use std::time::Duration;

use arbitrary::{Arbitrary, Unstructured};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use http::{Request, Uri};
use sha2::{Digest, Sha256};
use slack_fake::FakeSlack;
use slack_proto::{
    ClientId, ClientSecret, ConfidentialClient, Endpoint, PublicClient, Timestamp,
    methods::{OauthV2Access, OauthV2UserAccess, OpenidConnectToken},
    oauth::{
        AuthorizationRequest, Callback, CallbackError, CodeExchange, CodeVerifier, InstallScopes,
        PendingAuthorization, RandomBytes, RedirectUri, Scopes, SignInScopes,
    },
};

use crate::{
    calls::Redirect,
    request::{self, Said},
    secrets,
};

/// Makes an authorization of an input. When it is taken, its URL says exactly what was asked, and nothing but the
/// callback with its state leads to the method that says the rest.
pub(crate) fn check(input: &[u8]) {
    let Ok(asked) = Asked::arbitrary_take_rest(Unstructured::new(input)) else { return };
    // What Slack would refuse is refused.
    let _ = asked.check();
}

#[derive(Arbitrary)]
struct Asked<'a> {
    flow: Flow,
    client_id: &'a str,
    bot: &'a str,
    person: &'a str,
    redirect_uri: Option<Redirect<'a>>,
    team: Option<&'a str>,
    life: Option<u64>,
    entropy: [u8; 96],
    now: u64,
    code: &'a str,
}

#[derive(Arbitrary, Clone, Copy)]
enum Flow {
    Install,
    InstallWithVerifier,
    User { user_scope_parameter: bool },
    UserWithVerifier { user_scope_parameter: bool },
    SignIn,
    SignInWithVerifier,
}

/// What is behind the question mark, in its order.
type Pairs = Vec<(&'static str, String)>;

impl Asked<'_> {
    fn check(&self) -> Option<()> {
        let id = || ClientId::new(self.client_id).ok();
        let secret = ClientSecret::new("hush").expect("not empty");
        let server = ConfidentialClient::new(id()?, secret);
        let desktop = PublicClient::new(id()?);
        let uri = match &self.redirect_uri {
            Some(uri) => Some(uri.value()?),
            None => None,
        };
        let install = InstallScopes::bot(self.bot).user(self.person);
        let sign_in = || SignInScopes::new(self.person()).ok();
        let said = Said::nothing().basic(self.client_id, "hush");
        let said_in_form = Said::nothing().field("client_id", self.client_id);
        match self.flow {
            Flow::Install => {
                let asked = AuthorizationRequest::<OauthV2Access>::new(id()?, install, uri.clone());
                self.go(asked.ok()?, uri.as_ref(), &server, said);
            }
            Flow::InstallWithVerifier => {
                let asked = AuthorizationRequest::<OauthV2Access<CodeVerifier>>::new(
                    id()?,
                    install,
                    uri.clone(),
                );
                self.go(asked.ok()?, uri.as_ref(), &desktop, said_in_form);
            }
            Flow::User { user_scope_parameter } => {
                let asked =
                    AuthorizationRequest::<OauthV2UserAccess>::new(id()?, self.person, uri.clone());
                let asked = asked.ok()?;
                let asked = if user_scope_parameter { asked.user_scope_parameter() } else { asked };
                let said = said_in_form.field("client_secret", "hush");
                self.go(asked, uri.as_ref(), &server, said);
            }
            Flow::UserWithVerifier { user_scope_parameter } => {
                let asked = AuthorizationRequest::<OauthV2UserAccess<CodeVerifier>>::new(
                    id()?,
                    self.person,
                    uri.clone(),
                );
                let asked = asked.ok()?;
                let asked = if user_scope_parameter { asked.user_scope_parameter() } else { asked };
                self.go(asked, uri.as_ref(), &desktop, said_in_form);
            }
            Flow::SignIn => {
                let asked =
                    AuthorizationRequest::<OpenidConnectToken>::new(id()?, sign_in()?, uri.clone());
                self.go(asked.ok()?, uri.as_ref(), &server, said);
            }
            Flow::SignInWithVerifier => {
                let asked = AuthorizationRequest::<OpenidConnectToken<CodeVerifier>>::new(
                    id()?,
                    sign_in()?,
                    uri.clone(),
                );
                self.go(asked.ok()?, uri.as_ref(), &desktop, said_in_form);
            }
        }
        Some(())
    }

    fn go<M: CodeExchange>(
        &self,
        mut asked: AuthorizationRequest<M>,
        uri: Option<&RedirectUri>,
        auth: &M::Auth,
        said: Said,
    ) {
        if let Some(team) = self.team {
            asked = asked.team(team.into());
        }
        if let Some(seconds) = self.life {
            asked = asked.lifetime(Duration::from_secs(seconds));
        }
        secrets::assert_hidden(&asked);
        let now = Timestamp::from_unix(self.now);
        let (url, pending) = asked.begin(&Endpoint::slack(), &RandomBytes::new(self.entropy), now);
        secrets::assert_hidden(&url);
        secrets::assert_hidden(&pending);
        self.check_url(url.expose(), uri);

        let text = pending.encode_exposing_secrets();
        let kept =
            PendingAuthorization::<M>::decode(&text, now).expect("what was encoded is refused");
        assert!(kept.encode_exposing_secrets() == text, "changed by being kept");
        let (state, code) = (self.entropy_text(1), self.code);
        let forged = callback(code, &format!("{state}x"));
        if let Some(forged) = forged {
            let refused = kept.finish(forged, now).err().expect("another state was taken");
            assert!(matches!(refused, CallbackError::StateMismatch(_)));
        }
        let Some(callback) = callback(code, &state) else { return };
        let authorized = pending.finish(callback, now).expect("the state is right");
        let verifier = self.verifier();
        let said = said.field("grant_type", "authorization_code").field("code", code);
        let said = said.maybe("code_verifier", verifier.as_deref());
        let said = said.maybe("redirect_uri", uri.map(RedirectUri::as_str));
        request::check(&authorized.exchange, auth, &said);
    }

    fn check_url(&self, url: &str, uri: Option<&RedirectUri>) {
        let wanted: Vec<_> =
            self.pairs(uri).into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        assert!(url.bytes().all(|byte| byte.is_ascii_graphic()), "no URL");
        let (page, query) = url.split_once('?').expect("a query");
        assert_eq!(page, format!("https://slack.com{}", self.page()));
        assert!(!query.contains(['?', '#', '"', '<', '\'']), "a value breaks out of its place");
        let parsed: Uri = url.parse().expect("a URI");
        assert_eq!(parsed.query(), Some(query));
        let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        assert!(pairs == wanted, "the page is asked for something else");
        let read = FakeSlack::read(&Request::get(url).body("").expect("a request"));
        assert!(read.is_ok_and(|read| read.arguments == wanted), "the fake reads something else");
    }

    fn page(&self) -> &'static str {
        match self.flow {
            Flow::Install | Flow::InstallWithVerifier => "/oauth/v2/authorize",
            Flow::User { .. } | Flow::UserWithVerifier { .. } => "/oauth/v2_user/authorize",
            Flow::SignIn | Flow::SignInWithVerifier => "/openid/connect/authorize",
        }
    }

    fn pairs(&self, uri: Option<&RedirectUri>) -> Pairs {
        let list = |text: &str, separator| {
            let parts = text.split(|c: char| c == ',' || c.is_whitespace());
            parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(separator)
        };
        let mut pairs = Pairs::new();
        let signs_in = matches!(self.flow, Flow::SignIn | Flow::SignInWithVerifier);
        if signs_in {
            pairs.push(("response_type", "code".into()));
        }
        pairs.push(("client_id", self.client_id.into()));
        match self.flow {
            Flow::Install | Flow::InstallWithVerifier => {
                pairs.push(("scope", list(self.bot, ",")));
                if !Scopes::from(self.person).is_empty() {
                    pairs.push(("user_scope", list(self.person, ",")));
                }
            }
            Flow::User { user_scope_parameter: true }
            | Flow::UserWithVerifier { user_scope_parameter: true } => {
                pairs.push(("user_scope", list(self.person, ",")));
            }
            Flow::User { .. } | Flow::UserWithVerifier { .. } => {
                pairs.push(("scope", list(self.person, ",")));
            }
            Flow::SignIn | Flow::SignInWithVerifier => {
                pairs.push(("scope", list(self.person(), " ")));
            }
        }
        pairs.extend(uri.map(|uri| ("redirect_uri", uri.as_str().into())));
        pairs.push(("state", self.entropy_text(1)));
        if signs_in {
            pairs.push(("nonce", self.entropy_text(2)));
        }
        if let Some(verifier) = self.verifier() {
            let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
            pairs.push(("code_challenge", challenge));
            pairs.push(("code_challenge_method", "S256".into()));
        }
        pairs.extend(self.team.map(|team| ("team", team.into())));
        pairs
    }

    /// The person's scopes; for a sign-in, which takes few, one of the lists that it takes if the text is none.
    fn person(&self) -> &str {
        const LISTS: [&str; 4] =
            ["openid", "openid,email", "profile openid", "email, openid\tprofile"];
        match SignInScopes::new(self.person) {
            Ok(_) => self.person,
            Err(_) => LISTS[self.person.len() % LISTS.len()],
        }
    }

    fn verifier(&self) -> Option<String> {
        let with = matches!(
            self.flow,
            Flow::InstallWithVerifier | Flow::UserWithVerifier { .. } | Flow::SignInWithVerifier
        );
        with.then(|| self.entropy_text(0))
    }

    /// A third of the entropy as it is written: of the verifier, the state or the nonce.
    fn entropy_text(&self, third: usize) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(&self.entropy[32 * third..][..32])
    }
}

/// What the browser brings back; `None` without a code.
fn callback(code: &str, state: &str) -> Option<Callback> {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("code", code).append_pair("state", state);
    Callback::parse(&format!("https://app.example.com/cb?{}", query.finish())).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flow_is_reached() {
        for (flow, person) in [
            (Flow::Install, "users:read"),
            (Flow::InstallWithVerifier, ""),
            (Flow::User { user_scope_parameter: false }, "users:read, chat:write"),
            (Flow::User { user_scope_parameter: true }, "users:read"),
            (Flow::UserWithVerifier { user_scope_parameter: false }, "users:read"),
            (Flow::UserWithVerifier { user_scope_parameter: true }, "users:read"),
            (Flow::SignIn, "openid email"),
            (Flow::SignInWithVerifier, "chat:write"),
        ] {
            let asked = |client_id| Asked {
                flow,
                client_id,
                bot: "chat:write,channels:read",
                person,
                redirect_uri: Some(Redirect::Web("cb?a=b&c")),
                team: Some("T0 &"),
                life: Some(0),
                entropy: std::array::from_fn(|at| u8::try_from(at).unwrap()),
                now: 1_795_219_200,
                code: "c0de\r\n&",
            };
            assert!(asked("1.2 &b").check().is_some());
            assert!(asked("").check().is_none());
        }
    }
}
