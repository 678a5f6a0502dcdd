//! What people and programs do: one after the other, at random.

use std::time::Duration;

use slack_auth::{
    Slot,
    methods::AuthTest,
    rotation::{Rejection, RotatedCallError, TokenError},
    runtime::Runtime as _,
    tokens::Fingerprint,
};

use crate::{
    ledger::{Name, Time},
    plan::Weather,
    process::{Life, Process},
    rules::Asking,
    scene::{BOTH, Scene},
    world::{LASTING, NAMES, TEAMS, World, shown},
};

impl Scene {
    /// Does one thing at random.
    pub(crate) fn act(&mut self) {
        let index = self.chance.below(self.processes.len());
        let process = self.processes[index].clone();
        let endangered = self.world.in_danger();
        let name = match endangered {
            // Somebody needs it.
            Some(name) if self.world.plan.weather != Weather::Harsh => name,
            _ => self.chance.pick(&NAMES),
        };
        let choice =
            if endangered.is_some() { self.chance.below(60) } else { self.chance.below(100) };
        match choice {
            0..=39 => self.ask(&process, name, None),
            40..=49 => process.rotator.refresh_if_due(&self.world.keys[name.place], name.slot),
            50..=57 => self.call(&process, name),
            58..=60 => self.invalidate(&process, name.place),
            61..=64 => self.reject(&process, name),
            65..=67 => self.ask(&process, name, Some(Duration::from_secs(11 * 3_600))),
            68..=72 => self.reinstall(&process),
            73 => self.end_at_slack(),
            74..=75 => self.remove(&process),
            76..=77 => self.revoke(&process),
            78..=80 => self.drain(index),
            KILL..=86 => self.kill(index),
            87..=90 => self.set_clock(&process),
            91..=95 => self.exchange(&process),
            96..=97 => self.retry(&process, name.place),
            _ => self.ask(&process, NAMES[5], None),
        }
    }

    fn ask(&mut self, process: &Process, name: Name, min_validity: Option<Duration>) {
        let asking = Asking { life: process.life, name, since: self.world.now() };
        let (rotator, key) = (process.rotator.clone(), self.world.keys[name.place].clone());
        if min_validity.is_some() {
            self.world.state().forced_at.insert(name, asking.since);
        }
        let needed = min_validity.unwrap_or(USUAL_VALIDITY);
        let what = format!("token {} for {needed:?}", shown(name));
        let token = async move {
            if name.slot == Slot::Configuration {
                let token = rotator.configuration_token(&key).await;
                return token.map(|it| it.expose().to_owned());
            }
            let token = rotator.access_token_for(&key, name.slot, needed).await;
            token.map(|it| it.expose().to_owned())
        };
        let needed = if name.slot == Slot::Configuration { USUAL_VALIDITY } else { needed };
        self.caller(process, what, WAIT, token, move |world, result| {
            answered(world, asking, result, needed);
        });
    }

    fn call(&mut self, process: &Process, name: Name) {
        let asking = Asking { life: process.life, name, since: self.world.now() };
        let (rotator, key) = (process.rotator.clone(), self.world.keys[name.place].clone());
        let what = format!("call with {}", shown(name));
        if name.slot == Slot::Configuration {
            return;
        }
        let call = async move { rotator.call(&AuthTest, &key, name.slot).await };
        self.caller(process, what, 6 * WAIT, call, move |world, result| {
            if let Err(RotatedCallError::Token(error)) = result {
                world.check_error(asking, &error);
            }
        });
    }

    /// Slack is said to have refused a token, whether it has ended or not.
    fn reject(&mut self, process: &Process, name: Name) {
        let mut world = self.world.clone();
        let handed_out = world.state().handed_out.get(&(process.life, name)).copied();
        let Some(pair) = handed_out.map(|pair| world.state().ledger.pairs[pair].clone()) else {
            return;
        };
        if pair.refresh.is_none() {
            // Of one that lives for ever it would be its end, and Slack says no such thing.
            return;
        }
        let access = pair.access;
        if name.slot == Slot::Configuration
            || world.plan.weather != Weather::Harsh && !can_force(&mut world, name)
        {
            return;
        }
        let rejection = self.chance.pick(&[Rejection::Expired, Rejection::Doubtful]);
        let asking = Asking { life: process.life, name, since: world.now() };
        world.state().forced_at.insert(name, asking.since);
        let (rotator, key) = (process.rotator.clone(), world.keys[name.place].clone());
        let what = format!("reject {} {rejection:?}", shown(name));
        let report = async move {
            let token = Fingerprint::of(&access);
            let new = rotator.report_rejected(&key, name.slot, token, rejection).await;
            new.map(|it| it.expose().to_owned())
        };
        self.caller(process, what, 3 * WAIT, report, move |world, result| {
            answered(world, asking, result, USUAL_VALIDITY);
        });
    }

    fn invalidate(&self, process: &Process, place: usize) {
        self.world.note(process.life, format!("invalidate {}", TEAMS[place]));
        process.rotator.invalidate(&self.world.keys[place]);
        let now = self.world.now();
        self.world.state().invalidated_at.insert((process.life, place), now);
    }

    /// A person installs the app again; what was there before may be revoked then.
    fn reinstall(&mut self, process: &Process) {
        let place = self.chance.below(LASTING);
        let installation = self.world.install(place, BOTH, process.clock.now());
        let since = self.world.now();
        let (rotator, life) = (process.rotator.clone(), process.life);
        let revokes = self.chance.once_in(2);
        let what = format!("install {}", TEAMS[place]);
        let install = async move { rotator.install(installation).await };
        self.caller(process, what, 8 * 40 * SECOND, install, move |world, result| {
            world.note(life, format!("installed {}: {:?}", TEAMS[place], result.is_ok()));
            let Ok(outcome) = result else { return };
            let now = world.now();
            let mut state = world.state();
            state.invalidated_at.insert((life, place), now);
            if revokes {
                let displaced: Vec<_> = outcome.displaced().collect();
                for old in displaced {
                    let access = old.credential.access_token.expose();
                    let Some(pair) = state.ledger.by_access(access) else { continue };
                    let held = state.ledger.pairs[pair].clone();
                    // With all that came of it meanwhile.
                    let all: Vec<usize> = (0..state.ledger.pairs.len())
                        .filter(|it| {
                            let it = &state.ledger.pairs[*it];
                            it.name == held.name && it.at < since
                        })
                        .collect();
                    for pair in all {
                        let (access, refresh) = {
                            let pair = &mut state.ledger.pairs[pair];
                            pair.ended_at.get_or_insert(now);
                            (pair.access.clone(), pair.refresh.clone())
                        };
                        state.slack.revoke(&access);
                        refresh.map(|it| state.slack.revoke(&it));
                    }
                }
            }
        });
    }

    /// A workspace removes the app.
    fn end_at_slack(&mut self) {
        let place = self.chance.below(LASTING);
        self.world.note(0, format!("slack uninstalls {}", TEAMS[place]));
        let now = self.world.unix();
        self.world.state().slack.uninstall_at("1.2", TEAMS[place], now);
        self.end(place);
    }

    fn end(&self, place: usize) {
        end_all(&self.world, place, self.world.now());
    }

    fn remove(&mut self, process: &Process) {
        let place = self.chance.below(LASTING);
        let (rotator, key) = (process.rotator.clone(), self.world.keys[place].clone());
        let (life, since) = (process.life, self.world.now());
        let Some(removal) = Removal::begin(&self.world, life, place) else { return };
        let (world, store) = (self.world.clone(), self.world.oracle.clone());
        // Another part of the program does it, which knows the store and the rotator.
        let remove = async move {
            let result = match store.load(&key).await {
                Ok(Some(stored)) => store.remove(&key, stored.version).await,
                Ok(None) => Ok(()),
                Err(error) => Err(error),
            };
            world.look(place);
            rotator.invalidate(&key);
            drop(removal);
            result
        };
        self.caller(process, format!("remove {}", TEAMS[place]), 8 * 40 * SECOND, remove, {
            move |world, result| removed(world, life, place, since, result.is_ok())
        });
    }

    fn revoke(&mut self, process: &Process) {
        let place = self.chance.below(LASTING);
        let (rotator, key) = (process.rotator.clone(), self.world.keys[place].clone());
        let (life, since) = (process.life, self.world.now());
        let Some(mut removal) = Removal::begin(&self.world, life, place) else { return };
        // Whether it comes to its end or not: nothing of it is missed.
        removal.revokes = true;
        self.end(place);
        let revoke = async move {
            let result = rotator.revoke_all(&key).await;
            drop(removal);
            result
        };
        self.caller(process, format!("revoke {}", TEAMS[place]), 3_600 * SECOND, revoke, {
            move |world, result| {
                world.note(life, format!("revoked {}: {result:?}", TEAMS[place]));
                removed(world, life, place, since, result.is_ok());
                if result.is_ok() {
                    world.check_revoked(life, place, since);
                }
                end_all(world, place, since);
            }
        });
    }

    /// A process ends as it should.
    fn drain(&mut self, index: usize) {
        let process = self.processes[index].clone();
        let world = self.world.clone();
        world.note(process.life, "drains");
        world.state().drained.insert(process.life);
        let before = world.now();
        let deadline = 60 * SECOND;
        let drained = world.runtime.block_on(process.rotator.drain(deadline));
        world.note(process.life, format!("is drained: {drained:?}"));
        if world.now() > before + deadline + SECOND {
            world.break_rule(
                "drained too late",
                format!("after {:?}", world.now().saturating_sub(before)),
            );
        }
        let gentle = world.plan.weather != Weather::Harsh;
        if gentle && !drained.is_complete() {
            world.break_rule("was not drained in time", format!("{drained:?}"));
        }
        if drained.is_complete() {
            world.check_drained(process.life);
        }
        // Those who ask now get what is valid, or learn it.
        let name = self.chance.pick(&NAMES);
        self.ask(&process, name, None);
        world.runtime.advance(2 * SECOND);
        if !drained.is_complete() {
            world.fault(process.life, None, "by an end too soon");
        }
        self.replace(index);
    }

    fn kill(&mut self, index: usize) {
        let mut chance = self.chance.clone();
        if !self.world.may_fail(&mut chance, &NAMES) && !self.world.may_fail(&mut chance, &NAMES) {
            return;
        }
        self.world.fault(self.processes[index].life, None, "by a kill");
        self.world.state().figures.kills += 1;
        self.replace(index);
    }

    fn set_clock(&mut self, process: &Process) {
        let skew = self.chance.pick(&[-120, -5, 0, 5, 120]);
        self.world.note(process.life, format!("its clock is {skew} s ahead"));
        let now = self.world.now();
        self.world.state().clock_set_at.insert(process.life, now);
        process.clock.set_skew(skew);
    }

    fn exchange(&mut self, process: &Process) {
        let name = NAMES[4];
        let asking = Asking { life: process.life, name, since: self.world.now() };
        let (rotator, key) = (process.rotator.clone(), self.world.keys[LASTING].clone());
        let exchange = async move {
            let token = rotator.exchange(&key, Slot::Bot).await;
            token.map(|it| it.expose().to_owned())
        };
        self.caller(process, "exchange".into(), 3 * WAIT, exchange, move |world, result| {
            // Slack exchanges a token once; the second process is told so, and the token goes on working.
            if let Ok(token) = result {
                answered(world, asking, Ok(token), Duration::ZERO);
            }
        });
    }

    fn retry(&mut self, process: &Process, place: usize) {
        let (rotator, key) = (process.rotator.clone(), self.world.keys[place].clone());
        let life = process.life;
        let retry = async move { rotator.retry(&key).await };
        let what = format!("retry {}", TEAMS[place]);
        self.caller(process, what, 8 * 40 * SECOND, retry, move |world, _| {
            let now = world.now();
            world.state().invalidated_at.insert((life, place), now);
        });
    }
}

/// Somebody is about to delete an installation.
struct Removal {
    world: World,
    of: (Life, usize),
    /// Whether all that Slack has issued until its end is to be revoked.
    revokes: bool,
}

impl Removal {
    /// Returns none if that is under way already.
    fn begin(world: &World, life: Life, place: usize) -> Option<Self> {
        let of = (life, place);
        let is_first = world.state().removals.insert(of);
        is_first.then(|| Self { world: world.clone(), of, revokes: false })
    }
}

impl Drop for Removal {
    fn drop(&mut self) {
        if self.revokes {
            end_all(&self.world, self.of.1, self.world.now());
        }
        self.world.state().removals.remove(&self.of);
    }
}

fn answered(
    world: &World,
    asking: Asking,
    result: Result<String, TokenError>,
    min_validity: Duration,
) {
    match result {
        Ok(token) => world.check_token(asking, &token, min_validity),
        Err(error) => {
            let what = format!("error for {}: {error}", shown(asking.name));
            world.note(asking.life, what);
            world.check_error(asking, &error);
        }
    }
}

/// A false rejection may cost a refresh that is not due: it counts as what goes wrong.
fn can_force(world: &mut World, name: Name) -> bool {
    let mut chance = world.chance(0, "force");
    world.plan.weather == Weather::Calm || (0..6).any(|_| world.may_fail(&mut chance, &[name]))
}

/// All that a place had until then was ended on purpose.
fn end_all(world: &World, place: usize, until: Time) {
    let now = world.now();
    let mut state = world.state();
    for pair in &mut state.ledger.pairs {
        if pair.name.place == place && pair.at <= until {
            pair.ended_at.get_or_insert(now);
        }
    }
}

fn removed(world: &World, life: Life, place: usize, since: Time, is_ok: bool) {
    let now = world.now();
    let mut state = world.state();
    state.invalidated_at.insert((life, place), now);
    let was_empty = state.ledger.was_empty_since(place, since);
    let has_read_old = state.stale_reads.get(&(life, place)).is_some_and(|at| *at >= since);
    drop(state);
    if is_ok && !was_empty && !has_read_old {
        world.break_rule("removed nothing", format!("{} by p{life}", TEAMS[place]));
    }
}

const KILL: usize = 81;
const USUAL_VALIDITY: Duration = Duration::from_secs(10);
const SECOND: Duration = Duration::from_secs(1);
/// How long a caller waits at most: its own wait, and a moment.
const WAIT: Duration = Duration::from_secs(31);
