//! One fetch: the discovery document, then the key set that it names.

use std::sync::Arc;

use http::{Request, Response};
use slack_proto::{
    methods::RequestBody,
    openid::{Discovery, IdTokenVerifier, KeySet, Rs256},
};
use slack_transport::Error;

use super::error::{Cause, FetchKeysError};
use crate::Client;

/// The source of keys, and what parses and verifies them.
#[derive(Clone)]
pub(super) struct Source {
    pub(super) client: Client,
    pub(super) rs256: Arc<dyn Rs256>,
    pub(super) verifier: IdTokenVerifier,
}

impl Source {
    pub(super) async fn fetch(&self) -> Result<Arc<KeySet>, FetchKeysError> {
        let discovery = self.client.send(self.discovery_request()).await;
        let keys = self.client.send(self.keys_request(discovery)?).await;
        self.keys(keys)
    }

    pub(super) fn fetch_blocking(&self) -> Result<Arc<KeySet>, FetchKeysError> {
        let discovery = self.client.send_blocking(self.discovery_request());
        let keys = self.client.send_blocking(self.keys_request(discovery)?);
        self.keys(keys)
    }

    fn discovery_request(&self) -> Request<RequestBody> {
        Discovery::request(self.client.endpoint())
    }

    fn keys_request(
        &self,
        answer: Result<Response<Vec<u8>>, Error>,
    ) -> Result<Request<RequestBody>, FetchKeysError> {
        let answer = answer.map_err(Cause::from)?;
        let discovery = Discovery::parse_response(self.client.endpoint(), &answer);
        let discovery = discovery.map_err(Cause::Document)?;
        discovery.check_issuer(&self.verifier).map_err(Cause::Document)?;
        Ok(discovery.keys_request())
    }

    fn keys(
        &self,
        answer: Result<Response<Vec<u8>>, Error>,
    ) -> Result<Arc<KeySet>, FetchKeysError> {
        let answer = answer.map_err(Cause::from)?;
        let keys = KeySet::parse_response(&answer, &*self.rs256).map_err(Cause::Document)?;
        Ok(Arc::new(keys))
    }
}
