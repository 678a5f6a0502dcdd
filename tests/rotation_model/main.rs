//! Token rotation as a whole, tried in every order: the real machine, the real fake Slack, a store that keeps the real
//! rule for leases, a network and a clock, and several processes that crash.
//!
//! # What can happen
//!
//! A world is Slack, one stored installation with its version and leases, some processes with a machine for each slot,
//! letters (requests and answers) on their way, and the time. `choice.rs` lists what can happen next in a world: each
//! operation of the store succeeds, fails, seems to fail, or is done later; a request reaches Slack well, is refused, is
//! done although Slack says otherwise, or gets lost; an answer comes, comes twice, comes late, or gets lost; a process
//! dies at any moment; its clock is set; time passes while somebody should be at work. What a choice leads to is decided
//! by the code under test alone.
//!
//! * `explore` tries every order of choices up to a depth, breadth first. Two worlds are the same if their `key` is: which
//!   process is which does not matter. A budget says how much may go wrong in a run.
//! * `walk` goes on at random, much further. A run that breaks a rule is cut down to what it needs, and printed as a list
//!   of choices that `replay` plays again.
//!
//! # What must hold
//!
//! The rules are in `violation.rs`, judged by the fake and by a list of all pairs that Slack has issued, never by the
//! machine. Beside them, from many worlds all is left to `heal`: nothing goes wrong any more, and each process must end up
//! with a stored pair that works and can be refreshed when it is due.
//!
//! # What counts as lost, and whose fault it is
//!
//! An installation is lost in the moment when Slack would take no refresh token that the store holds, or a process that
//! lives, or a letter to one. By Slack's rules that cannot always be helped: a process dies between Slack's answer and the
//! write, and nobody sends the same refresh token within the grace time. So it is a violation if, and only if, some
//! process had its hands free before the last chance went by: the end of the grace time of what the store holds. A process
//! has its hands free from when its surroundings no longer keep it from working. They do
//!
//! * while an operation that it asked for is under way, as long as time passes,
//! * while it is not asked for a token, or wakes too late, or after it has died,
//! * for 17 s after a fault: it may wait up to 16 s before it tries again,
//! * until 3 s after the end of a lease that another process has, dead or alive,
//! * for as long as `Retry-After` says, since Slack takes nothing before.

mod actor;
mod choice;
mod explore;
mod flaw;
mod heal;
mod slack;
mod store;
mod violation;
mod walk;
mod world;

use choice::Budget;
use explore::explore;
use slack_auth::{RotationPolicy, Slot};
use slack_fake::Siblings;
use walk::{Walked, walk};
use world::Plan;

/// Two processes and a bot's token that has been due for an hour.
fn plan(budget: Budget) -> Plan {
    Plan {
        processes: 2,
        slots: &[Slot::Bot],
        policy: RotationPolicy::new(),
        siblings: Siblings::FirstUsedWins,
        age: 11 * 3_600,
        budget,
        ghosts: false,
        retry_after: &[],
        skews: &[],
        flaw: None,
    }
}

const NOTHING: Budget = Budget { faults: 0, crashes: 0, slow: 0, leaps: 0, skews: 0 };

#[test]
fn two_processes_and_few_faults_in_every_order() {
    let budget = Budget { faults: 1, crashes: 1, ..NOTHING };
    match explore(plan(budget), 18, 50) {
        Ok(figures) => println!("{figures:?}"),
        Err(found) => panic!("{found}"),
    }
}

#[test]
fn walks_at_random() {
    let any = u8::MAX;
    let all = Budget { faults: any, crashes: any, slow: any, leaps: any, skews: 0 };
    let mut walked = Walked::default();
    for seed in 0..200 {
        if let Err(found) = walk(&plan(all), seed, 200, &mut walked) {
            panic!("seed {seed}: {found}");
        }
    }
    println!("{walked:?}");
}
