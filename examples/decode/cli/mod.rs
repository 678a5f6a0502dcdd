//! The program without its streams, so that a test can pass its own.

mod args;
mod describe;
mod summary;

use std::{
    ffi::OsString,
    io::{Read, Write},
};

use args::{Args, Input};
use summary::{Outcome, Summary};

/// Runs the program; returns its exit status.
pub(crate) fn run(
    args: impl Iterator<Item = OsString>,
    input: impl Read,
    output: impl Write,
    mut remarks: impl Write,
) -> u8 {
    // What goes wrong with the remarks has nowhere to be told.
    match decode(args, input, output, &mut remarks) {
        Ok(Outcome::Ok) => 0,
        Ok(_) => 1,
        Err(misuse) => {
            let _ = writeln!(remarks, "decode: {misuse}\n\n{}", args::USAGE);
            2
        }
    }
}

fn decode(
    args: impl Iterator<Item = OsString>,
    mut input: impl Read,
    mut output: impl Write,
    remarks: &mut impl Write,
) -> Result<Outcome, String> {
    let args = Args::parse(args)?;
    let mut body = Vec::new();
    let read = input.read_to_end(&mut body);
    read.map_err(|error| format!("cannot read standard input: {error}"))?;
    let summary = match args.input {
        Input::Callback => Summary::of_callback(String::from_utf8_lossy(&body).trim()),
        Input::Reply { decode, status, headers } => {
            let mut response = http::Response::new(body);
            *response.status_mut() = status;
            *response.headers_mut() = headers;
            decode(&response)
        }
    };
    for remark in args.remark.into_iter().chain(summary.remark()) {
        let _ = writeln!(remarks, "decode: {remark}");
    }
    let json = serde_json::to_string_pretty(&summary)
        .map_err(|error| format!("cannot write the result: {error}"))?;
    writeln!(output, "{json}").map_err(|error| format!("cannot write the result: {error}"))?;
    Ok(summary.outcome)
}
