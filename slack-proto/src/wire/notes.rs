//! The place where parse warnings are noted while a reply is read.

use std::borrow::Cow;

use super::key;
use crate::methods::{ParseWarning, parse_warning::Reason};

/// Collects the parse warnings of one reply, and knows which object or list is being read.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    parse_warnings: Vec<ParseWarning>,
    /// The member that is being read.
    place: Place,
    path: [Step; 4],
    depth: usize,
    /// Address of the first byte of the body, to compute the offset of a borrowed name.
    start: usize,
    missing: Option<&'static str>,
}

/// An object or list that the reader is inside of.
#[derive(Clone, Copy, Debug, Default)]
struct Step {
    place: Place,
    index: Option<usize>,
}

/// A member that is being read: its name, and where that stood if it was borrowed from the body.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Place {
    name: &'static str,
    address: Option<usize>,
}

impl Place {
    /// An element of the list that is being read.
    pub(crate) const ELEMENT: Self = Self { name: "", address: None };

    #[expect(clippy::ptr_arg, reason = "whether the name is borrowed is the question")]
    pub(crate) fn member(name: &'static str, key: &Cow<'_, str>) -> Self {
        Self { name, address: key::address(key) }
    }
}

impl Notes {
    pub(crate) fn for_text(text: &str) -> Self {
        Self { start: text.as_ptr().addr(), ..Self::default() }
    }

    /// Comes to a member.
    pub(crate) fn at(&mut self, place: Place) {
        self.place = place;
    }

    /// Goes into the object or list that was come to.
    pub(crate) fn enter(&mut self) {
        if let Some(step) = self.path.get_mut(self.depth) {
            *step = Step { place: self.place, index: None };
        }
        self.depth += 1;
    }

    /// Moves to the next element of the list; after the last one, to none.
    pub(crate) fn at_index(&mut self, index: Option<usize>) {
        if let Some(step) = self.depth.checked_sub(1).and_then(|last| self.path.get_mut(last)) {
            step.index = index;
        }
    }

    /// Leaves it again.
    pub(crate) fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        if let Some(step) = self.path.get(self.depth) {
            self.place = step.place;
        }
    }

    /// Notes that what was come to is odd.
    #[cold]
    pub(crate) fn odd_here(&mut self, reason: impl Into<Reason>) {
        if self.is_full() {
            return;
        }
        let Place { name, address } = self.place;
        let mut oddity = ParseWarning::new(self.path_to(name), reason.into());
        oddity.offset = address.and_then(|address| address.checked_sub(self.start));
        self.parse_warnings.push(oddity);
    }

    /// Notes a parse warning of a member that is not being read just now.
    #[cold]
    pub(crate) fn odd_at(&mut self, path: &'static str, reason: &'static str) {
        if !self.is_full() {
            self.parse_warnings.push(ParseWarning::new(path, reason.into()));
        }
    }

    /// A hostile reply could hold millions of parse warnings: the last one that is noted says that there are more.
    fn is_full(&mut self) -> bool {
        const MOST: usize = 64;
        if self.parse_warnings.len() == MOST - 1 {
            self.parse_warnings.push(ParseWarning::new("$", "more was odd than is told".into()));
        }
        self.parse_warnings.len() >= MOST
    }

    fn path_to(&self, name: &'static str) -> Cow<'static, str> {
        let steps = self.path.get(..self.depth).unwrap_or(&self.path);
        if steps.is_empty() {
            return Cow::Borrowed(if name.is_empty() { "$" } else { name });
        }
        let mut path = String::new();
        for step in steps
            .iter()
            .copied()
            .chain([Step { place: Place { name, address: None }, index: None }])
        {
            if !path.is_empty() && !step.place.name.is_empty() {
                path.push('.');
            }
            path.push_str(step.place.name);
            if let Some(index) = step.index {
                path.push('[');
                path.push_str(&index.to_string());
                path.push(']');
            }
        }
        Cow::Owned(path)
    }

    /// Notes that the reply lacks what makes it a success.
    pub(crate) fn missing(&mut self, member: &'static str) {
        self.missing = Some(member);
    }

    /// Returns the mandatory member that was missing, and the place of a malformed one of that name.
    pub(crate) fn what_was_missing(&self) -> Option<(&'static str, Option<usize>)> {
        let member = self.missing?;
        let odd = self.parse_warnings.iter().find(|oddity| oddity.path() == member);
        Some((member, odd.and_then(|oddity| oddity.offset)))
    }

    pub(crate) fn has_oddities(&self) -> bool {
        !self.parse_warnings.is_empty()
    }

    /// Returns the parse warnings, and clears them.
    pub(crate) fn take_oddities(&mut self) -> Vec<ParseWarning> {
        std::mem::take(&mut self.parse_warnings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(name: &'static str) -> Place {
        Place { name, address: None }
    }

    #[test]
    fn a_path_names_members_and_elements() {
        let mut notes = Notes::default();
        notes.odd_here("whole");
        notes.at(place("ok"));
        notes.odd_here("flat");
        notes.at(place("teams"));
        notes.enter();
        notes.at_index(Some(3));
        notes.at(Place::ELEMENT);
        notes.odd_here("element");
        notes.enter();
        notes.at(place("icon"));
        notes.odd_here("member of an element");
        notes.leave();
        notes.leave();
        notes.odd_here("the list");
        notes.leave();
        notes.at(place("last"));
        notes.odd_here("flat again");
        let paths: Vec<_> = notes.parse_warnings.iter().map(ParseWarning::path).collect();
        assert_eq!(paths, ["$", "ok", "teams[3]", "teams[3].icon", "teams", "last"]);
    }

    #[test]
    fn of_many_oddities_the_last_says_that_there_are_more() {
        for (count, kept) in [(63, 63), (64, 64), (1_000, 64)] {
            let mut notes = Notes::default();
            for index in 0..count {
                match index % 2 {
                    0 => notes.odd_at("a", "odd"),
                    _ => notes.odd_here("odd"),
                }
            }
            let parse_warnings = notes.take_oddities();
            assert_eq!(parse_warnings.len(), kept);
            let last = parse_warnings.last().unwrap().to_string();
            assert_eq!(last == "$: more was odd than is told", count > 63, "{last}");
        }
    }

    #[test]
    fn a_path_that_is_too_deep_is_cut() {
        let mut notes = Notes::default();
        for _ in 0..9 {
            notes.at(place("a"));
            notes.enter();
        }
        notes.at(place("b"));
        notes.odd_here("deep");
        assert_eq!(notes.take_oddities()[0].path(), "a.a.a.a.b");
    }
}
