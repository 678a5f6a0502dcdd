//! The suite of `slack-transport`, in each way that this backend can be called.

use slack_transport::Error;
use slack_transport::conformance::{Setup, Suite};
use slack_transport_hyper::HyperTransport;
use tokio::runtime::Runtime;

fn make(setup: &Setup) -> Result<HyperTransport, Error> {
    HyperTransport::builder(setup.limits()).only_ca_certificates(setup.ca_pem()).build()
}

#[test]
fn inside_tokio() {
    let runtime = Runtime::new().unwrap();
    let _inside = runtime.enter();
    let suite = Suite::new(make).unwrap();
    let report = suite.run();
    println!("{report}");
    report.assert_passed();
}

#[test]
fn on_its_own_worker() {
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
