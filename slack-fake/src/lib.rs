//! Slack's side of OAuth as a state machine: a test double for apps that hold Slack tokens.

mod app;
mod apps_uninstall;
mod auth_revoke;
mod auth_teams_list;
mod auth_test;
mod authorize;
mod bearer;
mod call;
mod choices;
mod client;
#[cfg(any(feature = "server", feature = "transport"))]
mod clock;
mod credential;
mod directory;
mod external;
mod fake;
mod fault;
mod inspect;
mod json;
mod log;
mod mint;
mod oauth_v2_access;
mod oauth_v2_exchange;
mod oauth_v2_user_access;
#[cfg(feature = "openid")]
mod openid;
mod page;
mod person;
mod redirect;
mod reply;
mod rotation;
mod save;
#[cfg(feature = "server")]
mod server;
#[cfg(any(feature = "server", feature = "transport"))]
mod shared;
mod state;
mod tooling_tokens_rotate;
#[cfg(feature = "transport")]
mod transport;
mod wish;

pub use app::App;
pub use choices::{Consent, CredentialKind, IdTokenFault, OpenIdErrors, Siblings, UserAccessShape};
#[cfg(any(feature = "server", feature = "transport"))]
pub use clock::Clock;
pub use directory::{Organisation, User, Workspace};
pub use external::ExternalToken;
pub use fake::FakeSlack;
pub use fault::{Delivery, Fault};
pub use inspect::CredentialReport;
pub use log::SeenCall;
pub use save::RestoreError;
#[cfg(feature = "server")]
pub use server::FakeServer;
#[cfg(any(feature = "server", feature = "transport"))]
pub use shared::SharedFake;
#[cfg(feature = "transport")]
pub use transport::FakeTransport;
