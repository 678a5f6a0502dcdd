//! The installations of `@slack/oauth`.

use slack_proto::{Installation, tokens::InstallationKey};

use super::{
    imported::{ImportError, Imported, LeftOutReason, Part},
    row::{CredentialFields, Row},
};

pub(super) fn import(installations: &str) -> Result<Imported, ImportError> {
    let mut imported = Imported::default();
    let mut parts = Vec::new();
    for row in Row::parse_all("installation", installations)? {
        parts.extend(read(row, &mut imported));
    }
    Ok(imported.lay(parts))
}

fn read(mut row: Row, imported: &mut Imported) -> Option<Part> {
    let mut inner = |name| {
        let mut object = row.object(name);
        let id = object.as_mut().and_then(|object| object.text("id"));
        let text = object.as_mut().and_then(|object| object.text("name"));
        imported.left_out.extend(object.into_iter().flat_map(|object| object.finish(name)));
        (id, text)
    };
    let (team, enterprise) = (inner("team"), inner("enterprise"));
    let is_enterprise_install = row.flag("isEnterpriseInstall");
    let place = InstallationKey::of(
        team.0.as_deref().map(Into::into).as_ref(),
        enterprise.0.as_deref().map(Into::into).as_ref(),
        is_enterprise_install,
    );
    let Some(place) = place else {
        imported.left_out.extend(row.skip(LeftOutReason::NoWorkspace));
        return None;
    };
    let mut installation = Installation::new(place.clone());
    if let Some(place) = &mut installation.team {
        place.name = team.1.as_deref().map(Into::into);
    }
    if let Some(place) = &mut installation.enterprise {
        place.name = enterprise.1.as_deref().map(Into::into);
    }
    installation.app_id = row.text("appId").as_deref().map(Into::into);
    if let Some(mut bot) = row.object("bot") {
        installation.bot = bot.credential(&FIELDS, None);
        installation.bot_user_id = bot.text("userId").as_deref().map(Into::into);
        imported.left_out.extend(bot.finish("bot"));
    }
    if let Some(mut user) = row.object("user") {
        installation.user = user.credential(&FIELDS, None);
        installation.user_id = user.text("id").as_deref().map(Into::into);
        imported.left_out.extend(user.finish("user"));
    }
    if let Some(mut webhook) = row.object("incomingWebhook") {
        let names = ["url", "channel", "channelId", "configurationUrl"];
        installation.incoming_webhook = webhook.webhook(names);
        imported.left_out.extend(webhook.finish("incomingWebhook"));
    }
    if !installation.has_credential() {
        imported.left_out.extend(row.skip(LeftOutReason::NoToken));
        return None;
    }
    let (source, number) = (row.source, row.number);
    imported.left_out.extend(row.finish(""));
    Some(Part { place, installation, source, row: number })
}

const FIELDS: CredentialFields = CredentialFields {
    token: "token",
    refresh_token: "refreshToken",
    expires_at: "expiresAt",
    scopes: "scopes",
};
