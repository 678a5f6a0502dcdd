//! A pending authorization as text, and back.

use std::{error::Error, fmt, time::Duration};

use form_urlencoded::Serializer;
use zeroize::Zeroizing;

use super::{CodeExchange, OauthState, PendingAuthorization, RedirectUri, RequestedScopes};
use crate::{
    ClientId, Endpoint, Timestamp,
    ids::TeamId,
    oauth::{CodeVerifier, Scopes, client_authentication::ClientAuthentication},
    openid::Nonce,
    tokens::Fingerprint,
};

impl<M: CodeExchange> PendingAuthorization<M> {
    /// Writes everything down as text, **secrets included**: for a session on the server's side, or for a cookie that
    /// is encrypted and authenticated. Who can read it can finish the sign-in; who can change it can make it another
    /// one. A server that keeps nothing has [`SignedStateFlow`](crate::oauth::SignedStateFlow).
    ///
    /// The text is `application/x-www-form-urlencoded`, visible ASCII that needs no quotes in a cookie. Members that are
    /// absent are left out; the others are in this order:
    ///
    /// | member | holds |
    /// |---|---|
    /// | `v` | `1`, the version of this format |
    /// | `method` | the method that trades the code, such as `oauth.v2.access` |
    /// | `endpoint` | the origin of the Slack that the browser was sent to; left out for `https://slack.com` |
    /// | `proof` | `secret`, `verifier` or `secret_and_verifier` |
    /// | `client_id` | the app |
    /// | `state` | the state |
    /// | `verifier` | the PKCE verifier, if there is one |
    /// | `nonce` | the nonce of a sign-in |
    /// | `redirect_uri` | the redirect URI, if one was sent; or |
    /// | `insecure_redirect_uri` | the same, if it was made by [`RedirectUri::insecure_for_tests`] |
    /// | `team` | the workspace that a sign-in requires |
    /// | `bot` | the bot scopes that were asked for, with commas |
    /// | `user` | the person's scopes that were asked for, with commas |
    /// | `began_at` | when it began, in Unix seconds |
    /// | `life` | how long the browser is waited for, in seconds |
    /// | `check` | the first 16 hex digits of the SHA-256 of everything before `&check=` |
    ///
    /// `check` detects damage, such as text that a database column cut off; it protects against nobody.
    ///
    /// # Examples
    ///
    /// ```
    /// use slack_proto::{
    ///     ClientId, Endpoint, Timestamp,
    ///     methods::OauthV2Access,
    ///     oauth::{AuthorizationRequest, Callback, CodeVerifier, InstallScopes, PendingAuthorization, RandomBytes},
    /// };
    ///
    /// # let entropy = RandomBytes::new([7; 96]);
    /// # let now = Timestamp::from_unix(1_795_219_200);
    /// let scopes = InstallScopes::user_only("chat:write");
    /// let request = AuthorizationRequest::<OauthV2Access<CodeVerifier>>::new(ClientId::new("1.2")?, scopes, None)?;
    /// let (url, pending) = request.begin(&Endpoint::slack(), &entropy, now);
    /// let session = pending.encode_exposing_secrets();
    ///
    /// // Later, on another machine.
    /// let pending = PendingAuthorization::<OauthV2Access<CodeVerifier>>::decode(&session, now)?;
    /// # let callback = format!("code=c0de&state={}", pending.state().expose());
    /// let authorized = pending.finish(Callback::parse(&callback)?, now)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn encode_exposing_secrets(&self) -> String {
        let redirect = self.redirect_uri.as_ref();
        let scopes = |scopes: &Scopes| scopes.iter().collect::<Vec<_>>().join(",");
        let bot = self.scopes.for_bot().map(scopes).unwrap_or_default();
        let user = scopes(self.scopes.for_person());
        let endpoint = Some(self.endpoint.origin()).filter(|origin| *origin != SLACK);
        let (began_at, lifetime) =
            (self.began_at.as_unix().to_string(), self.lifetime.as_secs().to_string());
        let members = [
            ("v", Some(VERSION)),
            ("method", Some(M::NAME)),
            ("endpoint", endpoint.as_deref()),
            ("proof", Some(M::Authentication::KIND)),
            ("client_id", Some(self.client_id.as_str())),
            ("state", Some(self.state.expose())),
            ("verifier", self.proof.verifier().map(CodeVerifier::expose)),
            ("nonce", self.nonce.as_ref().map(Nonce::expose)),
            (redirect_name(redirect), redirect.map(RedirectUri::as_str)),
            ("team", self.required_team.as_ref().map(TeamId::as_str)),
            ("bot", Some(&*bot).filter(|bot| !bot.is_empty())),
            ("user", Some(&*user).filter(|user| !user.is_empty())),
            ("began_at", Some(&*began_at)),
            ("life", Some(&*lifetime)),
        ];
        // Room for all, so that no copy is left behind where the text grew.
        let mut form = Serializer::new(String::with_capacity(room(&members) + CHECK_ROOM));
        for (name, value) in members {
            if let Some(value) = value {
                form.append_pair(name, value);
            }
        }
        let mut text = form.finish();
        let check = Fingerprint::of(&text).to_string();
        text.push_str(CHECK);
        text.push_str(&check);
        text
    }

    /// Parses the text that [`encode_exposing_secrets`](Self::encode_exposing_secrets) returned.
    ///
    /// # Errors
    ///
    /// When the text is none, or was damaged; when it is of a version that this library does not know; when it belongs
    /// to another method or proof; when it is older than its lifetime.
    pub fn decode(encoded: &str, now: Timestamp) -> Result<Self, InvalidPendingAuthorization> {
        let malformed = InvalidPendingAuthorization::Malformed;
        let (text, check) = encoded.rsplit_once(CHECK).ok_or(malformed)?;
        if Fingerprint::of(text).to_string() != check {
            return Err(malformed);
        }
        let members = Members(text);
        if members.value("v").ok_or(malformed)? != VERSION {
            return Err(InvalidPendingAuthorization::UnknownVersion);
        }
        let (method, proof) = (members.value("method"), members.value("proof"));
        if method.ok_or(malformed)? != M::NAME || proof.ok_or(malformed)? != M::Authentication::KIND
        {
            return Err(InvalidPendingAuthorization::OtherFlow);
        }
        let pending = Self::from_members(&members).ok_or(malformed)?;
        // Whatever else stood there, or stood otherwise, does not come out again.
        if *Zeroizing::new(pending.encode_exposing_secrets()) != *encoded {
            return Err(malformed);
        }
        if pending.is_expired(now) {
            return Err(InvalidPendingAuthorization::Expired);
        }
        Ok(pending)
    }

    fn from_members(members: &Members<'_>) -> Option<Self> {
        let scopes = |name| members.value(name).map(Scopes::from).unwrap_or_default();
        let number = |name| members.value(name)?.parse().ok();
        let verifier = || CodeVerifier::new(members.value("verifier").unwrap_or_default());
        let nonce = match (M::SIGNS_IN, members.value("nonce")) {
            (true, Some(nonce)) => Some(Nonce::new(nonce).ok()?),
            (false, None) => None,
            _ => return None,
        };
        let redirect_uri =
            match (members.value("redirect_uri"), members.value("insecure_redirect_uri")) {
                (Some(uri), _) => Some(RedirectUri::new(uri).ok()?),
                (None, Some(uri)) => Some(RedirectUri::insecure_for_tests(uri).ok()?),
                (None, None) => None,
            };
        let required_team = members.value("team").map(TeamId::from);
        if required_team.is_some() && !M::SIGNS_IN {
            return None;
        }
        Some(Self {
            endpoint: Endpoint::new(members.value("endpoint").as_deref().unwrap_or(SLACK)).ok()?,
            required_team,
            client_id: ClientId::new(members.value("client_id")?).ok()?,
            state: OauthState::new(members.value("state")?).ok()?,
            proof: M::Authentication::make(verifier).ok()?,
            nonce,
            redirect_uri,
            scopes: M::Scopes::from_lists(scopes("bot"), scopes("user"))?,
            began_at: Timestamp::from_unix(number("began_at")?),
            lifetime: Duration::from_secs(number("life")?),
        })
    }
}

/// Why text is not a pending authorization that can be finished.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidPendingAuthorization {
    /// It is cut off, damaged, or something else.
    Malformed,
    /// A newer version of this library wrote it, in a format that this one does not know.
    UnknownVersion,
    /// It belongs to another method, or to another kind of client.
    OtherFlow,
    /// It is older than its lifetime.
    Expired,
}

impl fmt::Display for InvalidPendingAuthorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => {
                "the text is not a pending authorization, or was damaged or cut off where it was kept; start again"
            }
            Self::UnknownVersion => {
                "the pending authorization has a version that this library does not know; update it, and start again"
            }
            Self::OtherFlow => {
                "the pending authorization belongs to another method or kind of client; read it as that one"
            }
            Self::Expired => "the pending authorization is too old; start again",
        })
    }
}

impl Error for InvalidPendingAuthorization {}

/// The members of an encoding.
struct Members<'a>(&'a str);

impl Members<'_> {
    fn value(&self, wanted: &str) -> Option<String> {
        form_urlencoded::parse(self.0.as_bytes())
            .find(|(name, _)| name == wanted)
            .map(|(_, value)| value.into_owned())
    }
}

/// How long the members are at most, when every byte of their values is escaped.
fn room(members: &[(&str, Option<&str>)]) -> usize {
    members.iter().map(|(name, value)| name.len() + 3 * value.map_or(0, str::len) + 2).sum()
}

fn redirect_name(uri: Option<&RedirectUri>) -> &'static str {
    if uri.is_some_and(RedirectUri::is_for_tests) {
        "insecure_redirect_uri"
    } else {
        "redirect_uri"
    }
}

const VERSION: &str = "1";
const SLACK: &str = "https://slack.com";
const CHECK: &str = "&check=";
/// More than the check takes with its name.
const CHECK_ROOM: usize = 32;

#[cfg(test)]
mod tests;
