//! A test CA and the certificates that it, or another, has signed.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::PrivateKeyDer;

/// Which certificate a server shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Certificate {
    Good,
    WrongHost,
    Expired,
    UnknownCa,
}

/// A CA of its own, made anew in each run.
#[derive(Debug)]
pub(super) struct TestCa {
    trusted: CertifiedIssuer<'static, KeyPair>,
    unknown: CertifiedIssuer<'static, KeyPair>,
}

impl TestCa {
    pub(super) fn new() -> Result<Self, rcgen::Error> {
        Ok(Self { trusted: issuer()?, unknown: issuer()? })
    }

    /// Gives the certificate that a client is to trust.
    pub(super) fn pem(&self) -> String {
        self.trusted.pem()
    }

    /// Makes a server's side of TLS.
    pub(super) fn server(
        &self,
        certificate: Certificate,
    ) -> Result<Arc<ServerConfig>, Box<dyn std::error::Error>> {
        let host =
            if certificate == Certificate::WrongHost { "other.example" } else { "127.0.0.1" };
        let mut params = CertificateParams::new([host.to_owned()])?;
        params.distinguished_name.push(DnType::CommonName, "the server of the suite");
        if certificate == Certificate::Expired {
            params.not_before = date_time_ymd(2020, 1, 1);
            params.not_after = date_time_ymd(2021, 1, 1);
        }
        let issuer =
            if certificate == Certificate::UnknownCa { &self.unknown } else { &self.trusted };
        let key = KeyPair::generate()?;
        let signed = params.signed_by(&key, issuer)?;
        let key = PrivateKeyDer::try_from(key.serialize_der())?;
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![signed.der().clone()], key)?;
        Ok(Arc::new(config))
    }
}

fn issuer() -> Result<CertifiedIssuer<'static, KeyPair>, rcgen::Error> {
    let mut params = CertificateParams::default();
    // A name of its own: OpenSSL takes a certificate whose issuer has the same name for self-signed.
    params.distinguished_name.push(DnType::CommonName, "the CA of the suite");
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate()?)
}
