//! What the environment may decide, with libcurl.

#[path = "../../transport/tests/backends/environment.rs"]
mod cases;

use slack_transport_curl::CurlTransport as Backend;
