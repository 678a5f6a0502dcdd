//! Slack, a store, a network, a clock and some processes; and how each choice moves them.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    rc::Rc,
    time::Duration,
};

use http::Request;
use slack_auth::{
    Installation, Slot, Timestamp,
    methods::RequestBody,
    rotation::{Input, RefreshFailure, RotationPolicy},
};
use slack_fake::Siblings;

use crate::{
    actor::{Actor, Task},
    choice::{Budget, Choice},
    driver::{Outcome, REACTION},
    flaw::Flaw,
    slack::{Answer, Letter as Reply, Pair, Slack},
    store::{Store, pair_in},
    violation::Violation,
};

/// What a world is made of.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) processes: usize,
    pub(crate) slots: &'static [Slot],
    pub(crate) policy: RotationPolicy,
    pub(crate) siblings: Siblings,
    /// How old the installation is at the start, in seconds.
    pub(crate) age: u64,
    pub(crate) budget: Budget,
    /// Whether a request that was given up, or sent twice by the network, may still reach Slack.
    pub(crate) ghosts: bool,
    /// What `Retry-After` may say, beside nothing.
    pub(crate) retry_after: &'static [u64],
    /// By how many seconds a clock may be set.
    pub(crate) skews: &'static [i8],
    pub(crate) flaw: Option<Flaw>,
}

#[derive(Clone)]
pub(crate) struct World {
    pub(crate) plan: Rc<Plan>,
    /// Slack's time, which is the true one, in milliseconds.
    pub(crate) now: u64,
    pub(crate) slack: Slack,
    pub(crate) store: Store,
    pub(crate) actors: Vec<Actor>,
    pub(crate) letters: Vec<Letter>,
    /// Writes that were given up and are done later: the version expected, and the content.
    pub(crate) puts: Vec<(u64, Rc<Installation>)>,
    pub(crate) left: Budget,
    /// Slots that were lost by Slack's rules.
    pub(crate) lost: [bool; 2],
    holders: u8,
}

/// A request on its way to Slack, or the answer on its way back.
#[derive(Clone)]
pub(crate) struct Letter {
    /// Who sent it, unless it has died.
    pub(crate) actor: Option<usize>,
    /// Whether the sender still waits for the answer.
    pub(crate) awaited: bool,
    /// The pair whose refresh token was sent.
    pub(crate) sent: Pair,
    /// When, by Slack's clock and by the sender's.
    pub(crate) sent_at: u64,
    pub(crate) clock: Timestamp,
    pub(crate) stage: Stage,
}

#[derive(Clone)]
pub(crate) enum Stage {
    Request(Rc<Request<RequestBody>>),
    Answer(Rc<Reply>),
}

impl World {
    pub(crate) fn new(plan: Plan) -> Self {
        let (slack, installation) = Slack::install(plan.siblings, START);
        let store = Store::new(installation, &slack);
        let mut world = Self {
            now: START + plan.age * 1000,
            slack,
            store,
            actors: Vec::new(),
            letters: Vec::new(),
            puts: Vec::new(),
            left: plan.budget,
            lost: [false; 2],
            holders: 0,
            plan: Rc::new(plan),
        };
        for process in 0..world.plan.processes {
            world.start(process);
        }
        world
    }

    /// Lets something happen, if it can: none if it cannot.
    pub(crate) fn after(&self, choice: Choice) -> Result<Self, Violation> {
        let mut next = self.clone();
        next.apply(choice)?;
        next.check(self)?;
        Ok(next)
    }

    fn apply(&mut self, choice: Choice) -> Result<(), Violation> {
        match choice {
            Choice::Look(actor) => self.tell(actor, Input::Tick),
            Choice::Refused(actor) => self.refused(actor),
            Choice::Do(actor) => self.operate(actor, Outcome::Well),
            Choice::Fail(actor) => self.operate(actor, Outcome::Failed),
            Choice::FailDone(actor) => self.operate(actor, Outcome::Done),
            Choice::FailLater(actor) => self.operate(actor, Outcome::Later),
            Choice::Land(index) => {
                let (version, installation) = self.puts.remove(index);
                if version == self.store.version {
                    self.put(installation)?;
                }
                Ok(())
            }
            Choice::Arrive(letter, answer) => {
                spend(&mut self.left.faults, answer != Answer::Well);
                self.arrive(letter, answer);
                Ok(())
            }
            Choice::Double(letter) => {
                spend(&mut self.left.faults, true);
                let ghost = Letter { awaited: false, ..self.letters[letter].clone() };
                self.arrive(letter, Answer::Well);
                self.letters.push(Letter { actor: None, ..ghost });
                Ok(())
            }
            Choice::Deliver(letter) => {
                let letter = self.letters.remove(letter);
                self.deliver(&letter)
            }
            Choice::DeliverTwice(letter) => {
                spend(&mut self.left.faults, true);
                let again = Letter { awaited: false, ..self.letters[letter].clone() };
                let letter = std::mem::replace(&mut self.letters[letter], again);
                self.deliver(&letter)
            }
            Choice::Lose(letter) => {
                let letter = self.letters.remove(letter);
                self.setback(letter.actor, RefreshFailure::Unknown { after: None })
            }
            Choice::NotSent(letter) => {
                let letter = self.letters.remove(letter);
                self.setback(letter.actor, RefreshFailure::NothingSent)
            }
            Choice::Timeout(letter) => self.time_out(letter),
            Choice::Wake(actor) => {
                if let Task::Waiting { until } = self.actors[actor].task {
                    let is_slow = !self.is_prompt() && until > self.now;
                    spend(&mut self.left.slow, is_slow);
                    self.pass_to(until);
                }
                self.tell(actor, Input::Waited)
            }
            Choice::Crash(process) => {
                spend(&mut self.left.crashes, true);
                self.crash(process);
                Ok(())
            }
            Choice::LeaseEnds(actor) => {
                let end = self.lease_end(actor).unwrap_or(self.now);
                self.leap(end);
                Ok(())
            }
            Choice::Minute => {
                self.leap(self.now + 61_000);
                Ok(())
            }
            Choice::HalfDay => {
                self.leap(self.now + 12 * 3_600_000);
                Ok(())
            }
            Choice::Skew(process, by) => {
                spend(&mut self.left.skews, true);
                for actor in self.actors.iter_mut().filter(|actor| actor.process == process) {
                    actor.skew += i64::from(by) * 1000;
                }
                Ok(())
            }
        }
    }

    /// Tells whether nobody has anything to do but to wait.
    pub(crate) fn is_prompt(&self) -> bool {
        self.letters.iter().all(|letter| !letter.awaited)
            && self
                .actors
                .iter()
                .all(|actor| matches!(actor.task, Task::Idle | Task::Waiting { .. }))
    }

    /// Tells whether a process has done nothing yet.
    pub(crate) fn is_new(&self, process: usize) -> bool {
        let mut actors = self.actors.iter().filter(|actor| actor.process == process);
        actors.all(|actor| actor.is_idle() && actor.shown(&self.slack).is_none())
    }

    /// When the lease of the actor's slot runs out, if it is to come.
    pub(crate) fn lease_end(&self, actor: usize) -> Option<u64> {
        let actor = &self.actors[actor];
        let end = self.store.lease(actor.slot)?.until;
        (end > self.now).then_some(end)
    }

    /// Tells whether the token that callers are given is refused by Slack, though nobody here knows.
    pub(crate) fn is_refused(&self, actor: usize) -> bool {
        let live = self.actors[actor].live(&self.slack, self.now);
        live.is_some_and(|pair| !self.slack.accepts(pair, self.now))
    }

    /// A name of the state: which process is which does not matter.
    pub(crate) fn key(&self) -> u64 {
        let mut processes: Vec<u64> = (0..self.plan.processes)
            .map(|process| {
                let mut hasher = DefaultHasher::new();
                for (index, actor) in self.actors.iter().enumerate() {
                    if actor.process == process {
                        self.hash_actor(index, actor, &mut hasher);
                    }
                }
                hasher.finish()
            })
            .collect();
        processes.sort_unstable();
        let mut ghosts: Vec<u64> =
            self.letters.iter().filter(|it| it.actor.is_none()).map(one).collect();
        ghosts.sort_unstable();
        let puts: Vec<_> = self
            .puts
            .iter()
            .map(|(version, it)| {
                (version, pair_in(it, Slot::Bot, &self.slack), pair_in(it, Slot::User, &self.slack))
            })
            .collect();
        one(&(self.now, &self.slack, &self.store, processes, ghosts, puts, self.left, self.lost))
    }

    fn hash_actor(&self, index: usize, actor: &Actor, state: &mut DefaultHasher) {
        actor.hash(state);
        // What lies before the token was spent, and before now, does not count.
        let stored = self.store.pair(actor.slot, &self.slack);
        let spent_at = stored.and_then(|pair| self.slack.issued[pair].spent_at);
        actor.blocked.max(spent_at.unwrap_or(self.now)).hash(state);
        let lease = self.store.lease(actor.slot);
        lease.is_some_and(|lease| lease.holder == actor.lease_holder()).hash(state);
        let mut letters: Vec<u64> =
            self.letters.iter().filter(|it| it.actor == Some(index)).map(one).collect();
        letters.sort_unstable();
        letters.hash(state);
    }

    fn start(&mut self, process: usize) {
        for slot in self.plan.slots {
            self.holders += 1;
            let policy = match self.plan.flaw {
                Some(Flaw::LongLease) => self.plan.policy.lease(Duration::from_secs(90)),
                _ => self.plan.policy,
            };
            let mut actor = Actor::new(process, *slot, self.holders, policy);
            actor.blocked = self.now;
            let place = self.actors.iter().position(|it| it.process == process && it.slot == *slot);
            match place {
                Some(place) => {
                    // The machine's clock outlives the process.
                    actor.skew = self.actors[place].skew;
                    self.actors[place] = actor;
                }
                None => self.actors.push(actor),
            }
        }
    }

    fn crash(&mut self, process: usize) {
        for letter in &mut self.letters {
            if letter.actor.is_some_and(|actor| self.actors[actor].process == process) {
                letter.actor = None;
                letter.awaited = false;
            }
        }
        self.drop_dead_letters();
        self.start(process);
    }

    /// Answers to the dead are lost; requests of theirs may arrive for as long as the transport would have waited.
    pub(crate) fn drop_dead_letters(&mut self) {
        let ghosts = self.plan.ghosts;
        self.letters.retain(|letter| match letter.stage {
            Stage::Request(_) => letter.awaited || ghosts,
            Stage::Answer(_) => letter.actor.is_some(),
        });
    }

    fn leap(&mut self, to: u64) {
        spend(&mut self.left.leaps, true);
        let is_slow = !self.is_prompt();
        spend(&mut self.left.slow, is_slow);
        self.pass_to(to);
    }

    /// Lets time pass, and keeps in mind who could not do anything about it.
    pub(crate) fn pass_to(&mut self, to: u64) {
        if to <= self.now {
            return;
        }
        for index in 0..self.actors.len() {
            let actor = &self.actors[index];
            let lease = self.store.lease(actor.slot);
            let ours = lease.is_some_and(|it| it.holder == actor.lease_holder());
            let lease_end = lease.map(|it| it.until.min(it.taken_at + LEASE));
            let blocked = match (&actor.task, lease_end) {
                (Task::Waiting { until }, end) if *until >= to => match end {
                    Some(end) if actor.waits_for_lease && !ours && end > self.now => {
                        end.min(to) + LOOK
                    }
                    _ => 0,
                },
                // It has something to do, or sleeps too long, or was not asked.
                _ => to,
            };
            let actor = &mut self.actors[index];
            actor.blocked = actor.blocked.max(blocked);
        }
        self.now = to;
    }

    /// A fault gives an actor reason to wait a little.
    pub(crate) fn block(&mut self, index: usize) {
        let actor = &mut self.actors[index];
        actor.blocked = actor.blocked.max(self.now + REACTION);
    }
}

impl Hash for Letter {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.awaited, self.sent, self.sent_at, self.clock).hash(state);
        match &self.stage {
            Stage::Request(_) => 0.hash(state),
            Stage::Answer(reply) => (1, reply.pair, reply.answer).hash(state),
        }
    }
}

/// Takes one off a budget that has an end.
pub(crate) fn spend(left: &mut u8, is_spent: bool) {
    if is_spent && *left < u8::MAX {
        *left -= 1;
    }
}

fn one(thing: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    thing.hash(&mut hasher);
    hasher.finish()
}

/// When the app is installed, in milliseconds since 1970.
const START: u64 = 1_795_176_000_000;

/// After another's lease has run out a machine may need so long to see it.
const LOOK: u64 = 3_000;

/// The longest time for which a lease may keep others from working, however long it is.
const LEASE: u64 = 45_000;
