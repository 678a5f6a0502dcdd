//! What is put comes back, under its own key, and only over what was expected.

use std::collections::{BTreeSet, HashSet};

use slack_proto::{Installation, StoreKey, tokens::InstallationKey};

use super::{
    Case,
    bench::{Bench, ensure, numbered, same, workspace},
    report::Outcome,
};
use crate::{Precondition, StoredVersion};

pub(super) const CASES: &[Case] = &[
    ("nothing-there", nothing_there),
    ("whole-installation", whole_installation),
    ("odd-tokens", odd_tokens),
    ("large-installation", large_installation),
    ("second-create", second_create),
    ("stale-put", stale_put),
    ("stale-remove", stale_remove),
    ("versions-never-return", versions_never_return),
    ("keys-apart", keys_apart),
    ("keys-listed", keys_listed),
    ("second-handle", second_handle),
    ("nothing-shown", nothing_shown),
];

fn nothing_there(bench: &Bench<'_>) -> Outcome {
    let key = workspace("T1");
    let version = StoredVersion::new(1);
    ensure(bench.load(&key)?.is_none(), "an empty store has something")?;
    ensure(bench.keys()?.is_empty(), "an empty store lists a key")?;
    ensure(bench.try_remove(&key, version)?.is_none(), "nothing was removed without a conflict")?;
    let put = bench.try_put(&key, &numbered(1), Precondition::Version(version))?;
    ensure(put.is_none(), "a put that expects a version creates")?;
    ensure(bench.load(&key)?.is_none(), "a put that was refused has written")
}

fn whole_installation(bench: &Bench<'_>) -> Outcome {
    let whole = Installation::decode(WHOLE.as_bytes()).map_err(|error| error.to_string())?;
    put_and_compare(bench, &workspace("T1"), &whole)?;
    // A person's own, with a configuration token and nothing else.
    let mut lone = Installation::new(InstallationKey::Workspace("T1".into()));
    lone.configuration = whole.configuration;
    let key = StoreKey::person(InstallationKey::Workspace("T1".into()), "U1".into());
    put_and_compare(bench, &key, &lone)
}

/// Replies may hold any text as a token, and ids are not checked either.
fn odd_tokens(bench: &Bench<'_>) -> Outcome {
    for (index, odd) in ODD.iter().enumerate() {
        let text = WHOLE.replace("xoxe.xoxb-1-FAKE", odd).replace("xoxe-1-FAKE", odd);
        let odd = Installation::decode(text.as_bytes()).map_err(|error| error.to_string())?;
        put_and_compare(bench, &workspace(&format!("T{index}")), &odd)?;
    }
    Ok(())
}

fn large_installation(bench: &Bench<'_>) -> Outcome {
    let long = "y".repeat(100_000);
    let text = WHOLE.replace("xoxe.xoxb-1-FAKE", &long);
    let large = Installation::decode(text.as_bytes()).map_err(|error| error.to_string())?;
    put_and_compare(bench, &workspace("T1"), &large)
}

fn put_and_compare(bench: &Bench<'_>, key: &StoreKey, put: &Installation) -> Outcome {
    let version = bench.put(key, put, Precondition::Absent)?;
    let stored = bench.found(key)?;
    ensure(stored.version == version, "a put gives another version than the load after it")?;
    same(&stored.installation, put)
}

fn second_create(bench: &Bench<'_>) -> Outcome {
    let key = workspace("T1");
    bench.put(&key, &numbered(1), Precondition::Absent)?;
    let second = bench.try_put(&key, &numbered(2), Precondition::Absent)?;
    ensure(second.is_none(), "a put that expects nothing replaces what is there")?;
    same(&bench.found(&key)?.installation, &numbered(1))
}

fn stale_put(bench: &Bench<'_>) -> Outcome {
    let key = workspace("T1");
    let first = bench.put(&key, &numbered(1), Precondition::Absent)?;
    let second = bench.put(&key, &numbered(2), Precondition::Version(first))?;
    let stale = bench.try_put(&key, &numbered(3), Precondition::Version(first))?;
    ensure(stale.is_none(), "a newer state is replaced by a put that has not seen it")?;
    let stored = bench.found(&key)?;
    ensure(stored.version == second, "a put that was refused has changed the version")?;
    same(&stored.installation, &numbered(2))
}

fn stale_remove(bench: &Bench<'_>) -> Outcome {
    let key = workspace("T1");
    let first = bench.put(&key, &numbered(1), Precondition::Absent)?;
    let second = bench.put(&key, &numbered(2), Precondition::Version(first))?;
    let stale = bench.try_remove(&key, first)?;
    ensure(stale.is_none(), "a newer state is removed by one that has not seen it")?;
    same(&bench.found(&key)?.installation, &numbered(2))?;
    ensure(bench.try_remove(&key, second)?.is_some(), "what was seen is not removed")?;
    ensure(bench.load(&key)?.is_none(), "what was removed is still there")?;
    ensure(bench.try_remove(&key, second)?.is_none(), "it can be removed twice")
}

fn versions_never_return(bench: &Bench<'_>) -> Outcome {
    let key = workspace("T1");
    let mut seen = HashSet::new();
    for round in 0..10 {
        let mut version = bench.put(&key, &numbered(round), Precondition::Absent)?;
        for number in 0..5 {
            ensure(seen.insert(version), "a version comes twice")?;
            version = bench.put(&key, &numbered(number), Precondition::Version(version))?;
        }
        ensure(seen.insert(version), "a version comes twice")?;
        ensure(bench.try_remove(&key, version)?.is_some(), "what was seen is not removed")?;
    }
    bench.put(&key, &numbered(99), Precondition::Absent)?;
    for version in seen {
        let stale = bench.try_put(&key, &numbered(0), Precondition::Version(version))?;
        ensure(stale.is_none(), "a version from before a removal is taken for the new one")?;
    }
    same(&bench.found(&key)?.installation, &numbered(99))
}

fn keys_apart(bench: &Bench<'_>) -> Outcome {
    let keys = alike();
    for (number, key) in (1..).zip(&keys) {
        let put = bench.try_put(key, &numbered(number), Precondition::Absent)?;
        ensure(put.is_some(), "two keys stand for one place")?;
    }
    for (number, key) in (1..).zip(&keys) {
        same(&bench.found(key)?.installation, &numbered(number))
            .map_err(|_| "two keys stand for one place".to_owned())?;
    }
    Ok(())
}

fn keys_listed(bench: &Bench<'_>) -> Outcome {
    let mut expected = BTreeSet::new();
    for key in alike() {
        bench.put(&key, &numbered(1), Precondition::Absent)?;
        expected.insert(key);
    }
    let listed = || -> Result<BTreeSet<_>, String> {
        let keys = bench.keys()?;
        let count = keys.len();
        let keys: BTreeSet<_> = keys.into_iter().collect();
        ensure(keys.len() == count, "a key is listed twice").map(|()| keys)
    };
    ensure(listed()? == expected, "the keys listed are not those that were put")?;
    let gone = expected.pop_first().ok_or("no key")?;
    let version = bench.found(&gone)?.version;
    ensure(bench.try_remove(&gone, version)?.is_some(), "what was seen is not removed")?;
    ensure(listed()? == expected, "a key is listed whose installation was removed")
}

fn second_handle(bench: &Bench<'_>) -> Outcome {
    let key = workspace("T1");
    let first = bench.put(&key, &numbered(1), Precondition::Absent)?;
    let other = bench.again()?;
    let stored = other.found(&key)?;
    ensure(stored.version == first, "another handle sees another version")?;
    same(&stored.installation, &numbered(1))?;
    let second = other.put(&key, &numbered(2), Precondition::Version(first))?;
    let stale = bench.try_put(&key, &numbered(3), Precondition::Version(first))?;
    ensure(stale.is_none(), "what another handle wrote is not seen before a put")?;
    let stored = bench.found(&key)?;
    ensure(stored.version == second, "what another handle wrote is not loaded")?;
    same(&stored.installation, &numbered(2))
}

fn nothing_shown(bench: &Bench<'_>) -> Outcome {
    let key = workspace(CANARY);
    let text = WHOLE.replace("FAKE", CANARY);
    let installation = Installation::decode(text.as_bytes()).map_err(|error| error.to_string())?;
    bench.put(&key, &installation, Precondition::Absent)?;
    let Some(error) = bench.put_error(&key, &installation, Precondition::Absent)? else {
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
fn alike() -> Vec<StoreKey> {
    let ids = ["T1", "t1", "", "../T1", "T1/user/U1", "T1'; --", "T%31", "T\u{e9}", "T\0", "user"];
    let long = "T".repeat(300);
    let mut keys = Vec::new();
    for id in ids.into_iter().chain([&*long]) {
        let places = [
            InstallationKey::Workspace(id.into()),
            InstallationKey::Organisation(id.into()),
            InstallationKey::grid_workspace("E1".into(), id.into()),
            InstallationKey::grid_workspace(id.into(), "T1".into()),
        ];
        keys.extend(places.map(StoreKey::from));
        let place = InstallationKey::Workspace("T1".into());
        keys.push(StoreKey::person(place, id.into()));
    }
    keys
}

const CANARY: &str = "C4n4ry";
const ODD: [&str; 6] = [
    "\u{e9}\u{1f511}\u{202e}",
    " leading and trailing ",
    r"line\nbreak\ttab\rreturn",
    r"\u0000",
    r#"\"\\',;--"#,
    "%s%n{}",
];
const WHOLE: &str = concat!(
    r#"{"version":1,"kind":"installation","app_id":"A1","team":{"id":"T1","name":"Fake Team"},"#,
    r#""enterprise":{"id":"E1","name":"Fake Org"},"is_enterprise_install":true,"#,
    r#""bot":{"access_token":"xoxe.xoxb-1-FAKE","refresh_token":"xoxe-1-FAKE","refresh_token_issued_at":1,"#,
    r#""scopes":"chat:write,users:read","issued_at":2,"expires_at":18446744073709551615},"bot_user_id":"U2","#,
    r#""user":{"access_token":"xoxe.xoxp-1-FAKE","refresh_token":"xoxe-1-FAKE2","refresh_token_issued_at":3,"#,
    r#""refresh_method":"oauth.v2.user.access","scopes":"search:read","issued_at":4,"expires_at":5},"#,
    r#""user_id":"U1","unplaced":{"access_token":"FAKE-unplaced","issued_at":6},"#,
    r#""configuration":{"token":"xoxe.xoxp-1-FAKE3","refresh_token":"xoxe-1-FAKE3","team_id":"T1","#,
    r#""user_id":"U1","issued_at":7,"expires_at":8},"incoming_webhook":{"url":"https://fake.example/FAKE","#,
    r##""channel":"#fake","channel_id":"C1","configuration_url":"https://fake.example/page"}}"##,
);
