//! Installations over the backend, plain and sealed.

use std::time::Duration;

use slack_proto::{
    ClientId, Installation, Slot, StoreKey, Timestamp,
    ids::EnterpriseId,
    rotation::RotationPolicy,
    tokens::{AppData, InstallationKey, NeedsAuthorization},
};

use super::{
    Case,
    bench::{Bench, ensure, told},
    report::Outcome,
};
use crate::{Cursor, InstallationStore, Precondition, StoreError, StoreErrorKind, phase};

pub(super) const CASES: &[Case] = &[
    ("whole-installation", |bench| Box::pin(whole_installation(bench))),
    ("odd-tokens", |bench| Box::pin(odd_tokens(bench))),
    ("installations-listed", |bench| Box::pin(installations_listed(bench))),
    ("installations-due", |bench| Box::pin(installations_due(bench))),
    ("one-app", |bench| Box::pin(one_app(bench))),
];

fn app(id: &str) -> ClientId {
    ClientId::new(id).expect("the suite's own ids are ids")
}

/// The store at hand, plain and sealed, each with keys of its own.
fn stores(bench: &Bench<'_>) -> Vec<(&'static str, InstallationStore)> {
    let plain = InstallationStore::new(bench.store.clone(), app("1.2"));
    #[cfg(feature = "sealing")]
    {
        let keys = crate::SealingKeys::new(crate::SealingKey::new([7; 32]));
        vec![("T1", plain.clone()), ("T2", plain.sealed(keys))]
    }
    #[cfg(not(feature = "sealing"))]
    vec![("T1", plain)]
}

fn place(team: &str) -> InstallationKey {
    InstallationKey::Workspace(team.into())
}

async fn put_and_compare(store: &InstallationStore, key: &StoreKey, put: &Installation) -> Outcome {
    let version = ok(store.put(key, put, Precondition::Absent).await)?;
    let stored = ok(store.load(key).await)?.ok_or("what was put is not there")?;
    ensure(stored.version == version, "a load tells another version than was put")?;
    let (found, put) =
        (stored.installation.encode_exposing_secrets(), put.encode_exposing_secrets());
    ensure(found.as_ref() == put.as_ref(), "what is loaded is not what was put")
}

async fn whole_installation(bench: &Bench<'_>) -> Outcome {
    for (team, store) in stores(bench) {
        let mut whole =
            Installation::decode(WHOLE.as_bytes()).map_err(|error| error.to_string())?;
        whole.app_data =
            Some(AppData::new(vec![0; AppData::MAX_LEN]).map_err(|it| it.to_string())?);
        put_and_compare(&store, &place(team).into(), &whole).await?;
        // A person's own, with a configuration token and nothing else.
        let mut lone = Installation::new(place(team));
        lone.configuration = whole.configuration;
        put_and_compare(&store, &StoreKey::person(place(team), "U1".into()), &lone).await?;
    }
    Ok(())
}

/// Replies may hold any text as a token, and ids are not checked either.
async fn odd_tokens(bench: &Bench<'_>) -> Outcome {
    for (team, store) in stores(bench) {
        for (index, odd) in ODD.iter().enumerate() {
            let text = WHOLE.replace("xoxe.xoxb-1-FAKE", odd).replace("xoxe-1-FAKE", odd);
            let odd = Installation::decode(text.as_bytes()).map_err(|error| error.to_string())?;
            put_and_compare(&store, &place(&format!("{team}-{index}\u{e9}")).into(), &odd).await?;
        }
    }
    Ok(())
}

async fn installations_listed(bench: &Bench<'_>) -> Outcome {
    let store = InstallationStore::new(bench.store.clone(), app("1.2"));
    let grid = |team: &str| InstallationKey::grid_workspace("E1".into(), team.into());
    let org = InstallationKey::Organization("E1".into());
    let other = InstallationKey::Organization("E12".into());
    let person = |place: &InstallationKey| StoreKey::person(place.clone(), "U1".into());
    let keys: [StoreKey; 9] = [
        place("T1").into(),
        person(&place("T1")),
        place("T12").into(),
        grid("T1").into(),
        person(&grid("T1")),
        grid("T2").into(),
        org.clone().into(),
        person(&org),
        other.into(),
    ];
    for key in &keys {
        let installation = Installation::new(key.place().clone());
        ok(store.put(key, &installation, Precondition::Absent).await)?;
    }
    let texts = |keys: &[StoreKey]| {
        let mut texts: Vec<_> = keys.iter().map(StoreKey::to_text).collect();
        texts.sort();
        texts
    };
    for limit in [1, 2, 100] {
        let all = listed(&store, &List::All, limit).await?;
        ensure(all == texts(&keys), "the installations listed are not those that were put")?;
        for (at, expected) in
            [(place("T1"), &keys[..2]), (org.clone(), &keys[6..8]), (place("T3"), &[])]
        {
            let found = listed(&store, &List::At(at), limit).await?;
            ensure(found == texts(expected), "a place is not what is listed")?;
        }
        let found = listed(&store, &List::Organization("E1".into()), limit).await?;
        ensure(found == texts(&keys[3..8]), "an organization is not what is listed")?;
    }
    Ok(())
}

enum List {
    All,
    At(InstallationKey),
    Organization(EnterpriseId),
}

async fn listed(
    store: &InstallationStore,
    list: &List,
    limit: usize,
) -> Result<Vec<String>, String> {
    let (mut keys, mut after) = (Vec::new(), None::<Cursor>);
    loop {
        let page = match list {
            List::All => store.keys(after.as_ref(), limit).await,
            List::At(place) => store.keys_at(place, after.as_ref(), limit).await,
            List::Organization(id) => store.keys_of_organization(id, after.as_ref(), limit).await,
        };
        let page = ok(page)?;
        ensure(page.keys.len() <= limit, "a page is longer than was asked for")?;
        keys.extend(page.keys.into_iter().map(|found| found.key.to_text()));
        after = page.next;
        if after.is_none() {
            return Ok(keys);
        }
    }
}

async fn installations_due(bench: &Bench<'_>) -> Outcome {
    const NOW: Timestamp = Timestamp::from_unix(1_795_219_200);
    for (team, store) in stores(bench) {
        let store = store.clock(|| NOW);
        let mut installation =
            Installation::decode(WHOLE.as_bytes()).map_err(|error| error.to_string())?;
        (installation.user, installation.configuration) = (None, None);
        if let Some(bot) = &mut installation.bot {
            (bot.issued_at, bot.expires_at) = (NOW, Some(NOW + Duration::from_secs(43_200)));
        }
        let key = StoreKey::from(place(team));
        let bot = installation.any_credential(Slot::Bot).ok_or("the suite's bot is gone")?;
        let due_at = RotationPolicy::new().due_at(&bot, phase(&key, Slot::Bot));
        let due_in = due_at.ok_or("the suite's bot is never due")?.since(NOW).as_secs();
        let version = ok(store.put(&key, &installation, Precondition::Absent).await)?;
        ensure(
            due(&store, due_in / 2).await?.is_empty(),
            "an installation is due before its token is",
        )?;
        let found = due(&store, due_in + 60).await?;
        ensure(found == [key.clone()], "a token that is due is not found")?;
        let found = needing_a_person(&store).await?;
        ensure(found.is_empty(), "an installation needs a person without a reason")?;

        let note = NeedsAuthorization::new(NOW, "refresh_token_invalid", &bot);
        installation.set_needs_authorization(Slot::Bot, Some(note));
        let expected = Precondition::Version(version);
        let version = ok(store.put(&key, &installation, expected).await)?;
        let found = due(&store, due_in + 60).await?;
        ensure(found.is_empty(), "what needs a person is due all the same")?;
        let found = needing_a_person(&store).await?;
        ensure(found == [key.clone()], "what needs a person is not found")?;
        ok(store.remove(&key, version).await)?;
    }
    Ok(())
}

async fn due(store: &InstallationStore, within: u64) -> Result<Vec<StoreKey>, String> {
    let page = ok(store.due_within(Duration::from_secs(within), None, 10).await)?;
    Ok(page.keys.into_iter().map(|found| found.key).collect())
}

async fn needing_a_person(store: &InstallationStore) -> Result<Vec<StoreKey>, String> {
    let page = ok(store.needing_attention(None, 10).await)?;
    Ok(page.keys.into_iter().map(|found| found.key).collect())
}

async fn one_app(bench: &Bench<'_>) -> Outcome {
    let key = place("T1").into();
    let ours = InstallationStore::new(bench.store.clone(), app("1.2"));
    ok(ours.put(&key, &Installation::new(place("T1")), Precondition::Absent).await)?;
    let again = bench.again().await?;
    let same = InstallationStore::new(again.store.clone(), app("1.2"));
    ensure(ok(same.load(&key).await)?.is_some(), "the same app does not find what it stored")?;
    let other = InstallationStore::new(again.store.clone(), app("3.4"));
    match other.load(&key).await {
        Err(error) if error.kind() == StoreErrorKind::OtherApp => {
            ensure(error.to_string().contains("1.2"), "it is not told whose the store is")
        }
        _ => Err("another app is given what it has not stored".to_owned()),
    }
}

fn ok<T>(result: Result<T, StoreError>) -> Result<T, String> {
    result.map_err(|error| told("an operation on installations", &error))
}

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
    r##""channel":"#fake","channel_id":"C1","configuration_url":"https://fake.example/page"},"##,
    r#""a_newer_member":[1.50,{"x":null}]}"#,
);
