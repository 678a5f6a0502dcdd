//! What goes into a store, and what comes out of one.

use http::Response;
use slack_proto::{ids::*, methods::*, tokens::*, *};

use crate::seen::{CANARY, both, debug, token};

#[test]
fn what_is_stored() {
    let mut installation = Installation::new(InstallationKey::Workspace(CANARY.into()));
    installation.bot = Some(Credential::new(token(), Timestamp::from_unix(1)));
    let refresh = || RefreshToken::new(CANARY).unwrap();
    let configuration = ConfigurationCredential::new(
        ConfigurationToken::new(CANARY).unwrap(),
        refresh(),
        Timestamp::from_unix(1),
    );
    debug("ConfigurationCredential", &configuration);
    debug("EncodedSecrets", &configuration.encode_exposing_secrets());
    installation.configuration = Some(configuration);
    installation.incoming_webhook = Some(IncomingWebhook::new(WebhookUrl::new(CANARY).unwrap()));
    let data = AppData::new(CANARY).unwrap();
    debug("AppData", &data);
    both("InvalidValue", &AppData::new(CANARY.repeat(AppData::MAX_LEN)).unwrap_err());
    installation.app_data = Some(data);
    let bot = installation.any_credential(Slot::Bot).unwrap();
    let mut note = NeedsAuthorization::new(Timestamp::from_unix(1), CANARY, &bot);
    note.code = Some(CANARY.into());
    debug("NeedsAuthorization", &note);
    installation.set_needs_authorization(Slot::Bot, Some(note));
    debug("Installation", &installation);
    debug("EncodedSecrets", &installation.encode_exposing_secrets());
    let key = StoreKey::person(InstallationKey::Workspace(CANARY.into()), CANARY.into());
    both("StoreKey", &key);
    both("InvalidEncoding", &StoreKey::from_text(CANARY).unwrap_err());
    let newer = Credential::new(token(), Timestamp::from_unix(2));
    both("RefreshTokenNotFound", &installation.refreshed(&refresh(), newer).unwrap_err());
    // Spoilt in every place that a word could stand.
    let whole = format!(
        r#"{{"version":1,"kind":"installation","team":{{"id":"{CANARY}"}},"bot":{{"access_token":"{CANARY}",
        "issued_at":1,"refresh_method":"oauth.v2.access"}},"is_enterprise_install":true}}"#
    );
    assert!(Installation::decode(whole.as_bytes()).is_ok());
    for word in ["1", "\"installation\"", "\"oauth.v2.access\"", "true", "{", "}", ":", "\"kind\""]
    {
        let canary = format!("\"{CANARY}\"");
        for spoilt in [canary.clone(), format!("[{canary}]"), CANARY.to_owned(), String::new()] {
            let text = whole.replace(word, &spoilt);
            match Installation::decode(text.as_bytes()) {
                Err(error) => both("InvalidEncoding", &error),
                Ok(installation) => debug("Installation", &installation),
            }
            both("InvalidEncoding", &Credential::decode(text.as_bytes()).unwrap_err());
        }
    }
}

#[test]
fn what_a_store_keeps() {
    let credential = Credential::new(token(), Timestamp::from_unix(1));
    let encoded = credential.encode_exposing_secrets();
    debug("EncodedSecrets", &encoded);
    let place = InstallationKey::Workspace(CANARY.into());
    both("StoreKey", &StoreKey::person(place, CANARY.into()));
    let refused = format!(r#"{{"version":1,"kind":"{CANARY}"}}"#);
    both("InvalidEncoding", &Credential::decode(refused.as_bytes()).unwrap_err());
    both("InvalidEncoding", &StoreKey::from_text(CANARY).unwrap_err());
}

#[test]
fn stored_credentials() {
    let body = format!(
        r#"{{"ok":true,"access_token":"{CANARY}","refresh_token":"{CANARY}","scope":"{CANARY}"}}"#
    );
    let reply = <OauthV2Refresh>::parse_response(&Response::new(body)).unwrap();
    debug("IssuedCredential", &reply.value.credential);
    let credential = reply.value.credential.into_credential(Timestamp::from_unix(1));
    debug("Credential", &credential);
    let body =
        format!(r#"{{"ok":true,"token":"{CANARY}","refresh_token":"{CANARY}","exp":2,"iat":1}}"#);
    let rotated = ToolingTokensRotate::parse_response(&Response::new(body)).unwrap();
    debug("ConfigurationCredential", &rotated.value.into_credential(Timestamp::from_unix(1)));
    let key = InstallationKey::Workspace(TeamId::from(CANARY));
    both("InstallationKey", &key);
    let mut installation = Installation::new(key);
    installation.bot = Some(credential.clone());
    installation.incoming_webhook = Some(IncomingWebhook::new(WebhookUrl::new(CANARY).unwrap()));
    debug("Installation", &installation);
    let foreign = installation.refreshed(&RefreshToken::new("xoxe-1-other").unwrap(), credential);
    both("RefreshTokenNotFound", &foreign.unwrap_err());
}
