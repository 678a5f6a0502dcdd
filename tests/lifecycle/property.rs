//! For any sequence of installs, uninstalls, revocations, refreshes and events, late, repeated and in any order, by a clock
//! that is off, of a workspace that may join an organization meanwhile: no credential that Slack still honours is lost from the store, and none that a person took back stays.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use slack_auth::{
    Installation, Slot, StoreKey,
    events::SpareReason,
    runtime::Runtime as _,
    tokens::{Credential, InstallationKey},
};
use slack_fake::{App, CredentialKind, SlackEvent};

use crate::stage::{FIRST, ORG, SECOND, Stage, TEAM, team};

const PEOPLE: [&str; 2] = [FIRST, SECOND];
const SCOPES: [&str; 3] =
    ["scope=chat:write", "user_scope=search:read", "scope=commands&user_scope=users:read"];

/// A random walk, each from a seed of its own.
struct Walk {
    random: u64,
    stage: Stage,
    /// Events that were not delivered yet, and those that were and may be repeated.
    pending: Vec<SlackEvent>,
    delivered: Vec<SlackEvent>,
    /// Tokens of people, each with its person.
    issued: BTreeSet<(String, String)>,
    /// Whether the workspace has joined an organization: from then on its events name both.
    joined: bool,
}

impl Walk {
    fn new(seed: u64) -> Self {
        let mut walk = Self {
            random: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            stage: Stage::new(),
            pending: Vec::new(),
            delivered: Vec::new(),
            issued: BTreeSet::new(),
            joined: false,
        };
        let ahead = [-290, -60, 0, 60, 290][walk.below(5)];
        let app = App::new("1.2", "hush");
        let app = if walk.below(2) == 0 { app } else { app.rotate_tokens() };
        walk.stage = Stage::with(app, ahead);
        walk
    }

    fn below(&mut self, end: usize) -> usize {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        usize::try_from(self.random % end as u64).unwrap()
    }

    fn step(&mut self) -> String {
        match self.below(10) {
            0..=2 => {
                let (person, scopes) = (PEOPLE[self.below(2)], SCOPES[self.below(3)]);
                let outcome = self.stage.install(person, scopes);
                // A bot of an install that was removed in between, and whose event is still on its way.
                for old in outcome.displaced() {
                    assert!(!tokens(&old.credential).iter().any(|token| self.is_live(token)));
                }
                format!("install {person} {scopes}")
            }
            3 => {
                // The fake dates an event by its latest request.
                self.touch();
                self.pending.extend(self.stage.uninstall(TEAM));
                "uninstall".to_owned()
            }
            4 => {
                self.touch();
                let person = PEOPLE[self.below(2)];
                let revoked = self.revoke(person);
                format!("revoke {person}: {revoked}")
            }
            5 if !self.pending.is_empty() => {
                let index = self.below(self.pending.len());
                let event = self.pending.remove(index);
                self.deliver(event)
            }
            6 if !self.delivered.is_empty() => {
                let index = self.below(self.delivered.len());
                let event = self.delivered.remove(index);
                self.deliver(event)
            }
            7 => {
                let length = [1, 90, 400, 4_000, 50_000][self.below(5)];
                self.stage.runtime.advance(Duration::from_secs(length));
                format!("{length} s")
            }
            8 if self.below(4) == 0 => {
                self.joined = true;
                "the workspace joins an organization".to_owned()
            }
            _ => {
                for (key, slot) in Self::slots() {
                    let token = self.stage.rotator.nearest_access_token(&key, slot);
                    let _ = self.stage.runtime.block_on(token);
                }
                "use".to_owned()
            }
        }
    }

    fn touch(&self) {
        let page = http::Request::get("https://slack.com/oauth/v2/authorize");
        self.stage.slack.handle(&page.body(Vec::new()).unwrap());
    }

    /// A person takes back what the app may do in their name: all tokens of it die, those included that a newer install
    /// has replaced in the store.
    fn revoke(&mut self, person: &str) -> usize {
        let tokens: Vec<_> = self.issued.iter().filter(|(owner, _)| owner == person).collect();
        self.stage.slack.with(|fake| {
            for (_, token) in &tokens {
                fake.revoke(token);
            }
            self.pending.extend(fake.take_events());
        });
        tokens.len()
    }

    /// Remembers the tokens of people that the store holds now.
    fn remember(&mut self) {
        for (key, row) in self.stage.rows() {
            let person = key.split("/user/").nth(1).map(str::to_owned);
            let person = person.or(row.user_id.map(|id| id.as_str().to_owned()));
            for token in row.user.iter().flat_map(tokens) {
                self.issued.insert((person.clone().expect("a person is known"), token));
            }
        }
    }

    fn deliver(&mut self, mut event: SlackEvent) -> String {
        if self.joined {
            event.enterprise_id = Some(ORG.to_owned());
        }
        let outcome = self.stage.deliver(&event);
        assert!(
            outcome
                .spared
                .iter()
                .all(|it| it.reason != SpareReason::Doubt || self.has_expired(it.slot)),
            "Slack answers clearly here: {outcome:?}"
        );
        let told = format!("event {:?} of {}: {outcome:?}", event.kind, event.time);
        self.delivered.push(event);
        told
    }

    /// Of a token that has ended `auth.test` tells nothing.
    fn has_expired(&self, slot: Slot) -> bool {
        let now = self.stage.runtime.now();
        self.stage.rows().iter().any(|(_, row)| {
            row.credential(slot).and_then(|it| it.expires_at).is_some_and(|end| end <= now)
        })
    }

    fn slots() -> Vec<(StoreKey, Slot)> {
        let keys = [
            StoreKey::from(team()),
            StoreKey::person(team(), FIRST.into()),
            StoreKey::person(team(), SECOND.into()),
            StoreKey::from(InstallationKey::grid_workspace(ORG.into(), TEAM.into())),
        ];
        keys.iter().flat_map(|key| [(key.clone(), Slot::Bot), (key.clone(), Slot::User)]).collect()
    }

    /// The live credentials that the store holds, by their owner.
    fn stored(&self) -> BTreeMap<String, bool> {
        let mut stored = BTreeMap::new();
        for (key, row) in self.stage.rows() {
            let Installation { bot, user, user_id, .. } = row;
            let person = key.split("/user/").nth(1).map(str::to_owned);
            let person = person.or(user_id.map(|id| id.as_str().to_owned()));
            for (owner, credential) in [(Some("bot".to_owned()), bot), (person, user)] {
                let Some(credential) = credential else { continue };
                let live = tokens(&credential).iter().any(|token| self.is_live(token));
                *stored.entry(owner.expect("a person is known")).or_default() |= live;
            }
        }
        stored
    }

    fn is_live(&self, token: &str) -> bool {
        let now = self.stage.slack.clock().now();
        self.stage.slack.with(|fake| fake.is_live(token, now))
    }

    /// Whose credentials Slack honours.
    fn honoured(&self) -> Vec<String> {
        let now = self.stage.slack.clock().now();
        let reports = self.stage.slack.with(|fake| fake.credentials(now));
        reports
            .into_iter()
            .filter(|it| it.live_access_tokens + it.live_refresh_tokens > 0)
            .map(|it| match it.kind {
                CredentialKind::Bot => "bot".to_owned(),
                _ => it.user_id,
            })
            .collect()
    }

    fn check_that_nothing_is_lost(&self, story: &[String]) {
        let stored = self.stored();
        for owner in self.honoured() {
            assert_eq!(stored.get(&owner), Some(&true), "{owner} is lost: {story:#?}");
        }
    }

    /// Once all events have arrived, nothing stays that Slack honours no more.
    fn check_that_nothing_stays(&mut self, story: &mut Vec<String>) {
        while let Some(event) = self.pending.pop() {
            story.push(self.deliver(event));
            self.check_that_nothing_is_lost(story);
        }
        let stays: Vec<_> = self.stored().into_iter().filter(|(_, live)| !live).collect();
        assert!(stays.is_empty(), "{stays:?} stays: {story:#?}");
    }
}

fn tokens(credential: &Credential) -> Vec<String> {
    let refresh = credential.refresh_token.as_ref().map(|it| it.expose().to_owned());
    [credential.access_token.expose().to_owned()].into_iter().chain(refresh).collect()
}

#[test]
fn nothing_alive_is_lost_and_nothing_taken_back_stays() {
    let mut kinds = BTreeMap::<String, usize>::new();
    for seed in 1..=500 {
        let mut walk = Walk::new(seed);
        let mut story = vec![format!("seed {seed}")];
        for _ in 0..30 {
            let step = walk.step();
            let kind = step.split(' ').next().unwrap_or_default();
            *kinds.entry(kind.to_owned()).or_default() += 1;
            story.push(step);
            walk.remember();
            walk.check_that_nothing_is_lost(&story);
        }
        walk.check_that_nothing_stays(&mut story);
    }
    // The walks do all that they are about, often.
    for kind in ["install", "uninstall", "revoke", "event", "the", "use"] {
        assert!(kinds.get(kind).is_some_and(|count| *count > 200), "{kind}: {kinds:?}");
    }
}
