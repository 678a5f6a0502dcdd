//! Who waits for a turn, and in which order.

use std::collections::{HashMap, VecDeque};

/// Who goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Priority {
    /// The token is due, and nobody waits for it.
    Due,
    /// Somebody waits for the new token.
    Waiting,
    /// The refresh token may be spent already: Slack takes it again for a short time only.
    Resend,
}

/// A queue for each priority. The first of a lower one goes at every eighth turn, so that nobody waits for ever.
#[derive(Clone, Debug, Default)]
pub(super) struct Queue {
    lines: [VecDeque<u64>; 3],
    /// The priority that counts: a line may still hold a request that has moved up or gone.
    waiting: HashMap<u64, Priority>,
    turns: u32,
}

impl Queue {
    pub(super) fn push(&mut self, request: u64, priority: Priority) {
        self.waiting.insert(request, priority);
        self.lines[priority as usize].push_back(request);
    }

    pub(super) fn promote(&mut self, request: u64, priority: Priority) {
        if self.waiting.get(&request).is_some_and(|held| *held < priority) {
            self.push(request, priority);
        }
    }

    pub(super) fn remove(&mut self, request: u64) {
        self.waiting.remove(&request);
        if self.waiting.is_empty() {
            self.lines.iter_mut().for_each(VecDeque::clear);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(super) fn has_resend(&mut self) -> bool {
        self.clean(Priority::Resend);
        !self.lines[Priority::Resend as usize].is_empty()
    }

    pub(super) fn pop_resend(&mut self) -> Option<(u64, Priority)> {
        self.pop_from(Priority::Resend)
    }

    pub(super) fn pop(&mut self) -> Option<(u64, Priority)> {
        self.turns = self.turns.wrapping_add(1);
        let order = if self.turns % LOW_TURN == 0 {
            [Priority::Due, Priority::Waiting, Priority::Resend]
        } else {
            [Priority::Resend, Priority::Waiting, Priority::Due]
        };
        order.into_iter().find_map(|priority| self.pop_from(priority))
    }

    fn pop_from(&mut self, priority: Priority) -> Option<(u64, Priority)> {
        self.clean(priority);
        let request = self.lines[priority as usize].pop_front()?;
        self.remove(request);
        Some((request, priority))
    }

    /// Drops what stands at the head of a line and is not waiting there any more.
    fn clean(&mut self, priority: Priority) {
        let line = &mut self.lines[priority as usize];
        while line.front().is_some_and(|request| self.waiting.get(request) != Some(&priority)) {
            line.pop_front();
        }
    }
}

/// At each turn of this number the lowest priority goes first.
const LOW_TURN: u32 = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_stands_once_in_a_line() {
        let mut queue = Queue::default();
        queue.push(1, Priority::Waiting);
        for priority in [Priority::Waiting, Priority::Due, Priority::Waiting] {
            queue.promote(1, priority);
        }
        assert_eq!(queue.lines.map(|line| line.len()), [0, 1, 0]);
    }
}
