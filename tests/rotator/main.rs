//! The rotator over the fake Slack, by a clock that is moved by hand.

mod calls;
mod flight;
mod incidents;
mod processes;
mod runtimes;
mod support;
mod trouble;
