//! For any sequence of installs, some of which are stored late, uninstalls, revocations, refreshes and events, late, repeated
//! and in any order, by a clock that is off, with a Slack that may not answer when it is asked, of a workspace that may join
//! an organization meanwhile: no credential that Slack still honours is lost from the store, and none that a person took back stays.
//!
//! Each of these faults, put into the library for a try, fails within the 500 walks, most of them in the first second:
//!
//! * a late event removes a newer install; an event removes without `auth.test` where the times leave it open; or never asks;
//! * our clock decides in place of Slack's; a doubtful answer of `auth.test` removes;
//! * a second person's install displaces the first person's token; an older answer replaces a newer one; a slot that the
//!   answer does not hold is dropped;
//! * an event reaches the row of its own place alone; an event about one person ends all; a removal leaves the cache;
//! * the row from before the workspace joined an organization is left where it is.
//!
//! Two are found by other tests only: events within the margin that are taken for newer
//! (`an_address_that_is_not_allowed_removes_nothing`), and an uninstall that leaves the rows of people
//! (`newcomer_e_one_persons_event_leaves_the_bot`).

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use slack_auth::{
    Installation, Slot, StoreKey, Timestamp,
    events::SpareReason,
    ids::UserId,
    runtime::Runtime as _,
    tokens::{Credential, InstallationKey},
};
use slack_fake::{App, CredentialKind, FakeSlack, Fault, SlackEvent};

use crate::{
    joined::joined,
    stage::{FIRST, ORG, SECOND, Stage, TEAM, team},
};

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
    /// Answers of installs that were not stored yet.
    answers: Vec<Installation>,
    /// When the newest credential of each owner was issued that was to be stored.
    newest: BTreeMap<String, Option<Timestamp>>,
    /// Nothing goes wrong any more.
    is_ending: bool,
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
            answers: Vec::new(),
            is_ending: false,
            newest: BTreeMap::new(),
            joined: false,
        };
        // More than the five minutes within which Slack is asked.
        let ahead = [-1_200, -290, 0, 290, 1_200][walk.below(5)];
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
                // Which of two answers of one second is the newer one nobody can tell.
                self.stage.runtime.advance(Duration::from_secs(1));
                let answer = self.stage.answer(person, scopes);
                let answer = if self.joined { joined(answer) } else { answer };
                let given = answer.user.iter().flat_map(tokens);
                self.issued.extend(given.map(|token| (person.to_owned(), token)));
                if self.below(4) == 0 {
                    // The server that got it is slow.
                    self.answers.push(answer);
                    return format!("answer for {person} {scopes}");
                }
                self.store(&answer);
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
            8 if !self.answers.is_empty() => {
                let index = self.below(self.answers.len());
                let answer = self.answers.remove(index);
                self.store(&answer);
                // Slack repeats what it told in between.
                self.pending.append(&mut self.delivered);
                "late install".to_owned()
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

    fn store(&mut self, answer: &Installation) {
        let installed = self.stage.rotator.install(answer.clone());
        let outcome = self.stage.runtime.block_on(installed).unwrap();
        for old in outcome.displaced() {
            // One of an install that was removed in between, and whose event is still on its way; or this one is late.
            let is_late =
                answer.credential(old.slot).is_some_and(|it| is_same(it, &old.credential));
            assert!(is_late || !tokens(&old.credential).iter().any(|token| self.is_live(token)));
        }
        // What came later stays, in whatever order the answers are stored.
        let person = answer.user_id.as_ref().map(|id| id.as_str().to_owned());
        for (owner, given) in [(Some("bot".to_owned()), &answer.bot), (person, &answer.user)] {
            let (Some(owner), Some(given)) = (owner, given) else { continue };
            let newest = self.newest.entry(owner.clone()).or_insert(given.server_date);
            *newest = given.server_date.max(*newest);
            let newest = *newest;
            let mut live: Vec<_> = self.credentials();
            live.retain(|(of, it)| *of == owner && tokens(it).iter().any(|it| self.is_live(it)));
            // An answer from before the workspace joined an organization goes into a row of its own, farther away.
            let is_newest = |it: &(String, Credential)| it.1.server_date >= newest;
            assert!(live.is_empty() || live.iter().any(is_newest), "{owner} has an older one");
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
        let trouble = match self.below(6) {
            0 => Some(Fault::ServerError { status: 503 }),
            1 => Some(Fault::Refused { code: "internal_error".into() }),
            2 => Some(Fault::Garbage),
            _ => None,
        };
        if let Some(fault) = trouble.clone().filter(|_| !self.is_ending) {
            self.stage.slack.with(|fake| fake.script("auth.test", fault));
        }
        let outcome = self.stage.deliver(&event);
        self.stage.slack.with(FakeSlack::clear_faults);
        let is_in_trouble = trouble.is_some() && !self.is_ending;
        assert!(
            is_in_trouble
                || outcome
                    .spared
                    .iter()
                    .all(|it| it.reason != SpareReason::Doubt || self.has_expired(it.slot)),
            "Slack answers clearly here: {outcome:?}"
        );
        let told = format!("event {:?} of {}: {outcome:?}", event.kind, event.time);
        // An event in doubt is not confirmed, so Slack delivers it again.
        let again = is_in_trouble && outcome.is_in_doubt();
        if again { &mut self.pending } else { &mut self.delivered }.push(event);
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
        let grid = InstallationKey::grid_workspace(ORG.into(), TEAM.into());
        let keys = [
            StoreKey::from(team()),
            StoreKey::person(team(), FIRST.into()),
            StoreKey::person(team(), SECOND.into()),
            StoreKey::from(grid.clone()),
            StoreKey::person(grid.clone(), FIRST.into()),
            StoreKey::person(grid, SECOND.into()),
        ];
        keys.iter().flat_map(|key| [(key.clone(), Slot::Bot), (key.clone(), Slot::User)]).collect()
    }

    /// The credentials that the store holds, with their owners.
    fn credentials(&self) -> Vec<(String, Credential)> {
        let mut all = Vec::new();
        for (key, row) in self.stage.rows() {
            let Installation { bot, user, user_id, .. } = row;
            let person = key.split("/user/").nth(1).map(str::to_owned);
            let person = person.or(user_id.map(|id| id.as_str().to_owned()));
            all.extend(bot.map(|it| ("bot".to_owned(), it)));
            all.extend(user.map(|it| (person.expect("a person is known"), it)));
        }
        all
    }

    /// Whether the credentials that the store holds live, by their owner.
    fn stored(&self) -> BTreeMap<String, bool> {
        let mut stored = BTreeMap::new();
        for (owner, credential) in self.credentials() {
            let live = tokens(&credential).iter().any(|token| self.is_live(token));
            *stored.entry(owner).or_default() |= live;
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
        let on_its_way = |owner: &str| {
            let is_owner =
                |id: &Option<_>| id.as_ref().is_some_and(|id: &UserId| id.as_str() == owner);
            self.answers.iter().any(|it| match owner {
                "bot" => it.bot.is_some(),
                _ => it.user.is_some() && is_owner(&it.user_id),
            })
        };
        for owner in self.honoured().into_iter().filter(|owner| !on_its_way(owner)) {
            assert_eq!(stored.get(&owner), Some(&true), "{owner} is lost: {story:#?}");
        }
        let mut held = BTreeSet::new();
        for (key, row) in self.stage.rows() {
            for credential in row.bot.iter().chain(&row.user) {
                let Some(refresh) = &credential.refresh_token else { continue };
                let is_first = held.insert(refresh.expose().to_owned());
                assert!(is_first, "two rows refresh one token, {key} is one: {story:#?}");
            }
        }
    }

    /// Once all events have arrived, nothing stays that Slack honours no more.
    fn check_that_nothing_stays(&mut self, story: &mut Vec<String>) {
        self.is_ending = true;
        while let Some(answer) = self.answers.pop() {
            self.store(&answer);
            self.pending.append(&mut self.delivered);
        }
        while let Some(event) = self.pending.pop() {
            story.push(self.deliver(event));
            self.check_that_nothing_is_lost(story);
        }
        let stays: Vec<_> = self.stored().into_iter().filter(|(_, live)| !live).collect();
        assert!(stays.is_empty(), "{stays:?} stays: {story:#?}");
        // Nor in the rotator.
        for (key, slot) in Self::slots() {
            let token = self.stage.rotator.nearest_access_token(&key, slot);
            if let Ok(token) = self.stage.runtime.block_on(token) {
                assert!(self.is_live(token.expose()), "{key} {slot:?} is given: {story:#?}");
            }
        }
    }
}

fn is_same(one: &Credential, other: &Credential) -> bool {
    one.access_token.expose() == other.access_token.expose()
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
    for kind in ["install", "late", "uninstall", "revoke", "event", "the", "use"] {
        assert!(kinds.get(kind).is_some_and(|count| *count > 200), "{kind}: {kinds:?}");
    }
}
