//! Endpoints and redirect URIs of a configuration.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| slack_auth_fuzz::origins::check(input));
