//! An installation's whole life: installs by several people, events that come late, a workspace that joined an
//! organisation.

mod property;
mod reports;
mod stage;
