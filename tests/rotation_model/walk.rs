//! Long runs at random, and how one that breaks a rule is cut down and played again.

use crate::{
    choice::Choice,
    explore::Found,
    slack::Answer,
    violation::Violation,
    world::{Plan, World},
};

/// How much was tried.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Walked {
    pub(crate) runs: usize,
    pub(crate) transitions: usize,
    /// Runs in which an installation was lost by Slack's rules.
    pub(crate) lost: usize,
    /// Refreshes that Slack has answered with a pair.
    pub(crate) refreshes: u64,
}

/// Goes `steps` choices at random from the start, then lets all heal. The seed decides.
pub(crate) fn walk(
    plan: &Plan,
    seed: u64,
    steps: usize,
    walked: &mut Walked,
) -> Result<(), Box<Found>> {
    let mut random = Random(seed);
    let mut world = World::new(plan.clone());
    let mut run = Vec::new();
    // How often things go wrong in this run: from never to always.
    let calm = random.below(40);
    walked.runs += 1;
    for _ in 0..steps {
        let choice = random.choice(&world.choices(), calm);
        walked.transitions += 1;
        run.push(choice);
        match world.after(choice) {
            Ok(after) => world = after,
            Err(violation) => return Err(Box::new(shrink(plan, run, &violation))),
        }
        if world.lost.contains(&true) {
            walked.lost += 1;
            break;
        }
    }
    walked.refreshes += world.slack.refreshes(world.now);
    if !world.lost.contains(&true) {
        if let Err(violation) = world.heal() {
            return Err(Box::new(shrink(plan, run, &violation)));
        }
    }
    Ok(())
}

/// Plays a run again, leaving out what cannot happen; then lets all heal.
pub(crate) fn replay(plan: &Plan, run: &[Choice]) -> Result<(), Violation> {
    let mut world = World::new(plan.clone());
    for choice in run {
        if !world.choices().contains(choice) {
            continue;
        }
        world = world.after(*choice)?;
        if world.lost.contains(&true) {
            return Ok(());
        }
    }
    world.heal()
}

/// Leaves out whatever the same rule is broken without.
fn shrink(plan: &Plan, mut run: Vec<Choice>, violation: &Violation) -> Found {
    let mut violation = violation.clone();
    let mut size = run.len().div_ceil(2);
    while size > 0 {
        let mut start = 0;
        let mut shorter = false;
        while start < run.len() {
            let end = (start + size).min(run.len());
            let candidate = [&run[..start], &run[end..]].concat();
            match replay(plan, &candidate) {
                Err(same) if same.rule == violation.rule => {
                    run = candidate;
                    violation = same;
                    shorter = true;
                }
                _ => start = end,
            }
        }
        if !shorter || size > 1 {
            size /= 2;
        }
    }
    Found { violation, run }
}

/// Steele's `SplitMix64`: a few lines, and the same on every machine.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn choice(&mut self, choices: &[Choice], calm: u64) -> Choice {
        let weights = choices.iter().map(|choice| weight(*choice, calm));
        let mut left = self.below(weights.clone().sum());
        for (choice, weight) in choices.iter().zip(weights) {
            if left < weight {
                return *choice;
            }
            left -= weight;
        }
        choices[0]
    }
}

/// How likely a choice is.
fn weight(choice: Choice, calm: u64) -> u64 {
    match choice {
        Choice::Look(_)
        | Choice::Refused(_)
        | Choice::Do(_)
        | Choice::Deliver(_)
        | Choice::Wake(_)
        | Choice::Arrive(_, Answer::Well) => 4 + 4 * calm,
        Choice::Land(_) => 4,
        Choice::HalfDay => 1 + calm / 4,
        _ => 2,
    }
}
