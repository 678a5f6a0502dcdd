//! What is put comes back, under its own key, and only where the precondition holds.

use std::{future::poll_fn, task::Poll};

use super::{
    Case,
    bench::{Bench, ensure, key, same, write},
    report::Outcome,
};
use crate::{EntryKey, Precondition, Query, StoredVersion};

pub(super) const CASES: &[Case] = &[
    ("nothing-there", |bench| Box::pin(nothing_there(bench))),
    ("any-bytes", |bench| Box::pin(any_bytes(bench))),
    ("large-value", |bench| Box::pin(large_value(bench))),
    ("second-create", |bench| Box::pin(second_create(bench))),
    ("stale-put", |bench| Box::pin(stale_put(bench))),
    ("stale-remove", |bench| Box::pin(stale_remove(bench))),
    ("removed-and-created", |bench| Box::pin(removed_and_created(bench))),
    ("same-put-twice", |bench| Box::pin(same_put_twice(bench))),
    ("versions-whole", |bench| Box::pin(versions_whole(bench))),
    ("keys-apart", |bench| Box::pin(keys_apart(bench))),
    ("second-handle", |bench| Box::pin(second_handle(bench))),
    ("no-old-version", |bench| Box::pin(no_old_version(bench))),
    ("dropped-put", |bench| Box::pin(dropped_put(bench))),
    ("nothing-shown", |bench| Box::pin(nothing_shown(bench))),
];

async fn nothing_there(bench: &Bench<'_>) -> Outcome {
    let (key, version) = (key("team/T1"), StoredVersion::new(1));
    ensure(bench.load(&key).await?.is_none(), "an empty store has something")?;
    for query in [Query::Keys { prefix: String::new() }, Query::Attention] {
        ensure(bench.find_all(&query, 10).await?.is_empty(), "an empty store lists something")?;
    }
    let removed = bench.try_remove(&key, version).await?;
    ensure(!removed, "nothing was removed without a conflict")?;
    let put = bench.try_put(&key, &write("x")?, Precondition::Version(version)).await?;
    ensure(!put, "a put that expects a version creates")?;
    ensure(bench.load(&key).await?.is_none(), "a put that was refused has written")
}

/// A value may be sealed, and then it is not text.
async fn any_bytes(bench: &Bench<'_>) -> Outcome {
    let all: Vec<u8> = (0..=255).collect();
    let values: [&[u8]; 5] = [&all, b"", b"\0", b"' OR 1=1; --\r\n", b"\xff\xfe\xed\xa0\x80"];
    for (number, value) in values.into_iter().enumerate() {
        let key = key(&format!("team/T{number}"));
        let write = write(value)?;
        bench.must_put(&key, &write, Precondition::Absent).await?;
        let found = bench.found(&key).await?;
        ensure(found.version == write.version, "a load tells another version than was put")?;
        same(&found, value)?;
    }
    Ok(())
}

async fn large_value(bench: &Bench<'_>) -> Outcome {
    let value: Vec<u8> = (0..1_u32 << 20).map(|number| (number % 251).to_le_bytes()[0]).collect();
    let key = key("team/T1");
    bench.must_put(&key, &write(value.clone())?, Precondition::Absent).await?;
    same(&bench.found(&key).await?, &value)
}

async fn second_create(bench: &Bench<'_>) -> Outcome {
    let key = key("team/T1");
    bench.put(&key, "1", Precondition::Absent).await?;
    let second = bench.try_put(&key, &write("2")?, Precondition::Absent).await?;
    ensure(!second, "a put that expects nothing replaces what is there")?;
    same(&bench.found(&key).await?, b"1")
}

/// So it is when a person installs the app again while a refresh is under way: the refresh must not win.
async fn stale_put(bench: &Bench<'_>) -> Outcome {
    let key = key("team/T1");
    let first = bench.put(&key, "1", Precondition::Absent).await?;
    let second = bench.put(&key, "2", Precondition::Version(first)).await?;
    let stale = bench.try_put(&key, &write("3")?, Precondition::Version(first)).await?;
    ensure(!stale, "a newer state is replaced by a put that has not seen it")?;
    let found = bench.found(&key).await?;
    ensure(found.version == second, "a put that was refused has changed the version")?;
    same(&found, b"2")
}

async fn stale_remove(bench: &Bench<'_>) -> Outcome {
    let key = key("team/T1");
    let first = bench.put(&key, "1", Precondition::Absent).await?;
    let second = bench.put(&key, "2", Precondition::Version(first)).await?;
    let stale = bench.try_remove(&key, first).await?;
    ensure(!stale, "a newer state is removed by one that has not seen it")?;
    same(&bench.found(&key).await?, b"2")?;
    ensure(bench.try_remove(&key, second).await?, "what was seen is not removed")?;
    ensure(bench.load(&key).await?.is_none(), "what was removed is still there")?;
    ensure(!bench.try_remove(&key, second).await?, "it can be removed twice")
}

async fn removed_and_created(bench: &Bench<'_>) -> Outcome {
    let key = key("team/T1");
    let old = bench.put(&key, "1", Precondition::Absent).await?;
    ensure(bench.try_remove(&key, old).await?, "what was seen is not removed")?;
    let new = bench.put(&key, "2", Precondition::Absent).await?;
    let stale = bench.try_put(&key, &write("3")?, Precondition::Version(old)).await?;
    ensure(!stale, "a version from before a removal is taken for the new one")?;
    ensure(
        bench.found(&key).await?.version == new,
        "a put that was refused has changed the version",
    )
}

/// Whoever lost an answer sends the same put again.
async fn same_put_twice(bench: &Bench<'_>) -> Outcome {
    let key = key("team/T1");
    let first = bench.put(&key, "1", Precondition::Absent).await?;
    let second = write("2")?;
    for expected in [true, false] {
        let put = bench.try_put(&key, &second, Precondition::Version(first)).await?;
        ensure(put == expected, "the same put takes place twice, or not at all")?;
        let found = bench.found(&key).await?;
        ensure(found.version == second.version, "the version of a put is lost")?;
        same(&found, b"2")?;
    }
    Ok(())
}

async fn versions_whole(bench: &Bench<'_>) -> Outcome {
    let odd = [0, 1, (1 << 31) + 1, (1 << 53) + 1, (1 << 63) - 1, 1 << 63, u64::MAX - 1, u64::MAX];
    for number in odd {
        let key = key(&format!("team/T{number}"));
        let mut first = write("1")?;
        first.version = StoredVersion::new(number);
        bench.must_put(&key, &first, Precondition::Absent).await?;
        let found = bench.found(&key).await?.version;
        ensure(found == first.version, "a version does not come back with all its 64 bits")?;
        for bit in [0, 1, 31, 52, 62, 63] {
            let other = Precondition::Version(StoredVersion::new(number ^ (1 << bit)));
            let put = bench.try_put(&key, &write("2")?, other).await?;
            ensure(!put, "a version is compared without some of its 64 bits")?;
        }
        bench.put(&key, "2", Precondition::Version(first.version)).await?;
    }
    Ok(())
}

async fn keys_apart(bench: &Bench<'_>) -> Outcome {
    let keys = alike();
    for key in &keys {
        let put = bench.try_put(key, &write(key.as_str())?, Precondition::Absent).await?;
        ensure(put, "two keys stand for one place")?;
    }
    for key in &keys {
        same(&bench.found(key).await?, key.as_str().as_bytes())
            .map_err(|_| "two keys stand for one place".to_owned())?;
    }
    Ok(())
}

/// A handle reads what another one has just written: no replica that lags, no cache.
async fn second_handle(bench: &Bench<'_>) -> Outcome {
    let key = key("team/T1");
    let other = bench.again().await?;
    ensure(other.load(&key).await?.is_none(), "an empty store has something")?;
    let mut version = bench.put(&key, "0", Precondition::Absent).await?;
    for round in 1..20 {
        let (writer, reader) = if round % 2 == 0 { (bench, &other) } else { (&other, bench) };
        let stored = reader.load(&key).await?.map(|entry| entry.version);
        ensure(stored == Some(version), "another handle's write is not seen at once")?;
        let value = round.to_string();
        let next = writer.put(&key, &value, Precondition::Version(version)).await?;
        let stale = reader.try_put(&key, &write("x")?, Precondition::Version(version)).await?;
        ensure(!stale, "what another handle wrote is not seen by a put")?;
        version = next;
    }
    ensure(bench.try_remove(&key, version).await?, "what was seen is not removed")?;
    ensure(other.load(&key).await?.is_none(), "another handle's removal is not seen at once")
}

/// A replica that lags knows the entry, and answers with what it was before: a token that was refreshed a moment ago looks
/// current. Reads may be spread over several replicas, so each write is read several times by several handles.
async fn no_old_version(bench: &Bench<'_>) -> Outcome {
    let key = key("team/T1");
    let (second, third) = (bench.again().await?, bench.again().await?);
    let mut version = bench.put(&key, "0", Precondition::Absent).await?;
    for round in 1..20 {
        version = bench.put(&key, &round.to_string(), Precondition::Version(version)).await?;
        for reader in [&second, &third, bench, &second, &third, bench] {
            let found = reader.found(&key).await?;
            ensure(found.version == version, "an old version is loaded after a newer one was put")?;
        }
    }
    Ok(())
}

/// A caller may give up at any time.
async fn dropped_put(bench: &Bench<'_>) -> Outcome {
    let key = key("team/T1");
    let mut version = bench.put(&key, "0", Precondition::Absent).await?;
    for polls in 1..8 {
        let next = write(polls.to_string())?;
        {
            let mut put = bench.store.put(&key, &next, Precondition::Version(version));
            let mut left = polls;
            poll_fn(|context| {
                if left == 0 || put.as_mut().poll(context).is_ready() {
                    return Poll::Ready(());
                }
                left -= 1;
                context.waker().wake_by_ref();
                Poll::Pending
            })
            .await;
        }
        // The store goes on, and what was given up takes place whole, or not at all.
        let last = write("last")?;
        loop {
            let found = bench.found(&key).await?;
            let value = if found.version == next.version { polls } else { polls - 1 };
            let value = if found.version == version && polls > 1 {
                "last".to_owned()
            } else {
                value.to_string()
            };
            same(&found, value.as_bytes()).map_err(|_| "a state is a mixture of two".to_owned())?;
            if bench.try_put(&key, &last, Precondition::Version(found.version)).await? {
                break;
            }
        }
        version = last.version;
    }
    Ok(())
}

async fn nothing_shown(bench: &Bench<'_>) -> Outcome {
    let key = key(&format!("team/{CANARY}"));
    bench.put(&key, CANARY, Precondition::Absent).await?;
    let second = bench.store.put(&key, &write(CANARY)?, Precondition::Absent).await;
    let Err(error) = second else {
        return Err("a put that expects nothing replaces what is there".to_owned());
    };
    let mut shown = format!("{error} {error:?} {error:#?}");
    let mut cause = std::error::Error::source(&error);
    while let Some(error) = cause {
        shown = format!("{shown} {error} {error:?}");
        cause = error.source();
    }
    ensure(!shown.contains(CANARY), "an error shows what is stored")
}

/// Keys that a careless name would mix up, or that lead out of a folder or a statement.
pub(super) fn alike() -> Vec<EntryKey> {
    let long = format!("team/{}", "T".repeat(600));
    [
        "team/T1",
        "team/t1",
        "team/T1/",
        "team/T1/user/U1",
        "team/T1%2Fuser%2FU1",
        "team/T%31",
        "team/..%2FT1",
        "team/",
        "org/T1",
        "grid/T1/T1",
        "grid/T1",
        "team/T1';--",
        "team/T_",
        "team/T%25",
        "Team/T1",
        "@app",
        "@App",
        "@x",
        "..",
        ".",
        "/",
        "\\",
        "team/user/user/user",
        "team/user",
        &long,
        &long[..604],
    ]
    .map(key)
    .into()
}

const CANARY: &str = "C4n4ry";
