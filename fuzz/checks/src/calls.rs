//! The requests of all methods, with whatever arguments.

use arbitrary::{Arbitrary, Unstructured};
use serde_json::json;
use slack_proto::{
    AccessToken, ApiMethod, ClientId, ClientSecret, ConfidentialClient, PublicClient,
    methods::{
        AppsAuthExternalDelete, AppsAuthExternalGet, AppsUninstall, AuthRevoke, AuthTeamsList,
        AuthTest, OauthV2Access, OauthV2Exchange, OauthV2Refresh, OauthV2UserAccess,
        OauthV2UserRefresh, OpenidConnectRefresh, OpenidConnectToken, OpenidConnectUserInfo,
        ToolingTokensRotate,
    },
    oauth::{AuthorizationCode, ClientCredentials, CodeVerifier, RedirectUri},
    tokens::RefreshToken,
};

use crate::request::{Said, check};

/// Makes a call of an input. When its arguments are taken, its request says exactly them.
pub(crate) fn check_call(input: &[u8]) {
    let Ok(call) = Call::arbitrary_take_rest(Unstructured::new(input)) else { return };
    // Arguments that are refused make no request.
    let _ = call.check();
}

#[derive(Arbitrary)]
struct Call<'a> {
    what: What<'a>,
    client: Client<'a>,
    /// Presented, traded or revoked, as the method has it.
    token: &'a str,
}

#[derive(Arbitrary)]
struct Client<'a> {
    id: &'a str,
    secret: &'a str,
    in_body: bool,
}

#[derive(Arbitrary)]
enum What<'a> {
    Code { page: Page, proof: Proof<'a>, code: &'a str, redirect_uri: Option<Redirect<'a>> },
    Refresh { page: Page, public: bool },
    Exchange,
    Rotate,
    ExternalGet { id: &'a str, force: bool },
    ExternalDelete { id: &'a str, provider: Option<&'a str>, whole_app: bool },
    Uninstall,
    Revoke { test: bool },
    RevokeRefreshToken { test: bool },
    Teams { cursor: Option<&'a str>, limit: Option<u16>, icon: bool },
    Test,
    UserInfo,
}

#[derive(Arbitrary)]
enum Page {
    Install,
    User,
    SignIn,
}

#[derive(Arbitrary)]
enum Proof<'a> {
    Secret,
    Verifier(Verifier<'a>),
    Both(Verifier<'a>),
}

/// A verifier as it is, or with each byte changed into one that may stand there.
#[derive(Arbitrary)]
pub(crate) enum Verifier<'a> {
    Raw(&'a str),
    Mapped(&'a [u8]),
}

/// A redirect URI as it is, or with what makes it one before it.
#[derive(Arbitrary)]
pub(crate) enum Redirect<'a> {
    Raw(&'a str),
    Web(&'a str),
    Loopback(&'a str),
    Own(&'a str),
}

impl Call<'_> {
    fn check(&self) -> Option<()> {
        let said = Said::nothing();
        match &self.what {
            What::Code { page, proof, code, redirect_uri } => {
                let redirect_uri = match redirect_uri {
                    Some(uri) => Some(uri.value()?),
                    None => None,
                };
                self.code(page, proof, code, redirect_uri)?;
            }
            What::Refresh { page, public } => {
                let (app, said) = self.client.either(*public, page)?;
                let token = refresh_token(self.token)?;
                let said = said.field("grant_type", "refresh_token");
                let said = said.field("refresh_token", self.token);
                match page {
                    Page::Install => check(&OauthV2Refresh::new(token), &app, &said),
                    Page::User => check(&OauthV2UserRefresh::new(token), &app, &said),
                    Page::SignIn => check(&OpenidConnectRefresh::new(token), &app, &said),
                }
            }
            What::Exchange => {
                let (app, said) = (self.client.confidential()?, self.client.in_form(said));
                let said = said.field("token", self.token);
                check(&OauthV2Exchange::new(access_token(self.token)?), &app, &said);
            }
            What::Rotate => {
                let rotate = ToolingTokensRotate::new(refresh_token(self.token)?);
                check(&rotate, &(), &said.field("refresh_token", self.token));
            }
            What::Uninstall => {
                let (app, said) = (self.client.confidential()?, said.bearer(self.token));
                let uninstall = AppsUninstall::new(access_token(self.token)?);
                check(&uninstall, &app, &self.client.in_form(said));
            }
            What::RevokeRefreshToken { test } => {
                let revoke = AuthRevoke::refresh_token();
                let revoke = if *test { revoke.test_only() } else { revoke };
                let said = said.bearer(self.token).maybe("test", test.then_some("true"));
                check(&revoke, &refresh_token(self.token)?, &said);
            }
            _ => self.with_access_token(said.bearer(self.token))?,
        }
        Some(())
    }

    /// The methods that an access token calls.
    fn with_access_token(&self, said: Said) -> Option<()> {
        let token = access_token(self.token)?;
        match &self.what {
            What::ExternalGet { id, force } => {
                let get = AppsAuthExternalGet::new(*id).ok()?;
                let get = if *force { get.force_refresh() } else { get };
                let said = said.field("external_token_id", id);
                check(&get, &token, &said.maybe("force_refresh", force.then_some("true")));
            }
            What::ExternalDelete { id, provider, whole_app } => {
                let (delete, said) = match provider {
                    Some(key) => (
                        AppsAuthExternalDelete::by_app_and_provider(*id, *key),
                        said.field("app_id", id).field("provider_key", key),
                    ),
                    None if *whole_app => {
                        (AppsAuthExternalDelete::by_app(*id), said.field("app_id", id))
                    }
                    None => {
                        (AppsAuthExternalDelete::by_token(*id), said.field("external_token_id", id))
                    }
                };
                check(&delete.ok()?, &token, &said);
            }
            What::Revoke { test } => {
                let revoke = if *test { AuthRevoke::new().test_only() } else { AuthRevoke::new() };
                check(&revoke, &token, &said.maybe("test", test.then_some("true")));
            }
            What::Teams { cursor, limit, icon } => {
                let mut list = AuthTeamsList::new();
                if let Some(cursor) = cursor {
                    list = list.cursor((*cursor).into());
                }
                if let Some(limit) = limit {
                    list = list.limit(*limit).ok()?;
                }
                if *icon {
                    list = list.include_icon();
                }
                let limit = limit.map(|limit| limit.to_string());
                let said = said.maybe("cursor", *cursor).maybe("limit", limit.as_deref());
                check(&list, &token, &said.maybe("include_icon", icon.then_some("true")));
            }
            What::UserInfo => check(&OpenidConnectUserInfo, &token, &said),
            _ => check(&AuthTest, &token, &said),
        }
        Some(())
    }

    fn code(
        &self,
        page: &Page,
        proof: &Proof<'_>,
        code: &str,
        uri: Option<RedirectUri>,
    ) -> Option<()> {
        macro_rules! exchange {
            ($ApiMethod:ident) => {{
                let grant = AuthorizationCode::new(code).ok()?;
                match proof {
                    Proof::Secret => {
                        let said = self.client.said(page).field("grant_type", "authorization_code");
                        let method = $ApiMethod::new(grant);
                        finish!(method, self.client.confidential()?, said.field("code", code))
                    }
                    Proof::Verifier(verifier) => {
                        let verifier = verifier.value()?;
                        let said = Said::nothing().field("client_id", self.client.id);
                        let said = said.field("grant_type", "authorization_code");
                        let said =
                            said.field("code", code).field("code_verifier", verifier.expose());
                        finish!($ApiMethod::pkce(grant, verifier), self.client.public()?, said)
                    }
                    Proof::Both(verifier) => {
                        let verifier = verifier.value()?;
                        let said = self.client.said(page).field("grant_type", "authorization_code");
                        let said =
                            said.field("code", code).field("code_verifier", verifier.expose());
                        let method = $ApiMethod::pkce_with_secret(grant, verifier);
                        finish!(method, self.client.confidential()?, said)
                    }
                }
            }};
        }
        macro_rules! finish {
            ($method:expr, $client:expr, $said:expr) => {{
                let (method, said) = ($method, $said);
                match uri {
                    Some(uri) => {
                        let said = said.field("redirect_uri", uri.as_str());
                        check(&method.redirect_uri(uri), &$client, &said);
                    }
                    None => check(&method, &$client, &said),
                }
            }};
        }
        match page {
            Page::Install => exchange!(OauthV2Access),
            Page::User => exchange!(OauthV2UserAccess),
            Page::SignIn => exchange!(OpenidConnectToken),
        }
        Some(())
    }
}

impl Client<'_> {
    fn confidential(&self) -> Option<ConfidentialClient> {
        let secret = ClientSecret::new(self.secret).ok()?;
        let client = ConfidentialClient::new(ClientId::new(self.id).ok()?, secret);
        Some(if self.in_body { client.in_body() } else { client })
    }

    fn public(&self) -> Option<PublicClient> {
        Some(PublicClient::new(ClientId::new(self.id).ok()?))
    }

    fn either(&self, public: bool, page: &Page) -> Option<(ClientCredentials, Said)> {
        Some(if public {
            (self.public()?.into(), Said::nothing().field("client_id", self.id))
        } else {
            (self.confidential()?.into(), self.said(page))
        })
    }

    /// What a confidential client says where it has the choice. The users' page is sent the form unless the header is chosen.
    fn said(&self, page: &Page) -> Said {
        if self.in_body || matches!(page, Page::User) {
            return self.in_form(Said::nothing());
        }
        Said::nothing().basic(self.id, self.secret)
    }

    fn in_form(&self, said: Said) -> Said {
        said.field("client_id", self.id).field("client_secret", self.secret)
    }
}

impl Verifier<'_> {
    pub(crate) fn value(&self) -> Option<CodeVerifier> {
        const MAY_STAND: &[u8] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
        match self {
            Self::Raw(text) => CodeVerifier::new(*text).ok(),
            Self::Mapped(bytes) => {
                let bytes =
                    bytes.iter().chain(std::iter::repeat(&0)).take(bytes.len().clamp(43, 128));
                let text =
                    bytes.map(|&byte| char::from(MAY_STAND[usize::from(byte) % MAY_STAND.len()]));
                Some(CodeVerifier::new(text.collect::<String>()).expect("a verifier by the RFC"))
            }
        }
    }
}

impl Redirect<'_> {
    pub(crate) fn value(&self) -> Option<RedirectUri> {
        let uri = match self {
            Self::Raw(text) => (*text).to_owned(),
            Self::Web(rest) => format!("https://app.example.com/{rest}"),
            Self::Loopback(rest) => format!("http://localhost/{rest}"),
            Self::Own(rest) => format!("fakeapp://oauth/{rest}"),
        };
        RedirectUri::new(uri).ok()
    }
}

/// A token given by a person, or, if no person can give it, one that came in a reply.
fn access_token(text: &str) -> Option<AccessToken> {
    AccessToken::new(text).ok().or_else(|| Some(replied(text)?.0))
}

fn refresh_token(text: &str) -> Option<RefreshToken> {
    RefreshToken::new(text).ok().or_else(|| Some(replied(text)?.1))
}

fn replied(text: &str) -> Option<(AccessToken, RefreshToken)> {
    let body = json!({ "ok": true, "access_token": text, "refresh_token": text }).to_string();
    let reply = OauthV2Exchange::parse_response(&http::Response::new(body)).ok()?;
    let credential = reply.value.credential;
    Some((credential.access_token, credential.refresh_token?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERIFIER: Verifier<'_> = Verifier::Mapped(b"any bytes");

    fn is_taken(what: What<'_>, token: &str) -> bool {
        let client = |in_body| Client { id: "1.2 &b", secret: "h:u+s%h", in_body };
        let mut call = Call { what, client: client(false), token };
        let by_header = call.check().is_some();
        call.client = client(true);
        assert_eq!(call.check().is_some(), by_header);
        by_header
    }

    #[test]
    fn every_method_is_reached() {
        for page in [|| Page::Install, || Page::User, || Page::SignIn] {
            for proof in [Proof::Secret, Proof::Verifier(VERIFIER), Proof::Both(VERIFIER)] {
                let redirect_uri = Some(Redirect::Web("cb?a=b&c"));
                let what = What::Code { page: page(), proof, code: "c0de\r\n&", redirect_uri };
                assert!(is_taken(what, ""));
            }
            assert!(is_taken(What::Refresh { page: page(), public: false }, "xoxe-1-FAKE"));
            assert!(is_taken(What::Refresh { page: page(), public: true }, "xoxe-1-FAKE"));
        }
        let provider = Some("git hub");
        for what in [
            || What::Exchange,
            || What::Rotate,
            || What::ExternalGet { id: "Et0", force: true },
            || What::ExternalDelete { id: "A0", provider: None, whole_app: true },
            || What::ExternalDelete { id: "A0", provider: None, whole_app: false },
            || What::Uninstall,
            || What::Revoke { test: true },
            || What::RevokeRefreshToken { test: true },
            || What::Teams { cursor: Some("a b="), limit: Some(1000), icon: true },
            || What::Test,
            || What::UserInfo,
        ] {
            assert!(is_taken(what(), "xoxb-FAKE"));
            // As a reply may bring it, and no person.
            assert!(is_taken(what(), "xoxb \u{e9}\r\n"));
        }
        assert!(is_taken(
            What::ExternalDelete { id: "A0", provider, whole_app: true },
            "xoxb-FAKE"
        ));
    }

    #[test]
    fn what_is_refused_makes_no_request() {
        assert!(!is_taken(What::Test, ""));
        assert!(!is_taken(What::ExternalGet { id: "", force: false }, "xoxb-FAKE"));
        let refused = What::Teams { cursor: None, limit: Some(0), icon: false };
        assert!(!is_taken(refused, "xoxb-FAKE"));
    }
}
