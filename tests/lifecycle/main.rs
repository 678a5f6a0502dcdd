//! An installation's whole life: installs by several people, events that come late, a workspace that joined an
//! organization.

#[path = "../common/around.rs"]
mod around;
mod joined;
mod kinds;
mod others;
mod property;
mod reports;
mod rows;
mod stage;
