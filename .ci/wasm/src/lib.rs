//! Every public entry point of `slack-proto`, called where there is no operating system.
//!
//! Each function that the module exports, but for those about the last panic, is one probe: it panics, which traps, if
//! something is not as it should be. `run.mjs` calls them all. An entry point is called by its full name, such as
//! `Scopes::contains(&scopes, "a")`, so that `entry-points.mjs` can hold the list that rustdoc gives against this text.

mod browser;
mod events;
mod id_token;
mod kept;
mod lifecycle;
mod methods;
mod noted;
mod replies;
mod rotating;
#[cfg(feature = "seeded")]
mod seeds;
mod stateless;
mod stored;
mod values;

use std::{
    fmt::{Debug, Display},
    sync::Mutex,
};

macro_rules! probes {
    ($($(#[$attribute:meta])* $name:ident: $probe:path;)*) => {$(
        $(#[$attribute])*
        // The names are this module's own: nothing else is linked that they could clash with.
        #[unsafe(no_mangle)]
        pub extern "C" fn $name() {
            listen();
            $probe();
        }
    )*};
}

probes! {
    ids: values::ids;
    secrets: values::secrets;
    scopes_and_times: values::scopes_and_times;
    places: values::places;
    proofs: values::proofs;
    clients: methods::clients;
    code_exchanges: methods::code_exchanges;
    refreshes: methods::refreshes;
    external_tokens: methods::external_tokens;
    tokens_of_a_life: methods::tokens_of_a_life;
    people: methods::people;
    own_method: methods::own_method;
    errors: replies::errors;
    meta: replies::meta;
    error_codes: replies::error_codes;
    credentials: stored::credentials;
    installations: stored::installations;
    installing: browser::installing;
    refused_callbacks: browser::refused_callbacks;
    signing_in: browser::signing_in;
    without_a_session: browser::without_a_session;
    stateless: stateless::stateless;
    kept_as_text: stateless::kept_as_text;
    id_token_documents: id_token::documents;
    id_tokens: id_token::id_tokens;
    kept_installations: kept::installations;
    store_keys: kept::keys;
    a_refresh: rotating::a_refresh;
    anything_in_any_order: rotating::anything_in_any_order;
    policies_and_pairs: rotating::policies_and_pairs;
    merging: lifecycle::merging;
    joining_an_organization: lifecycle::joining_an_organization;
    installing_elsewhere: lifecycle::installing_elsewhere;
    times_of_issue: lifecycle::times_of_issue;
    notes: noted::notes;
    doubts: noted::doubts;
    unsaved_pairs: noted::unsaved_pairs;
    reasons: noted::reasons;
    signatures: events::signatures;
    events: events::events;
    #[cfg(feature = "seeded")]
    seeded_clock: seeds::clock;
    #[cfg(feature = "seeded")]
    seeded_import: seeds::import;
}

/// What the last panic said.
static PANIC: Mutex<String> = Mutex::new(String::new());

/// Gives the address of what the last panic said.
#[unsafe(no_mangle)]
pub extern "C" fn panic_address() -> usize {
    PANIC.lock().map_or(0, |text| text.as_ptr().addr())
}

/// Gives the length of what the last panic said.
#[unsafe(no_mangle)]
pub extern "C" fn panic_length() -> usize {
    PANIC.lock().map_or(0, |text| text.len())
}

fn listen() {
    std::panic::set_hook(Box::new(|panic| {
        if let Ok(mut text) = PANIC.lock() {
            *text = panic.to_string();
        }
    }));
}

/// Formats a value in every way it can be.
fn shown(value: &(impl Debug + Display)) -> String {
    format!("{value} {value:?} {value:#?}")
}
