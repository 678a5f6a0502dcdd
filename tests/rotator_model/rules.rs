//! What must hold, judged by what Slack has issued and what is stored.

use std::time::Duration;

use slack_auth::rotation::{TokenError, TokenErrorKind};

use crate::{
    ledger::{Name, Pair, Time},
    plan::{MOST_SKEW, Weather},
    process::Life,
    slack::Network,
    world::{GRACE, LIFE, World, shown},
};

/// Who asked for a token, and when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asking {
    pub(crate) life: Life,
    pub(crate) name: Name,
    pub(crate) since: Time,
}

impl Network {
    /// A refresh token reaches Slack.
    pub(crate) fn check_spend(&self, pair: Pair) {
        let (world, life) = (&self.world, self.life);
        let now = world.now();
        let mut state = world.state();
        let issued = state.ledger.pairs[pair].clone();
        let name = issued.name;
        let is_meant_to_end =
            issued.ended_at.is_some() || state.removals.contains(&(life, name.place));
        if issued.refresh.is_none() || is_meant_to_end {
            // An exchange spends nothing, and nobody misses what is revoked.
            return;
        }
        let within = |length: Duration, at: Option<&Time>| at.is_some_and(|at| now <= *at + length);
        let has_read_old = within(STALE, state.stale_reads.get(&(life, name.place)));
        let broken = if let Some(spent_at) = issued.spent_at {
            let from = spent_at.saturating_sub(GRACE);
            let faults = state.ledger.faults_between(name, from, now.min(spent_at + GRACE));
            let is_late = now >= spent_at + GRACE;
            match world.plan.weather {
                _ if has_read_old || state.is_healing => None,
                Weather::Calm => Some("spent a refresh token twice"),
                _ if faults == 0 => Some("spent a refresh token twice"),
                Weather::Mild if is_late => Some("spent a refresh token again after the grace"),
                _ => None,
            }
        } else {
            // Whoever has forgotten when it was issued cannot know.
            let voided_at = state.invalidated_at.get(&(life, name.place));
            let remembers =
                world.plan.capacity > 1 && voided_at.is_none_or(|at| *at + GRACE < issued.at);
            let again = issued.from.is_some()
                && remembers
                && state.ledger.stored(name) == Some(pair)
                && issued.known_to.contains(&life)
                && now < issued.at + SHORTEST_LIFE
                && !state.ledger.is_in_doubt(pair)
                && state.clock_set_at.get(&life).is_none_or(|at| *at < issued.at);
            again.then_some("refreshed again at once")
        };
        state.refreshed_at.insert((life, name), now);
        drop(state);
        if let Some(rule) = broken {
            world.break_rule(rule, format!("pair {pair} of {} by p{life}", shown(name)));
        }
    }
}

impl Network {
    /// A token is revoked: because somebody revokes the installation, or because it is gone.
    pub(crate) fn check_revocation(&self, pair: Pair) {
        let (world, life) = (&self.world, self.life);
        let now = world.now();
        let mut state = world.state();
        let name = state.ledger.pairs[pair].name;
        let issued = &state.ledger.pairs[pair];
        // It came for an installation that had gone, whatever has been installed since.
        let came_for = issued.from.map(|from| &state.ledger.pairs[from]);
        let is_orphan =
            issued.stored_at.is_none() && came_for.is_some_and(|it| it.replaced_at.is_some());
        let is_meant = state.removals.contains(&(life, name.place))
            || state.ledger.is_empty(name.place)
            || is_orphan;
        state.ledger.pairs[pair].ended_at.get_or_insert(now);
        drop(state);
        if !is_meant {
            let what = format!("pair {pair} of {} by p{life}", shown(name));
            world.break_rule("revoked what is installed", what);
        }
    }
}

impl World {
    /// A process has handed out a token.
    pub(crate) fn check_token(&self, asking: Asking, access: &str, min_validity: Duration) {
        let Asking { life, name, since } = asking;
        let now = self.now();
        let is_live = self.is_live(access);
        let mut state = self.state();
        state.figures.tokens += 1;
        let Some(pair) = state.ledger.by_access(access) else {
            drop(state);
            return self.break_rule("gave a token that slack has not issued", shown(name));
        };
        state.handed_out.insert((life, name), pair);
        let issued = &state.ledger.pairs[pair];
        let who = format!("pair {pair} of {} by p{life}", shown(name));
        let mut broken = None;
        if issued.name != name {
            broken = Some("gave another credential's token");
        }
        if issued.stored_at.is_none() {
            broken = Some("gave a token that was never stored");
        }
        // Whoever was told that all is void gives nothing older.
        let voided = state.invalidated_at.get(&(life, name.place)).filter(|at| **at <= since);
        let read_old = state.stale_reads.get(&(life, name.place)).copied();
        let has_read_old = read_old.is_some_and(|at| voided.is_none_or(|voided| at >= *voided));
        if let (Some(voided), Some(replaced)) = (voided, issued.replaced_at) {
            if replaced < *voided && !has_read_old {
                broken = Some("gave an old token after it was told to read again");
            }
        }
        let is_rotating = issued.refresh.is_some();
        let end = issued.at + LIFE;
        let skew = 2 * MOST_SKEW + Duration::from_secs(1);
        if !is_live && is_rotating && now >= end {
            if now + min_validity > end + skew {
                broken = Some("gave a token that has ended");
            }
        } else if !is_live {
            let is_sibling = issued.from.is_some_and(|from| state.ledger.pairs[from].spends > 1);
            let is_excused =
                issued.ended_at.is_some() || is_sibling || state.ledger.later(pair) >= 2;
            if !is_excused {
                broken = Some("gave a token that slack has ended");
            }
        }
        drop(state);
        if let Some(rule) = broken {
            self.break_rule(rule, who);
        }
    }

    /// A process has given an error in place of a token.
    pub(crate) fn check_error(&self, asking: Asking, error: &TokenError) {
        let Asking { life, name, since } = asking;
        let stored = self.state().ledger.stored(name);
        let refresh = stored.and_then(|pair| self.state().ledger.pairs[pair].refresh.clone());
        let is_dead = refresh.is_some_and(|token| !self.is_live(&token));
        let mut state = self.state();
        state.figures.errors += 1;
        let now = self.now();
        let read_old = state.stale_reads.get(&(life, name.place)).copied();
        let has_read_old = read_old.is_some_and(|at| at + STALE >= since);
        let was_empty = state.ledger.was_empty_since(name.place, since.saturating_sub(LOOKS));
        // An older installation than the one that is stored now, which was dead, and was read by this caller.
        let was_dead = state.ledger.pairs.iter().any(|it| {
            it.name == name
                && it.ended_at.is_some()
                && it.replaced_at.is_some_and(|at| at + LOOKS >= since)
        });
        let ended = stored.map(|pair| &state.ledger.pairs[pair]).is_some_and(|it| {
            it.ended_at.is_some() || it.refresh.is_none() && state.ledger.later(stored.unwrap()) > 0
        });
        let holds = match error.kind() {
            // One stale read proves nothing: it is read again.
            TokenErrorKind::NotInstalled => {
                was_empty || has_read_old && self.plan.weather == Weather::Harsh
            }
            TokenErrorKind::NeedsAuthorization => is_dead || was_dead || ended || was_empty,
            TokenErrorKind::EmptySlot | TokenErrorKind::WrongTokenType => {
                stored.is_none() || was_empty
            }
            // Every token is asked for no longer than it lives, and a lasting one lives for ever.
            TokenErrorKind::NoClientSecret | TokenErrorKind::TooShortLived => false,
            TokenErrorKind::RefreshedLately => {
                let forced = state.forced_at.get(&name).is_some_and(|at| *at >= since);
                let age = state.ledger.pairs.iter().rev().find(|it| it.name == name);
                forced && age.is_some_and(|it| now < it.at + 2 * MOST_SKEW + SHORTEST_LIFE)
            }
            TokenErrorKind::Drained => state.drained.contains(&life),
            // Nothing stands in the way where nothing fails.
            _ => self.plan.weather != Weather::Calm || is_dead || was_dead || ended || was_empty,
        };
        drop(state);
        if !holds {
            let what = format!("{} by p{life}: {error} ({:?})", shown(name), error.kind());
            self.break_rule("gave a false reason", what);
        }
    }
}

/// For how long one that has read something old may act by it.
const STALE: Duration = Duration::from_secs(45);

/// A process looks again for so long, before it says that nothing is stored.
const LOOKS: Duration = Duration::from_secs(8);

/// The shortest time between two refreshes of one credential; the clock counts whole seconds.
const SHORTEST_LIFE: Duration = Duration::from_secs(58);
