//! Laying the answer of an install over what is stored.

use std::{error::Error, fmt};

use crate::{
    Installation, Slot,
    ids::{AppId, UserId},
    oauth::Scopes,
    tokens::{ConfigurationCredential, Credential, Enterprise, IncomingWebhook, Team},
};

/// What an install changed in a stored installation.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct InstallChanges {
    /// Slots that were empty and are filled now.
    pub added: Vec<Slot>,
    /// Credentials that a newer one of the same owner took the place of. Slack ends them in its own time; do not revoke
    /// them, since that can end the installation that is new.
    pub replaced: Vec<SupersededCredential>,
    /// Slots that keep what they held.
    pub kept: Vec<Slot>,
    /// Credentials that have no place any more although Slack may still honour them: an older one that arrived late, or
    /// one of another owner. Revoke them, or keep them elsewhere.
    pub displaced: Vec<SupersededCredential>,
    /// A webhook that a newer one took the place of. It still posts until a person removes it.
    pub displaced_webhook: Option<IncomingWebhook>,
}

/// A credential that an install took out of its slot, or that found no slot.
///
/// It is not called a revoked one: Slack may still accept it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SupersededCredential {
    /// The slot.
    pub slot: Slot,
    /// The person or the bot's user, if that is known.
    pub user_id: Option<UserId>,
    /// The credential.
    pub credential: Credential,
}

impl Installation {
    /// Lays the answer of an install over this installation, and returns what that changed.
    ///
    /// A slot that the answer does not hold stays as it is. Of two credentials of one owner the newer one counts, by
    /// [`Credential::is_older_than`], and the scopes of both, since Slack adds the scopes of a second install to those of
    /// the first. A user credential of another person has no place here and is returned as displaced: take it out before
    /// by [`take_persons_own`](Self::take_persons_own).
    ///
    /// # Errors
    ///
    /// When both name an app, and not the same one. Nothing is changed then.
    pub fn merge(&mut self, answer: Self) -> Result<InstallChanges, OtherApp> {
        OtherApp::check(self.app_id.as_ref(), answer.app_id.as_ref())?;
        let mut changes = InstallChanges::default();
        self.merge_bot(answer.bot, answer.bot_user_id, &mut changes);
        self.merge_user(answer.user, answer.user_id, &mut changes);
        self.merge_unplaced(answer.unplaced, &mut changes);
        self.merge_configuration(answer.configuration, &mut changes);
        self.app_id = answer.app_id.or(self.app_id.take());
        merge_place(&mut self.team, answer.team, |old, new| {
            *old = Team { name: new.name.or(old.name.take()), id: new.id };
        });
        merge_place(&mut self.enterprise, answer.enterprise, |old, new| {
            *old = Enterprise { name: new.name.or(old.name.take()), id: new.id };
        });
        self.is_enterprise_install = answer.is_enterprise_install;
        self.app_data = answer.app_data.or(self.app_data.take());
        if let Some(webhook) = answer.incoming_webhook {
            let url = webhook.url.clone();
            let old = self.incoming_webhook.replace(webhook);
            changes.displaced_webhook = old.filter(|old| old.url.expose() != url.expose());
        }
        Ok(changes)
    }

    /// Returns whether any slot holds a credential.
    #[must_use]
    pub fn has_credential(&self) -> bool {
        self.bot.is_some()
            || self.user.is_some()
            || self.unplaced.is_some()
            || self.configuration.is_some()
    }

    fn merge_bot(
        &mut self,
        answer: Option<Credential>,
        user_id: Option<UserId>,
        changes: &mut InstallChanges,
    ) {
        let owner = Owner::of(Slot::Bot, self.bot_user_id.as_ref(), user_id.as_ref());
        let ids = (self.bot_user_id.clone(), user_id.clone());
        if lay((Slot::Bot, owner), &mut self.bot, answer, ids, changes) {
            self.bot_user_id = user_id.or(self.bot_user_id.take());
        }
    }

    fn merge_user(
        &mut self,
        answer: Option<Credential>,
        user_id: Option<UserId>,
        changes: &mut InstallChanges,
    ) {
        if let (Some(stored), Some(new)) = (&self.user, &answer) {
            let is_foreign = self.user_id.is_some() && self.user_id != user_id;
            if is_foreign && !is_same_token(stored, new) {
                changes.kept.push(Slot::User);
                changes.displaced.extend(superseded(Slot::User, user_id, answer));
                return;
            }
        }
        let owner = Owner::of(Slot::User, self.user_id.as_ref(), user_id.as_ref());
        let ids = (self.user_id.clone(), user_id.clone());
        let laid = lay((Slot::User, owner), &mut self.user, answer, ids, changes);
        // Who installs the bot alone is not the person whose credential is kept.
        if laid || self.user.is_none() {
            self.user_id = user_id.or(self.user_id.take());
        }
    }

    fn merge_unplaced(&mut self, answer: Option<Credential>, changes: &mut InstallChanges) {
        let owner = Owner::of(Slot::Unknown, None, None);
        lay((Slot::Unknown, owner), &mut self.unplaced, answer, (None, None), changes);
    }

    /// A configuration token is not part of an install's answer; one in hand may be.
    fn merge_configuration(
        &mut self,
        answer: Option<ConfigurationCredential>,
        changes: &mut InstallChanges,
    ) {
        let is_newer = match (&self.configuration, &answer) {
            (Some(stored), Some(new)) => new.issued_at >= stored.issued_at,
            (None, Some(_)) => {
                changes.added.push(Slot::Configuration);
                true
            }
            (_, None) => false,
        };
        if is_newer {
            self.configuration = answer;
        } else if self.configuration.is_some() {
            changes.kept.push(Slot::Configuration);
        }
    }
}

/// Whether the credentials of stored installation and answer belong to one owner.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Owner {
    Same,
    Other,
    Unknown,
}

impl Owner {
    fn of(slot: Slot, stored: Option<&UserId>, new: Option<&UserId>) -> Self {
        match (stored, new) {
            (Some(stored), Some(new)) if stored == new => Self::Same,
            (Some(_), Some(_)) => Self::Other,
            // An app has one bot at a place.
            _ if slot == Slot::Bot => Self::Same,
            _ => Self::Unknown,
        }
    }
}

/// Lays a credential into a slot; returns whether the slot holds what the answer brought.
fn lay(
    (slot, owner): (Slot, Owner),
    place: &mut Option<Credential>,
    answer: Option<Credential>,
    (stored_id, new_id): (Option<UserId>, Option<UserId>),
    changes: &mut InstallChanges,
) -> bool {
    let Some(mut new) = answer else {
        changes.kept.extend(place.is_some().then_some(slot));
        return false;
    };
    let Some(mut stored) = place.take() else {
        changes.added.push(slot);
        *place = Some(new);
        return true;
    };
    let is_same_token = is_same_token(&stored, &new);
    let is_same_owner = owner == Owner::Same || is_same_token;
    if is_same_owner {
        let scopes = union(&stored.scopes, &new.scopes);
        (stored.scopes, new.scopes) = (scopes.clone(), scopes);
    }
    if is_same_token {
        complete(&mut new, &stored);
    }
    if !is_same_token && new.is_older_than(&stored) {
        *place = Some(stored);
        changes.kept.push(slot);
        changes.displaced.extend(superseded(slot, new_id, Some(new)));
        return false;
    }
    *place = Some(new);
    let list = if is_same_owner { &mut changes.replaced } else { &mut changes.displaced };
    list.extend(superseded(slot, stored_id, Some(stored)));
    true
}

fn superseded(
    slot: Slot,
    user_id: Option<UserId>,
    credential: Option<Credential>,
) -> Option<SupersededCredential> {
    credential.map(|credential| SupersededCredential { slot, user_id, credential })
}

pub(super) fn is_same_token(a: &Credential, b: &Credential) -> bool {
    a.access_token.expose() == b.access_token.expose()
}

/// Keeps of an earlier record of the same token what the new one lacks.
fn complete(new: &mut Credential, stored: &Credential) {
    if new.refresh_token.is_none() {
        new.refresh_token.clone_from(&stored.refresh_token);
        new.refresh_token_issued_at = stored.refresh_token_issued_at;
        new.refresh_method = stored.refresh_method;
    }
    new.expires_at = new.expires_at.or(stored.expires_at);
    // Slack has given the same token more than once: an event in between was not its end.
    new.server_date = new.server_date.max(stored.server_date);
}

/// The scopes of both, in the words of the new one if that has them all.
fn union(stored: &Scopes, new: &Scopes) -> Scopes {
    if stored.missing_from(new).is_empty() {
        return new.clone();
    }
    new.iter().chain(stored.missing_from(new).iter()).collect()
}

/// Replaces a name by a newer one, and keeps the known one if the newer is missing.
fn merge_place<T>(stored: &mut Option<T>, answer: Option<T>, adopt: impl FnOnce(&mut T, T)) {
    match (stored.as_mut(), answer) {
        (_, None) => {}
        (None, new) => *stored = new,
        (Some(old), Some(new)) => adopt(old, new),
    }
}

/// The two installations are of two apps, which do not share a store.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OtherApp {
    /// The app of the stored installation.
    pub stored: AppId,
    /// The app of the answer.
    pub other: AppId,
}

impl OtherApp {
    pub(super) fn check(stored: Option<&AppId>, other: Option<&AppId>) -> Result<(), Self> {
        match (stored, other) {
            (Some(stored), Some(other)) if stored != other => {
                Err(Self { stored: stored.clone(), other: other.clone() })
            }
            _ => Ok(()),
        }
    }
}

impl fmt::Display for OtherApp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the stored installation is of app {} and not of app {}; use a store for each app",
            self.stored, self.other
        )
    }
}

impl Error for OtherApp {}

#[cfg(test)]
mod tests;
