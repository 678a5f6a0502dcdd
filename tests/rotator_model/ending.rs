//! When nothing goes wrong any more: all must be well, or lost for a reason.

use std::time::Duration;

use slack_auth::{Slot, rotation::TokenError};

use crate::{
    ledger::{Name, Time},
    plan::Weather,
    process::{Life, Process},
    scene::Scene,
    world::{GRACE, NAMES, TEAMS, World, shown},
};

impl World {
    /// All that a place had when it was begun to revoke it must be dead now.
    pub(crate) fn check_revoked(&self, life: Life, place: usize, since: Time) {
        let now = self.unix();
        let mut state = self.state();
        if state.removed_by.get(&place).is_none_or(|(at, by)| *at < since || *by != life) {
            // Somebody else was faster, and had it removed without a word to Slack.
            return;
        }
        let pairs = state.ledger.pairs.clone();
        let emptied_at = state.ledger.emptied_at.get(&place).copied().unwrap_or(since);
        let alive = pairs.iter().enumerate().find(|(_, it)| {
            let concerns = it.name.place == place && it.at < since;
            // Nobody can know of a pair that nobody has. An access token that was replaced lives on to its end.
            let is_known = it.stored_at.is_some();
            let is_displaced = it.replaced_at.is_some_and(|at| at < emptied_at);
            let mut tokens = std::iter::once(&it.access).chain(&it.refresh);
            let is_live = concerns && tokens.any(|token| state.slack.is_live(token, now));
            is_live && is_known && !is_displaced
        });
        drop(state);
        if let Some((pair, it)) = alive {
            self.break_rule("left a token alive", format!("pair {pair} of {}", shown(it.name)));
        }
    }

    /// A drained process holds nothing that is not stored.
    pub(crate) fn check_drained(&self, life: Life) {
        let state = self.state();
        let held = state.ledger.pairs.iter().enumerate().find(|(number, it)| {
            // What it was given for is still stored, and spent.
            let is_needed = it.from.is_some() && state.ledger.stored(it.name) == it.from;
            let is_last = state.ledger.later(*number) == 0;
            it.known_to.contains(&life) && is_needed && is_last && it.ended_at.is_none()
        });
        let held = held.map(|(pair, it)| format!("pair {pair} of {} by p{life}", shown(it.name)));
        drop(state);
        if let Some(what) = held {
            self.break_rule("was drained with a pair in hand", what);
        }
    }

    /// Nobody waits for longer than was promised.
    pub(crate) fn check_callers(&self) {
        let now = self.now();
        let state = self.state();
        let late = state.callers.values().find(|(_, _, limit)| *limit < now);
        let late = late.map(|(life, what, limit)| format!("p{life} {what}, until {limit:?}"));
        drop(state);
        if let Some(what) = late {
            self.break_rule("a caller waits too long", what);
        }
    }
}

impl Scene {
    /// Lets all go well from here.
    pub(crate) fn heal(&mut self) {
        let world = self.world.clone();
        world.note(0, "all goes well from here");
        world.state().is_healing = true;
        for wait in [0, 61, 700, 3_700, 8 * 3_600, 61, 13 * 3_600] {
            world.runtime.advance(Duration::from_secs(wait));
            for index in 0..self.processes.len() {
                for name in NAMES {
                    let process = self.processes[index].clone();
                    let _ = ask(&world, &process, name);
                    world.runtime.advance(Duration::from_millis(300));
                    world.check_callers();
                }
            }
        }
        for name in NAMES {
            self.check_health(name);
        }
        world.runtime.advance(Duration::from_secs(7_200));
        if world.state().callers.values().next().is_some() {
            let left = format!("{:?}", world.state().callers);
            world.break_rule("a caller waits for ever", left);
        }
    }

    fn check_health(&self, name: Name) {
        let world = &self.world;
        if world.state().ledger.is_empty(name.place) {
            return;
        }
        let stored = world.state().ledger.stored(name);
        let Some(pair) = stored else {
            return world.break_rule("an empty slot", shown(name));
        };
        let held = world.state().ledger.pairs[pair].clone();
        if held.ended_at.is_some() {
            return;
        }
        let results: Vec<_> = self.processes.iter().map(|it| ask(world, it, name)).collect();
        let is_well = |result: &Result<String, TokenError>| {
            result.as_ref().is_ok_and(|token| world.is_live(token))
        };
        let token = held.refresh.as_ref().unwrap_or(&held.access);
        if results.iter().all(is_well) && world.is_live(token) {
            return;
        }
        // It is lost. Was it kept from being saved?
        let since = held.spent_at.unwrap_or(held.at);
        let from = since.saturating_sub(GRACE + GRACE);
        let faults = world.state().ledger.faults_between(name, from, since + GRACE);
        let is_spent = held.refresh.is_some() && !world.is_live(token);
        world.state().figures.lost += 1;
        if world.plan.weather == Weather::Harsh && is_spent && faults >= 2 {
            return;
        }
        let results = results.iter().map(|it| it.as_ref().map(|token| world.is_live(token)));
        let results: Vec<_> = results.collect();
        let what = format!("pair {pair} of {}, {faults} faults: {results:?}", shown(name));
        world.break_rule("lost", what);
    }
}

fn ask(world: &World, process: &Process, name: Name) -> Result<String, TokenError> {
    let (rotator, key) = (&process.rotator, &world.keys[name.place]);
    debug_assert!(name.place < TEAMS.len());
    let asked = async {
        if name.slot == Slot::Configuration {
            return rotator.configuration_token(key).await.map(|it| it.expose().to_owned());
        }
        rotator.access_token(key, name.slot).await.map(|it| it.expose().to_owned())
    };
    world.runtime.block_on(asked)
}
