//! What the processes say, by the first word of each line.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader},
    process::Child,
    sync::{Arc, Mutex},
    thread::{self, JoinHandle},
};

use crate::slack::Life;

/// How often each word was said.
pub(crate) type Said = Arc<Mutex<BTreeMap<String, usize>>>;

/// Counts what a process says until it ends; prints the lines that begin with one of these words.
pub(crate) fn count(
    child: &mut Child,
    life: Life,
    said: &Said,
    printed: &'static [&'static str],
) -> JoinHandle<()> {
    let (lines, said) = (BufReader::new(child.stdout.take().unwrap()).lines(), said.clone());
    thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            let word = line.split(' ').next().unwrap_or_default();
            if WORDS.contains(&word) {
                *said.lock().unwrap().entry(word.to_owned()).or_default() += 1;
            }
            if printed.contains(&word) {
                println!("life {life}: {line}");
            }
        }
    })
}

const WORDS: [&str; 9] = [
    "works",
    "stalled",
    "refreshed",
    "adopted",
    "retrying",
    "conflict",
    "broken",
    "withheld",
    "dead",
];
