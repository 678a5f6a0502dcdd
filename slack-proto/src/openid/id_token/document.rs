//! Why a discovery document or a key set is of no use.

use std::{error::Error, fmt};

use http::{HeaderValue, Request, Response, StatusCode, Uri, header::ACCEPT};

use crate::{
    Recovery,
    methods::{ParseWarning, RequestBody},
    wire::{document::read_document, object::Object},
};

/// Why a discovery document or a key set is of no use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentError {
    document: &'static str,
    fault: DocumentFault,
}

/// What is wrong with a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DocumentFault {
    /// The answer's status is another one than 200.
    Status(StatusCode),
    /// The body is not a JSON object.
    NotAnObject,
    /// This member is missing, or of no use.
    Missing(&'static str),
    /// `jwks_uri` is at another origin than the endpoint: keys from elsewhere are not trusted.
    ForeignKeys,
    /// `issuer` is another one than the verifier's.
    ForeignIssuer,
}

impl DocumentError {
    pub(crate) const fn new(document: &'static str, fault: DocumentFault) -> Self {
        Self { document, fault }
    }

    /// Returns what is wrong with the document.
    #[must_use]
    pub const fn fault(&self) -> DocumentFault {
        self.fault
    }

    /// Returns what the program should do next.
    #[must_use]
    pub const fn recovery(&self) -> Recovery {
        match self.fault {
            DocumentFault::ForeignKeys | DocumentFault::ForeignIssuer => Recovery::FixConfiguration,
            _ => Recovery::RetryLater { after: None },
        }
    }
}

impl fmt::Display for DocumentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unusable {}: ", self.document)?;
        match self.fault {
            DocumentFault::Status(status) => write!(f, "status {}", status.as_u16()),
            DocumentFault::NotAnObject => f.write_str("not a JSON object"),
            DocumentFault::Missing(member) => write!(f, "no usable `{member}`"),
            DocumentFault::ForeignKeys => f.write_str("`jwks_uri` is not at the endpoint's origin"),
            DocumentFault::ForeignIssuer => f.write_str(
                "`issuer` is not the one that the verifier expects: tell it by `IdTokenVerifier::issuer`",
            ),
        }?;
        write!(f, "; {}", self.recovery())
    }
}

impl Error for DocumentError {}

/// Builds a GET request for a document, without credentials.
pub(crate) fn request(uri: Uri) -> Request<RequestBody> {
    let mut request = Request::new(RequestBody::default());
    *request.uri_mut() = uri;
    request.headers_mut().insert(ACCEPT, HeaderValue::from_static("application/json"));
    request
}

/// Reads the object of an answer.
pub(crate) fn read<O: for<'de> Object<'de>>(
    document: &'static str,
    response: &Response<impl AsRef<[u8]>>,
) -> Result<(O, Vec<ParseWarning>), DocumentError> {
    if response.status() != StatusCode::OK {
        return Err(DocumentError::new(document, DocumentFault::Status(response.status())));
    }
    read_document(response.body().as_ref())
        .ok_or(DocumentError::new(document, DocumentFault::NotAnObject))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_foreign_issuer_is_told_with_the_setting_that_takes_it() {
        let error =
            DocumentError { document: "discovery document", fault: DocumentFault::ForeignIssuer };
        assert_eq!(
            error.to_string(),
            "unusable discovery document: `issuer` is not the one that the verifier expects: tell it by \
             `IdTokenVerifier::issuer`; correct the app's settings or credentials"
        );
    }
}
