//! Many at a time, each with a handle of its own.

use std::{
    collections::HashSet,
    future::poll_fn,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Poll, Waker},
    thread,
    time::{Duration, Instant},
};

use super::{
    Boxed, Case,
    bench::{Bench, ensure, key, same, write},
    report::Outcome,
    timer::sleep,
};
use crate::{Entry, EntryKey, LeaseHolder, LeaseOutcome, Loaded, Precondition, StoredVersion};

pub(super) const CASES: &[Case] = &[
    ("together-add", |bench| Box::pin(together_add(bench))),
    ("together-create", |bench| Box::pin(together_create(bench))),
    ("together-remove", |bench| Box::pin(together_remove(bench))),
    ("together-lease", |bench| Box::pin(together_lease(bench))),
    ("together-lease-and-load", |bench| Box::pin(together_lease_and_load(bench))),
    ("together-read", |bench| Box::pin(together_read(bench))),
];

const TASKS: u64 = 8;
const ROUNDS: u64 = 20;

/// Runs the same as several tasks, on threads if there is what waits on them; returns the first failure.
async fn at_once<'b>(
    bench: &'b Bench<'_>,
    run: impl for<'a> Fn(u64, &'a Bench<'_>, &'a Barrier) -> Boxed<'a, Outcome> + Sync,
) -> Outcome {
    let mut benches = Vec::new();
    for _ in 0..TASKS {
        benches.push(bench.again().await?);
    }
    let barrier = Barrier::default();
    let (run, barrier) = (&run, &barrier);
    let tasks = (0..).zip(&benches).map(|(number, bench)| run(number, bench, barrier));
    if let Some(block_on) = &bench.suite.block_on {
        return thread::scope(|scope| {
            let threads: Vec<_> = tasks
                .map(|task| {
                    scope.spawn(move || {
                        let mut outcome =
                            Err("`on_threads` does not wait for its future".to_owned());
                        block_on(Box::pin(async { outcome = task.await }));
                        outcome
                    })
                })
                .collect();
            let ended = threads.into_iter().map(|thread| {
                thread.join().unwrap_or_else(|_| Err("the store panics on a thread".to_owned()))
            });
            ended.fold(Ok(()), Result::and)
        });
    }
    let mut tasks: Vec<Option<Pin<Box<_>>>> = tasks.map(Some).collect();
    let mut outcome = Ok(());
    poll_fn(move |context| {
        for task in &mut tasks {
            let Some(running) = task else { continue };
            if let Poll::Ready(done) = running.as_mut().poll(context) {
                outcome = std::mem::replace(&mut outcome, Ok(())).and(done);
                *task = None;
            }
        }
        if tasks.iter().any(Option::is_some) {
            return Poll::Pending;
        }
        Poll::Ready(std::mem::replace(&mut outcome, Ok(())))
    })
    .await
}

/// Lets all tasks go on at one time.
#[derive(Default)]
struct Barrier(Mutex<(u64, Vec<Waker>)>);

impl Barrier {
    async fn wait(&self) {
        let mut round = None;
        poll_fn(|context| {
            let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let mine = *round.get_or_insert_with(|| {
                state.0 += 1;
                state.0.div_ceil(TASKS)
            });
            if state.0 >= mine * TASKS {
                state.1.drain(..).for_each(Waker::wake);
                return Poll::Ready(());
            }
            state.1.push(context.waker().clone());
            Poll::Pending
        })
        .await;
    }
}

fn number_of(entry: &Entry) -> Result<u64, String> {
    // Long, so that a mixture of two would be seen.
    let text = String::from_utf8_lossy(entry.value.as_ref());
    let (first, rest) = text.split_once(' ').ok_or("a state is a mixture of two")?;
    let is_whole = rest.split(' ').all(|word| word == first) && text.len() == numbered_len(first);
    ensure(is_whole, "a state is a mixture of two")?;
    first.parse().map_err(|_| "a state is a mixture of two".to_owned())
}

fn numbered(number: u64) -> String {
    vec![number.to_string(); REPEATS].join(" ")
}

fn numbered_len(word: &str) -> usize {
    (word.len() + 1) * REPEATS - 1
}

const REPEATS: usize = 1_000;

/// Counts to a number together: an update that is lost is missing at the end.
async fn together_add(bench: &Bench<'_>) -> Outcome {
    let key = Arc::new(key("team/T1"));
    bench.put(&key, &numbered(0), Precondition::Absent).await?;
    at_once(bench, |_, bench, barrier| {
        let key = Arc::clone(&key);
        Box::pin(async move {
            barrier.wait().await;
            for _ in 0..ROUNDS {
                loop {
                    let found = bench.found(&key).await?;
                    let next = write(numbered(number_of(&found)? + 1))?;
                    if bench.try_put(&key, &next, Precondition::Version(found.version)).await? {
                        break;
                    }
                }
            }
            Ok(())
        })
    })
    .await?;
    let count = number_of(&bench.found(&key).await?)?;
    ensure(
        count == TASKS * ROUNDS,
        "of two writers that saw one state both were told that they wrote",
    )
}

async fn together_create(bench: &Bench<'_>) -> Outcome {
    // Of whom each creation was, by round.
    let winners = Arc::new(Mutex::new(Vec::new()));
    at_once(bench, |number, bench, barrier| {
        let winners = Arc::clone(&winners);
        Box::pin(async move {
            for round in 0..ROUNDS {
                let write = write(number.to_string())?;
                barrier.wait().await;
                // Whoever fails goes on to the end: the others wait at the barrier.
                let put = bench
                    .try_put(&key(&format!("team/T{round}")), &write, Precondition::Absent)
                    .await;
                let mut winners = winners.lock().unwrap_or_else(PoisonError::into_inner);
                winners.push((round, number, put.map(|done| done.then_some(write.version))));
            }
            Ok(())
        })
    })
    .await?;
    let all = std::mem::take(&mut *winners.lock().unwrap_or_else(PoisonError::into_inner));
    let mut created = HashSet::new();
    for (round, number, put) in all {
        let Some(version) = put? else { continue };
        ensure(created.insert(round), "of several that create two are told that they did")?;
        let found = bench.found(&key(&format!("team/T{round}"))).await?;
        ensure(found.version == version, "who was told so has not created")?;
        same(&found, number.to_string().as_bytes())?;
    }
    ensure(created.len() as u64 == ROUNDS, "of several that create none is told that it did")
}

/// One removes what another replaces: one of the two is told of a conflict.
async fn together_remove(bench: &Bench<'_>) -> Outcome {
    for round in 0..ROUNDS {
        let key = Arc::new(key(&format!("team/T{round}")));
        let version = bench.put(&key, "1", Precondition::Absent).await?;
        let done = Arc::new(Mutex::new(Vec::new()));
        at_once(bench, |number, bench, barrier| {
            let key = Arc::clone(&key);
            let done = Arc::clone(&done);
            Box::pin(async move {
                let write = write("2")?;
                barrier.wait().await;
                let (is_done, left) = if number % 2 == 0 {
                    (bench.try_remove(&key, version).await?, None::<StoredVersion>)
                } else {
                    let put = bench.try_put(&key, &write, Precondition::Version(version)).await?;
                    (put, Some(write.version))
                };
                let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
                done.extend(is_done.then_some(left));
                Ok(())
            })
        })
        .await?;
        let done = std::mem::take(&mut *done.lock().unwrap_or_else(PoisonError::into_inner));
        ensure(
            done.len() == 1,
            "not one of several that saw one state is told that it changed it",
        )?;
        let found = bench.load(&key).await?.map(|entry| entry.version);
        ensure(found == done[0], "who was told so has not changed it")?;
    }
    Ok(())
}

async fn together_lease(bench: &Bench<'_>) -> Outcome {
    const LENGTH: Duration = Duration::from_secs(60);
    let taken = Arc::new(Mutex::new(vec![0; usize::try_from(ROUNDS).unwrap_or_default()]));
    at_once(bench, |number, bench, barrier| {
        let holder = LeaseHolder::from_bytes([u8::try_from(number).unwrap_or_default(); 16]);
        let taken = Arc::clone(&taken);
        Box::pin(async move {
            for (round, name) in (0..ROUNDS).map(|it| key(&format!("team/T{it}"))).enumerate() {
                barrier.wait().await;
                // Whoever fails goes on to the end: the others wait at the barrier.
                let outcome = bench.acquire(&name, "bot", holder, LENGTH).await;
                if outcome? == LeaseOutcome::Granted {
                    taken.lock().unwrap_or_else(PoisonError::into_inner)[round] += 1;
                }
            }
            Ok(())
        })
    })
    .await?;
    let taken = taken.lock().unwrap_or_else(PoisonError::into_inner);
    ensure(taken.iter().all(|count| *count == 1), "a lease is not granted to exactly one")
}

/// Whoever has the lease writes, and nobody else: what it reads with the lease is then current until it writes.
async fn together_lease_and_load(bench: &Bench<'_>) -> Outcome {
    const TURNS: u64 = 5;
    let key = Arc::new(key("team/T1"));
    bench.put(&key, &numbered(0), Precondition::Absent).await?;
    at_once(bench, |number, bench, barrier| {
        let holder = LeaseHolder::from_bytes([u8::try_from(number).unwrap_or_default(); 16]);
        let key = Arc::clone(&key);
        Box::pin(async move {
            barrier.wait().await;
            for _ in 0..TURNS {
                let loaded = turn(bench, &key, holder).await?;
                let counted = count_on(bench, &key, loaded).await;
                // The others wait for it, if this one fails as well.
                bench.release(&key, "bot", holder).await?;
                counted?;
            }
            Ok(())
        })
    })
    .await?;
    let count = number_of(&bench.found(&key).await?)?;
    ensure(count == TASKS * TURNS, "of two holders of a lease both were told that they wrote")
}

/// Waits for the lease; returns what was read with it.
async fn turn(
    bench: &Bench<'_>,
    key: &EntryKey,
    holder: LeaseHolder,
) -> Result<Loaded<Entry>, String> {
    const LENGTH: Duration = Duration::from_secs(60);
    let end = Instant::now() + LENGTH / 3;
    while Instant::now() < end {
        let (outcome, loaded) = bench.acquire_and_load(key, "bot", holder, LENGTH).await?;
        if outcome == LeaseOutcome::Granted {
            return Ok(loaded);
        }
        sleep(Duration::from_millis(1)).await;
    }
    Err("a lease that is released again and again is not granted".to_owned())
}

/// Writes the next number after the one that was read with the lease.
async fn count_on(bench: &Bench<'_>, key: &EntryKey, loaded: Loaded<Entry>) -> Outcome {
    let found = match loaded {
        Loaded::NotRead => bench.found(key).await?,
        Loaded::Absent => return Err("with a lease an entry is told as not stored".to_owned()),
        Loaded::Found(found) => found,
    };
    let next = write(numbered(number_of(&found)? + 1))?;
    let is_written = bench.try_put(key, &next, Precondition::Version(found.version)).await?;
    ensure(is_written, "what is read with a lease was read before it was granted")
}

/// Half of the tasks write, and all read: never a mixture, never an older state after a newer one.
async fn together_read(bench: &Bench<'_>) -> Outcome {
    let key = Arc::new(key("team/T1"));
    bench.put(&key, &numbered(0), Precondition::Absent).await?;
    at_once(bench, |number, bench, barrier| {
        let key = Arc::clone(&key);
        Box::pin(async move {
            let mut newest = 0;
            barrier.wait().await;
            for _ in 0..ROUNDS * 2 {
                let found = bench.found(&key).await?;
                let seen = number_of(&found)?;
                ensure(seen >= newest, "an older state is loaded after a newer one")?;
                newest = seen;
                if number % 2 == 0 {
                    let next = write(numbered(seen + 1))?;
                    let precondition = Precondition::Version(found.version);
                    if bench.try_put(&key, &next, precondition).await? {
                        newest = seen + 1;
                    }
                }
            }
            Ok(())
        })
    })
    .await
}
