//! Every order of what can happen, up to a depth.

use std::{collections::HashSet, fmt};

use crate::{
    choice::Choice,
    violation::Violation,
    world::{Plan, World},
};

/// How much was tried.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Figures {
    pub(crate) states: usize,
    pub(crate) transitions: usize,
    pub(crate) depth: usize,
    /// Whether nothing was left to try.
    pub(crate) complete: bool,
    /// States in which an installation was lost by Slack's rules.
    pub(crate) lost: usize,
    /// The most refreshes that Slack has answered with a pair in one run.
    pub(crate) most_refreshes: u64,
    /// States from which it was tried whether all heals.
    pub(crate) healed: usize,
}

/// A run that broke a rule.
pub(crate) struct Found {
    pub(crate) violation: Violation,
    pub(crate) run: Vec<Choice>,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.violation)?;
        self.run.iter().try_for_each(|choice| writeln!(f, "    {choice:?},"))
    }
}

/// Tries every run of a plan up to `depth` choices, breadth first; one state out of `heal` is left alone to heal.
pub(crate) fn explore(plan: Plan, depth: usize, heal: u64) -> Result<Figures, Box<Found>> {
    let mut figures = Figures { states: 1, ..Figures::default() };
    let mut trail: Vec<(usize, Option<Choice>)> = vec![(0, None)];
    let mut seen = HashSet::new();
    let first = World::new(plan);
    seen.insert(first.key());
    let mut frontier = vec![(0, first)];
    while !frontier.is_empty() && figures.depth < depth {
        figures.depth += 1;
        let mut next = Vec::new();
        for (number, world) in frontier {
            for choice in world.choices() {
                figures.transitions += 1;
                let after = match world.after(choice) {
                    Ok(after) => after,
                    Err(violation) => {
                        return Err(Box::new(found(&trail, number, Some(choice), violation)));
                    }
                };
                if after.lost.contains(&true) {
                    figures.lost += 1;
                    continue;
                }
                let key = after.key();
                if !seen.insert(key) {
                    continue;
                }
                figures.states += 1;
                figures.most_refreshes = figures.most_refreshes.max(after.slack.pairs_given());
                trail.push((number, Some(choice)));
                let number = trail.len() - 1;
                if key % heal == 0 {
                    figures.healed += 1;
                    if let Err(violation) = after.clone().heal() {
                        return Err(Box::new(found(&trail, number, None, violation)));
                    }
                }
                next.push((number, after));
            }
        }
        frontier = next;
    }
    figures.complete = frontier.is_empty();
    Ok(figures)
}

fn found(
    trail: &[(usize, Option<Choice>)],
    mut number: usize,
    last: Option<Choice>,
    violation: Violation,
) -> Found {
    let mut run: Vec<Choice> = last.into_iter().collect();
    while let (before, Some(choice)) = trail[number] {
        run.push(choice);
        number = before;
    }
    run.reverse();
    Found { violation, run }
}
