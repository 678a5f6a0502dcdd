//! The suite of `slack-transport`, in each way that this backend can be called.

use slack_transport::Error;
use slack_transport::conformance::{Setup, Suite};
use slack_transport_curl::CurlTransport;

fn make(setup: &Setup) -> Result<CurlTransport, Error> {
    CurlTransport::builder(setup.limits()).only_ca_certificates(setup.ca_pem()).build()
}

#[test]
fn asynchronous() {
    let suite = Suite::new(make).unwrap();
    let report = suite.run();
    println!("{report}");
    report.assert_passed();
}

#[test]
fn blocking() {
    let suite = Suite::blocking(make).unwrap();
    let report = suite.run();
    println!("{report}");
    report.assert_passed();
}
