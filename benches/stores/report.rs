//! What was measured, against what, and whether it is within its limit.

/// One figure: a ratio, or a count.
pub(crate) struct Figure {
    pub(crate) name: &'static str,
    pub(crate) against: &'static str,
    pub(crate) value: f64,
    /// None where it is for information.
    pub(crate) limit: Option<f64>,
}

impl Figure {
    pub(crate) fn passes(&self) -> bool {
        self.limit.is_none_or(|limit| self.value <= limit)
    }

    pub(crate) fn json(&self) -> String {
        let Self { name, against, value, limit } = self;
        let value = (value * 1000.0).round() / 1000.0;
        serde_json::json!({
            "name": name, "against": against, "value": value, "limit": limit, "pass": self.passes(),
        })
        .to_string()
    }

    pub(crate) fn text(&self) -> String {
        let Self { name, against, value, limit } = self;
        let verdict = match limit {
            None => String::new(),
            Some(limit) if self.passes() => format!(" (limit {limit:.2}) pass"),
            Some(limit) => format!(" (limit {limit:.2}) MISS"),
        };
        format!("{name} / {against}: {value:.2}{verdict}")
    }
}

pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}
