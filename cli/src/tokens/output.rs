//! Results on standard output.

use std::io::{self, Write as _};

use serde_json::Value;

use crate::problem::Problem;

/// Prints a result: JSON on request, else the lines for people.
pub(super) fn print(json: bool, value: &Value, lines: &[String]) -> Result<(), Problem> {
    let text = if json { value.to_string() } else { lines.join("\n") };
    if text.is_empty() {
        return Ok(());
    }
    writeln!(io::stdout(), "{text}").map_err(Problem::refused)
}
