//! All that a reply tells, as JSON: tokens by value, absent and empty things left out.

use std::fmt::Debug;

use http::Response;
use serde_json::{Map, Value, json};
use slack_proto::{
    ApiMethod, Slot, Timestamp,
    error::{ErrorCode, MethodError, ResponseError},
    methods::{
        AppsAuthExternalDeleteResponse, AppsAuthExternalGetResponse, AppsUninstallResponse,
        AuthRevokeResponse, AuthTeamsListResponse, AuthTestResponse, OauthV2AccessResponse,
        OauthV2ExchangeResponse, OauthV2RefreshResponse, OauthV2UserAccessResponse,
        OauthV2UserRefreshResponse, OpenidConnectRefreshResponse, OpenidConnectTokenResponse,
        ReplyMeta, ToolingTokensRotateResponse, UntrustedText,
    },
    oauth::{OauthState, Scopes},
    openid::{IdToken, UserClaims},
    tokens::{Enterprise, IssuedCredential, RefreshToken, Team, TokenResponseExtras},
};

/// A success as JSON.
pub(crate) trait Told: Debug {
    fn told(&self) -> Value;
}

/// Formats a value in both ways and finds none of the samples' secrets.
#[track_caller]
fn shows_no_secret(value: &impl Debug) {
    const SECRETS: [&str; 6] =
        ["xox", "eyJ", "services/T0", "FAKE-third-party", "fake-state", "fake.my.example.com"];
    for shown in [format!("{value:?}"), format!("{value:#?}")] {
        assert!(!SECRETS.iter().any(|secret| shown.contains(secret)), "{shown}");
    }
}

/// Reads a reply and tells all of it.
pub(crate) fn reply<M: ApiMethod<Response: Told>>(response: &Response<Vec<u8>>) -> Value {
    let sent_id = response.headers().get("x-slack-req-id").map(|id| id.to_str().unwrap());
    let (mut told, meta) = match M::parse_response(response) {
        Ok(reply) => {
            shows_no_secret(&reply);
            (json!({"value": reply.value.told()}), reply.meta)
        }
        Err(error) => {
            shows_no_secret(&error);
            (error_told(&error), error.meta().clone())
        }
    };
    let kept_id = meta.request_id().map(UntrustedText::as_str);
    assert_eq!(kept_id, sent_id, "the request id is kept");
    told["meta"] = meta_told(&meta);
    tidy(told)
}

fn error_told<E: MethodError>(error: &ResponseError<E>) -> Value {
    let recovery = error.recovery().as_str();
    let says = error.to_string();
    match error {
        ResponseError::Api(refused) => {
            let known = match refused.code {
                ErrorCode::Method(_) => "method",
                ErrorCode::Common(_) => "common",
                _ => "unknown",
            };
            let (needed, provided) = (refused.needed().map(list), refused.provided().map(list));
            json!({"api_error": refused.code.as_str(), "known": known, "recovery": recovery, "says": says,
                "needed": needed, "provided": provided})
        }
        ResponseError::RateLimited(limited) => {
            let code = limited.code.as_ref().map_or("", UntrustedText::as_str);
            json!({"rate_limited": {"code": code}, "recovery": recovery, "says": says})
        }
        ResponseError::Http(_) => json!({"http_error": {}, "recovery": recovery, "says": says}),
        ResponseError::Decode(unread) => {
            let code = unread.code().map(UntrustedText::as_str);
            json!({"decode_error": {"member": unread.member(), "code": code}, "recovery": recovery, "says": says})
        }
        _ => panic!("a new kind of error"),
    }
}

fn meta_told(meta: &ReplyMeta) -> Value {
    let texts =
        |list: &[UntrustedText]| -> Value { list.iter().map(UntrustedText::as_str).collect() };
    json!({
        "status": Some(meta.status()).filter(|status| *status != 200),
        "retry_after": meta.retry_after().map(|after| after.as_secs()),
        "warnings": texts(meta.warnings()),
        "messages": texts(meta.messages()),
        "errors": texts(meta.errors()),
        "next_cursor": text(meta.next_cursor()),
        "granted_scopes": meta.granted_scopes().map(list),
        "accepted_scopes": meta.accepted_scopes().map(list),
        "oddities": meta.parse_warnings().iter().map(ToString::to_string).collect::<Value>(),
    })
}

/// Leaves out what is absent or empty, at every depth; an empty object that says what kind of error it is stays.
fn tidy(value: Value) -> Value {
    let Value::Object(object) = value else { return value };
    let kept =
        object.into_iter().map(|(name, value)| (name, tidy(value))).filter(|(name, value)| {
            name.contains("_error")
                || name == "rate_limited"
                || name == "value"
                || !(value.is_null()
                    || value.as_array().is_some_and(Vec::is_empty)
                    || value.as_object().is_some_and(Map::is_empty))
        });
    Value::Object(kept.collect())
}

fn text(text: Option<&UntrustedText>) -> Value {
    text.map(UntrustedText::as_str).into()
}

fn list(scopes: &Scopes) -> Value {
    scopes.iter().collect()
}

fn credential(credential: &IssuedCredential) -> Value {
    json!({
        "access_token": credential.access_token.expose(),
        "kind": format!("{:?}", credential.access_token.kind()),
        "refresh_token": refresh(credential.refresh_token.as_ref()),
        "scopes": list(&credential.scopes),
        "expires_in": credential.expires_in.map(|life| life.as_secs()),
    })
}

fn refresh(token: Option<&RefreshToken>) -> Value {
    token.map(RefreshToken::expose).into()
}

fn team(team: Option<&Team>) -> Value {
    team.map_or(Value::Null, |it| json!({"id": it.id.as_str(), "name": text(it.name.as_ref())}))
}

fn enterprise(it: Option<&Enterprise>) -> Value {
    it.map_or(Value::Null, |it| json!({"id": it.id.as_str(), "name": text(it.name.as_ref())}))
}

fn slot(slot: Slot) -> &'static str {
    match slot {
        Slot::Bot => "bot",
        Slot::User => "user",
        _ => "unknown",
    }
}

macro_rules! id {
    ($id:expr) => {
        $id.as_ref().map(|id| id.as_str())
    };
}

impl Told for OauthV2AccessResponse {
    fn told(&self) -> Value {
        let hook = self.incoming_webhook.as_ref().map(|hook| {
            json!({"url": hook.url.expose(), "channel": text(hook.channel.as_ref()), "channel_id": id!(hook.channel_id),
                "configuration_url": text(hook.configuration_url.as_ref())})
        });
        let installation = self.clone().into_installation(Timestamp::from_unix(1_795_219_200));
        shows_no_secret(&installation);
        let due = |it: &Option<slack_proto::tokens::Credential>| {
            it.as_ref()?.expires_at.map(Timestamp::as_unix)
        };
        json!({
            "app_id": id!(self.app_id), "team": team(self.team.as_ref()),
            "enterprise": enterprise(self.enterprise.as_ref()), "is_enterprise_install": self.is_enterprise_install,
            "authed_user_id": id!(self.authed_user_id), "bot_user_id": id!(self.bot_user_id),
            "bot": self.bot.as_ref().map(credential), "user": self.user.as_ref().map(credential),
            "unplaced": self.unplaced.as_ref().map(credential), "incoming_webhook": hook,
            "key": installation.key().map(|key| key.to_string()),
            "bot_expires_at": due(&installation.bot), "user_expires_at": due(&installation.user),
        })
    }
}

macro_rules! single {
    ($($T:ty),*) => {$(
        impl Told for $T {
            fn told(&self) -> Value {
                json!({
                    "app_id": id!(self.app_id), "team": team(self.team.as_ref()),
                    "enterprise": enterprise(self.enterprise.as_ref()),
                    "is_enterprise_install": self.is_enterprise_install, "user_id": id!(self.user_id),
                    "bot_user_id": id!(self.bot_user_id), "slot": slot(self.slot),
                    "credential": credential(&self.credential),
                })
            }
        }
    )*};
}

single!(OauthV2RefreshResponse, OauthV2ExchangeResponse);

impl Told for OauthV2UserAccessResponse {
    fn told(&self) -> Value {
        json!({
            "app_id": id!(self.app_id), "team": team(self.team.as_ref()),
            "enterprise": enterprise(self.enterprise.as_ref()), "is_enterprise_install": self.is_enterprise_install,
            "user_id": id!(self.user_id), "credential": credential(&self.credential),
            "unplaced": self.unplaced.as_ref().map(credential),
            "id_token": self.id_token.as_ref().map(IdToken::expose),
        })
    }
}

impl Told for OauthV2UserRefreshResponse {
    fn told(&self) -> Value {
        json!({
            "app_id": id!(self.app_id), "team": team(self.team.as_ref()),
            "enterprise": enterprise(self.enterprise.as_ref()), "is_enterprise_install": self.is_enterprise_install,
            "user_id": id!(self.user_id), "credential": credential(&self.credential),
        })
    }
}

impl Told for OpenidConnectTokenResponse {
    fn told(&self) -> Value {
        json!({"credential": credential(&self.credential), "id_token": self.id_token.as_ref().map(IdToken::expose),
            "state": self.state.as_ref().map(OauthState::expose)})
    }
}

impl Told for OpenidConnectRefreshResponse {
    fn told(&self) -> Value {
        json!({"credential": credential(&self.credential), "id_token": self.id_token.as_ref().map(IdToken::expose)})
    }
}

impl Told for ToolingTokensRotateResponse {
    fn told(&self) -> Value {
        let kept = self.clone().into_credential(Timestamp::default());
        shows_no_secret(&kept);
        json!({
            "token": self.token.expose(), "refresh_token": refresh(self.refresh_token.as_ref()),
            "team_id": id!(self.team_id), "user_id": id!(self.user_id),
            "issued_at": kept.issued_at.as_unix(), "expires_at": kept.expires_at.map(Timestamp::as_unix),
        })
    }
}

impl Told for AppsAuthExternalGetResponse {
    fn told(&self) -> Value {
        let extras = self.token_response_extras.as_ref();
        json!({"external_token": self.external_token.expose(),
            "token_response_extras": extras.and_then(TokenResponseExtras::read::<Value>)})
    }
}

impl Told for AppsAuthExternalDeleteResponse {
    fn told(&self) -> Value {
        json!({})
    }
}

impl Told for AppsUninstallResponse {
    fn told(&self) -> Value {
        json!({"uninstalled": self.uninstalled})
    }
}

impl Told for AuthRevokeResponse {
    fn told(&self) -> Value {
        json!({"revoked": self.revoked})
    }
}

impl Told for AuthTeamsListResponse {
    fn told(&self) -> Value {
        let icon = |icon: &slack_proto::methods::TeamIcon| {
            let images = [34, 44, 68, 88, 102, 132, 230]
                .map(|pixels| (pixels.to_string(), text(icon.image(pixels))));
            tidy(
                json!({"is_default": icon.is_default, "images": Value::Object(images.into_iter().collect())}),
            )
        };
        let teams = self.teams.iter().map(|it| {
            tidy(json!({"id": it.id.as_str(), "name": text(it.name.as_ref()), "icon": it.icon.as_ref().map(icon)}))
        });
        json!({"teams": teams.collect::<Value>()})
    }
}

impl Told for AuthTestResponse {
    fn told(&self) -> Value {
        json!({
            "url": text(self.url.as_ref()), "team": text(self.team.as_ref()), "user": text(self.user.as_ref()),
            "team_id": id!(self.team_id), "user_id": id!(self.user_id), "bot_id": id!(self.bot_id),
            "app_id": id!(self.app_id), "app_name": text(self.app_name.as_ref()),
            "enterprise_id": id!(self.enterprise_id), "is_enterprise_install": self.is_enterprise_install,
            "expires_in": self.expires_in.map(|left| left.as_secs()),
        })
    }
}

impl Told for UserClaims {
    fn told(&self) -> Value {
        let images = |find: &dyn Fn(u16) -> Value, sizes: &[u16]| -> Value {
            Value::Object(sizes.iter().map(|size| (size.to_string(), find(*size))).collect())
        };
        json!({
            "sub": self.sub.as_str(), "user_id": id!(self.user_id), "team_id": id!(self.team_id),
            "enterprise_id": id!(self.enterprise_id), "email": text(self.email.as_ref()),
            "email_verified": self.email_verified,
            "date_email_verified": self.date_email_verified.map(Timestamp::as_unix),
            "name": text(self.name.as_ref()), "given_name": text(self.given_name.as_ref()),
            "family_name": text(self.family_name.as_ref()), "picture": text(self.picture.as_ref()),
            "locale": text(self.locale.as_ref()), "team_name": text(self.team_name.as_ref()),
            "team_domain": text(self.team_domain.as_ref()), "enterprise_name": text(self.enterprise_name.as_ref()),
            "enterprise_domain": text(self.enterprise_domain.as_ref()),
            "team_image_default": self.team_image_default,
            "user_image_original": text(self.user_image_original.as_ref()),
            "user_images": images(&|size| text(self.user_image(size)), &[24, 32, 48, 72, 192, 512, 1024]),
            "team_images": images(&|size| text(self.team_image(size)), &[34, 44, 68, 88, 102, 132, 230]),
            "others": Value::Object(self.others().map(|(name, json)| (name.to_owned(), json.as_str().into())).collect()),
        })
    }
}
