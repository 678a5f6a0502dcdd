//! A test CA and the certificates that it, or another, has signed.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::PrivateKeyDer;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{RootCertStore, ServerConfig};

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

    /// Returns the certificate that a client is to trust.
    pub(super) fn pem(&self) -> String {
        self.trusted.pem()
    }

    /// Creates a server's side of TLS.
    pub(super) fn server(&self, certificate: Certificate) -> Result<Arc<ServerConfig>, Flaw> {
        Ok(Arc::new(self.config(certificate, None)?))
    }

    /// Creates the side of a server that speaks HTTP/2 and nothing else.
    pub(super) fn http2_server(&self) -> Result<Arc<ServerConfig>, Flaw> {
        let mut config = self.config(Certificate::Good, None)?;
        config.alpn_protocols = vec![b"h2".to_vec()];
        Ok(Arc::new(config))
    }

    /// Creates the side of a server that takes clients with a certificate alone.
    pub(super) fn server_for_known_clients(&self) -> Result<Arc<ServerConfig>, Flaw> {
        let mut roots = RootCertStore::empty();
        roots.add(self.trusted.der().clone())?;
        let provider = Arc::new(aws_lc_rs::default_provider());
        let clients = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
        Ok(Arc::new(self.config(Certificate::Good, Some(clients.build()?))?))
    }

    fn config(
        &self,
        certificate: Certificate,
        clients: Option<Arc<dyn ClientCertVerifier>>,
    ) -> Result<ServerConfig, Flaw> {
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
        let builder = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()?;
        let builder = match clients {
            Some(clients) => builder.with_client_cert_verifier(clients),
            None => builder.with_no_client_auth(),
        };
        Ok(builder.with_single_cert(vec![signed.der().clone()], key)?)
    }
}

type Flaw = Box<dyn std::error::Error>;

fn issuer() -> Result<CertifiedIssuer<'static, KeyPair>, rcgen::Error> {
    let mut params = CertificateParams::default();
    // A name of its own: OpenSSL takes a certificate whose issuer has the same name for self-signed.
    params.distinguished_name.push(DnType::CommonName, "the CA of the suite");
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate()?)
}
