//! What was measured, against what, and whether it is within its limit.

use crate::Series;
use crate::baseline::Row;

/// One comparison.
pub(crate) struct Comparison {
    name: String,
    against: String,
    at_once: usize,
    ratio: f64,
    /// None where the ratio is for information.
    limit: Option<f64>,
}

impl Comparison {
    /// Compares CPU time round by round, and takes the median of the ratios.
    pub(crate) fn of(
        series: &[Series],
        name: &str,
        against: &str,
        at_once: usize,
        limit: Option<f64>,
    ) -> Option<Self> {
        let find = |name: &str| series.iter().find(|s| s.name == name && s.at_once == at_once);
        let (one, other) = (find(name)?, find(against)?);
        let ratios: Vec<f64> = one.cpu.iter().zip(&other.cpu).map(|(a, b)| a / b).collect();
        let (name, against) = (name.to_owned(), against.to_owned());
        Some(Self { name, against, at_once, ratio: median(&ratios), limit })
    }

    /// Compares two counts.
    pub(crate) fn of_counts(name: &str, against: &str, counts: [usize; 2], limit: f64) -> Self {
        let [one, other] =
            counts.map(|count| f64::from(u32::try_from(count).expect("a few hundred")));
        let (name, against) = (name.to_owned(), against.to_owned());
        Self { name, against, at_once: 1, ratio: one / other, limit: Some(limit) }
    }

    /// Compares a contender with the same one of another checkout.
    pub(crate) fn with_baseline(series: &[Series], row: &Row) -> Option<Self> {
        let same = series.iter().find(|s| s.name == row.name && s.at_once == row.at_once)?;
        let ratio = median(&same.cpu) * 1e6 / row.cpu;
        let (name, at_once) = (row.name.clone(), row.at_once);
        Some(Self { name, against: "baseline".to_owned(), at_once, ratio, limit: None })
    }

    pub(crate) fn passes(&self) -> bool {
        self.limit.is_none_or(|limit| self.ratio <= limit)
    }

    pub(crate) fn json(&self) -> String {
        let Self { name, against, at_once, ratio, limit } = self;
        let ratio = (ratio * 1000.0).round() / 1000.0;
        serde_json::json!({
            "name": name, "against": against, "at_once": at_once,
            "ratio": ratio, "limit": limit, "pass": self.passes(),
        })
        .to_string()
    }

    pub(crate) fn text(&self) -> String {
        let Self { name, against, at_once, ratio, limit } = self;
        let verdict = match limit {
            None => String::new(),
            Some(limit) if self.passes() => format!(" (limit {limit:.2}) pass"),
            Some(limit) => format!(" (limit {limit:.2}) MISS"),
        };
        format!("{name} / {against}, {at_once} at once: CPU {ratio:.2}{verdict}")
    }
}

pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}
