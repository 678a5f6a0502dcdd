//! What the answer of each method adds to the summary.

use std::time::Duration;

use slack_auth::{
    Slot,
    ids::{AppId, EnterpriseId, TeamId, UserId},
    methods::{
        AppsAuthExternalDeleteResponse, AppsAuthExternalGetResponse, AppsUninstallResponse,
        AuthRevokeResponse, AuthTeamsListResponse, AuthTestResponse, OauthV2AccessResponse,
        OauthV2ExchangeResponse, OauthV2RefreshResponse, OauthV2UserAccessResponse,
        OauthV2UserRefreshResponse, OpenidConnectRefreshResponse, OpenidConnectTokenResponse,
        ToolingTokensRotateResponse, UntrustedText,
    },
    openid::UserClaims,
    tokens::{Enterprise, InstallationKey, IssuedCredential, Team, TokenKind},
};

use super::summary::{CredentialLine, InstallationLine, Summary, Webhook, list, shown};

/// A success that can be printed without its secrets.
pub(crate) trait Describe {
    fn describe(&self, summary: &mut Summary);
}

impl Describe for OauthV2AccessResponse {
    fn describe(&self, summary: &mut Summary) {
        for (slot, credential) in
            [("bot", &self.bot), ("user", &self.user), ("unknown", &self.unplaced)]
        {
            summary.credentials.extend(credential.as_ref().map(|it| line(slot, it)));
        }
        summary.installation = Place {
            app: self.app_id.as_ref(),
            team: team(self.team.as_ref()),
            enterprise: enterprise(self.enterprise.as_ref()),
            org_wide: Some(self.is_enterprise_install),
            user: self.authed_user_id.as_ref(),
            bot_user: self.bot_user_id.as_ref(),
        }
        .told();
        summary.webhook = self.incoming_webhook.as_ref().map(|webhook| Webhook {
            channel: webhook.channel.as_ref().map(|channel| shown(channel.as_str())),
            url_fingerprint: slack_auth::tokens::Fingerprint::of(webhook.url.expose()).to_string(),
        });
    }
}

/// The responses that hold one credential and its slot.
macro_rules! describe_single {
    ($($T:ty),*) => {$(
        impl Describe for $T {
            fn describe(&self, summary: &mut Summary) {
                let slot = match self.slot {
                    Slot::Bot => "bot",
                    Slot::User => "user",
                    _ => "unknown",
                };
                summary.credentials.push(line(slot, &self.credential));
                summary.credentials.extend(self.unplaced.as_ref().map(|it| line("unknown", it)));
                summary.installation = Place {
                    app: self.app_id.as_ref(),
                    team: team(self.team.as_ref()),
                    enterprise: enterprise(self.enterprise.as_ref()),
                    org_wide: Some(self.is_enterprise_install),
                    user: self.user_id.as_ref(),
                    bot_user: self.bot_user_id.as_ref(),
                }
                .told();
            }
        }
    )*};
}

describe_single!(OauthV2RefreshResponse, OauthV2ExchangeResponse);

/// Describes the responses that bring a person's credential alone.
macro_rules! describe_persons {
    ($($response:ty),*) => {$(
        impl Describe for $response {
            fn describe(&self, summary: &mut Summary) {
                summary.credentials.push(line("user", &self.credential));
                summary.credentials.extend(self.unplaced.as_ref().map(|it| line("unknown", it)));
                summary.installation = Place {
                    app: self.app_id.as_ref(),
                    team: team(self.team.as_ref()),
                    enterprise: enterprise(self.enterprise.as_ref()),
                    org_wide: Some(self.is_enterprise_install),
                    user: self.user_id.as_ref(),
                    bot_user: None,
                }
                .told();
            }
        }
    )*};
}

describe_persons!(OauthV2UserAccessResponse, OauthV2UserRefreshResponse);

impl Describe for OpenidConnectTokenResponse {
    fn describe(&self, summary: &mut Summary) {
        summary.credentials.push(openid(&self.credential));
        let fingerprint = |state: &str| slack_auth::tokens::Fingerprint::of(state).to_string();
        summary.state_fingerprint = self.state.as_ref().map(|state| fingerprint(state.expose()));
    }
}

impl Describe for OpenidConnectRefreshResponse {
    fn describe(&self, summary: &mut Summary) {
        summary.credentials.push(openid(&self.credential));
    }
}

impl Describe for ToolingTokensRotateResponse {
    fn describe(&self, summary: &mut Summary) {
        let life = self.issued_at.zip(self.expires_at).map(|(iat, exp)| exp.since(iat));
        summary.credentials.push(CredentialLine {
            slot: "config",
            kind: "config",
            fingerprint: self.token.fingerprint().to_string(),
            refresh_fingerprint: self.refresh_token.as_ref().map(|it| it.fingerprint().to_string()),
            scopes: None,
            expires_in_s: life.as_ref().map(Duration::as_secs),
        });
        let place = Place { team: self.team_id.as_ref(), user: self.user_id.as_ref(), ..NOWHERE };
        summary.installation = place.told();
    }
}

impl Describe for AppsAuthExternalGetResponse {
    fn describe(&self, summary: &mut Summary) {
        summary.credentials.push(CredentialLine {
            slot: "external",
            kind: "external",
            fingerprint: self.external_token.fingerprint().to_string(),
            refresh_fingerprint: None,
            scopes: None,
            expires_in_s: None,
        });
    }
}

impl Describe for AuthTestResponse {
    fn describe(&self, summary: &mut Summary) {
        let is_bot = self.bot_id.is_some();
        let place = Place {
            app: self.app_id.as_ref(),
            team: self.team_id.as_ref(),
            enterprise: self.enterprise_id.as_ref(),
            org_wide: self.team_id.is_some().then_some(self.is_enterprise_install),
            user: self.user_id.as_ref().filter(|_| !is_bot),
            bot_user: self.user_id.as_ref().filter(|_| is_bot),
        };
        summary.installation = place.told();
    }
}

impl Describe for UserClaims {
    fn describe(&self, summary: &mut Summary) {
        let mut claims = std::collections::BTreeMap::new();
        let mut put = |name: &str, value: Option<serde_json::Value>| {
            if let Some(value) = value {
                claims.insert(shown(name), value);
            }
        };
        let text = |text: Option<&str>| text.map(|text| shown(text).into());
        let foreign = |text: &Option<UntrustedText>| {
            text.as_ref().map(|text| serde_json::Value::from(shown(text.as_str())))
        };
        put("sub", text(Some(self.sub.as_str())));
        put("https://slack.com/user_id", text(self.user_id.as_ref().map(UserId::as_str)));
        put("https://slack.com/team_id", text(self.team_id.as_ref().map(TeamId::as_str)));
        let enterprise = self.enterprise_id.as_ref().map(EnterpriseId::as_str);
        put("https://slack.com/enterprise_id", text(enterprise));
        put("email", foreign(&self.email));
        put("email_verified", self.email_verified.map(Into::into));
        put("date_email_verified", self.date_email_verified.map(|it| it.as_unix().into()));
        for (name, value) in [
            ("name", &self.name),
            ("given_name", &self.given_name),
            ("family_name", &self.family_name),
            ("picture", &self.picture),
            ("locale", &self.locale),
            ("https://slack.com/team_name", &self.team_name),
            ("https://slack.com/team_domain", &self.team_domain),
            ("https://slack.com/enterprise_name", &self.enterprise_name),
            ("https://slack.com/enterprise_domain", &self.enterprise_domain),
            ("https://slack.com/user_image_original", &self.user_image_original),
        ] {
            put(name, foreign(value));
        }
        put("https://slack.com/team_image_default", self.team_image_default.map(Into::into));
        for pixels in [24, 32, 48, 72, 192, 512, 1024] {
            let image = self.user_image(pixels).map(UntrustedText::as_str);
            put(&format!("https://slack.com/user_image_{pixels}"), text(image));
        }
        for pixels in [34, 44, 68, 88, 102, 132, 230] {
            let image = self.team_image(pixels).map(UntrustedText::as_str);
            put(&format!("https://slack.com/team_image_{pixels}"), text(image));
        }
        for (name, json) in self.others() {
            put(name, Some(with_care(json.as_str())));
        }
        summary.claims = Some(claims);
    }
}

/// The responses of which the summary prints nothing but success.
macro_rules! describe_nothing {
    ($($T:ty),*) => {$(
        impl Describe for $T {
            fn describe(&self, _: &mut Summary) {}
        }
    )*};
}

describe_nothing!(
    AppsAuthExternalDeleteResponse,
    AppsUninstallResponse,
    AuthRevokeResponse,
    AuthTeamsListResponse
);

/// Where an app is installed, by the responses.
struct Place<'a> {
    app: Option<&'a AppId>,
    team: Option<&'a TeamId>,
    enterprise: Option<&'a EnterpriseId>,
    org_wide: Option<bool>,
    user: Option<&'a UserId>,
    bot_user: Option<&'a UserId>,
}

const NOWHERE: Place<'_> =
    Place { app: None, team: None, enterprise: None, org_wide: None, user: None, bot_user: None };

impl Place<'_> {
    fn told(self) -> Option<InstallationLine> {
        let key =
            InstallationKey::of(self.team, self.enterprise, self.org_wide.unwrap_or_default());
        let line = InstallationLine {
            key: key.map(|key| key.to_string()),
            app_id: self.app.map(|id| shown(id.as_str())),
            team_id: self.team.map(|id| shown(id.as_str())),
            enterprise_id: self.enterprise.map(|id| shown(id.as_str())),
            enterprise_install: None,
            user_id: self.user.map(|id| shown(id.as_str())),
            bot_user_id: self.bot_user.map(|id| shown(id.as_str())),
        };
        // An answer that names no place says nothing of its kind either.
        let is_told = line != InstallationLine::default();
        is_told.then_some(InstallationLine { enterprise_install: self.org_wide, ..line })
    }
}

fn team(team: Option<&Team>) -> Option<&TeamId> {
    team.map(|team| &team.id)
}

fn enterprise(enterprise: Option<&Enterprise>) -> Option<&EnterpriseId> {
    enterprise.map(|enterprise| &enterprise.id)
}

fn line(slot: &'static str, credential: &IssuedCredential) -> CredentialLine {
    let refresh = credential.refresh_token.as_ref();
    CredentialLine {
        slot,
        kind: match credential.access_token.kind() {
            TokenKind::Bot => "bot",
            TokenKind::User => "user",
            TokenKind::RotatingBot => "rotating_bot",
            TokenKind::RotatingUser => "rotating_user",
            TokenKind::AppLevel => "app_level",
            TokenKind::Workflow => "workflow",
            _ => "unknown",
        },
        fingerprint: credential.access_token.fingerprint().to_string(),
        refresh_fingerprint: refresh.map(|token| token.fingerprint().to_string()),
        scopes: Some(list(&credential.scopes)),
        expires_in_s: credential.expires_in.map(|life| life.as_secs()),
    }
}

/// A sign-in's credential; its response does not name the scopes.
fn openid(credential: &IssuedCredential) -> CredentialLine {
    let CredentialLine { scopes, .. } = line("openid", credential);
    let scopes = scopes.filter(|scopes| !scopes.is_empty());
    CredentialLine { scopes, ..line("openid", credential) }
}

/// Returns JSON text as a value whose strings show no secret.
fn with_care(json: &str) -> serde_json::Value {
    use serde_json::Value;

    fn walk(value: Value) -> Value {
        match value {
            Value::String(text) => shown(&text).into(),
            Value::Array(list) => list.into_iter().map(walk).collect(),
            Value::Object(object) => {
                object.into_iter().map(|(name, value)| (shown(&name), walk(value))).collect()
            }
            other => other,
        }
    }
    match serde_json::from_str(json) {
        Ok(value) => walk(value),
        // Too deep, or no valid Unicode: nobody can tell what it holds.
        Err(_) => format!("[{} bytes not shown]", json.len()).into(),
    }
}
