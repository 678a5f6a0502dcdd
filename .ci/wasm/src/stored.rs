//! What a program keeps: credentials and installations.

use std::time::Duration;

use slack_proto::{
    AccessToken, Installation, Slot, Timestamp,
    tokens::{
        Credential, Enterprise, IncomingWebhook, InstallationKey, IssuedCredential, RefreshToken,
        Team, WebhookUrl,
    },
};

const SENT: Timestamp = Timestamp::from_unix(1_000);

pub(crate) fn credentials() {
    let mut issued = IssuedCredential::new(token("xoxe.xoxb-1"));
    issued.expires_in = Some(Duration::from_secs(60));
    let credential = IssuedCredential::into_credential(issued, SENT);
    assert!(Credential::is_due(&credential, SENT, Duration::from_secs(60)));
    assert!(!Credential::is_due(&credential, SENT, Duration::from_secs(59)));
    assert!(!format!("{credential:?}").contains("xox"));
}

pub(crate) fn installations() {
    let organization = InstallationKey::of(None, Some(&"E1".into()), true).unwrap();
    let workspace = InstallationKey::grid_workspace("E1".into(), "T1".into());
    assert_eq!(workspace.to_string(), "E1/T1");
    for key in [organization, workspace] {
        assert_eq!(Installation::key(&Installation::new(key.clone())), Some(key));
    }
    let mut installation = Installation::default();
    installation.team = Some(Team::new("T1".into()));
    installation.enterprise = Some(Enterprise::new("E1".into()));
    let url = WebhookUrl::new("https://hooks.slack.com/services/1").unwrap();
    installation.incoming_webhook = Some(IncomingWebhook::new(url));
    let mut bot = Credential::new(token("xoxe.xoxb-1"), SENT);
    bot.refresh_token = Some(refresh("xoxe-1"));
    installation.bot = Some(bot);

    let new = || Credential::new(token("xoxe.xoxb-2"), SENT);
    let refused =
        Installation::refreshed(&mut installation, &refresh("xoxe-0"), new()).unwrap_err();
    crate::shown(&refused);
    let slot = Installation::refreshed(&mut installation, &refresh("xoxe-1"), new()).unwrap();
    let credential = Installation::credential(&installation, slot).unwrap();
    assert_eq!((slot, credential.access_token.expose()), (Slot::Bot, "xoxe.xoxb-2"));
    assert!(!format!("{installation:?}").contains("xox"));
}

fn token(text: &str) -> AccessToken {
    AccessToken::new(text).unwrap()
}

fn refresh(text: &str) -> RefreshToken {
    RefreshToken::new(text).unwrap()
}
