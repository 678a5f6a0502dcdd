//! One holder at a time, until the lease runs out.

use slack_proto::{Slot, StoreKey, Timestamp, tokens::InstallationKey};

use super::{
    Case,
    bench::{Bench, OURS, THEIRS, ensure, numbered, workspace},
    report::Outcome,
};
use crate::{LeaseOutcome, Precondition};

pub(super) const CASES: &[Case] = &[
    ("lease-excludes", lease_excludes),
    ("lease-runs-out", lease_runs_out),
    ("lease-taken-again", lease_taken_again),
    ("lease-released", lease_released),
    ("lease-of-another", lease_of_another),
    ("leases-apart", leases_apart),
    ("lease-clock-back", lease_clock_back),
    ("lease-second-handle", lease_second_handle),
    ("lease-stays", lease_stays),
];

const HELD: LeaseOutcome = LeaseOutcome::HeldUntil(Timestamp::from_unix(110));

fn granted(acquired: LeaseOutcome, otherwise: &str) -> Outcome {
    ensure(acquired == LeaseOutcome::Granted, otherwise)
}

fn lease_excludes(bench: &Bench<'_>) -> Outcome {
    let key = workspace("T1");
    granted(bench.acquire(&key, Slot::Bot, OURS, 100)?, "a free lease is not granted")?;
    for now in [100, 109] {
        let other = bench.acquire(&key, Slot::Bot, THEIRS, now)?;
        ensure(other != LeaseOutcome::Granted, "a lease that is held is granted to another")?;
        ensure(other == HELD, "the end of a lease is told wrongly")?;
    }
    Ok(())
}

fn lease_runs_out(bench: &Bench<'_>) -> Outcome {
    let key = workspace("T1");
    granted(bench.acquire(&key, Slot::Bot, OURS, 100)?, "a free lease is not granted")?;
    let other = bench.acquire(&key, Slot::Bot, THEIRS, 110)?;
    granted(other, "a lease that ran out is not granted to another")?;
    let back = bench.acquire(&key, Slot::Bot, OURS, 111)?;
    ensure(back != LeaseOutcome::Granted, "who lost a lease still has it")
}

fn lease_taken_again(bench: &Bench<'_>) -> Outcome {
    let key = workspace("T1");
    granted(bench.acquire(&key, Slot::Bot, OURS, 95)?, "a free lease is not granted")?;
    granted(bench.acquire(&key, Slot::Bot, OURS, 100)?, "its holder cannot take a lease anew")?;
    let other = bench.acquire(&key, Slot::Bot, THEIRS, 106)?;
    ensure(other == HELD, "a lease that was taken anew does not last anew")
}

fn lease_released(bench: &Bench<'_>) -> Outcome {
    let key = workspace("T1");
    granted(bench.acquire(&key, Slot::Bot, OURS, 100)?, "a free lease is not granted")?;
    bench.release(&key, Slot::Bot, OURS)?;
    bench.release(&key, Slot::Bot, OURS)?;
    granted(bench.acquire(&key, Slot::Bot, THEIRS, 101)?, "a lease that was released is held")
}

fn lease_of_another(bench: &Bench<'_>) -> Outcome {
    let key = workspace("T1");
    granted(bench.acquire(&key, Slot::Bot, OURS, 100)?, "a free lease is not granted")?;
    bench.release(&key, Slot::Bot, THEIRS)?;
    let other = bench.acquire(&key, Slot::Bot, THEIRS, 101)?;
    ensure(other == HELD, "a lease is released by one who does not have it")
}

fn leases_apart(bench: &Bench<'_>) -> Outcome {
    let person = StoreKey::person(InstallationKey::Workspace("T1".into()), "U1".into());
    for key in [&workspace("T1"), &workspace("t1"), &person] {
        for slot in [Slot::Bot, Slot::User, Slot::Unknown, Slot::Configuration] {
            let acquired = bench.acquire(key, slot, OURS, 100)?;
            granted(acquired, "a lease is held that nobody took")?;
            let other = bench.acquire(key, slot, THEIRS, 101)?;
            ensure(other == HELD, "a lease that is held is granted to another")?;
            // So that the next is not granted because its holder has this one.
            bench.release(key, slot, OURS)?;
            granted(bench.acquire(key, slot, THEIRS, 100)?, "a lease that was released is held")?;
        }
    }
    Ok(())
}

/// [`Lease::take`](crate::Lease::take) says why.
fn lease_clock_back(bench: &Bench<'_>) -> Outcome {
    let key = workspace("T1");
    granted(bench.acquire(&key, Slot::Bot, OURS, 100_000)?, "a free lease is not granted")?;
    let late = bench.acquire(&key, Slot::Bot, THEIRS, 99_995)?;
    ensure(late != LeaseOutcome::Granted, "a clock that lags a little is granted what is held")?;
    let other = bench.acquire(&key, Slot::Bot, THEIRS, 100)?;
    granted(other, "after the clock went back a lease lasts for hours")
}

fn lease_second_handle(bench: &Bench<'_>) -> Outcome {
    let key = workspace("T1");
    let other = bench.again()?;
    granted(bench.acquire(&key, Slot::Bot, OURS, 100)?, "a free lease is not granted")?;
    let held = other.acquire(&key, Slot::Bot, THEIRS, 101)?;
    ensure(held == HELD, "another handle does not see the lease")?;
    bench.release(&key, Slot::Bot, OURS)?;
    granted(other.acquire(&key, Slot::Bot, THEIRS, 101)?, "another handle does not see the release")
}

fn lease_stays(bench: &Bench<'_>) -> Outcome {
    let key = workspace("T1");
    granted(bench.acquire(&key, Slot::Bot, OURS, 100)?, "nothing is stored, and no lease granted")?;
    let version = bench.put(&key, &numbered(1), Precondition::Absent)?;
    let version = bench.put(&key, &numbered(2), Precondition::Version(version))?;
    let held = bench.acquire(&key, Slot::Bot, THEIRS, 101)?;
    ensure(held == HELD, "a put ends the lease")?;
    ensure(bench.try_remove(&key, version)?.is_some(), "what was seen is not removed")?;
    let held = bench.acquire(&key, Slot::Bot, THEIRS, 101)?;
    ensure(held == HELD, "a removal ends the lease")?;
    ensure(bench.keys()?.is_empty(), "a lease is listed as an installation")
}
