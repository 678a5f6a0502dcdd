//! 10,000 requests, good and bad: in a process of its own, since threads and memory are counted.

use slack_transport::conformance::Suite;
use slack_transport_hyper::HyperTransport;

#[test]
fn nothing_stays_behind() {
    let suite = Suite::new(|setup| HyperTransport::new(setup.limits())).unwrap();
    let report = suite.run_leaks(10_000);
    println!("{report}");
    report.assert_passed();

    let suite = Suite::blocking(|setup| HyperTransport::new(setup.limits())).unwrap();
    let report = suite.run_leaks(4_000);
    println!("{report}");
    report.assert_passed();
}
