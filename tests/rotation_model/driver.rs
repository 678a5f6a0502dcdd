//! The driver of a machine: it does what the machine asks for, as that of the library does.

use std::{rc::Rc, time::Duration};

use slack_auth::{
    ApiMethod, Endpoint, Installation,
    methods::{OauthV2Refresh, OauthV2RefreshResponse},
    rotation::{Input, RefreshFailure, RefreshRequest, Rejection, Write},
    store::LeaseOutcome,
    tokens::Fingerprint,
};

use crate::{
    actor::{Task, Told},
    flaw::Flaw,
    slack::{Answer, client},
    store::pair_in,
    violation::{Rule, Violation},
    world::{Letter, Stage, World, spend},
};

impl World {
    pub(crate) fn tell(&mut self, index: usize, event: Input) -> Result<(), Violation> {
        let told = self.actors[index].tell(self.now, event);
        if self.has(Flaw::LateRetry) {
            self.oversleep(index);
        }
        match told {
            Told::Nothing => Ok(()),
            Told::Send(trade) => self.send(index, &trade),
            Told::Dead => self.check_death(index),
        }
    }

    pub(crate) fn send(&mut self, index: usize, trade: &RefreshRequest) -> Result<(), Violation> {
        let RefreshRequest::Refresh(refresh) = trade else { panic!("only refreshes are expected") };
        if !self.lease_covers_a_call(index) {
            return self.tell(index, Input::Failed(RefreshFailure::NothingSent));
        }
        let request = refresh.to_request(&Endpoint::slack(), &client());
        let body = std::str::from_utf8(request.body().as_ref()).unwrap_or_default();
        let token = body.split("refresh_token=").nth(1).unwrap_or_default();
        let sent = self.slack.pair_of_refresh(token).expect("a token of this Slack is sent");
        self.check_sent(index, sent)?;
        self.letters.push(Letter {
            actor: Some(index),
            awaited: true,
            sent,
            sent_at: self.now,
            clock: self.actors[index].clock(self.now),
            stage: Stage::Request(Rc::new(request)),
        });
        Ok(())
    }

    /// A slow store may have used up the lease: then the driver prolongs it first.
    fn lease_covers_a_call(&mut self, index: usize) -> bool {
        let actor = &self.actors[index];
        let Some(until) = actor.lease_until else { return true };
        if actor.clock(self.now) + TIMEOUT < until {
            return true;
        }
        matches!(self.acquire(index), LeaseOutcome::Granted)
    }

    pub(crate) fn acquire(&mut self, index: usize) -> LeaseOutcome {
        let actor = &mut self.actors[index];
        let length = match self.plan.flaw {
            Some(Flaw::LongLease) => Duration::from_secs(90),
            _ => self.plan.policy.lease_length(),
        };
        let acquired = match self.plan.flaw {
            Some(Flaw::LeaseIgnored) => LeaseOutcome::Granted,
            _ => self.store.acquire(actor.slot, actor.lease_holder(), length, self.now),
        };
        actor.lease_until =
            (acquired == LeaseOutcome::Granted).then_some(actor.clock(self.now) + length);
        acquired
    }

    pub(crate) fn arrive(&mut self, index: usize, answer: Answer) {
        let Stage::Request(request) = &self.letters[index].stage else { return };
        let request = Rc::clone(request);
        let reply = self.slack.answer(&request, self.letters[index].sent, answer, self.now);
        self.letters[index].stage = Stage::Answer(Rc::new(reply));
        self.drop_dead_letters();
    }

    pub(crate) fn deliver(&mut self, letter: &Letter) -> Result<(), Violation> {
        let (Some(index), Stage::Answer(reply)) = (letter.actor, &letter.stage) else {
            return Ok(());
        };
        match <OauthV2Refresh>::parse_response(&reply.response) {
            Ok(parsed) => {
                Rc::make_mut(&mut self.actors[index].knows_spent).insert(letter.sent);
                self.actors[index].doubts = false;
                let issued = OauthV2RefreshResponse::into_credential(parsed.value, letter.clock);
                self.tell(index, Input::Issued(issued))
            }
            Err(_) if !letter.awaited => Ok(()),
            Err(error) => {
                let setback = RefreshFailure::of(&error);
                let actor = &mut self.actors[index];
                match &setback {
                    RefreshFailure::Spent { .. } => {
                        // It looks again after a second, and after five more. Until then it has nothing left to send: each
                        // token that it knows of is spent, and another process may be about to store a newer pair.
                        actor.blocked = actor.blocked.max(self.now + 7 * SECOND);
                        Rc::make_mut(&mut actor.knows_spent).insert(letter.sent);
                        if self.has(Flaw::SentAgain) {
                            self.check_sent(index, letter.sent)?;
                        }
                    }
                    RefreshFailure::RateLimited { after: Some(after) } => {
                        let wait = u64::try_from(after.as_millis()).unwrap_or(0) + SECOND;
                        actor.blocked = actor.blocked.max(self.now + wait);
                    }
                    RefreshFailure::RateLimited { after: None } if !actor.doubts => {
                        actor.blocked = actor.blocked.max(self.now + LIMITED);
                    }
                    RefreshFailure::Unknown { .. } => {
                        actor.doubts = true;
                        actor.blocked = actor.blocked.max(self.now + REACTION);
                    }
                    _ => actor.blocked = actor.blocked.max(self.now + REACTION),
                }
                self.tell(index, Input::Failed(setback))
            }
        }
    }

    pub(crate) fn setback(
        &mut self,
        actor: Option<usize>,
        setback: RefreshFailure,
    ) -> Result<(), Violation> {
        spend(&mut self.left.faults, true);
        let Some(index) = actor else { return Ok(()) };
        self.actors[index].doubts |= matches!(setback, RefreshFailure::Unknown { .. });
        self.block(index);
        self.tell(index, Input::Failed(setback))
    }

    pub(crate) fn time_out(&mut self, index: usize) -> Result<(), Violation> {
        self.pass_to(self.letters[index].sent_at + TIMEOUT.as_secs() * 1000);
        let letter = &mut self.letters[index];
        letter.awaited = false;
        let actor = letter.actor;
        self.drop_dead_letters();
        self.setback(actor, RefreshFailure::Unknown { after: None })
    }

    pub(crate) fn refused(&mut self, index: usize) -> Result<(), Violation> {
        let actor = &self.actors[index];
        let Some(held) = actor.rotation().credential() else { return Ok(()) };
        let ended = held.expires_at().is_some_and(|end| self.now / 1000 >= end.as_unix());
        let rejection = if ended { Rejection::Expired } else { Rejection::Doubtful };
        let token: Fingerprint = held.fingerprint();
        self.tell(index, Input::Rejected { token, rejection })
    }

    pub(crate) fn operate(&mut self, index: usize, outcome: Outcome) -> Result<(), Violation> {
        let failed = outcome != Outcome::Well;
        if failed {
            spend(&mut self.left.faults, true);
            self.block(index);
        }
        let slot = self.actors[index].slot;
        let event = match self.actors[index].task.clone() {
            Task::Read if failed => Input::ReadFailed,
            Task::Read => {
                self.read(index);
                Input::Read(self.store.installation.any_credential(slot))
            }
            Task::TakeLease if outcome == Outcome::Failed => Input::LeaseFailed,
            Task::TakeLease => match self.acquire(index) {
                _ if failed => {
                    self.actors[index].lease_until = None;
                    Input::LeaseFailed
                }
                LeaseOutcome::HeldFor(remaining) => Input::LeaseHeld { remaining },
                LeaseOutcome::Granted => Input::Leased,
            },
            Task::Release => {
                self.actors[index].lease_until = None;
                if outcome != Outcome::Failed {
                    self.store.release(slot, self.actors[index].lease_holder());
                }
                Input::Released
            }
            Task::Write(write) => self.write(index, &write, outcome)?,
            _ => return Ok(()),
        };
        self.tell(index, event)
    }

    fn read(&mut self, index: usize) {
        let actor = &mut self.actors[index];
        let (before, found) = (actor.shown(&self.slack), self.store.pair(actor.slot, &self.slack));
        if let (Some(before), Some(found)) = (before, found) {
            if found > before {
                Rc::make_mut(&mut actor.knows_spent).insert(before);
                // A pair in hand is a second one then.
                actor.doubts = actor.unsaved(&self.slack).is_some();
            }
        }
        actor.view = Some(self.store.read());
    }

    fn write(&mut self, index: usize, write: &Write, outcome: Outcome) -> Result<Input, Violation> {
        if self.actors[index].view.is_none() {
            self.read(index);
        }
        let slot = self.actors[index].slot;
        let Some(view) = self.actors[index].view.clone() else { return Ok(Input::WriteFailed) };
        let mut installation = view.installation.as_ref().clone();
        let (version, installation) = if self.has(Flaw::Unconditional) {
            self.write_blindly(write, slot)
        } else if write.apply(&mut installation, slot) {
            (view.version, Rc::new(installation))
        } else {
            return Ok(Input::Conflict);
        };
        match outcome {
            Outcome::Failed if self.has(Flaw::FalselyWritten) => return Ok(Input::Written),
            Outcome::Failed => return Ok(Input::WriteFailed),
            Outcome::Later => {
                self.puts.push((version, installation));
                return Ok(Input::WriteFailed);
            }
            Outcome::Well | Outcome::Done => {}
        }
        if version != self.store.version && !self.has(Flaw::VersionIgnored) {
            return Ok(if outcome == Outcome::Well { Input::Conflict } else { Input::WriteFailed });
        }
        self.put(installation)?;
        if outcome == Outcome::Done {
            return Ok(Input::WriteFailed);
        }
        self.actors[index].view = Some(self.store.read());
        self.actors[index].doubts = false;
        Ok(Input::Written)
    }

    pub(crate) fn put(&mut self, installation: Rc<Installation>) -> Result<(), Violation> {
        for slot in self.plan.slots {
            let old = self.store.pair(*slot, &self.slack);
            let new = pair_in(&installation, *slot, &self.slack);
            if new < old {
                return Err(Violation::new(Rule::OlderPair, format!("{old:?} by {new:?}")));
            }
        }
        self.store.put(installation, &self.slack);
        Ok(())
    }
}

/// What comes of an operation of the store.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Well,
    /// Not done, and it says so.
    Failed,
    /// Done, and it says it failed.
    Done,
    /// To be done later, and it says it failed.
    Later,
}

/// How long the transport waits for an answer.
const TIMEOUT: Duration = Duration::from_secs(30);

/// After a fault a machine may wait so long before it tries again.
pub(crate) const REACTION: u64 = 17_000;

/// After a 429 that says no time, as long as it knows of no lost answer.
const LIMITED: u64 = 31_000;

const SECOND: u64 = 1_000;
