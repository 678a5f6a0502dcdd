//! Many at a time, each with a handle of its own.

use std::{
    collections::HashSet,
    sync::{Barrier, Mutex, PoisonError},
    thread,
};

use slack_proto::{Slot, Timestamp};

use super::{
    Case,
    bench::{Bench, ensure, number_of, numbered, same, workspace},
    report::Outcome,
};
use crate::{LeaseHolder, LeaseOutcome, Precondition, StoredVersion};

pub(super) const CASES: &[Case] = &[
    ("threads-add", threads_add),
    ("threads-create", threads_create),
    ("threads-remove", threads_remove),
    ("threads-lease", threads_lease),
    ("threads-read", threads_read),
];

const THREADS: u64 = 8;
const ROUNDS: u64 = 20;

/// Runs the same on several threads, which begin at one time; gives the first failure.
fn on_threads(
    bench: &Bench<'_>,
    run: impl Fn(u64, &Bench<'_>, &Barrier) -> Outcome + Sync,
) -> Outcome {
    let benches = (0..THREADS).map(|_| bench.again()).collect::<Result<Vec<_>, _>>()?;
    let barrier = Barrier::new(benches.len());
    let (run, barrier) = (&run, &barrier);
    thread::scope(|scope| {
        let threads: Vec<_> = (0..)
            .zip(&benches)
            .map(|(number, bench)| scope.spawn(move || run(number, bench, barrier)))
            .collect();
        let ended = threads.into_iter().map(|thread| {
            thread.join().unwrap_or_else(|_| Err("the store panics on a thread".to_owned()))
        });
        ended.fold(Ok(()), Result::and)
    })
}

/// Counts to a number together: an update that is lost is missing at the end.
fn threads_add(bench: &Bench<'_>) -> Outcome {
    let key = workspace("T1");
    bench.put(&key, &numbered(0), Precondition::Absent)?;
    on_threads(bench, |_, bench, barrier| {
        barrier.wait();
        for _ in 0..ROUNDS {
            loop {
                let stored = bench.found(&key)?;
                let next = numbered(number_of(&stored.installation)? + 1);
                if bench.try_put(&key, &next, Precondition::Version(stored.version))?.is_some() {
                    break;
                }
            }
        }
        Ok(())
    })?;
    same(&bench.found(&key)?.installation, &numbered(THREADS * ROUNDS))
        .map_err(|_| "of two writers that saw one state both were told that they wrote".to_owned())
}

fn threads_create(bench: &Bench<'_>) -> Outcome {
    // Of whom each creation was, by round.
    let winners = Mutex::new(Vec::new());
    on_threads(bench, |number, bench, barrier| {
        for round in 0..ROUNDS {
            let key = workspace(&format!("T{round}"));
            barrier.wait();
            // Whoever fails goes on to the end: the others wait at the barrier.
            let put = bench.try_put(&key, &numbered(number + 1), Precondition::Absent);
            let mut winners = winners.lock().unwrap_or_else(PoisonError::into_inner);
            winners.push((round, number, put));
        }
        Ok(())
    })?;
    let mut created = HashSet::new();
    for (round, number, put) in winners.into_inner().unwrap_or_else(PoisonError::into_inner) {
        let Some(version) = put? else { continue };
        ensure(created.insert(round), "of several that create two are told that they did")?;
        let stored = bench.found(&workspace(&format!("T{round}")))?;
        ensure(stored.version == version, "who was told so has not created")?;
        same(&stored.installation, &numbered(number + 1))?;
    }
    ensure(created.len() as u64 == ROUNDS, "of several that create none is told that it did")
}

/// One removes what another replaces: one of the two is told of a conflict.
fn threads_remove(bench: &Bench<'_>) -> Outcome {
    for round in 0..ROUNDS {
        let key = workspace(&format!("T{round}"));
        let version = bench.put(&key, &numbered(1), Precondition::Absent)?;
        let done = Mutex::new(Vec::new());
        on_threads(bench, |number, bench, barrier| {
            barrier.wait();
            let outcome = if number % 2 == 0 {
                bench.try_remove(&key, version)?.map(|()| None::<StoredVersion>)
            } else {
                bench.try_put(&key, &numbered(2), Precondition::Version(version))?.map(Some)
            };
            done.lock().unwrap_or_else(PoisonError::into_inner).extend(outcome);
            Ok(())
        })?;
        let done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
        ensure(
            done.len() == 1,
            "not one of several that saw one state is told that it changed it",
        )?;
        let found = bench.load(&key)?.map(|stored| stored.version);
        ensure(found == done[0], "who was told so has not changed it")?;
    }
    Ok(())
}

fn threads_lease(bench: &Bench<'_>) -> Outcome {
    let taken = Mutex::new(Vec::new());
    on_threads(bench, |number, bench, barrier| {
        let holder = LeaseHolder::from_bytes([u8::try_from(number).unwrap_or_default(); 16]);
        for round in 0..ROUNDS {
            barrier.wait();
            let acquired = bench.acquire(&workspace("T1"), Slot::Bot, holder, 100 + 10 * round);
            taken.lock().unwrap_or_else(PoisonError::into_inner).push((round, acquired));
        }
        Ok(())
    })?;
    let mut holders = vec![0; usize::try_from(ROUNDS).unwrap_or_default()];
    for (round, acquired) in taken.into_inner().unwrap_or_else(PoisonError::into_inner) {
        let until = LeaseOutcome::HeldUntil(Timestamp::from_unix(110 + 10 * round));
        match acquired? {
            LeaseOutcome::Granted => holders[usize::try_from(round).unwrap_or_default()] += 1,
            held => ensure(held == until, "the end of a lease is told wrongly")?,
        }
    }
    ensure(holders.iter().all(|count| *count == 1), "a lease is not granted to exactly one")
}

/// Half of the threads write, and half read: never a mixture, never an older state after a newer one.
fn threads_read(bench: &Bench<'_>) -> Outcome {
    let key = workspace("T1");
    bench.put(&key, &numbered(0), Precondition::Absent)?;
    on_threads(bench, |number, bench, barrier| {
        let mut newest = 0;
        barrier.wait();
        for _ in 0..ROUNDS * 2 {
            let stored = bench.found(&key)?;
            let seen = number_of(&stored.installation)?;
            ensure(seen >= newest, "an older state is loaded after a newer one")?;
            newest = seen;
            if number % 2 == 0 {
                let next = Precondition::Version(stored.version);
                let _ = bench.try_put(&key, &numbered(seen + 1), next)?;
            }
        }
        Ok(())
    })
}
