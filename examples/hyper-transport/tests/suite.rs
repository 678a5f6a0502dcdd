//! The suite of `slack-transport`, over hyper.

use std::error::Error as StdError;
use std::sync::Arc;

use hyper_transport_example::HyperTransport;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use slack_transport::conformance::{Setup, Suite};
use slack_transport::{Error, ErrorKind};
use tokio::runtime::{Handle, Runtime};

fn make(setup: &Setup, runtime: &Handle) -> Result<HyperTransport, Error> {
    let tls = trusting_only(setup.ca_pem())
        .map_err(|error| Error::unsent(ErrorKind::Refused, "no TLS").with_source(error))?;
    Ok(HyperTransport::new(setup.limits(), tls, runtime.clone()))
}

fn trusting_only(pem: &str) -> Result<ClientConfig, Box<dyn StdError + Send + Sync>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(pem.as_bytes())?)?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

#[test]
fn asynchronous() {
    let runtime = Runtime::new().unwrap();
    let handle = runtime.handle().clone();
    let suite = Suite::new(move |setup| make(setup, &handle)).unwrap();
    let report = suite.run();
    println!("{report}");
    report.assert_passed();
}

#[test]
fn blocking() {
    let runtime = Runtime::new().unwrap();
    let handle = runtime.handle().clone();
    let suite = Suite::blocking(move |setup| make(setup, &handle)).unwrap();
    let report = suite.run();
    println!("{report}");
    report.assert_passed();
}
