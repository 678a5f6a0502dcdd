//! What was measured, and whether it is within its limit.

use serde_json::{Map, Value, json};

/// One figure of a scenario.
pub(crate) struct Row {
    scenario: &'static str,
    figure: f64,
    limit: Limit,
    counts: Map<String, Value>,
}

/// What a figure must not pass.
#[derive(Clone, Copy)]
pub(crate) enum Limit {
    AtMost(f64),
    AtLeast(f64),
}

impl Row {
    /// Creates a row. `counts` is an object: the raw counts that the figure comes from.
    pub(crate) fn new(scenario: &'static str, figure: f64, limit: Limit, counts: &Value) -> Self {
        let counts = counts.as_object().cloned().unwrap_or_default();
        Self { scenario, figure, limit, counts }
    }

    pub(crate) fn passes(&self) -> bool {
        match self.limit {
            Limit::AtMost(limit) => self.figure <= limit,
            Limit::AtLeast(limit) => self.figure >= limit,
        }
    }

    /// Returns whether the scenario came to its end: the figure of one that did not is infinite.
    pub(crate) fn is_whole(&self) -> bool {
        self.figure.is_finite()
    }

    /// Returns the row as one line of JSON. `side` says whose figure it is.
    pub(crate) fn json(&self, side: &str) -> String {
        let (bound, limit) = match self.limit {
            Limit::AtMost(limit) => ("at_most", limit),
            Limit::AtLeast(limit) => ("at_least", limit),
        };
        let mut row = json!({
            "scenario": self.scenario, "side": side, "figure": rounded(self.figure),
            "bound": bound, "limit": limit, "pass": self.passes(),
        });
        if let Some(row) = row.as_object_mut() {
            row.extend(self.counts.clone());
        }
        row.to_string()
    }
}

/// Returns three decimals of a number, for people.
pub(crate) fn rounded(figure: f64) -> f64 {
    (figure * 1000.0).round() / 1000.0
}

/// Returns one number divided by another. The numbers are counts and bytes, far below 2^52.
#[expect(clippy::cast_precision_loss, reason = "the numbers are far below 2^52")]
pub(crate) fn ratio(count: usize, of: usize) -> f64 {
    count as f64 / of as f64
}
