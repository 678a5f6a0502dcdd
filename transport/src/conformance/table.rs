//! The table of faults, read from the text that is also in the docs.

use crate::ErrorKind;

/// One row: a fault and what every transport makes of it.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) results: Vec<Expected>,
    pub(super) sent: Sent,
}

/// One acceptable result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    /// An answer with this status and the body that the script names.
    Status(u16),
    /// An answer with any redirecting status.
    Redirect,
    /// An error of this kind.
    Error(ErrorKind),
}

/// What an error must say of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sent {
    Nothing,
    Perhaps,
    Either,
}

/// Reads the table.
pub(super) fn rows() -> Vec<Row> {
    TABLE.lines().skip(2).map(row).collect()
}

fn row(line: &'static str) -> Row {
    let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
    let [name, _, results, sent] = cells[..] else {
        panic!("a row of the table has not four cells: {line}")
    };
    Row {
        name: name.trim_matches('`'),
        results: results.split(" or ").map(expected).collect(),
        sent: match sent {
            "yes" => Sent::Nothing,
            "no" => Sent::Perhaps,
            "either" | "" => Sent::Either,
            other => panic!("the table says neither yes, no nor either: {other}"),
        },
    }
}

fn expected(text: &str) -> Expected {
    match text {
        "3xx" => Expected::Redirect,
        "connect" => Expected::Error(ErrorKind::Connect),
        "closed" => Expected::Error(ErrorKind::Closed),
        "timeout" => Expected::Error(ErrorKind::Timeout),
        "too large" => Expected::Error(ErrorKind::TooLarge),
        "protocol" => Expected::Error(ErrorKind::Protocol),
        status => Expected::Status(status.parse().expect("the table names a kind or a status")),
    }
}

const TABLE: &str = include_str!("faults.md");
