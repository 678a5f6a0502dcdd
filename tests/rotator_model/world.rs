//! Slack, a store, the processes, and what is known of all of them.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use slack_auth::{
    ClientId, ClientSecret, ConfidentialClient, Installation, InstallationStore, Slot, StoreKey,
    Timestamp,
    runtime::{ManualRuntime, Runtime as _},
    store::MemoryStore,
    tokens::{ConfigurationCredential, InstallationKey},
};
use slack_fake::FakeSlack;

use crate::{
    chance::Chance,
    ledger::{Ledger, Name, Pair, Time},
    pace_rules::PaceRules,
    plan::{Plan, Weather},
    process::{Life, ProcessClock},
};

/// Everything but the processes; clones share it.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) plan: Arc<Plan>,
    pub(crate) runtime: ManualRuntime,
    /// The store itself, without faults.
    pub(crate) memory: MemoryStore,
    pub(crate) oracle: InstallationStore,
    pub(crate) keys: Arc<Vec<StoreKey>>,
    state: Arc<Mutex<State>>,
}

pub(crate) struct State {
    pub(crate) slack: FakeSlack,
    pub(crate) ledger: Ledger,
    pub(crate) pace: PaceRules,
    /// Nothing goes wrong any more.
    pub(crate) is_healing: bool,
    /// Until when nobody does anything.
    pub(crate) pauses_until: Time,
    /// Until when Slack answers every refresh with 429.
    pub(crate) limited_until: Time,
    /// Before that a credential has no other fault, when one thing may go wrong at a time.
    pub(crate) quiet_until: HashMap<Name, Time>,
    /// Who is about to delete an installation.
    pub(crate) removals: HashSet<(Life, usize)>,
    /// Who has deleted an installation last.
    pub(crate) removed_by: HashMap<usize, (Time, Life)>,
    /// When a process was told that what it knows of a place is void.
    pub(crate) invalidated_at: HashMap<(Life, usize), Time>,
    /// When a process last read something that was not the newest.
    pub(crate) stale_reads: HashMap<(Life, usize), Time>,
    /// When a process's clock was last set.
    pub(crate) clock_set_at: HashMap<Life, Time>,
    /// When a process last sent a refresh token that was not spent yet.
    pub(crate) refreshed_at: HashMap<(Life, Name), Time>,
    /// Which refresh tokens a process has sent.
    pub(crate) sent: HashSet<(Life, Pair)>,
    /// Which credentials a process has found another pair of than the one that it had.
    pub(crate) conflicts: HashSet<(Life, Name)>,
    /// The runtime of each process.
    pub(crate) clocks: HashMap<Life, ProcessClock>,
    /// Processes that are drained.
    pub(crate) drained: HashSet<Life>,
    /// When Slack last said, falsely or truly, that a token has ended, or a caller wanted one that lives for long.
    pub(crate) forced_at: HashMap<Name, Time>,
    /// Which pair a process has handed out last.
    pub(crate) handed_out: HashMap<(Life, Name), Pair>,
    /// Who waits: what for, and until when at the latest.
    pub(crate) callers: BTreeMap<u64, (Life, String, Time)>,
    counters: HashMap<(Life, String), u64>,
    pub(crate) trace: Vec<String>,
    pub(crate) broken: Option<String>,
    pub(crate) figures: Figures,
}

/// What was tried.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Figures {
    pub(crate) refreshes: usize,
    pub(crate) repeated: usize,
    pub(crate) tokens: usize,
    pub(crate) errors: usize,
    pub(crate) faults: usize,
    pub(crate) kills: usize,
    pub(crate) lost: usize,
}

impl Figures {
    pub(crate) fn add(&mut self, other: Self) {
        self.refreshes += other.refreshes;
        self.repeated += other.repeated;
        self.tokens += other.tokens;
        self.errors += other.errors;
        self.faults += other.faults;
        self.kills += other.kills;
        self.lost += other.lost;
    }
}

impl World {
    pub(crate) fn new(plan: Plan) -> Self {
        let runtime = ManualRuntime::new(Timestamp::from_unix(START));
        let clock = runtime.clone();
        let memory = MemoryStore::with_clock(move || clock.elapsed());
        let oracle = InstallationStore::new(memory.clone(), app().id().clone());
        let clock = runtime.clone();
        let oracle = oracle.clock(move || clock.now());
        let keys = TEAMS.map(|team| StoreKey::from(InstallationKey::Workspace(team.into())));
        let state = State {
            slack: crate::slack::fake(&plan),
            ledger: Ledger::default(),
            pace: PaceRules::new(plan.window),
            is_healing: false,
            pauses_until: Time::ZERO,
            limited_until: Time::ZERO,
            quiet_until: HashMap::new(),
            removals: HashSet::new(),
            removed_by: HashMap::new(),
            invalidated_at: HashMap::new(),
            stale_reads: HashMap::new(),
            clock_set_at: HashMap::new(),
            refreshed_at: HashMap::new(),
            sent: HashSet::new(),
            conflicts: HashSet::new(),
            clocks: HashMap::new(),
            drained: HashSet::new(),
            forced_at: HashMap::new(),
            handed_out: HashMap::new(),
            callers: BTreeMap::new(),
            counters: HashMap::new(),
            trace: Vec::new(),
            broken: None,
            figures: Figures::default(),
        };
        Self {
            plan: Arc::new(plan),
            runtime,
            memory,
            oracle,
            keys: Arc::new(keys.to_vec()),
            state: Arc::new(Mutex::new(state)),
        }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn now(&self) -> Time {
        self.runtime.elapsed()
    }

    /// Slack's time, which is the true one.
    pub(crate) fn unix(&self) -> u64 {
        START + self.now().as_secs()
    }

    /// Chance for the next call of this kind by a process.
    pub(crate) fn chance(&self, life: Life, what: &str) -> Chance {
        let mut state = self.state();
        let counter = state.counters.entry((life, what.to_owned())).or_default();
        *counter += 1;
        Chance::of((self.plan.seed, life, what, *counter))
    }

    pub(crate) fn note(&self, life: Life, what: impl AsRef<str>) {
        let now = self.now().as_secs_f64();
        self.state().trace.push(format!("{now:>12.3} p{life} {}", what.as_ref()));
    }

    /// Records that a rule was broken; the first time counts.
    pub(crate) fn break_rule(&self, rule: &str, what: impl AsRef<str>) {
        let text = format!("at {:.3} {rule}: {}", self.now().as_secs_f64(), what.as_ref());
        self.state().broken.get_or_insert(text);
    }

    /// Whether something may go wrong with a credential now, or with all of them; if so, it counts as a fault.
    pub(crate) fn may_fail(&self, chance: &mut Chance, names: &[Name]) -> bool {
        let now = self.now();
        let mut state = self.state();
        let rate = match self.plan.weather {
            _ if state.is_healing => return false,
            Weather::Calm => return false,
            Weather::Mild => 6,
            Weather::Harsh => 12,
        };
        if !chance.once_in(rate) {
            return false;
        }
        if self.plan.weather == Weather::Mild {
            let quiet = |name: &Name| state.quiet_until.get(name).is_some_and(|until| now < *until);
            if now < state.limited_until || names.iter().any(quiet) {
                return false;
            }
            for name in names {
                state.quiet_until.insert(*name, now + QUIET);
            }
        }
        true
    }

    /// By how much a process reads late all the time.
    pub(crate) fn lag(&self, life: Life) -> Option<Duration> {
        self.plan.lag.filter(|_| life % 2 == 1 && !self.state().is_healing)
    }

    /// Whether the runtime of a process may be shut down now, which is a fault of all credentials.
    pub(crate) fn may_shut_down(&self) -> bool {
        let now = self.now();
        let mut state = self.state();
        let mild = self.plan.weather == Weather::Mild;
        let is_over = |name| state.quiet_until.get(name).is_none_or(|until| now >= *until);
        // Nobody would come in time to do its work.
        let nobody_comes = state.pauses_until > now + Duration::from_secs(5);
        if mild && (nobody_comes || NAMES.iter().filter(|name| !is_over(name)).count() > 1) {
            return false;
        }
        state.quiet_until.extend(NAMES.map(|name| (name, now + QUIET)));
        true
    }

    /// Shuts the runtime of a process down, which itself goes on.
    pub(crate) fn shut_down(&self, life: Life) {
        self.undone(life, "by the end of a runtime");
        let clock = self.state().clocks.get(&life).cloned();
        if let Some(clock) = clock {
            clock.shut_down();
        }
    }

    /// Records that work was left to the next caller, since no runtime does it.
    pub(crate) fn undone(&self, life: Life, what: &'static str) {
        self.fault(life, None, what);
        if self.plan.weather == Weather::Harsh {
            // Nothing says that one comes within the grace time.
            self.fault(life, None, "by nobody who asks");
        }
    }

    /// Records a fault of one credential, or of all.
    pub(crate) fn fault(&self, life: Life, name: Option<Name>, what: &'static str) {
        let now = self.now();
        self.note(life, format!("  FAULT {what} {}", name.map(shown).unwrap_or_default()));
        let mut state = self.state();
        state.figures.faults += 1;
        state.ledger.faults.push((now, name, what));
    }

    pub(crate) fn place_of(&self, key: &StoreKey) -> Option<usize> {
        self.keys.iter().position(|it| it == key)
    }

    /// Looks at what is stored under a place, and records it.
    pub(crate) fn look(&self, place: usize) {
        let found = pollster::block_on(self.oracle.load(&self.keys[place])).unwrap();
        let now = self.now();
        let mut state = self.state();
        let found = found.map(|it| {
            let tokens = tokens_of(&it.installation);
            tokens.iter().filter_map(|token| state.ledger.by_access(token)).collect()
        });
        state.ledger.store(place, found, now);
    }

    pub(crate) fn is_live(&self, token: &str) -> bool {
        let now = self.unix();
        self.state().slack.is_live(token, now)
    }
}

/// The access tokens of an installation.
fn tokens_of(installation: &Installation) -> Vec<&str> {
    let access = [&installation.bot, &installation.user];
    let access = access.into_iter().flatten().map(|it| it.access_token.expose());
    let configuration: Option<&ConfigurationCredential> = installation.configuration.as_ref();
    access.chain(configuration.map(|it| it.token.expose())).collect()
}

pub(crate) fn app() -> ConfidentialClient {
    ConfidentialClient::new(ClientId::new("1.2").unwrap(), ClientSecret::new("hush").unwrap())
}

pub(crate) fn shown(name: Name) -> String {
    format!("{}/{}", TEAMS[name.place], name.slot.as_str())
}

/// All credentials of the world.
pub(crate) const NAMES: [Name; 6] = [
    Name { place: 0, slot: Slot::Bot },
    Name { place: 0, slot: Slot::User },
    Name { place: 1, slot: Slot::Bot },
    Name { place: 1, slot: Slot::User },
    Name { place: LASTING, slot: Slot::Bot },
    Name { place: SETTINGS, slot: Slot::Configuration },
];

/// The place of a token that lives for ever, until it is exchanged.
pub(crate) const LASTING: usize = 2;
/// The place of an app configuration token.
pub(crate) const SETTINGS: usize = 3;

pub(crate) const TEAMS: [&str; 4] = ["T0FAKE00001", "T0FAKE00002", "T0FAKE00003", "T0FAKE00004"];
pub(crate) const START: u64 = 1_795_219_200;
pub(crate) const LIFE: Duration = Duration::from_secs(43_200);
pub(crate) const GRACE: Duration = Duration::from_secs(60);
/// After a fault, where one thing goes wrong at a time.
const QUIET: Duration = Duration::from_secs(150);
