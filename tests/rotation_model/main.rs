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
//! * `replay` plays a list of choices again, such as those of `regressions.rs`, which random runs once found.
//!
//! `cargo test` keeps below half a minute. `ROTATION_MODEL_DEPTH=2` makes each exploration so much deeper, and
//! `-- --nocapture` shows how much was tried.
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
//! * until 3 s after the end of a lease that another process has, dead or alive, but of no more than 45 s of it,
//! * for as long as `Retry-After` says, since Slack takes nothing before; if it says nothing, for 31 s, unless an answer to
//!   the process itself was lost.

mod actor;
mod choice;
mod driver;
mod explore;
mod flaw;
mod heal;
mod regressions;
mod slack;
mod store;
mod violation;
mod world;

use choice::Budget;
use explore::{Figures, explore};
use flaw::Flaw;
use regressions::{regressions, replay};
use slack_auth::{Slot, rotation::RotationPolicy};
use slack_fake::Siblings;
use violation::Rule;
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

/// Anything may go wrong at any time.
const ANYTHING: Budget = Budget { faults: 255, crashes: 255, slow: 255, leaps: 255, skews: 255 };

#[test]
fn two_processes_in_every_order() {
    let plan = plan(Budget { faults: 1, crashes: 1, slow: 1, leaps: 1, skews: 0 });
    let figures = tried("two processes", plan, 12);
    assert!(figures.states >= 10_000 && figures.transitions >= 20_000, "{figures:?}");
}

#[test]
fn anything_goes_wrong_in_every_order() {
    let plan = Plan { ghosts: true, ..plan(ANYTHING) };
    let figures = tried("anything goes wrong", plan, 8);
    assert!(figures.states >= 10_000 && figures.transitions >= 20_000, "{figures:?}");
}

#[test]
fn one_process_and_many_faults_in_every_order() {
    let budget = Budget { faults: 9, ..NOTHING };
    let figures = tried("one process, nine faults", Plan { processes: 1, ..plan(budget) }, 13);
    assert!(figures.states >= 10_000 && figures.transitions >= 15_000, "{figures:?}");
}

#[test]
fn three_processes_in_every_order() {
    let plan = Plan { processes: 3, ..plan(Budget { crashes: 1, slow: 1, ..NOTHING }) };
    let figures = tried("three processes", plan, 20);
    assert!(figures.states >= 1_000, "{figures:?}");
}

/// Without faults Slack sees one refresh, whatever the order.
#[test]
fn one_refresh_reaches_slack() {
    let figures = tried("no faults", plan(NOTHING), 200);
    assert!(figures.complete, "{figures:?}");
    assert_eq!((figures.lost, figures.most_refreshes), (0, 1));
    // Without the lease it would be two.
    let careless = Plan { flaw: Some(Flaw::LeaseIgnored), ..plan(NOTHING) };
    assert!(tried("no lease", careless, 200).most_refreshes > 1);
}

/// Runs that once broke a rule.
#[test]
fn what_was_found_stays_mended() {
    for (number, (plan, run)) in regressions().into_iter().enumerate() {
        if let Err(violation) = replay(&plan, run) {
            panic!("regression {number}: {violation}");
        }
    }
}

/// Each mistake breaks the rule that it should.
#[test]
fn mistakes_are_found() {
    let crash = Budget { crashes: 1, ..NOTHING };
    let fault = Budget { faults: 1, ..NOTHING };
    let slow = Budget { slow: 1, leaps: 1, ..NOTHING };
    let both: &[Slot] = &[Slot::Bot, Slot::User];
    for (flaw, plan, depth, rule) in [
        (Flaw::LongLease, Plan { processes: 1, ..plan(crash) }, 120, Rule::Lost),
        (Flaw::LateRetry, plan(fault), 20, Rule::Lost),
        (Flaw::VersionIgnored, Plan { slots: both, ..plan(NOTHING) }, 16, Rule::OlderPair),
        (Flaw::Unconditional, plan(slow), 24, Rule::OlderPair),
        (Flaw::FalselyWritten, plan(fault), 12, Rule::NotStored),
        (Flaw::HandedOutUnsaved, plan(NOTHING), 12, Rule::NotStored),
        (Flaw::SentAgain, plan(slow), 24, Rule::SentSpent),
    ] {
        let plan = Plan { flaw: Some(flaw), ..plan };
        let Err(found) = explore(plan, depth, 50) else { panic!("{flaw:?} is not found") };
        println!("{flaw:?} is found after {} choices: {}", found.run.len(), found.violation);
        assert_eq!(found.violation.rule, rule, "{flaw:?}: {found}");
    }
}

/// Explores, and says how much.
fn tried(name: &str, plan: Plan, depth: usize) -> Figures {
    let depth = depth + usize::try_from(more("ROTATION_MODEL_DEPTH", 0)).unwrap_or(0);
    match explore(plan, depth, 50) {
        Ok(figures) => {
            println!("{name}: {figures:?}");
            figures
        }
        Err(found) => panic!("{name}: {found}"),
    }
}

fn more(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).ok().and_then(|it| it.parse().ok()).unwrap_or(otherwise)
}
