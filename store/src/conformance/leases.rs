//! One holder at a time, until the lease runs out by the store's clock.

use std::time::Duration;

use super::{
    Case,
    bench::{Bench, ensure, key, same, write},
    report::Outcome,
    timer::sleep,
};
use crate::{LeaseHolder, LeaseOutcome, Loaded, Precondition, Query, Write};

pub(super) const CASES: &[Case] = &[
    ("lease-excludes", |bench| Box::pin(lease_excludes(bench))),
    ("lease-runs-out", |bench| Box::pin(lease_runs_out(bench))),
    ("lease-taken-again", |bench| Box::pin(lease_taken_again(bench))),
    ("lease-released", |bench| Box::pin(lease_released(bench))),
    ("lease-of-another", |bench| Box::pin(lease_of_another(bench))),
    ("lease-tells-holder", |bench| Box::pin(lease_tells_holder(bench))),
    ("leases-apart", |bench| Box::pin(leases_apart(bench))),
    ("leases-many", |bench| Box::pin(leases_many(bench))),
    ("lease-clocks-apart", |bench| Box::pin(lease_clocks_apart(bench))),
    ("lease-second-handle", |bench| Box::pin(lease_second_handle(bench))),
    ("lease-stays", |bench| Box::pin(lease_stays(bench))),
    ("late-writer", |bench| Box::pin(late_writer(bench))),
    ("lease-and-load", |bench| Box::pin(lease_and_load(bench))),
];

const OURS: LeaseHolder = LeaseHolder::from_bytes([1; 16]);
/// As a careless text or number would mix it up.
const THEIRS: LeaseHolder = LeaseHolder::from_bytes([0xff; 16]);
const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(150);

async fn granted(
    bench: &Bench<'_>,
    holder: LeaseHolder,
    length: Duration,
    otherwise: &str,
) -> Outcome {
    let outcome = bench.acquire(&key("team/T1"), "bot", holder, length).await?;
    ensure(outcome == LeaseOutcome::Granted, otherwise)
}

/// The lease must be held, and it must be told for how long.
async fn held(bench: &Bench<'_>, holder: LeaseHolder, otherwise: &str) -> Outcome {
    match bench.acquire(&key("team/T1"), "bot", holder, LONG).await? {
        LeaseOutcome::Granted => Err(otherwise.to_owned()),
        LeaseOutcome::HeldFor(length) => ensure(
            length <= LONG && length > LONG / 2,
            "it is told wrongly for how long a lease is held",
        ),
    }
}

async fn lease_excludes(bench: &Bench<'_>) -> Outcome {
    granted(bench, OURS, LONG, "a free lease is not granted").await?;
    held(bench, THEIRS, "a lease that is held is granted to another").await?;
    held(bench, THEIRS, "whoever asks twice is granted what another holds").await
}

async fn lease_runs_out(bench: &Bench<'_>) -> Outcome {
    granted(bench, OURS, SHORT, "a free lease is not granted").await?;
    sleep(SHORT * 2).await;
    let found = bench.lease(&key("team/T1"), "bot").await?;
    ensure(found.is_none(), "a lease that ran out is told as held")?;
    granted(bench, THEIRS, LONG, "a lease that ran out is not granted to another").await?;
    held(bench, OURS, "who lost a lease still has it").await
}

async fn lease_taken_again(bench: &Bench<'_>) -> Outcome {
    granted(bench, OURS, SHORT, "a free lease is not granted").await?;
    granted(bench, OURS, LONG, "its holder cannot take a lease anew").await?;
    sleep(SHORT * 2).await;
    held(bench, THEIRS, "a lease that was taken anew does not last anew").await
}

async fn lease_released(bench: &Bench<'_>) -> Outcome {
    let key = key("team/T1");
    granted(bench, OURS, LONG, "a free lease is not granted").await?;
    bench.release(&key, "bot", OURS).await?;
    bench.release(&key, "bot", OURS).await?;
    granted(bench, THEIRS, LONG, "a lease that was released is held").await
}

async fn lease_of_another(bench: &Bench<'_>) -> Outcome {
    let key = key("team/T1");
    granted(bench, OURS, SHORT, "a free lease is not granted").await?;
    bench.release(&key, "bot", THEIRS).await?;
    sleep(SHORT * 2).await;
    granted(bench, THEIRS, LONG, "a lease that ran out is not granted to another").await?;
    // The one before is late.
    bench.release(&key, "bot", OURS).await?;
    held(bench, OURS, "a lease is released by one who does not have it").await
}

/// Whoever lost the answer to a request for a lease looks who has it.
async fn lease_tells_holder(bench: &Bench<'_>) -> Outcome {
    let key = key("team/T1");
    ensure(bench.lease(&key, "bot").await?.is_none(), "a lease is held that nobody took")?;
    for holder in [OURS, THEIRS] {
        granted(bench, holder, LONG, "a free lease is not granted").await?;
        let found = bench.lease(&key, "bot").await?.ok_or("a lease that is held is not told")?;
        ensure(found.holder == holder, "it is told wrongly who holds a lease")?;
        let is_right = found.remaining <= LONG && found.remaining > LONG / 2;
        ensure(is_right, "it is told wrongly for how long a lease is held")?;
        bench.release(&key, "bot", holder).await?;
        let found = bench.lease(&key, "bot").await?;
        ensure(found.is_none(), "a lease that was released is told as held")?;
    }
    Ok(())
}

async fn leases_apart(bench: &Bench<'_>) -> Outcome {
    for text in ["team/T1", "team/t1", "team/T1/user/U1", "@sweep"] {
        for part in ["bot", "user", "unknown", "configuration", "sweep"] {
            let key = key(text);
            let outcome = bench.acquire(&key, part, OURS, LONG).await?;
            ensure(outcome == LeaseOutcome::Granted, "a lease is held that nobody took")?;
            let other = bench.acquire(&key, part, THEIRS, LONG).await?;
            ensure(other != LeaseOutcome::Granted, "a lease that is held is granted to another")?;
            // So that the next is not granted because its holder has this one.
            bench.release(&key, part, OURS).await?;
            let other = bench.acquire(&key, part, THEIRS, LONG).await?;
            ensure(other == LeaseOutcome::Granted, "a lease that was released is held")?;
        }
    }
    Ok(())
}

/// No lease keeps a connection for itself, and no lease outlives what it was taken for.
async fn leases_many(bench: &Bench<'_>) -> Outcome {
    let keys: Vec<_> = (0..100).map(|number| key(&format!("team/T{number}"))).collect();
    for key in &keys {
        let outcome = bench.acquire(key, "bot", OURS, LONG).await?;
        ensure(outcome == LeaseOutcome::Granted, "a free lease is not granted")?;
    }
    bench.put(&keys[0], "x", Precondition::Absent).await?;
    bench.found(&keys[0]).await.map(drop)
}

/// Processes whose clocks are minutes apart, and one whose clock steps back.
async fn lease_clocks_apart(bench: &Bench<'_>) -> Outcome {
    let ahead = bench.again_ahead(Duration::from_secs(300)).await?;
    granted(bench, OURS, LONG, "a free lease is not granted").await?;
    held(&ahead, THEIRS, "a lease depends on the clock of whoever asks").await?;
    bench.release(&key("team/T1"), "bot", OURS).await?;
    granted(&ahead, THEIRS, SHORT, "a lease that was released is held").await?;
    // The clock of its holder is set right.
    sleep(SHORT * 2).await;
    granted(bench, OURS, LONG, "a lease depends on the clock of whoever took it").await
}

async fn lease_second_handle(bench: &Bench<'_>) -> Outcome {
    let other = bench.again().await?;
    granted(bench, OURS, LONG, "a free lease is not granted").await?;
    held(&other, THEIRS, "another handle does not see the lease").await?;
    bench.release(&key("team/T1"), "bot", OURS).await?;
    granted(&other, THEIRS, LONG, "another handle does not see the release").await
}

async fn lease_stays(bench: &Bench<'_>) -> Outcome {
    let key = key("team/T1");
    granted(bench, OURS, LONG, "nothing is stored, and no lease granted").await?;
    let version = bench.put(&key, "1", Precondition::Absent).await?;
    let version = bench.put(&key, "2", Precondition::Version(version)).await?;
    held(bench, THEIRS, "a put ends the lease").await?;
    ensure(bench.try_remove(&key, version).await?, "what was seen is not removed")?;
    held(bench, THEIRS, "a removal ends the lease").await?;
    let found = bench.find_all(&Query::Keys { prefix: String::new() }, 10).await?;
    ensure(found.is_empty(), "a lease is listed as an entry")
}

/// Whoever was too slow for its lease has a pair that Slack has issued: its version decides, and not the lease.
async fn late_writer(bench: &Bench<'_>) -> Outcome {
    let key = key("team/T1");
    let version = bench.put(&key, "1", Precondition::Absent).await?;
    granted(bench, OURS, SHORT, "a free lease is not granted").await?;
    sleep(SHORT * 2).await;
    let other = bench.again().await?;
    granted(&other, THEIRS, LONG, "a lease that ran out is not granted to another").await?;
    bench
        .put(&key, "2", Precondition::Version(version))
        .await
        .map_err(|error| format!("what is kept depends on a lease: {error}"))?;
    held(bench, OURS, "a put takes a lease").await
}

/// A backend may read nothing with a lease. What it does read is what is stored.
async fn lease_and_load(bench: &Bench<'_>) -> Outcome {
    let key = key("team/T1");
    let other = bench.again().await?;
    granted_with(bench, None).await?;
    let mut stored: Option<Write> = None;
    for round in 0..6 {
        let precondition =
            stored.map_or(Precondition::Absent, |old| Precondition::Version(old.version));
        let next = write([round, 0xff, 0])?;
        other.must_put(&key, &next, precondition).await?;
        granted_with(bench, Some(&next)).await?;
        stored = Some(next);
    }
    // It is a lease as any other.
    match other.acquire_and_load(&key, "bot", THEIRS, LONG).await?.0 {
        LeaseOutcome::Granted => return Err("a lease that is held is granted to another".into()),
        LeaseOutcome::HeldFor(length) => ensure(
            length <= LONG && length > LONG / 2,
            "it is told wrongly for how long a lease is held",
        )?,
    }
    let (outcome, _) = other.acquire_and_load(&key, "user", THEIRS, LONG).await?;
    ensure(outcome == LeaseOutcome::Granted, "a lease is held that nobody took")?;
    if let Some(last) = stored {
        ensure(other.try_remove(&key, last.version).await?, "what was seen is not removed")?;
    }
    granted_with(bench, None).await?;
    bench.release(&key, "bot", OURS).await?;
    let (outcome, _) = other.acquire_and_load(&key, "bot", THEIRS, LONG).await?;
    ensure(outcome == LeaseOutcome::Granted, "a lease that was released is held")
}

/// The lease must be granted and held, and what is read with it must be what is stored.
async fn granted_with(bench: &Bench<'_>, stored: Option<&Write>) -> Outcome {
    let key = key("team/T1");
    let (outcome, loaded) = bench.acquire_and_load(&key, "bot", OURS, LONG).await?;
    ensure(outcome == LeaseOutcome::Granted, "a free lease is not granted, or not anew")?;
    let lease = bench.lease(&key, "bot").await?;
    let is_held = lease
        .is_some_and(|it| it.holder == OURS && it.remaining <= LONG && it.remaining > LONG / 2);
    ensure(is_held, "a lease that is granted with what is stored is not held")?;
    match (loaded, stored) {
        (Loaded::NotRead, _) | (Loaded::Absent, None) => Ok(()),
        (Loaded::Absent, Some(_)) => Err("with a lease an entry is told as not stored".into()),
        (Loaded::Found(_), None) => Err("with a lease an entry is told that is not stored".into()),
        (Loaded::Found(found), Some(stored)) => {
            let is_it = found.version == stored.version;
            ensure(is_it, "with a lease an old version is told")?;
            same(&found, stored.value.as_ref())
        }
    }
}
