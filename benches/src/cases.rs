//! The pieces of work, each with its yardstick and its limit.

mod authorize;
mod build;
mod id_token;
mod parse;

use crate::meter::Meter;

/// One piece of work, done by the library and by a yardstick.
#[derive(Clone, Copy)]
pub struct Case {
    /// Its name, for the table and the command line.
    pub name: &'static str,
    /// The library's way.
    pub ours: fn(&mut Meter),
    /// What it is measured by.
    pub yardstick: fn(&mut Meter),
    /// How many times the yardstick's instructions ours may cost.
    pub limit: f64,
    /// How often it may allocate.
    pub allocations: Allowed,
}

/// A limit of heap allocations.
#[derive(Clone, Copy)]
pub enum Allowed {
    /// Any number.
    Any,
    /// No more than this.
    AtMost(u64),
    /// No more than the yardstick.
    AsYardstick,
}

/// Gives all cases, in the order of the table.
pub fn all() -> Vec<Case> {
    [parse::CASES, build::CASES, authorize::CASES, id_token::CASES]
        .into_iter()
        .flatten()
        .copied()
        .collect()
}

/// Finds a side of a case by the words of the command line.
///
/// # Panics
///
/// When there is none of this name.
pub fn side(name: &str, side: &str) -> fn(&mut Meter) {
    let case = all().into_iter().find(|case| case.name == name);
    let case = case.unwrap_or_else(|| panic!("no such case: {name}"));
    match side {
        "ours" => case.ours,
        "yardstick" => case.yardstick,
        _ => panic!("no such side: {side}"),
    }
}
