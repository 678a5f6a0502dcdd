//! An installation's whole life: installs by several people, events that come late, a workspace that joined an
//! organization.

mod property;
mod reports;
mod stage;
