//! What people and programs do: one after the other, at random.

use std::{future::Future, sync::Arc, time::Duration};

use slack_auth::{
    Client, Endpoint, InstallationStore, Slot, StoreKey, Timestamp, TokenRotator,
    rotation::RotationEvent,
    runtime::Runtime as _,
    store::{EntryKey, Precondition},
    tokens::{ConfigurationCredential, ConfigurationToken, InstallationKey, RefreshToken},
};

use crate::{
    chance::Chance,
    ledger::{Name, Time},
    plan::{Plan, Weather},
    process::{Life, Process, ProcessClock},
    slack::network,
    store::{History, Shelf, record},
    world::{LASTING, SETTINGS, TEAMS, World, app},
};

pub(crate) struct Scene {
    pub(crate) world: World,
    pub(crate) chance: Chance,
    pub(crate) processes: Vec<Process>,
    history: History,
    lives: Life,
    callers: u64,
}

impl Scene {
    pub(crate) fn new(plan: Plan) -> Self {
        let chance = Chance::of(("scene", plan.seed));
        let (age, skews) = (plan.age, plan.skews.clone());
        let world = World::new(plan);
        let (processes, history) = (Vec::new(), History::default());
        let mut scene = Self { world, chance, processes, history, lives: 0, callers: 0 };
        scene.furnish();
        scene.world.runtime.advance(age);
        for skew in skews {
            let process = scene.start(skew);
            scene.processes.push(process);
        }
        scene
    }

    /// Installs what there is at the beginning.
    fn furnish(&self) {
        let world = &self.world;
        let now = Timestamp::from_unix(world.unix());
        let lasting = world.install(LASTING, "scope=chat:write", now);
        world.state().slack.turn_rotation_on("1.2");
        self.put(LASTING, &lasting);
        for place in 0..LASTING {
            self.put(place, &world.install(place, BOTH, now));
        }
        let unix = world.unix();
        let team = TEAMS[SETTINGS];
        let answer = world.state().slack.issue_config_token(team, "U0FAKE00001", unix);
        let (token, refresh) = crate::slack::pair_in(&answer).unwrap();
        let name = Name { place: SETTINGS, slot: Slot::Configuration };
        world.state().ledger.issue(name, &token, refresh.as_deref(), Time::ZERO, None);
        let refresh = RefreshToken::new(refresh.unwrap()).unwrap();
        let token = ConfigurationToken::new(token).unwrap();
        let mut held = ConfigurationCredential::new(token, refresh, now);
        held.expires_at = Some(now + crate::world::LIFE);
        let place = InstallationKey::Workspace(team.into());
        let mut installation = slack_auth::Installation::new(place);
        installation.configuration = Some(held);
        self.put(SETTINGS, &installation);
    }

    fn put(&self, place: usize, installation: &slack_auth::Installation) {
        let key = &self.world.keys[place];
        let put = self.world.oracle.put(key, installation, Precondition::Absent);
        pollster::block_on(put).unwrap();
        record(&self.world, &self.history, &EntryKey::try_from(key).unwrap());
        self.world.look(place);
    }

    fn start(&mut self, skew: i64) -> Process {
        self.lives += 1;
        let (world, life) = (self.world.clone(), self.lives);
        let clock = ProcessClock::new(world.runtime.clone(), skew);
        let backend = Shelf { world: world.clone(), life, history: Arc::clone(&self.history) };
        let time = clock.clone();
        let store = InstallationStore::new(backend, app().id().clone()).clock(move || time.now());
        let client = Client::new(Endpoint::slack(), network(&world, life));
        let observed = world.clone();
        let rotator = TokenRotator::builder(client, app(), store)
            .runtime(clock.clone())
            .refreshes_in_flight(world.plan.window)
            .cache_capacity(world.plan.capacity)
            .observer(move |key: &StoreKey, slot: Slot, event: &RotationEvent| {
                observed.note(life, format!("  {key} {slot:?}: {event:?}"));
                if let (RotationEvent::Conflict { .. }, Some(place)) =
                    (event, observed.place_of(key))
                {
                    observed.state().conflicts.insert((life, Name { place, slot }));
                }
                let panics = observed.chance(life, "observer").once_in(9);
                assert!(!panics, "an observer of the test's");
            })
            .build()
            .unwrap();
        world.state().clocks.insert(life, clock.clone());
        world.note(life, format!("begins, {skew} s ahead"));
        Process { life, clock, rotator }
    }

    /// Ends a process, and begins another one in its place.
    pub(crate) fn replace(&mut self, index: usize) {
        let old = &self.processes[index];
        old.clock.kill();
        let (life, skew) = (old.life, old.clock.skew());
        self.world.state().callers.retain(|_, (of, ..)| *of != life);
        self.world.state().removals.retain(|(of, _)| *of != life);
        self.processes[index] = self.start(skew);
    }

    /// Lets time pass: mostly a moment, now and then hours.
    pub(crate) fn pause(&mut self) {
        let in_danger = self.world.in_danger().is_some();
        let length = match self.chance.below(40) {
            0..=23 => self.chance.millis(0, 700),
            24..=33 => self.chance.seconds(1, 5),
            // Whoever needs a token does not look away for long.
            _ if in_danger && self.world.plan.weather != Weather::Harsh => {
                self.chance.millis(100, 2_000)
            }
            34..=36 => self.chance.seconds(5, 70),
            37..=38 => self.chance.seconds(70, 1_800),
            _ => self.chance.seconds(3_600, 6 * 3_600),
        };
        self.world.state().pauses_until = self.world.now() + length;
        self.world.runtime.advance(length);
    }

    /// A caller begins, and must have an answer in time.
    pub(crate) fn caller<T>(
        &mut self,
        process: &Process,
        what: String,
        limit: Duration,
        future: impl Future<Output = T> + Send + 'static,
        then: impl FnOnce(&World, T) + Send + 'static,
    ) {
        self.callers += 1;
        let (world, clock) = (self.world.clone(), process.clock.clone());
        let (number, life) = (self.callers, process.life);
        world.note(life, format!("caller {number}: {what}"));
        let waits = (life, what, world.now() + limit);
        world.state().callers.insert(number, waits);
        // Some go away before they have an answer.
        let leaves = self.chance.once_in(12).then(|| self.chance.millis(0, 5_000));
        self.world.runtime.spawn(Box::pin(async move {
            let leave = async {
                match leaves {
                    Some(after) => world.runtime.sleep(after).await,
                    None => std::future::pending().await,
                }
                if clock.is_shut_down() {
                    // Whoever does the work of the runtime leaves it undone: another thing that goes wrong.
                    if world.plan.weather == Weather::Mild {
                        std::future::pending::<()>().await;
                    }
                    world.undone(life, "by a caller that goes away");
                }
                None
            };
            let work = futures_lite::future::or(leave, async { Some(future.await) });
            let came = clock.run(work).await;
            world.state().callers.remove(&number);
            if let Some(Some(value)) = came {
                then(&world, value);
            }
        }));
    }
}

pub(crate) const BOTH: &str = "scope=chat:write&user_scope=users:read";
