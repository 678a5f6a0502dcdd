//! What may never happen, judged by the fake and by the model's own lists, never by the machine.

use std::fmt;

use crate::{
    slack::{GRACE, Pair},
    world::{Stage, World},
};

/// What must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// No installation is lost that could be saved.
    Lost,
    /// No refresh token is sent by a process that knows it is spent.
    SentSpent,
    /// No pair is replaced by an older one.
    OlderPair,
    /// Nobody gets a token that was not stored.
    NotStored,
    /// No credential is declared dead that lives.
    FalseDeath,
    /// When all goes well again, all processes hold a stored pair that works, and it can be refreshed.
    NotHealed,
}

/// A rule that was broken.
#[derive(Clone, Debug)]
pub(crate) struct Violation {
    pub(crate) rule: Rule,
    pub(crate) what: String,
}

impl Violation {
    pub(crate) fn new(rule: Rule, what: String) -> Self {
        Self { rule, what }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.rule, self.what)
    }
}

impl World {
    /// What must hold in every state. `before` is the state that led here.
    pub(crate) fn check(&mut self, before: &Self) -> Result<(), Violation> {
        for (index, actor) in self.actors.iter().enumerate() {
            let shown = self.shown(index);
            if shown.is_some_and(|pair| !self.store.held.contains(&pair)) {
                let what = format!("{:?} of process {}", shown, actor.process);
                return Err(Violation::new(Rule::NotStored, what));
            }
        }
        for number in 0..self.plan.slots.len() {
            if !self.lost[number] && !self.has_hope(number) {
                self.lost[number] = true;
                self.check_loss(number, before)?;
            }
        }
        Ok(())
    }

    /// A person is asked to authorize again: only if Slack takes nothing any more.
    pub(crate) fn check_death(&self, index: usize) -> Result<(), Violation> {
        let actor = &self.actors[index];
        let shown = actor.shown(&self.slack);
        match shown {
            Some(pair) if !self.slack.takes(pair, self.now) => Ok(()),
            _ => {
                let problem = actor.rotation().problem();
                Err(Violation::new(Rule::FalseDeath, format!("{shown:?}: {problem:?}")))
            }
        }
    }

    pub(crate) fn check_sent(&self, index: usize, sent: Pair) -> Result<(), Violation> {
        let actor = &self.actors[index];
        if !actor.knows_spent.contains(&sent) {
            return Ok(());
        }
        let what = format!("{sent} by process {}", actor.process);
        Err(Violation::new(Rule::SentSpent, what))
    }

    /// Whether anything is left that Slack takes: in the store, in a process, or on its way to one.
    fn has_hope(&self, number: usize) -> bool {
        let slot = self.plan.slots[number];
        let stored = self.store.pair(slot, &self.slack);
        let unsaved = self
            .actors
            .iter()
            .filter(|actor| actor.slot == slot)
            .filter_map(|actor| actor.unsaved(&self.slack));
        let coming = self.letters.iter().filter_map(|letter| match &letter.stage {
            Stage::Answer(reply) if letter.actor.is_some() => reply.pair,
            _ => None,
        });
        let coming = coming.filter(|pair| self.slack.issued[*pair].slot == slot);
        let late = self
            .puts
            .iter()
            .filter(|(version, _)| *version == self.store.version)
            .filter_map(|(_, it)| crate::store::pair_in(it, slot, &self.slack));
        let mut hopes = stored.into_iter().chain(unsaved).chain(coming).chain(late);
        hopes.any(|pair| self.slack.takes(pair, self.now))
    }

    /// Nothing is left. Was there a process with its hands free before the last chance went by?
    fn check_loss(&self, number: usize, before: &Self) -> Result<(), Violation> {
        let slot = self.plan.slots[number];
        let stored = self.store.pair(slot, &self.slack);
        let spent_at = stored.and_then(|pair| self.slack.issued[pair].spent_at);
        let last_chance = spent_at.map_or(self.now, |at| self.now.min(at + GRACE));
        for (actor, earlier) in self.actors.iter().zip(&before.actors) {
            let blocked =
                if actor.holder == earlier.holder { actor.blocked } else { earlier.blocked };
            if actor.slot == slot && blocked < last_chance {
                let free = last_chance - blocked;
                let what = format!("process {} had {free} ms to save it", actor.process);
                return Err(Violation::new(Rule::Lost, what));
            }
        }
        Ok(())
    }
}
