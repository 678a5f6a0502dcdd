//! How the tests read a reply.

use http::Response;
use slack_proto::{
    ApiMethod,
    error::ResponseError,
    methods::{OauthV2AccessResponse, Reply},
    tokens::IssuedCredential,
};

pub(crate) fn response(status: u16, body: impl Into<Vec<u8>>) -> Response<Vec<u8>> {
    let mut response = Response::new(body.into());
    *response.status_mut() = http::StatusCode::from_u16(status).unwrap();
    response
}

pub(crate) fn tokens(installed: &OauthV2AccessResponse) -> Vec<&str> {
    [&installed.bot, &installed.user, &installed.unplaced]
        .into_iter()
        .flatten()
        .map(|credential: &IssuedCredential| credential.access_token.expose())
        .collect()
}

pub(crate) fn is_success<M: ApiMethod>(response: &Response<Vec<u8>>) -> bool {
    let result: Result<Reply<M::Response>, ResponseError<M::Error>> = M::parse_response(response);
    result.is_ok()
}
