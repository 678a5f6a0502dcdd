//! The text of the tour.

use std::{
    fmt::Display,
    io::{self, Write},
};

use slack_auth::{
    Timestamp,
    tokens::{IssuedCredential, Team},
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

    /// Writes what has been proven.
    pub(crate) fn proven(&mut self, what: &str) -> io::Result<()> {
        writeln!(self.out, "   proven: {what}")
    }

    /// Writes a part of a typed response.
    pub(crate) fn answer(&mut self, name: &str, value: impl Display) -> io::Result<()> {
        writeln!(self.out, "   < {name}: {value}")
    }

    /// Writes a line.
    pub(crate) fn say(&mut self, text: impl Display) -> io::Result<()> {
        writeln!(self.out, "   {text}")
    }
}

/// Returns a workspace as people know it, with its id.
pub(crate) fn workspace(team: Option<&Team>) -> String {
    match team {
        Some(Team { id, name: Some(name), .. }) => format!("{name} ({id})"),
        Some(Team { id, .. }) => id.to_string(),
        None => "a whole organization".to_owned(),
    }
}

/// Returns a moment for people, to the minute.
pub(crate) fn moment(time: Timestamp) -> String {
    let text = time.to_string().replace('T', " ");
    text.get(..16).map_or(text.clone(), |minutes| format!("{minutes} UTC"))
}

/// Returns what a token may do, and for how long, with the name that stands for it in logs.
pub(crate) fn token(issued: Option<&IssuedCredential>) -> String {
    let Some(issued) = issued else { return "no token".to_owned() };
    let life = match issued.expires_in {
        Some(life) => format!("expires in {} hours", life.as_secs() / 3600),
        None => "does not expire".to_owned(),
    };
    format!("token {} may {} and {life}", issued.access_token.fingerprint(), issued.scopes)
}
