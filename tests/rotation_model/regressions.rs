//! Runs that once broke a rule, cut down to what they need.

use slack_auth::Slot;
use slack_fake::Siblings;

use crate::{
    ANYTHING,
    choice::Choice::{
        self, Arrive, Crash, Deliver, Do, FailDone, HalfDay, LeaseEnds, Look, Timeout, Wake,
    },
    plan,
    slack::Answer::{Done, Limited, Well},
    violation::Violation,
    world::{Plan, World},
};

/// Plays a run again, leaving out what cannot happen; then lets all heal.
pub(crate) fn replay(plan: &Plan, run: &[Choice]) -> Result<(), Violation> {
    let mut world = World::new(plan.clone());
    for choice in run {
        if !world.choices().contains(choice) {
            continue;
        }
        world = world.after(*choice)?;
        if world.lost.contains(&true) {
            return Ok(());
        }
    }
    world.heal()
}

/// Each with its plan.
pub(crate) fn regressions() -> Vec<(Plan, &'static [Choice])> {
    let alone = Plan { processes: 1, ..plan(ANYTHING) };
    let newest =
        Plan { slots: &[Slot::Bot, Slot::User], siblings: Siblings::NewestWins, ..plan(ANYTHING) };
    let crowd = Plan { processes: 4, retry_after: &[5, 40], skews: &[-5, 5], ..newest.clone() };
    let crowd = Plan { ghosts: false, ..crowd };
    let three = Plan {
        processes: 3,
        ghosts: true,
        retry_after: &[5, 40],
        skews: &[-5, 5],
        ..plan(ANYTHING)
    };
    vec![
        (alone, RATE_LIMIT_IN_DOUBT),
        (newest, RATE_LIMIT_BESIDE_A_SIBLING),
        (plan(ANYTHING), DEAD_LEASE),
        (three, SLOW_RELEASE),
        (crowd, LOOK_AFTER_SPENT),
    ]
}

/// The answer is lost, and then a 429 names no time: half a minute's wait let the grace time pass.
const RATE_LIMIT_IN_DOUBT: &[Choice] = &[
    Look(0),
    Do(0),
    Do(0),
    Do(0),
    Arrive(0, Done),
    Timeout(0),
    Wake(0),
    FailDone(0),
    Do(0),
    Arrive(1, Limited(None)),
];

/// Two processes have a pair each, and Slack keeps the newest: after a 429 the stored one was refreshed too late.
const RATE_LIMIT_BESIDE_A_SIBLING: &[Choice] = &[
    Look(3),
    Do(3),
    Do(3),
    Look(1),
    Do(3),
    Do(1),
    HalfDay,
    Arrive(0, Well),
    Do(1),
    Do(1),
    Deliver(0),
    Do(3),
    Arrive(0, Well),
    Deliver(0),
    Do(1),
    LeaseEnds(1),
    Do(1),
    Do(1),
    Do(1),
    Arrive(0, Limited(None)),
    Deliver(0),
    Wake(1),
];

/// A process dies with the lease in hand, after Slack has acted, and comes back.
const DEAD_LEASE: &[Choice] =
    &[Look(1), Do(1), Do(1), Do(1), Arrive(0, Well), Crash(1), Look(1), Do(1), Do(1), LeaseEnds(1)];

/// The lease is given back slowly before a pause, and the pause began only then: the grace time of another process's request
/// passed in it.
const SLOW_RELEASE: &[Choice] = &[
    Look(2),
    Look(0),
    Do(0),
    Do(0),
    Do(0),
    Arrive(0, Limited(Some(40))),
    LeaseEnds(2),
    Do(2),
    Do(2),
    Deliver(0),
    Do(2),
    Arrive(0, Well),
    LeaseEnds(1),
    Crash(2),
    Do(0),
    Wake(0),
];

/// A process that was told that its token is spent looks at the store again after a second, while another one gives up its
/// pair for the stored one.
const LOOK_AFTER_SPENT: &[Choice] = &[
    Look(7),
    Look(3),
    Look(5),
    Look(2),
    Do(5),
    Do(2),
    Do(2),
    Do(5),
    Do(5),
    Arrive(0, Well),
    Deliver(0),
    Do(5),
    Do(2),
    Arrive(0, Well),
    Do(7),
    Do(5),
    Do(3),
    HalfDay,
    Look(7),
    Do(7),
    Do(7),
    HalfDay,
    Arrive(1, Well),
    Look(5),
    Deliver(0),
    Do(5),
    Do(2),
    Do(5),
    Look(3),
    Arrive(1, Well),
    Deliver(1),
    Deliver(0),
    HalfDay,
    Do(3),
    Do(3),
    Arrive(0, Well),
    Do(7),
    Deliver(0),
    Do(3),
    Wake(3),
    Do(7),
    Do(7),
];
