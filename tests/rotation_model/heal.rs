//! What comes when nothing goes wrong any more.

use crate::{
    actor::Task,
    choice::{Budget, Choice},
    slack::Answer,
    violation::{Rule, Violation},
    world::World,
};

impl World {
    /// Lets all go well from here: every process ends up with the stored pair, it works, and when the grace time is
    /// over and the token is due it can be refreshed.
    pub(crate) fn heal(mut self) -> Result<(), Violation> {
        self.left = Budget { faults: 0, crashes: 0, slow: u8::MAX, leaps: u8::MAX, skews: 0 };
        for wait in [0, 61_000, 11 * 3_600_000, 61_000] {
            self.pass_to(self.now + wait);
            self.left = Budget { slow: u8::MAX, leaps: u8::MAX, ..self.left };
            // Twice: whoever looked too early, or in the second of the refresh, looks again.
            for pause in [0, 2_000] {
                self.pass_to(self.now + pause);
                self = self.settle()?;
                if self.lost.contains(&true) {
                    return Ok(());
                }
            }
            self.check_health()?;
        }
        Ok(())
    }

    /// Everybody does what there is to do, until nobody has anything to do.
    fn settle(mut self) -> Result<Self, Violation> {
        let mut looked = vec![false; self.actors.len()];
        for _ in 0..2_000 {
            let Some(choice) = self.next_good(&mut looked) else { return Ok(self) };
            self = self.after(choice)?;
            self.left.slow = u8::MAX;
        }
        Err(Violation::new(Rule::NotHealed, "it never comes to rest".into()))
    }

    fn next_good(&self, looked: &mut [bool]) -> Option<Choice> {
        if !self.puts.is_empty() {
            return Some(Choice::Land(0));
        }
        let letter = self
            .choices()
            .into_iter()
            .find(|choice| matches!(choice, Choice::Arrive(_, Answer::Well) | Choice::Deliver(_)));
        if letter.is_some() {
            return letter;
        }
        let mut wake: Option<(u64, usize)> = None;
        for (index, actor) in self.actors.iter().enumerate() {
            match actor.task {
                Task::Idle if !looked[index] => {
                    looked[index] = true;
                    return Some(Choice::Look(index));
                }
                Task::Idle | Task::Sending => {}
                Task::Waiting { until } => {
                    if wake.is_none_or(|(first, _)| until < first) {
                        wake = Some((until, index));
                    }
                }
                _ => return Some(Choice::Do(index)),
            }
        }
        wake.map(|(_, index)| Choice::Wake(index))
    }

    fn check_health(&self) -> Result<(), Violation> {
        for (index, actor) in self.actors.iter().enumerate() {
            let stored = self.store.pair(actor.slot, &self.slack);
            // Slack lets two access tokens live: after two lost answers the stored one may be the third.
            let works = |pair: usize| {
                let later = self.slack.issued[pair + 1..].iter().filter(|it| it.slot == actor.slot);
                self.slack.accepts(pair, self.now) || later.count() >= 2
            };
            let live = actor.live(&self.slack, self.now);
            let healthy = live.is_some_and(works)
                && stored.is_some_and(|pair| self.slack.takes(pair, self.now))
                && actor.unsaved(&self.slack).is_none();
            if !healthy {
                let what = format!(
                    "actor {index} gives {live:?} ({:?}), the store holds {stored:?} ({:?}) of {}, unsaved {:?}, {:?}",
                    live.map(|pair| self.slack.accepts(pair, self.now)),
                    stored.map(|pair| self.slack.takes(pair, self.now)),
                    self.slack.issued.len(),
                    actor.unsaved(&self.slack),
                    actor.rotation().problem(),
                );
                return Err(Violation::new(Rule::NotHealed, what));
            }
        }
        Ok(())
    }
}
