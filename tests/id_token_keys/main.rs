//! ID tokens over the fake Slack: every wrong kind of them, and how often keys are fetched.

mod fetching;
mod sharing;
mod stage;
mod wrong_tokens;
