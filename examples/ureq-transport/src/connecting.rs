//! Which errors came before the request: those of the connector.

use std::fmt;

use ureq::Timeout;
use ureq::unversioned::transport::{ConnectionDetails, Connector, DefaultConnector, Transport};

/// ureq's own connector, whose errors are marked: a pooled connection breaks with the same ones.
#[derive(Debug, Default)]
pub(crate) struct Connecting(DefaultConnector);

impl Connector for Connecting {
    type Out = Box<dyn Transport>;

    fn connect(
        &self,
        details: &ConnectionDetails,
        chained: Option<()>,
    ) -> Result<Option<Self::Out>, ureq::Error> {
        self.0.connect(details, chained).map_err(|error| {
            ureq::Error::Other(Box::new(match error {
                ureq::Error::Timeout(_) => NotConnected::InTime,
                ureq::Error::Io(error) if error.kind() == std::io::ErrorKind::TimedOut => {
                    NotConnected::InTime
                }
                _ => NotConnected::AtAll,
            }))
        })
    }
}

/// No connection came about.
#[derive(Clone, Copy, Debug)]
pub(crate) enum NotConnected {
    InTime,
    AtAll,
}

impl NotConnected {
    /// Finds it in an error of ureq's; the resolver runs before the connector.
    pub(crate) fn within(error: &ureq::Error) -> Option<Self> {
        match error {
            ureq::Error::Other(cause) => cause.downcast_ref().copied(),
            ureq::Error::Timeout(Timeout::Resolve) => Some(Self::InTime),
            ureq::Error::HostNotFound => Some(Self::AtAll),
            _ => None,
        }
    }
}

impl fmt::Display for NotConnected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no connection")
    }
}

impl std::error::Error for NotConnected {}
