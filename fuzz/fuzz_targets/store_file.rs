//! A file of the store in a folder.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| slack_auth_fuzz::stored::check_file(input));
