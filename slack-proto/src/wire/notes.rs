//! The place where oddities are noted while a reply is read.

use crate::Oddity;

/// Collects the oddities of one reply, and knows which member is being read.
#[derive(Debug, Default)]
#[expect(unnameable_types, reason = "it appears in a hidden method of `Payload` only")]
pub struct Notes {
    oddities: Vec<Oddity>,
    path: [Step; 4],
    depth: usize,
    /// Address of the first byte of the body, to tell where a borrowed name stands.
    start: usize,
    missing: Option<&'static str>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Step {
    name: &'static str,
    index: Option<usize>,
    offset: Option<usize>,
}

impl Notes {
    pub(crate) fn for_text(text: &str) -> Self {
        Self { start: text.as_ptr().addr(), ..Self::default() }
    }

    /// Goes into the member `name`, whose name was read at `address` if it was borrowed from the body.
    pub(crate) fn enter(&mut self, name: &'static str, address: Option<usize>) {
        let offset = address.and_then(|address| address.checked_sub(self.start));
        if let Some(step) = self.path.get_mut(self.depth) {
            *step = Step { name, index: None, offset };
        }
        self.depth += 1;
    }

    /// Tells which element of a list is being read; `None` after the last.
    pub(crate) fn at_index(&mut self, index: Option<usize>) {
        if let Some(step) = self.depth.checked_sub(1).and_then(|last| self.path.get_mut(last)) {
            step.index = index;
        }
    }

    pub(crate) fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    /// Notes that the member being read is odd.
    #[cold]
    pub(crate) fn odd(&mut self, reason: impl Into<Box<str>>) {
        let steps = self.path.get(..self.depth).unwrap_or(&self.path);
        let mut path = String::new();
        for step in steps {
            if !path.is_empty() {
                path.push('.');
            }
            path.push_str(step.name);
            if let Some(index) = step.index {
                path.push('[');
                path.push_str(&index.to_string());
                path.push(']');
            }
        }
        let mut oddity = Oddity::new(if path.is_empty() { "$".to_owned() } else { path }, reason);
        oddity.offset = steps.last().and_then(|step| step.offset);
        self.oddities.push(oddity);
    }

    /// Notes an oddity of a member that is not being read just now.
    #[cold]
    pub(crate) fn odd_at(&mut self, path: &str, reason: &str) {
        self.oddities.push(Oddity::new(path, reason));
    }

    /// Notes that the reply lacks what makes it a success.
    pub(crate) fn missing(&mut self, member: &'static str) {
        self.missing = Some(member);
    }

    /// Gives the member that was missing, and where its odd namesake stands if there was one.
    pub(crate) fn what_was_missing(&self) -> Option<(&'static str, Option<usize>)> {
        let member = self.missing?;
        let odd = self.oddities.iter().find(|oddity| oddity.path() == member);
        Some((member, odd.and_then(|oddity| oddity.offset)))
    }

    pub(crate) fn into_oddities(self) -> Vec<Oddity> {
        self.oddities
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_members_and_elements() {
        let mut notes = Notes::default();
        notes.odd("empty");
        notes.enter("teams", None);
        notes.at_index(Some(3));
        notes.enter("icon", None);
        notes.odd("odd");
        notes.leave();
        notes.leave();
        notes.leave();
        let shown: Vec<_> = notes.into_oddities().iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["$: empty", "teams[3].icon: odd"]);
    }

    #[test]
    fn a_path_that_is_too_deep_is_cut() {
        let mut notes = Notes::default();
        for _ in 0..9 {
            notes.enter("a", None);
        }
        notes.odd("deep");
        assert_eq!(notes.into_oddities()[0].path(), "a.a.a.a");
    }
}
