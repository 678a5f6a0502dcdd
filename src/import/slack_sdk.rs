//! The tables of Python's `slack_sdk`.

use slack_proto::{ClientId, Installation, Timestamp, tokens::InstallationKey};

use super::{
    imported::{ImportError, Imported, LeftOutReason, Part},
    row::{CredentialFields, Row},
};

pub(super) fn import(
    client_id: &ClientId,
    installations: &str,
    bots: &str,
) -> Result<Imported, ImportError> {
    let mut rows = Row::parse_all("slack_installations", installations)?;
    rows.extend(Row::parse_all("slack_bots", bots)?);
    let mut imported = Imported::default();
    let mut parts = Vec::new();
    for row in rows {
        parts.extend(read(client_id, row, &mut imported));
    }
    // Of the same second the later row counts: SQLite's clock has whole seconds.
    parts.sort_by_key(|(installed_at, part)| (*installed_at, part.row));
    Ok(imported.lay(parts.into_iter().map(|(_, part)| part).collect()))
}

fn read(client_id: &ClientId, mut row: Row, imported: &mut Imported) -> Option<(Timestamp, Part)> {
    if row.text("client_id").is_some_and(|id| id != client_id.as_str()) {
        imported.left_out.extend(row.skip(LeftOutReason::OtherApp));
        return None;
    }
    let installed_at = row.time("installed_at");
    let (team, enterprise) = (row.text("team_id"), row.text("enterprise_id"));
    let is_enterprise_install = row.flag("is_enterprise_install");
    let place = InstallationKey::of(
        team.as_deref().map(Into::into).as_ref(),
        enterprise.as_deref().map(Into::into).as_ref(),
        is_enterprise_install,
    );
    let Some(place) = place else {
        imported.left_out.extend(row.skip(LeftOutReason::NoWorkspace));
        return None;
    };
    let mut installation = Installation::new(place.clone());
    installation.app_id = row.text("app_id").as_deref().map(Into::into);
    installation.bot = row.credential(&BOT, installed_at);
    installation.bot_user_id = row.text("bot_user_id").as_deref().map(Into::into);
    installation.user = row.credential(&USER, installed_at);
    installation.user_id = row.text("user_id").as_deref().map(Into::into);
    installation.incoming_webhook = row.webhook([
        "incoming_webhook_url",
        "incoming_webhook_channel",
        "incoming_webhook_channel_id",
        "incoming_webhook_configuration_url",
    ]);
    let (team, enterprise) = (row.text("team_name"), row.text("enterprise_name"));
    if let Some(place) = &mut installation.team {
        place.name = team.as_deref().map(Into::into);
    }
    if let Some(place) = &mut installation.enterprise {
        place.name = enterprise.as_deref().map(Into::into);
    }
    if !installation.has_credential() {
        imported.left_out.extend(row.skip(LeftOutReason::NoToken));
        return None;
    }
    let (source, number) = (row.source, row.number);
    imported.left_out.extend(row.finish(""));
    let part = Part { place, installation, source, row: number };
    Some((installed_at.unwrap_or(Timestamp::from_unix(0)), part))
}

const BOT: CredentialFields = CredentialFields {
    token: "bot_token",
    refresh_token: "bot_refresh_token",
    expires_at: "bot_token_expires_at",
    scopes: "bot_scopes",
};

const USER: CredentialFields = CredentialFields {
    token: "user_token",
    refresh_token: "user_refresh_token",
    expires_at: "user_token_expires_at",
    scopes: "user_scopes",
};
