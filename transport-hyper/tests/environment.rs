//! What the environment may decide, with hyper.

#[path = "../../transport/tests/backends/environment.rs"]
mod cases;

use slack_transport_hyper::HyperTransport as Backend;
