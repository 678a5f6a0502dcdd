//! A certificate for loopback, made at start.

use std::error::Error;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;

/// Returns a server's configuration, and the certificate of its authority as PEM.
pub(super) fn server_config() -> Result<(ServerConfig, String), Box<dyn Error>> {
    let mut authority = CertificateParams::new(Vec::new())?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    authority.distinguished_name.push(DnType::CommonName, "slack-auth fake");
    let authority_key = KeyPair::generate()?;
    let certificate = authority.self_signed(&authority_key)?.pem();
    let issuer = Issuer::new(authority, authority_key);

    let names =
        ["localhost", "127.0.0.1", "::1", "slack.com", "*.slack.com", "host.docker.internal"];
    let leaf = CertificateParams::new(names.map(str::to_owned))?;
    let leaf_key = KeyPair::generate()?;
    let chain = vec![leaf.signed_by(&leaf_key, &issuer)?.der().clone()];
    let key = PrivateKeyDer::try_from(leaf_key.serialize_der())?;
    let provider = std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    Ok((config, certificate))
}
