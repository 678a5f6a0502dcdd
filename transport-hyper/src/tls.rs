//! Whose certificates are good.

use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;
use slack_transport::{Error, ErrorKind};

/// Which CA certificates are trusted.
#[derive(Clone, Debug)]
pub(crate) enum Trust {
    Platform,
    /// The platform's, and these.
    Also(Vec<u8>),
    Only(Vec<u8>),
}

/// Returns a client's side of TLS that offers HTTP/2 and HTTP/1.1.
pub(crate) fn config(trust: &Trust) -> Result<Arc<ClientConfig>, Error> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(refused)?;
    let verifier =
        |extra| Verifier::new_with_extra_roots(extra, provider).map(Arc::new).map_err(refused);
    let builder = match trust {
        Trust::Platform => {
            builder.dangerous().with_custom_certificate_verifier(verifier(Vec::new())?)
        }
        Trust::Also(pem) => {
            builder.dangerous().with_custom_certificate_verifier(verifier(certificates(pem)?)?)
        }
        Trust::Only(pem) => {
            let mut roots = RootCertStore::empty();
            for certificate in certificates(pem)? {
                roots.add(certificate).map_err(refused)?;
            }
            builder.with_root_certificates(roots)
        }
    };
    let mut config = builder.with_no_client_auth();
    config.alpn_protocols = vec![HTTP2.to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, Error> {
    match CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>() {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => Err(Error::unsent(
            ErrorKind::Refused,
            "the CA certificates are not PEM: give one or more CERTIFICATE blocks",
        )),
    }
}

fn refused(error: rustls::Error) -> Error {
    Error::unsent(ErrorKind::Refused, "TLS cannot be set up: check the CA certificates")
        .with_source(error)
}

/// HTTP/2's name in TLS (RFC 9113 section 3.1).
pub(crate) const HTTP2: &[u8] = b"h2";
