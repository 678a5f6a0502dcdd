//! One credential's machine in one process, and the driver that does what it asks for.

use std::{
    collections::BTreeSet,
    hash::{DefaultHasher, Hash, Hasher},
    rc::Rc,
    time::Duration,
};

use slack_auth::{
    Slot, Timestamp,
    rotation::{Action, AnyCredential, Input, RefreshRequest, Rotation, RotationPolicy, Write},
    store::LeaseHolder,
};

use crate::{
    slack::{Pair, Slack},
    store::View,
};

/// The machine that looks after one slot in one process.
#[derive(Clone)]
pub(crate) struct Actor {
    pub(crate) process: usize,
    pub(crate) slot: Slot,
    /// Drawn anew by each life of the process.
    pub(crate) holder: u8,
    rotation: Rc<Rotation>,
    digest: u64,
    pub(crate) task: Task,
    /// What the driver knows of the store.
    pub(crate) view: Option<View>,
    /// The end of the lease, as the driver knows it.
    pub(crate) lease_until: Option<Timestamp>,
    /// Whether it waits because another process has the lease.
    pub(crate) waits_for_lease: bool,
    /// What it was told of pairs whose refresh token is spent.
    pub(crate) knows_spent: Rc<BTreeSet<Pair>>,
    /// Whether a request of its own was not answered, and no newer pair has come since.
    pub(crate) doubts: bool,
    /// Until when its surroundings have kept it from doing its work, in milliseconds.
    pub(crate) blocked: u64,
    /// How far its clock is off, in milliseconds.
    pub(crate) skew: i64,
}

/// What is under way.
#[derive(Clone, Debug)]
pub(crate) enum Task {
    Idle,
    Read,
    TakeLease,
    Release,
    Write(Rc<Write>),
    /// A request, or its answer, is on its way.
    Sending,
    /// It waits by its own choice.
    Waiting {
        until: u64,
    },
}

impl Actor {
    pub(crate) fn new(process: usize, slot: Slot, holder: u8, policy: RotationPolicy) -> Self {
        let mut actor = Self {
            process,
            slot,
            holder,
            rotation: Rc::new(Rotation::new(policy, 0)),
            digest: 0,
            task: Task::Idle,
            view: None,
            lease_until: None,
            waits_for_lease: false,
            knows_spent: Rc::default(),
            doubts: false,
            blocked: 0,
            skew: 0,
        };
        actor.seal();
        actor
    }

    /// The time by its clock.
    pub(crate) fn clock(&self, now: u64) -> Timestamp {
        Timestamp::from_unix(now.saturating_add_signed(self.skew) / 1000)
    }

    pub(crate) fn lease_holder(&self) -> LeaseHolder {
        LeaseHolder::from_bytes([self.holder; 16])
    }

    /// Tells the machine something, and takes note of what it asks for. Gives what must be sent, if anything.
    pub(crate) fn tell(&mut self, now: u64, event: Input) -> Told {
        self.waits_for_lease = matches!(event, Input::LeaseHeld { .. });
        let clock = self.clock(now);
        let rotation = Rc::make_mut(&mut self.rotation);
        let action = rotation.step(clock, event);
        drop(rotation.take_events());
        let mut told = Told::Nothing;
        match action {
            Action::Await => {}
            Action::Rest { .. } => self.rest(),
            Action::Stop(_) => {
                self.rest();
                told = Told::Dead;
            }
            Action::Read => self.task = Task::Read,
            Action::TakeLease => self.task = Task::TakeLease,
            Action::Release => self.task = Task::Release,
            Action::Write(write) => self.task = Task::Write(Rc::new(write)),
            Action::Wait(wait) => self.task = Task::Waiting { until: now + millis(wait) },
            Action::Send(trade) => {
                self.task = Task::Sending;
                told = Told::Send(trade);
            }
            // A note is of use, and nothing depends on it: here it is lost.
            Action::Note(_) => return self.tell(now, Input::Noted),
            other => panic!("the driver does not know {other:?}"),
        }
        self.seal();
        told
    }

    /// Which pair a caller would be given.
    pub(crate) fn shown(&self, slack: &Slack) -> Option<Pair> {
        pair_of(self.rotation.credential()?, slack)
    }

    /// Which pair a caller would be given now that still lives, as far as the machine knows.
    pub(crate) fn live(&self, slack: &Slack, now: u64) -> Option<Pair> {
        pair_of(self.rotation.valid_credential(self.clock(now), Duration::ZERO)?, slack)
    }

    /// Which pair waits to be stored.
    pub(crate) fn unsaved(&self, slack: &Slack) -> Option<Pair> {
        pair_of(self.rotation.unsaved()?, slack)
    }

    pub(crate) fn rotation(&self) -> &Rotation {
        &self.rotation
    }

    pub(crate) fn is_idle(&self) -> bool {
        matches!(self.task, Task::Idle)
    }

    fn rest(&mut self) {
        self.task = Task::Idle;
        self.view = None;
    }

    /// Two machines are in the same state if their `Debug` texts are.
    fn seal(&mut self) {
        let mut hasher = DefaultHasher::new();
        format!("{:?}", self.rotation).hash(&mut hasher);
        self.digest = hasher.finish();
    }
}

/// What came of telling a machine something.
pub(crate) enum Told {
    Nothing,
    Send(RefreshRequest),
    /// It says that a person must authorize again.
    Dead,
}

fn pair_of(credential: &AnyCredential, slack: &Slack) -> Option<Pair> {
    slack.pair_of_access(credential.access_token()?.expose())
}

fn millis(wait: Duration) -> u64 {
    u64::try_from(wait.as_millis()).unwrap_or(u64::MAX / 2)
}

/// All but the process's number and the holder's, which mean nothing.
impl Hash for Actor {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.slot == Slot::Bot, self.digest, self.waits_for_lease, self.skew).hash(state);
        (&self.knows_spent, self.doubts, &self.view, self.lease_until).hash(state);
        std::mem::discriminant(&self.task).hash(state);
        match &self.task {
            Task::Waiting { until } => until.hash(state),
            Task::Write(write) => write.replaces.hash(state),
            _ => {}
        }
    }
}
