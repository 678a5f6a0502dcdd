//! Whose certificates are good.

use std::sync::Arc;

use rustls::{
    ClientConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, pem::PemObject},
};
use rustls_platform_verifier::Verifier;
use slack_store::{StoreError, StoreErrorKind};
use tokio_postgres_rustls::MakeRustlsConnect;

/// Returns what sets up TLS: the server's certificate and its name are checked always, against the platform's CA
/// certificates and these.
pub(crate) fn connector(ca_certificates: &[u8]) -> Result<MakeRustlsConnect, StoreError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier =
        Verifier::new_with_extra_roots(certificates(ca_certificates)?, Arc::clone(&provider));
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(refused)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier.map_err(refused)?))
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, StoreError> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match certificates {
        Ok(certificates) if pem.is_empty() || !certificates.is_empty() => Ok(certificates),
        _ => Err(StoreError::new(
            StoreErrorKind::Refused,
            "the CA certificates are not PEM: give one or more CERTIFICATE blocks",
        )),
    }
}

fn refused(error: rustls::Error) -> StoreError {
    StoreError::new(
        StoreErrorKind::Refused,
        "TLS cannot be set up: check the CA certificates, the machine's and those that were added",
    )
    .because(error)
}
