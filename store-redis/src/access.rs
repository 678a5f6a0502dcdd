//! How a server is reached: with TLS or without, as which user.

use std::{fmt, net::IpAddr};

use redis::{Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo, TlsCertificates};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use slack_store::StoreError;

use crate::{
    builder::refused,
    error::{Cause, Failure},
    node::Node,
};

/// The settings of connections. Those of a cluster all have the same ones.
pub(crate) struct Access {
    info: ConnectionInfo,
    ca_certificates: Option<Vec<u8>>,
    unencrypted: bool,
}

/// Where a server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl Access {
    pub(crate) fn new(
        address: &str,
        ca_certificates: Option<Vec<u8>>,
        unencrypted: bool,
    ) -> Result<Self, StoreError> {
        // The crate's words may quote the address, and the address holds the password.
        let info = address.into_connection_info().map_err(|_| {
            refused("this is not an address of Redis: give rediss://USER:PASSWORD@HOST/0")
        })?;
        if let ConnectionAddr::TcpTls { insecure, .. } = info.addr() {
            if *insecure {
                return Err(refused(
                    "an address with #insecure is not taken: it checks no certificate",
                ));
            }
            if CryptoProvider::get_default().is_none() {
                // The crate takes the process's default, and panics if there is none. Another one may be quicker.
                let _ = aws_lc_rs::default_provider().install_default();
            }
        }
        // `CLIENT SETINFO` is one more permission, and one that a server may not know.
        let settings = info.redis_settings().clone().set_skip_set_lib_name();
        let info = info.set_redis_settings(settings);
        Ok(Self { info, ca_certificates, unencrypted })
    }

    /// Returns the server of the address that was given.
    pub(crate) fn first(&self) -> Result<Node, Failure> {
        self.node(self.info.addr().clone())
    }

    /// Returns another server: by the same user and password, and by TLS if the first one is.
    pub(crate) fn at(&self, address: &Address) -> Result<Node, Failure> {
        let Address { host, port } = address.clone();
        self.node(match self.info.addr() {
            ConnectionAddr::TcpTls { .. } => {
                ConnectionAddr::TcpTls { host, port, insecure: false, tls_params: None }
            }
            _ => ConnectionAddr::Tcp(host, port),
        })
    }

    fn node(&self, address: ConnectionAddr) -> Result<Node, Failure> {
        let (place, is_encrypted) = match &address {
            ConnectionAddr::Tcp(host, port) => (Some((host, *port)), false),
            ConnectionAddr::TcpTls { host, port, .. } => (Some((host, *port)), true),
            // A socket in a folder of this machine.
            _ => (None, false),
        };
        let place = place.map(|(host, port)| Address { host: host.clone(), port });
        let is_local = place.as_ref().is_none_or(Address::is_local);
        let cause = |text: &str| Cause::new(text).at(place.as_ref());
        if !(is_encrypted || is_local || self.unencrypted) {
            return Err(Failure::Barred(
                "the server is not on this machine: give rediss:// in place of redis://, or allow `unencrypted`",
                cause("it would be reached without TLS"),
            ));
        }
        let info = self.info.clone().set_addr(address);
        let client = match &self.ca_certificates {
            Some(pem) if is_encrypted => Client::build_with_tls(
                info,
                TlsCertificates { client_tls: None, root_cert: Some(pem.clone()) },
            ),
            _ => Client::open(info),
        };
        let client = client.map_err(|_| {
            Failure::Barred("the CA certificates are not PEM", cause("no connection can be set up"))
        })?;
        Ok(Node::new(client, place))
    }
}

impl Address {
    /// Reads `HOST:PORT`, with an IPv6 address in brackets or, as Redis writes it, without.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (host, port) = text.rsplit_once(':')?;
        let host = host.trim_matches(['[', ']']).to_owned();
        Some(Self { host, port: port.parse().ok()? })
    }

    fn is_local(&self) -> bool {
        let host = self.host.trim_matches(['[', ']']);
        host.eq_ignore_ascii_case("localhost")
            || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

#[cfg(test)]
mod tests {
    use slack_store::StoreErrorKind;

    use super::*;

    fn reach(address: &str, unencrypted: bool) -> Result<Node, StoreError> {
        Access::new(address, None, unencrypted)?.first().map_err(Failure::of_read)
    }

    #[test]
    fn a_server_elsewhere_is_reached_by_tls_alone() {
        for good in [
            "redis://localhost/0",
            "redis://127.0.0.1:6380",
            "redis://[::1]/",
            "rediss://redis.example.com/0",
            "unix:///run/redis.sock",
        ] {
            assert!(reach(good, false).is_ok(), "{good}");
        }
        for bad in [
            "redis://redis.example.com/0",
            "redis://10.0.0.1/0",
            "redis://localhost.example.com/0",
            "rediss://redis.example.com/#insecure",
            "http://localhost",
            "",
        ] {
            let error = reach(bad, false).map(drop).unwrap_err();
            assert_eq!(error.kind(), StoreErrorKind::Refused, "{bad}");
        }
        assert!(reach("redis://10.0.0.1/0", true).is_ok());
    }

    #[test]
    fn nodes_of_a_cluster_are_reached_as_the_first_one() {
        let elsewhere = Address::parse("10.0.0.7:6380").unwrap();
        let local = Access::new("redis://app:hush-hush@127.0.0.1/0", None, false).unwrap();
        let barred = local.at(&elsewhere).map(drop).unwrap_err().of_read();
        assert_eq!(barred.kind(), StoreErrorKind::Refused);
        let words = format!("{barred} {barred:?}");
        assert!(words.contains("10.0.0.7:6380") && !words.contains("hush"), "{words}");
        assert!(local.at(&Address::parse("127.0.0.1:7001").unwrap()).is_ok());
        let encrypted = Access::new("rediss://app:hush-hush@redis.example.com/0", None, false);
        let node = encrypted.unwrap().at(&elsewhere).unwrap();
        let info = node.client().get_connection_info();
        assert!(matches!(info.addr(), ConnectionAddr::TcpTls { insecure: false, .. }));
        assert_eq!(info.redis_settings().username(), Some("app"));
        assert_eq!(info.redis_settings().password(), Some("hush-hush"));
    }

    #[test]
    fn addresses_are_read() {
        for (text, host) in
            [("a.example.com:7", "a.example.com"), ("[::1]:7", "::1"), ("::1:7", "::1"), (":7", "")]
        {
            let address = Address::parse(text).unwrap();
            assert_eq!((&*address.host, address.port), (host, 7), "{text}");
        }
        for bad in ["", "a", "a:", "a:b", "a:70000"] {
            assert!(Address::parse(bad).is_none(), "{bad}");
        }
    }
}
