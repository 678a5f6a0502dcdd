//! Rotation under any order of refreshes, checked against the rules one by one.

use proptest::prelude::*;
use slack_fake::{FakeSlack, Siblings};

use crate::support::{NOW, app, auth_test, fake_with, install, refresh, text};

/// What a test knows of one pair.
struct Pair {
    access_token: String,
    refresh_token: String,
    issued_at: u64,
    first_used_at: Option<u64>,
}

fn pair(answer: &serde_json::Value, now: u64) -> Pair {
    Pair {
        access_token: text(answer, "access_token").to_owned(),
        refresh_token: text(answer, "refresh_token").to_owned(),
        issued_at: now,
        first_used_at: None,
    }
}

/// Which pair is refreshed, counted from the newest, and how many seconds later.
fn steps() -> impl Strategy<Value = Vec<(usize, u64)>> {
    let wait = prop_oneof![4 => 0_u64..70, 2 => 70_u64..20_000, 1 => 40_000_u64..50_000];
    let which = prop_oneof![4 => Just(0_usize), 2 => 1_usize..3, 1 => 0_usize..20];
    proptest::collection::vec((which, wait), 1..30)
}

fn run(fake: &mut FakeSlack, steps: &[(usize, u64)]) -> Result<(), TestCaseError> {
    let mut now = NOW;
    let mut pairs = vec![pair(&install(fake, now), now)];
    let mut answered = 0;
    for (which, wait) in steps {
        now += wait;
        let index = pairs.len().saturating_sub(1 + which % pairs.len());
        let token = pairs[index].refresh_token.clone();
        let was_live = fake.is_live(&token, now);
        let answer = refresh(fake, &token, now);
        prop_assert_eq!(answer["ok"] == true, was_live, "liveness foretells the answer");
        let grace_is_over = pairs[index].first_used_at.is_some_and(|at| now >= at + 60);
        if grace_is_over {
            prop_assert_eq!(&answer["error"], "invalid_refresh_token");
        }
        if answer["ok"] == true {
            answered += 1;
            pairs[index].first_used_at.get_or_insert(now);
            let new = pair(&answer, now);
            prop_assert!(pairs.iter().all(|old| old.refresh_token != new.refresh_token));
            prop_assert_eq!(&auth_test(fake, &new.access_token, now)["expires_in"], 43_200);
            pairs.push(new);
        }
        let live =
            pairs.iter().filter(|pair| fake.is_live(&pair.access_token, now)).collect::<Vec<_>>();
        prop_assert!(live.len() <= 2, "at most two live");
        prop_assert!(live.iter().all(|pair| now < pair.issued_at + 43_200), "none beyond its life");
        let report = &fake.credentials(now)[0];
        prop_assert_eq!((report.refreshes, report.live_access_tokens), (answered, live.len()));
        // Whatever went before, the pair issued last can be refreshed as long as nobody used a sibling of it.
        if answer["ok"] == true {
            let last = &pairs[pairs.len() - 1].refresh_token;
            prop_assert!(fake.is_live(last, now) && fake.is_live(last, now + 50));
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rules_of_rotation_hold_in_any_order(steps in steps(), newest_wins in any::<bool>()) {
        let siblings = if newest_wins { Siblings::NewestWins } else { Siblings::FirstUsedWins };
        let mut fake = fake_with(app().rotate_tokens()).siblings(siblings);
        run(&mut fake, &steps)?;
        // A copy made by save and restore would have gone the same way.
        let mut copy = FakeSlack::restore(&fake_with(app().rotate_tokens()).siblings(siblings).save()).unwrap();
        run(&mut copy, &steps)?;
        prop_assert!(fake.save() == copy.save(), "the same steps give the same state");
    }
}
