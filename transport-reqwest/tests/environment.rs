//! What the environment may decide, with reqwest.

#[path = "../../transport/tests/backends/environment.rs"]
mod cases;

use slack_transport_reqwest::ReqwestTransport as Backend;
