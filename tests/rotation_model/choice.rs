//! What can happen next.

use crate::{
    actor::Task,
    slack::Answer,
    world::{Stage, World},
};

/// One thing that happens. Actors and letters go by their places in the world's lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Choice {
    /// Somebody asks an idle actor for a token.
    Look(usize),
    /// Somebody's call with the actor's token was refused.
    Refused(usize),
    /// The store does what the actor asked for.
    Do(usize),
    /// The store fails, and nothing was done.
    Fail(usize),
    /// The store does it, but says that it failed.
    FailDone(usize),
    /// The store says that a write failed, and does it later.
    FailLater(usize),
    /// That write is done, if the version still is the one expected.
    Land(usize),
    /// A request reaches Slack.
    Arrive(usize, Answer),
    /// A request reaches Slack, and is sent once more by the network.
    Double(usize),
    /// An answer reaches the actor.
    Deliver(usize),
    /// An answer reaches the actor, and will do so once more.
    DeliverTwice(usize),
    /// The connection ends before the answer, or the request, has come through.
    Lose(usize),
    /// There was no connection to begin with.
    NotSent(usize),
    /// Nothing comes until the transport gives up.
    Timeout(usize),
    /// The actor's own wait is over; the time is what it must be for that.
    Wake(usize),
    /// The process dies and starts anew.
    Crash(usize),
    /// Time passes until the lease of the actor's slot runs out.
    LeaseEnds(usize),
    /// A minute and a second pass: longer than the grace time.
    Minute,
    /// Half a day passes.
    HalfDay,
    /// The clock of a process is set by so many seconds.
    Skew(usize, i8),
}

/// How much may go wrong in one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Budget {
    /// Failures of the store, and of the network, and of Slack.
    pub(crate) faults: u8,
    pub(crate) crashes: u8,
    /// Times that pass while somebody should be doing something.
    pub(crate) slow: u8,
    /// Times that pass in one leap.
    pub(crate) leaps: u8,
    /// Clocks that are set.
    pub(crate) skews: u8,
}

impl World {
    /// All that can happen next.
    pub(crate) fn choices(&self) -> Vec<Choice> {
        let mut choices = Vec::new();
        let left = self.left;
        let may_pass = self.is_prompt() || left.slow > 0;
        for (index, actor) in self.actors.iter().enumerate() {
            match &actor.task {
                Task::Idle => choices.push(Choice::Look(index)),
                Task::Read => self.operation(index, &[Choice::Fail(index)], &mut choices),
                Task::TakeLease | Task::Release => self.operation(
                    index,
                    &[Choice::Fail(index), Choice::FailDone(index)],
                    &mut choices,
                ),
                Task::Write(_) => self.operation(
                    index,
                    &[Choice::Fail(index), Choice::FailDone(index), Choice::FailLater(index)],
                    &mut choices,
                ),
                Task::Sending => {}
                Task::Waiting { until } => {
                    if may_pass || *until <= self.now {
                        choices.push(Choice::Wake(index));
                    }
                }
            }
            if self.is_refused(index) {
                choices.push(Choice::Refused(index));
            }
            if left.leaps > 0 && may_pass && self.lease_end(index).is_some() {
                choices.push(Choice::LeaseEnds(index));
            }
        }
        (0..self.puts.len()).for_each(|index| choices.push(Choice::Land(index)));
        (0..self.letters.len()).for_each(|index| self.letter(index, &mut choices));
        for process in 0..self.plan.processes {
            if left.crashes > 0 && !self.is_new(process) {
                choices.push(Choice::Crash(process));
            }
            if left.skews > 0 {
                choices.extend(self.plan.skews.iter().map(|by| Choice::Skew(process, *by)));
            }
        }
        if left.leaps > 0 && may_pass {
            choices.extend([Choice::Minute, Choice::HalfDay]);
        }
        choices
    }

    fn operation(&self, index: usize, failures: &[Choice], choices: &mut Vec<Choice>) {
        choices.push(Choice::Do(index));
        if self.left.faults > 0 {
            choices.extend(failures);
        }
    }

    fn letter(&self, index: usize, choices: &mut Vec<Choice>) {
        let letter = &self.letters[index];
        let faults = self.left.faults > 0;
        match &letter.stage {
            Stage::Request(_) => {
                choices.push(Choice::Arrive(index, Answer::Well));
                if faults && letter.awaited {
                    choices.push(Choice::NotSent(index));
                    let bad = [Answer::Limited(None), Answer::Trouble, Answer::Done];
                    choices.extend(bad.map(|answer| Choice::Arrive(index, answer)));
                    choices.extend(
                        self.plan
                            .retry_after
                            .iter()
                            .map(|after| Choice::Arrive(index, Answer::Limited(Some(*after)))),
                    );
                    if self.plan.ghosts {
                        choices.push(Choice::Double(index));
                    }
                }
            }
            Stage::Answer(_) => {
                let sender = letter.actor.map(|actor| &self.actors[actor].task);
                // An answer belongs to its request: while another is under way the driver takes none.
                if letter.awaited || !matches!(sender, Some(Task::Sending)) {
                    choices.push(Choice::Deliver(index));
                }
                if faults && letter.awaited {
                    choices.push(Choice::DeliverTwice(index));
                }
            }
        }
        if faults && letter.awaited {
            choices.push(Choice::Lose(index));
            choices.push(Choice::Timeout(index));
        }
    }
}
