//! A progress bar on standard error, which nobody sees unless that is a terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// The progress of long work.
#[derive(Clone)]
pub(super) struct Progress(ProgressBar);

impl Progress {
    /// Creates a bar of so many steps; it hides itself if standard error is not a terminal.
    pub(super) fn new(what: &'static str, steps: usize) -> Self {
        let bar = ProgressBar::with_draw_target(
            u64::try_from(steps).ok(),
            ProgressDrawTarget::stderr_with_hz(10),
        );
        if let Ok(style) = ProgressStyle::with_template("{msg} [{bar:30}] {pos}/{len} {eta}") {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_message(what);
        Self(bar)
    }

    /// Creates one of work whose length nobody knows.
    pub(super) fn unbounded(what: &'static str) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
        if let Ok(style) = ProgressStyle::with_template("{spinner} {pos} {msg} in {elapsed}") {
            bar.set_style(style);
        }
        bar.set_message(what);
        bar.enable_steady_tick(Duration::from_millis(100));
        Self(bar)
    }

    pub(super) fn step(&self) {
        self.0.inc(1);
    }

    /// Prints a line to standard error, above the bar.
    pub(super) fn say(&self, line: &str) {
        self.0.suspend(|| eprintln!("slack-auth: {line}"));
    }

    /// Removes the bar.
    pub(super) fn end(&self) {
        self.0.finish_and_clear();
    }
}
