//! The one way out of the store: an event of Slack's, applied to what is stored.

mod outcome;
mod reach;
mod verdict;

use slack_proto::{
    Installation, Slot, StoreKey,
    events::EventCallback,
    tokens::{Credential, Fingerprint},
};

pub use outcome::{
    ApplyEventError, EventOutcome, RemovedCredential, SpareReason, SparedCredential,
};
use reach::Reach;
use verdict::Verdict;

use super::TokenRotator;

impl TokenRotator {
    /// Applies an event to the store: `tokens_revoked` and `app_uninstalled` remove credentials, any other event changes
    /// nothing.
    ///
    /// Each credential is judged by itself: the event's time is compared with the credential's time of issue, both by
    /// Slack's clock ([`Credential::issue_order`]). An event that is older changes nothing, so late and repeated deliveries
    /// are harmless. Within five minutes, or where a time is unknown, `auth.test` decides, and doubt removes nothing. It
    /// reaches what look-up reaches ([`StoreKey::nearest_first`]): the place of the event, the workspace as it was before
    /// it joined an organization, an org-wide install, and people's own rows at each.
    ///
    /// Slack repeats an event until it gets a 2xx answer within three seconds. `auth.test` may take longer: answer first
    /// and apply afterwards, or answer with an error so that Slack delivers the event again.
    ///
    /// # Errors
    ///
    /// When the event names no place, when it is of another app, and when the store fails. What was removed before stays
    /// so, and the event can be applied again.
    pub async fn apply_event(
        &self,
        callback: &EventCallback,
    ) -> Result<EventOutcome, ApplyEventError> {
        let mut outcome = EventOutcome::default();
        let Some(reach) = Reach::of(callback)? else { return Ok(outcome) };
        let rows = self.shared.calls();
        let mut keys = Vec::new();
        for key in reach.places() {
            if reach.concerns_all_people() {
                keys.extend(rows.people_at(key.place()).await?);
            }
            keys.extend(reach.people(&key));
            keys.push(key);
        }
        for key in keys {
            let result = self.apply_to(&key, &reach, &mut outcome).await;
            self.invalidate(&key);
            result?;
        }
        Ok(outcome)
    }

    async fn apply_to(
        &self,
        key: &StoreKey,
        reach: &Reach<'_>,
        outcome: &mut EventOutcome,
    ) -> Result<(), ApplyEventError> {
        let rows = self.shared.calls();
        let mut known: Vec<(Fingerprint, Verdict)> = Vec::new();
        for _ in 0..ROUNDS {
            let Some(stored) = rows.load(key).await? else { return Ok(()) };
            let mut installation = stored.installation;
            reach.check_app(&installation)?;
            let (mut removed, mut spared) = (Vec::new(), Vec::new());
            for slot in SLOTS {
                let Some(order) = reach.order(key, &installation, slot) else { continue };
                let Some(credential) = installation.credential(slot).cloned() else { continue };
                let name = credential.access_token.fingerprint();
                let judged = known.iter().find(|(known, _)| *known == name).map(|(_, it)| *it);
                let verdict = match judged {
                    Some(verdict) => verdict,
                    None => self.judge(&credential, order, reach.event_time()).await,
                };
                known.push((name, verdict));
                let user_id = owner(key, &installation, slot);
                match verdict {
                    Verdict::Dead => {
                        take(&mut installation, slot);
                        removed.push(RemovedCredential { key: key.clone(), slot, user_id });
                    }
                    Verdict::Spared(reason) => {
                        spared.push(SparedCredential { key: key.clone(), slot, user_id, reason });
                    }
                }
            }
            let written = match (removed.is_empty(), installation.has_credential()) {
                (true, _) => Ok(()),
                (false, true) => rows.write(key, &installation, Some(stored.version)).await,
                (false, false) => rows.remove(key, stored.version).await,
            };
            match written {
                Err(error) if error.is_conflict() => continue,
                written => written?,
            }
            if !removed.is_empty() && !installation.has_credential() {
                outcome.app_data.extend(installation.app_data.map(|data| (key.clone(), data)));
            }
            outcome.removed.append(&mut removed);
            outcome.spared.append(&mut spared);
            return Ok(());
        }
        Err(ApplyEventError::Busy)
    }
}

/// Whose credential it is.
fn owner(
    key: &StoreKey,
    installation: &Installation,
    slot: Slot,
) -> Option<slack_proto::ids::UserId> {
    match slot {
        Slot::Bot => installation.bot_user_id.clone(),
        Slot::User => key.user().or(installation.user_id.as_ref()).cloned(),
        _ => None,
    }
}

/// Removes a credential from its slot, with what was kept beside it.
fn take(installation: &mut Installation, slot: Slot) -> Option<Credential> {
    installation.take_fallbacks(slot);
    installation.set_needs_authorization(slot, None);
    match slot {
        Slot::Bot => {
            installation.bot_user_id = None;
            installation.bot.take()
        }
        Slot::User => {
            installation.user_id = None;
            installation.user.take()
        }
        _ => installation.unplaced.take(),
    }
}

/// The slots that an app's events are about: a configuration token belongs to no app.
const SLOTS: [Slot; 3] = [Slot::Bot, Slot::User, Slot::Unknown];

/// How often others may write while an event is applied.
const ROUNDS: usize = 8;
