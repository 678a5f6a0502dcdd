//! The rotator over the fake Slack, by a clock that is moved by hand.

mod blocked;
mod calls;
mod fleet;
mod flight;
mod guarded;
mod health;
mod incidents;
mod leases;
mod methods;
mod passes;
mod processes;
mod queue;
mod recorded;
mod refusals;
mod reports;
mod revoking;
mod runtimes;
mod secrets;
mod settling;
mod silence;
mod stopped;
mod support;
mod sweep;
mod trouble;
