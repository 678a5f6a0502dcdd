//! What Slack has issued, who has it, and what is stored: kept by the world, never by the code under test.

use std::{collections::HashMap, time::Duration};

use slack_auth::Slot;

use crate::process::Life;

/// Since the beginning of the run.
pub(crate) type Time = Duration;

/// A credential: the number of its place, and the slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Name {
    pub(crate) place: usize,
    pub(crate) slot: Slot,
}

/// The number of a pair, in the order in which Slack issued them.
pub(crate) type Pair = usize;

#[derive(Clone, Debug)]
pub(crate) struct IssuedPair {
    pub(crate) name: Name,
    pub(crate) access: String,
    pub(crate) refresh: Option<String>,
    pub(crate) at: Time,
    /// The pair whose refresh token gave this one; none for an installation.
    pub(crate) from: Option<Pair>,
    /// When its refresh token was first spent, and how often it was.
    pub(crate) spent_at: Option<Time>,
    pub(crate) spends: usize,
    /// The processes that the answer has reached.
    pub(crate) known_to: Vec<Life>,
    /// When it was first stored, and since when it is not stored any more.
    pub(crate) stored_at: Option<Time>,
    pub(crate) replaced_at: Option<Time>,
    /// When a person or a program has ended it on purpose.
    pub(crate) ended_at: Option<Time>,
}

#[derive(Default)]
pub(crate) struct Ledger {
    pub(crate) pairs: Vec<IssuedPair>,
    /// What each place holds now: nothing, or the pairs of its slots.
    pub(crate) stored: HashMap<usize, Option<Vec<Pair>>>,
    /// When a place came to hold nothing, and when it came to hold something.
    pub(crate) emptied_at: HashMap<usize, Time>,
    pub(crate) filled_at: HashMap<usize, Time>,
    /// What has gone wrong with each credential, and when.
    pub(crate) faults: Vec<(Time, Option<Name>, &'static str)>,
}

impl Ledger {
    pub(crate) fn issue(
        &mut self,
        name: Name,
        access: &str,
        refresh: Option<&str>,
        at: Time,
        from: Option<Pair>,
    ) -> Pair {
        if let Some(known) = self.by_access(access) {
            return known;
        }
        self.pairs.push(IssuedPair {
            name,
            access: access.to_owned(),
            refresh: refresh.map(str::to_owned),
            at,
            from,
            spent_at: None,
            spends: 0,
            known_to: Vec::new(),
            stored_at: None,
            replaced_at: None,
            ended_at: None,
        });
        self.pairs.len() - 1
    }

    pub(crate) fn by_access(&self, token: &str) -> Option<Pair> {
        self.pairs.iter().position(|pair| pair.access == token)
    }

    pub(crate) fn by_refresh(&self, token: &str) -> Option<Pair> {
        self.pairs.iter().position(|pair| pair.refresh.as_deref() == Some(token))
    }

    /// The pair that is stored for a credential now.
    pub(crate) fn stored(&self, name: Name) -> Option<Pair> {
        let pairs = self.stored.get(&name.place)?.as_ref()?;
        pairs.iter().copied().find(|pair| self.pairs[*pair].name == name)
    }

    pub(crate) fn is_empty(&self, place: usize) -> bool {
        self.stored.get(&place).is_none_or(Option::is_none)
    }

    /// Whether a place has held nothing at some time since then.
    pub(crate) fn was_empty_since(&self, place: usize, since: Time) -> bool {
        self.is_empty(place) || self.filled_at.get(&place).is_some_and(|at| *at >= since)
    }

    /// Records what a place holds.
    pub(crate) fn store(&mut self, place: usize, found: Option<Vec<Pair>>, now: Time) {
        let before = self.stored.insert(place, found.clone()).flatten();
        match (&before, &found) {
            (Some(_), None) => drop(self.emptied_at.insert(place, now)),
            (None, Some(_)) => drop(self.filled_at.insert(place, now)),
            _ => {}
        }
        let found = found.unwrap_or_default();
        for pair in before.unwrap_or_default() {
            if !found.contains(&pair) {
                self.pairs[pair].replaced_at = Some(now);
            }
        }
        for pair in found {
            let pair = &mut self.pairs[pair];
            pair.stored_at.get_or_insert(now);
            pair.replaced_at = None;
        }
    }

    /// How many pairs of the same credential Slack has issued after this one.
    pub(crate) fn later(&self, pair: Pair) -> usize {
        let name = self.pairs[pair].name;
        self.pairs[pair + 1..].iter().filter(|it| it.name == name).count()
    }

    /// How many faults a credential had between two times; those of a whole process count for all.
    pub(crate) fn faults_between(&self, name: Name, from: Time, to: Time) -> usize {
        let faults = self.faults.iter();
        faults
            .filter(|(at, of, _)| *at >= from && *at <= to && of.is_none_or(|of| of == name))
            .count()
    }

    /// Whether a refresh token of this pair's may have been spent without anybody having heard of it, or there are two
    /// pairs that have come of one.
    pub(crate) fn is_in_doubt(&self, pair: Pair) -> bool {
        let pair = &self.pairs[pair];
        pair.spends > 0 || pair.from.is_some_and(|from| self.pairs[from].spends > 1)
    }
}
