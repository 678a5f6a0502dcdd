//! The suite of `slack-transport`, over ureq.

use std::sync::Arc;

use slack_transport::conformance::Suite;
use ureq_transport_example::UreqTransport;

/// The two rows that ureq itself makes impossible, with how they end; the crate's docs say why.
const NOT_KEPT: [(&str, &str); 2] = [
    ("closes-at-every-chunked-offset", "an answer with status 200 OK"),
    ("keeps-headers", "what came is not HTTP"),
];

#[test]
fn the_suite_but_for_two_rows() {
    let suite = Suite::blocking(|setup| {
        Ok(Arc::new(UreqTransport::only_ca_certificate(setup.limits(), setup.ca_pem())?))
    })
    .unwrap();
    let report = suite.run();
    println!("{report}");
    let failures = report.failures();
    assert_eq!(failures.len(), NOT_KEPT.len(), "{report}");
    for (failure, (name, end)) in failures.iter().zip(NOT_KEPT) {
        assert!(failure.starts_with(name) && failure.contains(end), "{report}");
    }
}
