//! What a person reads.

use std::{
    fmt::{Debug, Display},
    io::{self, Write},
};

/// Writes the steps of the tour, numbered.
pub(crate) struct Report<'w> {
    out: &'w mut dyn Write,
    step: u32,
}

impl<'w> Report<'w> {
    pub(crate) fn new(out: &'w mut dyn Write) -> Self {
        Self { out, step: 0 }
    }

    /// Begins a part of the tour.
    pub(crate) fn part(&mut self, title: &str) -> io::Result<()> {
        self.step = 0;
        writeln!(self.out, "\n== {title}")
    }

    /// Begins a step.
    pub(crate) fn step(&mut self, title: &str) -> io::Result<()> {
        self.step += 1;
        writeln!(self.out, "\n{}. {title}", self.step)
    }

    /// Shows a request by its line alone: headers and body hold secrets.
    pub(crate) fn request(&mut self, line: &str) -> io::Result<()> {
        writeln!(self.out, "   > {line}")
    }

    /// Tells what has been proven.
    pub(crate) fn proven(&mut self, what: &str) -> io::Result<()> {
        writeln!(self.out, "   proven: {what}")
    }

    /// Shows a part of a typed answer; its `Debug` hides what is secret.
    pub(crate) fn answer(&mut self, name: &str, value: &dyn Debug) -> io::Result<()> {
        writeln!(self.out, "   < {name}: {value:?}")
    }

    /// Says something.
    pub(crate) fn say(&mut self, text: impl Display) -> io::Result<()> {
        writeln!(self.out, "   {text}")
    }
}
