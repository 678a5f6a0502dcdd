//! The rotator that ships, in a world that goes wrong at random: several processes on one store, with wrong clocks.
//!
//! # What can happen
//!
//! Each process is a [`TokenRotator`](slack_auth::TokenRotator) with its own entries, driver and pace. They run on one
//! `ManualRuntime`, through which each sees its own clock, up to two minutes ahead or behind. A seed decides
//!
//! * what people and programs do (`acts.rs`): callers who ask for tokens, for long-lived ones, and go away; calls; true and
//!   false rejections; `invalidate`, `remove`, `revoke_all`, `retry`, `exchange`, `install` over what is there; the app is
//!   uninstalled; a process is drained, killed, or its clock is set; now and then hours pass;
//! * what becomes of each request (`slack.rs`): it is lost, or its answer; it hangs, comes late, or after it was given up;
//!   the transport panics; the runtime is shut down meanwhile and the process goes on without one; Slack is in trouble,
//!   says so falsely, or answers 429 with up to 50 minutes of `Retry-After`;
//! * what becomes of each call of the store (`store.rs`): it fails, fails although it is done, hangs, panics, takes seconds;
//!   a read gives what was there a while ago; the runtime is shut down.
//!
//! In some runs nothing fails, but every second process reads from a replica that is seconds late, and Slack takes no
//! refresh token twice. Observers panic as well. There are bot and user tokens, one that lives for ever until it is exchanged, and an app
//! configuration token. In calm weather nothing fails, in mild weather one thing at a time, in harsh weather anything.
//!
//! # What must hold
//!
//! Everything is judged by what the fake Slack has issued and what the store holds, never by the code under test.
//!
//! * Nothing is lost. In harsh weather it may be, but only if two faults have kept it from being saved in the grace time.
//! * A token that is handed out was stored, is of the credential that was asked for, and lives, as far as anybody can know;
//!   after `invalidate` it is none that was replaced before.
//! * An error is true: "nothing is stored" and "authorize again" are said only if it is so.
//! * A refresh token is spent once; again only after a fault, within the grace time, and by nobody who knows that it is
//!   spent. A pair is not refreshed again within a minute of its issue.
//! * Nobody waits for longer than was promised, and nothing is deleted or revoked that nobody wanted to be.
//! * A drained process sends no new refresh and holds no pair; the pace is kept: so many in flight, and a pause after 429.
//!
//! # That it can fail
//!
//! Each of these faults was put into the rotator, one at a time, and found by the runs of `cargo test`. The seed is the first
//! one that found it then; a change of the model may make it another.
//!
//! | fault | seed | by the rule |
//! |---|---|---|
//! | a lease of another process is ignored | 0 | a refresh token is spent once |
//! | a write ignores the version | 35 | a refresh token is spent once |
//! | a wait in doubt is longer than the grace time | 3 | nothing is lost |
//! | a pair is dropped when its write conflicts | 31 | what is handed out was stored |
//! | a drain is ignored | 0 | a drained process sends no new refresh |
//! | a pause after 429 is ignored | 15 | the pace is kept |
//! | a pair is handed out before it is stored | 46 | what is handed out was stored |
//! | a store may hang | 2 | nobody waits for longer than was promised |
//! | the pair that is fetched to be revoked is not stored | 26 | nobody sends what is known to be spent |
//! | a refresh that still runs answers "nothing is stored" after `invalidate` | 3 | an error is true |
//! | a task that is dropped with its runtime counts as running for ever | 3 | nothing is lost |
//! | what such a task has left undone is forgotten | 3 | nothing is lost |
//! | callers give the work of a dropped task to the dead runtime again | 0 to 20 | the run does not end |
//! | a panic of an observer ends the task | 0 | nobody waits for longer than was promised |
//! | one stale read is believed | 73 | an error is true |
//!
//! Not found by these runs, but by tests of the rotator and of the machine by name: that the losing one of two parallel
//! refreshes is thrown away, which takes two leases at one time; that a lease need not cover a call; that missing keys
//! stay in the memory.
//!
//! # How to use it
//!
//! `ROTATOR_MODEL_RUNS=2000` plays more runs, `ROTATOR_MODEL_SEED` begins elsewhere, `ROTATOR_MODEL_TRACE=1000` prints more of
//! what came before a failure. A seed plays the same run again.

mod acts;
mod chance;
mod ending;
mod ledger;
mod pace_rules;
mod plan;
mod process;
mod rules;
mod scene;
mod slack;
mod store;
mod world;

use std::{
    panic::{self, AssertUnwindSafe, catch_unwind},
    sync::Once,
};

use plan::Plan;
use scene::Scene;
use world::{Figures, World};

#[test]
fn nothing_is_lost_whatever_happens() {
    let first = number("ROTATOR_MODEL_SEED", 0);
    let runs = number("ROTATOR_MODEL_RUNS", 120);
    let mut sum = Figures::default();
    for seed in first..first + runs {
        match judge(&play(seed)) {
            Ok(figures) => sum.add(figures),
            Err(found) => panic!("{found}"),
        }
    }
    println!("{runs} runs: {sum:?}");
    if runs >= 100 {
        let runs = usize::try_from(runs).unwrap();
        assert!(sum.refreshes > 10 * runs && sum.tokens > 40 * runs, "little happens: {sum:?}");
        assert!(sum.repeated > 0 && sum.kills > runs / 4 && sum.faults > 10 * runs, "{sum:?}");
        assert!(sum.lost < runs / 4, "most installations live in the end: {sum:?}");
    }
}

#[test]
fn a_seed_plays_the_same_run_again() {
    for seed in 0..6 {
        let (one, other) = (play(seed), play(seed));
        let (one, other) = (one.state(), other.state());
        let differs = one.trace.iter().zip(&other.trace).find(|(one, other)| one != other);
        assert_eq!(differs, None, "seed {seed}");
        assert_eq!(one.trace.len(), other.trace.len(), "seed {seed}");
    }
}

/// Plays one run to its end, or until a rule is broken.
fn play(seed: u64) -> World {
    keep_quiet_about_what_is_meant();
    let plan = Plan::new(seed);
    let mut scene = Scene::new(plan.clone());
    let world = scene.world.clone();
    let played = catch_unwind(AssertUnwindSafe(|| {
        for _ in 0..plan.steps {
            scene.act();
            scene.pause();
            world.check_callers();
            if world.state().broken.is_some() {
                return;
            }
        }
        scene.heal();
    }));
    if let Err(panic) = played {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or(panic.downcast_ref::<&str>().copied());
        world.break_rule("panicked", text.unwrap_or_default());
    }
    world
}

/// What was tried; or which rule was broken, and what came before.
fn judge(world: &World) -> Result<Figures, String> {
    let state = world.state();
    let Some(broken) = &state.broken else { return Ok(state.figures) };
    let length = usize::try_from(number("ROTATOR_MODEL_TRACE", 60)).unwrap();
    let trace = state.trace[state.trace.len().saturating_sub(length)..].join("\n");
    Err(format!("{trace}\n{:?}\n{broken}", world.plan))
}

/// Stores, transports and observers panic all the time here.
fn keep_quiet_about_what_is_meant() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let is_meant =
                info.payload().downcast_ref::<&str>().is_some_and(|it| it.ends_with(MEANT));
            if !is_meant {
                usual(info);
            }
        }));
    });
}

/// The end of what is said by a panic that belongs to the run.
const MEANT: &str = "of the test's";

fn number(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).ok().and_then(|it| it.parse().ok()).unwrap_or(otherwise)
}
