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
    world::Plan,
};

/// Each with the plan that it goes by.
pub(crate) fn regressions() -> Vec<(Plan, &'static [Choice])> {
    let alone = Plan { processes: 1, ..plan(ANYTHING) };
    let newest =
        Plan { slots: &[Slot::Bot, Slot::User], siblings: Siblings::NewestWins, ..plan(ANYTHING) };
    vec![
        (alone, RATE_LIMIT_IN_DOUBT),
        (newest, RATE_LIMIT_BESIDE_A_SIBLING),
        (plan(ANYTHING), DEAD_LEASE),
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
