//! Servers that refuse, lose, or hold what is not the store's.

mod support;

use std::{future::Future, time::Duration};

use redis::aio::MultiplexedConnection;
use slack_store::{
    Cursor, EntryKey, LeaseHolder, LeaseOutcome, Loaded, Precondition, Query, SecretBytes,
    StoreBackend as _, StoreErrorKind, StoredVersion, Write,
};
use slack_store_redis::RedisStore;
use support::{in_tokio, prefix, server, words};

fn with_server<F: Future<Output = ()>>(test: &str, run: impl FnOnce(String) -> F) {
    if let Some(address) = server("SLACK_AUTH_REDIS", test) {
        in_tokio(run(address));
    }
}

/// A connection that has nothing to do with the store.
async fn beside(address: &str) -> MultiplexedConnection {
    redis::Client::open(address).unwrap().get_multiplexed_async_connection().await.unwrap()
}

async fn run(address: &str, command: &str) -> redis::RedisResult<redis::Value> {
    let mut words = command.split(' ');
    let mut built = redis::cmd(words.next().unwrap());
    words.for_each(|word| {
        built.arg(word);
    });
    built.query_async(&mut beside(address).await).await
}

fn key(text: &str) -> EntryKey {
    EntryKey::from_text(text).unwrap()
}

fn write(number: u64) -> Write {
    Write::new(StoredVersion::new(number), SecretBytes::new(b"hush-hush".to_vec()))
}

#[test]
fn a_wrong_password_says_what_to_do_and_shows_none() {
    with_server("a_wrong_password_says_what_to_do_and_shows_none", |address| async move {
        let address = address.replace("redis://", "redis://nobody:hush-hush@");
        let error = RedisStore::open(&address).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Refused, "{}", words(&error));
        assert!(error.to_string().contains("check the user name and the password"), "{error}");
        assert!(!words(&error).contains("hush"));
    });
}

#[test]
fn a_server_that_is_not_there_is_unavailable() {
    in_tokio(async {
        // One limit that no clock reaches, which is as good as none.
        for limit in [Duration::from_secs(2), Duration::MAX] {
            let store = RedisStore::builder("redis://127.0.0.1:1").timeout(limit);
            let error = store.open().await.unwrap_err();
            assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{}", words(&error));
        }
    });
}

#[test]
fn what_is_not_the_stores_is_left_alone_and_named() {
    with_server("what_is_not_the_stores_is_left_alone_and_named", |address| async move {
        let prefix = prefix();
        let store = RedisStore::builder(&address).prefix(&*prefix).open().await.unwrap();
        for text in ["team/T1", "team/T2", "team/T3"] {
            store.put(&key(text), &write(7), Precondition::Absent).await.unwrap();
        }
        // A text where an installation belongs.
        let taken = format!("{prefix}:entry:{{team/T2}}");
        run(&address, &format!("SET {taken} theirs")).await.unwrap();
        let error = store.load(&key("team/T2")).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Damaged, "{}", words(&error));
        let error = store.put(&key("team/T2"), &write(8), Precondition::Absent).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Damaged, "{}", words(&error));
        assert_eq!(
            run(&address, &format!("GET {taken}")).await.unwrap(),
            redis::Value::BulkString(b"theirs".to_vec())
        );
        // The others are found, and what stands in an index is named.
        run(&address, &format!("ZADD {prefix}:index:{{{prefix}}}:all 0 team/T2x")).await.unwrap();
        let all = Query::Keys { prefix: "team/".into() };
        let (mut found, mut unreadable, mut after) = (Vec::new(), Vec::new(), None::<Cursor>);
        loop {
            let page = store.find(&all, after.as_ref(), 1).await.unwrap();
            found.extend(page.items.into_iter().map(|item| item.key.as_str().to_owned()));
            unreadable.extend(page.unreadable.into_iter().map(|it| it.name.as_str().to_owned()));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(found, ["team/T1", "team/T3"]);
        assert_eq!(unreadable, ["team/T2x"]);
        // An entry that lacks its version is damaged, and none that is written over.
        run(&address, &format!("HDEL {prefix}:entry:{{team/T3}} version")).await.unwrap();
        let error = store.load(&key("team/T3")).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Damaged);
        let error = store.put(&key("team/T3"), &write(9), Precondition::Absent).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Damaged, "{}", words(&error));
    });
}

/// Whoever has the lease is not kept from knowing it; the load that comes next is told what is wrong.
#[test]
fn a_damaged_entry_hides_no_lease_that_was_granted() {
    with_server("a_damaged_entry_hides_no_lease_that_was_granted", |address| async move {
        let prefix = prefix();
        let store = RedisStore::builder(&address).prefix(&*prefix).open().await.unwrap();
        let [ours, theirs] = [1, 2].map(|byte| LeaseHolder::from_bytes([byte; 16]));
        let minute = Duration::from_secs(60);
        for (text, damage) in [
            ("team/T1", "SET ENTRY theirs"),
            ("team/T2", "HSET ENTRY version seven"),
            ("team/T3", "HSET ENTRY version 7"),
            ("team/T4", "HSET ENTRY value theirs"),
        ] {
            let entry = format!("{prefix}:entry:{{{text}}}");
            run(&address, &damage.replace("ENTRY", &entry)).await.unwrap();
            let key = key(text);
            let (outcome, loaded) =
                store.acquire_and_load(&key, "bot", ours, minute).await.unwrap();
            assert_eq!(outcome, LeaseOutcome::Granted, "{damage}");
            assert!(matches!(loaded, Loaded::NotRead), "{damage}");
            assert_eq!(store.lease(&key, "bot").await.unwrap().unwrap().holder, ours, "{damage}");
            let error = store.load(&key).await.unwrap_err();
            assert_eq!(error.kind(), StoreErrorKind::Damaged, "{damage}: {}", words(&error));
            let (outcome, loaded) =
                store.acquire_and_load(&key, "bot", theirs, minute).await.unwrap();
            assert!(matches!(outcome, LeaseOutcome::HeldFor(left) if left <= minute), "{damage}");
            assert!(matches!(loaded, Loaded::NotRead), "{damage}");
        }
        // This one reads, and not by a default.
        store.put(&key("team/T5"), &write(7), Precondition::Absent).await.unwrap();
        let answer = store.acquire_and_load(&key("team/T5"), "bot", ours, minute).await.unwrap();
        assert!(matches!(answer.1, Loaded::Found(found) if found.version.as_u64() == 7));
        let answer = store.acquire_and_load(&key("team/T6"), "bot", ours, minute).await.unwrap();
        assert!(matches!(answer, (LeaseOutcome::Granted, Loaded::Absent)));
    });
}

#[test]
fn a_newer_release_is_left_alone() {
    with_server("a_newer_release_is_left_alone", |address| async move {
        let prefix = prefix();
        run(&address, &format!("SET {prefix}:release 2")).await.unwrap();
        let error = RedisStore::builder(&address).prefix(&*prefix).open().await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Foreign, "{}", words(&error));
        run(&address, &format!("SET {prefix}:release soon")).await.unwrap();
        let error = RedisStore::builder(&address).prefix(&*prefix).open().await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Damaged, "{}", words(&error));
    });
}

#[test]
fn versions_beyond_what_lua_can_count_are_told_apart() {
    with_server("versions_beyond_what_lua_can_count_are_told_apart", |address| async move {
        let store = RedisStore::builder(&address).prefix(prefix()).open().await.unwrap();
        let (one, next) = (u64::MAX / 2 - 1, u64::MAX / 2);
        store.put(&key("team/T1"), &write(one), Precondition::Absent).await.unwrap();
        let wrong = Precondition::Version(StoredVersion::new(next));
        assert!(store.put(&key("team/T1"), &write(5), wrong).await.unwrap_err().is_conflict());
        let right = Precondition::Version(StoredVersion::new(one));
        store.put(&key("team/T1"), &write(5), right).await.unwrap();
    });
}

/// The same write once more is no second one, and is still found.
#[test]
fn a_write_that_is_repeated_stays_in_the_indexes() {
    with_server("a_write_that_is_repeated_stays_in_the_indexes", |address| async move {
        let store = RedisStore::builder(&address).prefix(prefix()).open().await.unwrap();
        store.put(&key("team/T1"), &write(7), Precondition::Absent).await.unwrap();
        for _ in 0..3 {
            let again = store.put(&key("team/T1"), &write(7), Precondition::Absent).await;
            assert!(again.unwrap_err().is_conflict());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        let page = store.find(&Query::Keys { prefix: String::new() }, None, 10).await.unwrap();
        assert_eq!(page.items.len(), 1);
    });
}

/// More are due in one millisecond than are read in one flight.
#[test]
fn pages_lead_through_entries_that_are_due_at_one_time() {
    with_server("pages_lead_through_entries_that_are_due_at_one_time", |address| async move {
        let prefix = prefix();
        let store = RedisStore::builder(&address).prefix(&*prefix).open().await.unwrap();
        let mut connection = beside(&address).await;
        for number in 0..1300_u32 {
            let text = format!("team/T{number:04}");
            store.put(&key(&text), &write(7), Precondition::Absent).await.unwrap();
            let index = format!("{prefix}:index:{{{prefix}}}:due");
            let mut add = redis::cmd("ZADD");
            add.arg(index).arg(1_000_000).arg(format!("{text}\x007"));
            add.query_async::<()>(&mut connection).await.unwrap();
        }
        for limit in [1000, 7, 1300, 2000] {
            let (mut found, mut after) = (Vec::new(), None::<Cursor>);
            loop {
                let due = Query::DueWithin(Duration::from_secs(1));
                let page = store.find(&due, after.as_ref(), limit).await.unwrap();
                assert!(page.items.iter().all(|item| item.due_in == Some(Duration::ZERO)));
                found.extend(page.items.into_iter().map(|item| item.key.as_str().to_owned()));
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            assert_eq!(found.len(), 1300, "{limit}");
            assert!(found.is_sorted_by(|one, next| one < next), "{limit}");
        }
    });
}

/// What a writer that was killed has left in the indexes is passed over.
#[test]
fn members_without_an_entry_are_passed_over() {
    with_server("members_without_an_entry_are_passed_over", |address| async move {
        let prefix = prefix();
        let store = RedisStore::builder(&address).prefix(&*prefix).open().await.unwrap();
        store.put(&key("team/T1"), &write(7), Precondition::Absent).await.unwrap();
        let index = |name: &str| format!("{prefix}:index:{{{prefix}}}:{name}");
        let mut connection = beside(&address).await;
        for (member, at) in [("team/T1\x006", 0), ("team/T0\x007", 0)] {
            let mut add = redis::cmd("ZADD");
            add.arg(index("all")).arg(at).arg(member);
            add.query_async::<()>(&mut connection).await.unwrap();
        }
        for _ in 0..2 {
            let page = store.find(&Query::Keys { prefix: String::new() }, None, 10).await.unwrap();
            assert_eq!(page.items.len(), 1);
            assert_eq!(page.items[0].key.as_str(), "team/T1");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        // They are noted, and go once they were noted long ago; what is stored stays.
        let mut count = redis::cmd("ZCARD");
        let noted: u32 = count.arg(index("stale")).query_async(&mut connection).await.unwrap();
        assert_eq!(noted, 2);
        for member in ["team/T1\x006", "team/T0\x007"] {
            let mut add = redis::cmd("ZADD");
            add.arg(index("stale")).arg(1).arg(member);
            add.query_async::<()>(&mut connection).await.unwrap();
        }
        store.find(&Query::Keys { prefix: String::new() }, None, 10).await.unwrap();
        tokio::time::sleep(Duration::from_millis(200)).await;
        let mut count = redis::cmd("ZCARD");
        let left: u32 = count.arg(index("all")).query_async(&mut connection).await.unwrap();
        assert_eq!(left, 1);
    });
}

#[test]
fn a_lease_is_released_by_its_holder_alone() {
    with_server("a_lease_is_released_by_its_holder_alone", |address| async move {
        let store = RedisStore::builder(&address).prefix(prefix()).open().await.unwrap();
        let holder = LeaseHolder::random().unwrap();
        let minute = Duration::from_secs(60);
        let taken = store.acquire(&key("team/T1"), "bot", holder, minute).await.unwrap();
        assert_eq!(taken, LeaseOutcome::Granted);
        let other = LeaseHolder::random().unwrap();
        let refused = store.acquire(&key("team/T1"), "bot", other, minute).await.unwrap();
        assert!(matches!(refused, LeaseOutcome::HeldFor(left) if left > Duration::from_secs(50)));
        store.release(&key("team/T1"), "bot", other).await.unwrap();
        assert_eq!(store.lease(&key("team/T1"), "bot").await.unwrap().unwrap().holder, holder);
        store.release(&key("team/T1"), "bot", holder).await.unwrap();
        assert!(store.lease(&key("team/T1"), "bot").await.unwrap().is_none());
    });
}
