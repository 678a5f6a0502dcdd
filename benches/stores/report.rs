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

/// What the arguments ask for.
pub(crate) struct Asked {
    /// Everything once, and no judgement of times.
    pub(crate) smoke: bool,
    /// One object for each figure, and nothing else.
    pub(crate) json: bool,
}

impl Asked {
    /// Reads the arguments; ends the program with 2 if one is unknown.
    pub(crate) fn by_arguments() -> Self {
        let mut asked = Self { smoke: false, json: false };
        for argument in std::env::args().skip(1) {
            match argument.as_str() {
                "smoke" => asked.smoke = true,
                "--json" => asked.json = true,
                // `cargo bench` says so.
                "--bench" => {}
                other => {
                    eprintln!("unknown argument {other}: give none, smoke, or --json");
                    std::process::exit(2);
                }
            }
        }
        asked
    }

    /// Prints the figures; ends the program with 1 if one of them passes its limit.
    pub(crate) fn conclude(&self, figures: &[Figure]) {
        for figure in figures {
            println!("{}", if self.json { figure.json() } else { figure.text() });
        }
        if !figures.iter().all(Figure::passes) {
            std::process::exit(1);
        }
    }
}
