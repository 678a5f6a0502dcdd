//! All that is stored is found, in order, by pages.

use std::time::Duration;

use super::{
    Case,
    bench::{Bench, ensure, key, write},
    report::Outcome,
    values::alike,
};
use crate::{EntryKey, Precondition, Query};

pub(super) const CASES: &[Case] = &[
    ("keys-in-order", |bench| Box::pin(keys_in_order(bench))),
    ("keys-by-prefix", |bench| Box::pin(keys_by_prefix(bench))),
    ("pages-of-changes", |bench| Box::pin(pages_of_changes(bench))),
    ("due-soonest-first", |bench| Box::pin(due_soonest_first(bench))),
    ("due-moves", |bench| Box::pin(due_moves(bench))),
    ("due-comes", |bench| Box::pin(due_comes(bench))),
    ("attention-listed", |bench| Box::pin(attention_listed(bench))),
];

fn keys(prefix: &str) -> Query {
    Query::Keys { prefix: prefix.to_owned() }
}

async fn put_all(bench: &Bench<'_>, keys: &[EntryKey]) -> Outcome {
    for key in keys {
        bench.put(key, "x", Precondition::Absent).await?;
    }
    Ok(())
}

async fn keys_in_order(bench: &Bench<'_>) -> Outcome {
    let mut all = alike();
    put_all(bench, &all).await?;
    all.sort();
    for limit in [1, 3, all.len(), all.len() + 1] {
        let found = bench.find_all(&keys(""), limit).await?;
        ensure(found.len() == all.len(), "the keys listed are not those that were put")?;
        ensure(found == all, "keys are not listed in the order of their bytes")?;
    }
    let gone = all.remove(3);
    let version = bench.found(&gone).await?.version;
    ensure(bench.try_remove(&gone, version).await?, "what was seen is not removed")?;
    let found = bench.find_all(&keys(""), 100).await?;
    ensure(found == all, "a key is listed whose entry was removed")
}

async fn keys_by_prefix(bench: &Bench<'_>) -> Outcome {
    let mut all = alike();
    put_all(bench, &all).await?;
    all.sort();
    for prefix in [
        "team/",
        "team/T1",
        "team/T1/",
        "team/T_",
        "team/T%",
        "t",
        "@",
        "grid/T1/",
        "zz",
        "team/T1';--",
    ] {
        let expected: Vec<_> =
            all.iter().filter(|key| key.as_str().starts_with(prefix)).cloned().collect();
        for limit in [2, 100] {
            let found = bench.find_all(&keys(prefix), limit).await?;
            ensure(found == expected, "the keys listed are not those with the prefix")?;
        }
    }
    Ok(())
}

/// A page goes on behind the last one, also if what ended it has gone.
async fn pages_of_changes(bench: &Bench<'_>) -> Outcome {
    let all: Vec<_> = (10..20).map(|number| key(&format!("team/T{number}"))).collect();
    for (number, key) in (0..).zip(&all) {
        let mut write = write("x")?;
        write.due_in = Some(Duration::from_secs(number * 10));
        bench.must_put(key, &write, Precondition::Absent).await?;
    }
    for query in [keys(""), Query::DueWithin(Duration::from_secs(1_000))] {
        let first = bench.find(&query, None, 4).await?;
        ensure(first.items.len() == 4, "a page is shorter than it could be")?;
        let gone = &all[3];
        let version = bench.found(gone).await?.version;
        ensure(bench.try_remove(gone, version).await?, "what was seen is not removed")?;
        let next = first.next.ok_or("there is more, and no page follows")?;
        let second = bench.find(&query, Some(&next), 100).await?;
        let found: Vec<_> = second.items.into_iter().map(|item| item.key).collect();
        ensure(found == all[4..], "a page does not go on where the last one ended")?;
        ensure(second.next.is_none(), "another page follows the last one")?;
        let mut back = write("x")?;
        back.due_in = Some(Duration::from_secs(30));
        bench.must_put(gone, &back, Precondition::Absent).await?;
    }
    Ok(())
}

async fn due_soonest_first(bench: &Bench<'_>) -> Outcome {
    // In another order than their keys'; two are due at one time, or nearly.
    for (name, due_in) in [
        ("a", Some(300)),
        ("b", Some(100)),
        ("c", None),
        ("d", Some(0)),
        ("e", Some(200)),
        ("f", Some(100_000_000)),
    ] {
        let mut write = write("x")?;
        write.due_in = due_in.map(Duration::from_secs);
        bench.must_put(&key(name), &write, Precondition::Absent).await?;
    }
    let names = |keys: Vec<EntryKey>| keys.iter().map(EntryKey::as_str).collect::<String>();
    for (within, expected) in
        [(0, "d"), (50, "d"), (150, "db"), (250, "dbe"), (1_000, "dbea"), (u64::MAX, "dbeaf")]
    {
        for limit in [1, 2, 100] {
            let query = Query::DueWithin(Duration::from_secs(within));
            let found = names(bench.find_all(&query, limit).await?);
            let mut sorted: Vec<_> = found.chars().collect();
            let mut wanted: Vec<_> = expected.chars().collect();
            sorted.sort_unstable();
            wanted.sort_unstable();
            ensure(sorted == wanted, "what is found is not what is due in that time")?;
            ensure(found == expected, "what is due soonest does not come first")?;
        }
    }
    let page = bench.find(&Query::DueWithin(Duration::from_secs(1_000)), None, 100).await?;
    for (item, due_in) in page.items.iter().zip([0, 100, 200, 300]) {
        let told = item.due_in.ok_or("it is not told when an entry is due")?.as_secs();
        // It has become a little less since.
        ensure(told <= due_in && told + 60 > due_in, "it is told wrongly when an entry is due")?;
    }
    Ok(())
}

/// What is due is found by its last write alone.
async fn due_moves(bench: &Bench<'_>) -> Outcome {
    let key = key("team/T1");
    let soon = Query::DueWithin(Duration::from_secs(60));
    let late = Query::DueWithin(Duration::from_secs(1_000));
    let mut precondition = Precondition::Absent;
    for (due_in, counts) in
        [(Some(0), (1, 1)), (Some(600), (0, 1)), (None, (0, 0)), (Some(0), (1, 1))]
    {
        let mut write = write("x")?;
        write.due_in = due_in.map(Duration::from_secs);
        bench.must_put(&key, &write, precondition).await?;
        precondition = Precondition::Version(write.version);
        let found =
            (bench.find_all(&soon, 10).await?.len(), bench.find_all(&late, 10).await?.len());
        ensure(found == counts, "an entry is found by a time that an older write told")?;
    }
    let version = bench.found(&key).await?.version;
    ensure(bench.try_remove(&key, version).await?, "what was seen is not removed")?;
    ensure(bench.find_all(&late, 10).await?.is_empty(), "what was removed is still due")
}

/// By the store's clock, whatever the callers' clocks say.
async fn due_comes(bench: &Bench<'_>) -> Outcome {
    let ahead = bench.again_ahead(Duration::from_secs(300)).await?;
    let mut write = write("x")?;
    write.due_in = Some(Duration::from_secs(100));
    ahead.must_put(&key("team/T1"), &write, Precondition::Absent).await?;
    for handle in [bench, &ahead] {
        let due = async |within| {
            let query = Query::DueWithin(Duration::from_secs(within));
            Ok::<_, String>(handle.find_all(&query, 10).await?.len())
        };
        ensure(due(30).await? == 0, "what is due depends on a caller's clock")?;
        ensure(due(101).await? == 1, "what is due depends on a caller's clock")?;
    }
    Ok(())
}

async fn attention_listed(bench: &Bench<'_>) -> Outcome {
    let mut versions = Vec::new();
    for number in 0..9 {
        let mut write = write("x")?;
        write.attention = number % 2 == 0;
        bench.must_put(&key(&format!("team/T{number}")), &write, Precondition::Absent).await?;
        versions.push(write.version);
    }
    let expected = [0, 2, 4, 6, 8].map(|number| key(&format!("team/T{number}")));
    for limit in [1, 2, 5, 100] {
        let found = bench.find_all(&Query::Attention, limit).await?;
        ensure(found == expected, "what needs a person is not what is found")?;
    }
    bench.put(&expected[1], "x", Precondition::Version(versions[2])).await?;
    ensure(bench.try_remove(&expected[2], versions[4]).await?, "what was seen is not removed")?;
    let found = bench.find_all(&Query::Attention, 100).await?;
    let left = [0, 6, 8].map(|number| key(&format!("team/T{number}")));
    ensure(found == left, "what was cured or removed is found as needing a person")
}
