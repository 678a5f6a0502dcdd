//! The suite for stores: the one in memory passes, and each careless one is caught by the case that is there for it.

mod between;
mod careless;
mod fault;
mod unknown;
mod whole;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use slack_store::{MemoryStore, SealingKey, SealingKeys, conformance::Suite};

use crate::{
    careless::{Careless, Shared},
    fault::Fault,
};

#[test]
fn the_store_in_memory_passes() {
    let places = Mutex::new(HashMap::<String, MemoryStore>::new());
    let suite = Suite::new(move |place| {
        let store = places.lock().unwrap().entry(place.name).or_default().clone();
        async move { Ok(store) }
    });
    let report = suite.run_blocking();
    println!("{report}");
    report.assert_passed();
    assert_eq!(report.cases(), 45);
}

#[test]
fn the_store_in_memory_passes_sealed() {
    let places = Mutex::new(HashMap::<String, MemoryStore>::new());
    let suite = Suite::new(move |place| {
        let store = places.lock().unwrap().entry(place.name).or_default().clone();
        async move { Ok(store) }
    });
    let report = suite.sealed(SealingKeys::new(SealingKey::new([7; 32]))).run_blocking();
    println!("{report}");
    report.assert_passed();
    assert_eq!(report.cases(), 45);
}

fn suite(fault: Fault) -> Suite {
    let places = Mutex::new(HashMap::<String, Arc<Shared>>::new());
    let suite = Suite::new(move |place| {
        let shared = Arc::clone(places.lock().unwrap().entry(place.name).or_default());
        let store = Careless::new(shared, fault, place.clock_ahead);
        async move { Ok(store) }
    });
    suite.on_threads(|future| pollster::block_on(future))
}

#[test]
fn without_a_fault_the_careless_store_passes() {
    suite(Fault::None).run_blocking().assert_passed();
}

/// Each is careless in one way, which the case for it finds and names.
#[test]
fn every_careless_store_is_caught() {
    let mut missed = Vec::new();
    for (fault, case, words) in [
        (Fault::LooksFirst, "together-add", "both were told that they wrote"),
        (Fault::LooksFirst, "together-create", "who was told so has not created"),
        (Fault::LooksFirst, "together-remove", "is told that it changed it"),
        (Fault::IgnoresVersion, "stale-put", "a put that has not seen it"),
        (Fault::IgnoresVersion, "removed-and-created", "from before a removal"),
        (Fault::IgnoresVersion, "same-put-twice", "takes place twice"),
        (Fault::RemovesAny, "stale-remove", "by one that has not seen it"),
        (Fault::CreateReplaces, "second-create", "replaces what is there"),
        (Fault::PutCreates, "nothing-there", "a put that expects a version creates"),
        (Fault::Cached, "second-handle", "not seen at once"),
        (Fault::Lags, "second-handle", "not seen at once"),
        (Fault::Lags, "together-read", "is not there"),
        (Fault::LagsAtTimes, "no-old-version", "an old version is loaded"),
        (Fault::NoCase, "keys-apart", "two keys stand for one place"),
        (Fault::NoCase, "leases-apart", "held that nobody took"),
        (Fault::Signed32, "versions-whole", "64 bits"),
        (Fault::Float, "versions-whole", "64 bits"),
        (Fault::Text, "any-bytes", "not what was put"),
        (Fault::Text, "whole-installation", "an operation on installations failed"),
        (Fault::Small, "large-value", "put failed"),
        (Fault::Torn, "dropped-put", "a mixture of two"),
        (Fault::Shows, "nothing-shown", "shows what is stored"),
        (Fault::Unordered, "keys-in-order", "in the order of their bytes"),
        (Fault::Wildcards, "keys-by-prefix", "not those with the prefix"),
        (Fault::Offsets, "pages-of-changes", "where the last one ended"),
        (Fault::DueUnordered, "due-soonest-first", "does not come first"),
        (Fault::DueStays, "due-moves", "that an older write told"),
        (Fault::DueByCaller, "due-comes", "on a caller's clock"),
        (Fault::AttentionStays, "attention-listed", "found as needing a person"),
        (Fault::AttentionStays, "installations-due", "needs a person without a reason"),
        (Fault::GrantsAll, "lease-excludes", "granted to another"),
        (Fault::GrantsAll, "together-lease", "to exactly one"),
        (Fault::LastsForEver, "lease-runs-out", "told as held"),
        (Fault::NotAgain, "lease-taken-again", "cannot take a lease anew"),
        (Fault::ReleasesNothing, "lease-released", "that was released is held"),
        (Fault::ReleasesAny, "lease-of-another", "by one who does not have it"),
        (Fault::TellsNobody, "lease-tells-holder", "is not told"),
        (Fault::OneLeaseAKey, "leases-apart", "held that nobody took"),
        (Fault::PinsConnections, "leases-many", "acquire failed"),
        (Fault::LeaseByCaller, "lease-clocks-apart", "the clock of"),
        (Fault::LeaseInProcess, "lease-second-handle", "does not see the lease"),
        (Fault::PutEndsLease, "lease-stays", "a put ends the lease"),
        (Fault::Fenced, "late-writer", "what is kept depends on a lease"),
        (Fault::ReadsFirst, "together-lease-and-load", "before it was granted"),
        (Fault::LeaseWithOld, "lease-and-load", "an old version is told"),
        (Fault::LeaseWithNothing, "lease-and-load", "told as not stored"),
        (Fault::ReadsAlone, "lease-and-load", "is not held"),
        (Fault::Loses, "odd-tokens", "is not there"),
        (Fault::ListsLate, "installations-listed", "not those that were put"),
        (Fault::SeparateHandles, "one-app", "does not find what it stored"),
    ] {
        let report = pollster::block_on(suite(fault).run_only(&[case]));
        let failures = report.failures();
        if !failures.iter().any(|failure| failure.contains(words)) {
            missed.push(format!("{fault:?} in {case}: {failures:?}"));
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
}
