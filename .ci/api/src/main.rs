//! Prints the public API of the crate whose rustdoc JSON is named, one item a line.
//!
//! Blanket implementations are left out, and so is what derived implementations consist of: that a type derives a trait
//! stands there. Of the automatic traits only exceptions are told: who is not `Send`, `Sync` or `Unpin`, or not always.

use std::collections::HashSet;
use std::env;
use std::error::Error;

use public_api::{Builder, PublicItem};

fn main() -> Result<(), Box<dyn Error>> {
    let json = env::args_os().nth(1).ok_or("name the JSON that rustdoc wrote")?;
    let everything = Builder::from_rustdoc_json(json).omit_blanket_impls(true);
    let given = everything.clone().omit_auto_trait_impls(true);
    let written = lines(given.clone().omit_auto_derived_impls(true))?;
    let written: HashSet<_> = written.into_iter().collect();
    let given: HashSet<_> = lines(given)?.into_iter().collect();
    for line in lines(everything)? {
        let listed = if given.contains(&line) {
            written.contains(&line) || is_derived_trait(&line)
        } else {
            is_exception(&line)
        };
        if listed {
            println!("{line}");
        }
    }
    Ok(())
}

fn lines(api: Builder) -> Result<Vec<String>, Box<dyn Error>> {
    Ok(api.build()?.items().map(PublicItem::to_string).collect())
}

/// Whether a line of a derived implementation is its head. `StructuralPartialEq` comes with `PartialEq`.
fn is_derived_trait(line: &str) -> bool {
    line.starts_with("impl") && !line.contains("core::marker::StructuralPartialEq")
}

/// Whether a line about an automatic trait says what a user has to know.
fn is_exception(line: &str) -> bool {
    let head = line.split(" for ").next().unwrap_or_default();
    let named = ["Send", "Sync", "Unpin"]
        .iter()
        .any(|name| head.ends_with(&format!("core::marker::{name}")));
    named && (head.contains('!') || line.contains(" where "))
}
