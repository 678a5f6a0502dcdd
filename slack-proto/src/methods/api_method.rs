//! The trait of a method: how its value becomes a request and a response its result.

use http::{
    HeaderMap, HeaderValue, Method as HttpMethod, Request, Response,
    header::{AUTHORIZATION, CONTENT_TYPE},
};

use super::{Auth, Endpoint, FormFields, Payload, Purpose, Reply, RequestBody, verdict};
use crate::{
    error::{MethodError, ResponseError},
    wire::read,
};

/// A call of a Web API method: converts itself to a request, and the response to a typed result.
///
/// # A method of your own
///
/// ```
/// use serde::Deserialize;
/// use slack_proto::{AccessToken, ApiMethod, error::NoError, methods::FormFields};
///
/// struct TeamInfo;
///
/// #[derive(Deserialize)]
/// struct TeamInfoResponse {
///     team: Team,
/// }
/// #[derive(Deserialize)]
/// struct Team {
///     domain: String,
/// }
///
/// impl ApiMethod for TeamInfo {
///     const NAME: &'static str = "team.info";
///     type Auth = AccessToken;
///     type Response = TeamInfoResponse;
///     type Error = NoError;
///
///     fn params(&self, _: &mut FormFields) {}
/// }
///
/// let response = http::Response::new(r#"{"ok":true,"team":{"domain":"acme"}}"#);
/// assert_eq!(TeamInfo::parse_response(&response)?.value.team.domain, "acme");
/// # Ok::<(), slack_proto::error::ResponseError<NoError>>(())
/// ```
///
/// A method whose arguments have a structure sends them as JSON: [`JsonBody`](crate::methods::JsonBody) shows
/// `chat.postMessage` with blocks.
pub trait ApiMethod {
    /// Slack's name of the method, such as `auth.test`: letters, digits and dots, at most 100 bytes. An invalid name
    /// does not compile.
    const NAME: &'static str;

    /// The purpose of the call, as far as it changes what the program should do after an error.
    const PURPOSE: Purpose = Purpose::Call;

    /// The credential that the method accepts.
    type Auth: Auth;

    /// What a success is read into; the members of the envelope (`ok`, `error`, `warning`, `needed`, `provided`,
    /// `errors`, `response_metadata`) do not reach it. For a method that gives nothing, take `serde::de::IgnoredAny`.
    type Response: Payload;

    /// The error codes that are specific to the method; [`NoError`](crate::error::NoError) if there are none.
    type Error: MethodError;

    /// Adds the arguments to the form.
    fn params(&self, form: &mut FormFields);

    /// Adds the credential to the request, before the arguments. Override it only for a method that accepts the
    /// credential in an unusual place.
    fn authenticate(&self, auth: &Self::Auth, form: &mut FormFields) {
        auth.apply(form);
    }

    /// Builds the request. This cannot fail, since each value was validated when it was created.
    #[must_use]
    fn to_request(&self, endpoint: &Endpoint, auth: &Self::Auth) -> Request<RequestBody> {
        let mut form = FormFields::new();
        self.authenticate(auth, &mut form);
        self.params(&mut form);
        let (body, authorization) = form.finish();
        let mut request = post::<Self>(endpoint, body);
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        if let Some(authorization) = authorization {
            headers.insert(AUTHORIZATION, authorization);
        }
        request
    }

    /// Parses the response.
    ///
    /// # Errors
    ///
    /// Returns a [`ResponseError`] if the response is not a success.
    fn parse_response<B: AsRef<[u8]>>(
        response: &Response<B>,
    ) -> Result<Reply<Self::Response>, ResponseError<Self::Error>> {
        let mut payload = None;
        let read = read::read(response.body().as_ref(), &mut payload);
        verdict::decide(
            response.status().as_u16(),
            response.headers(),
            Self::PURPOSE,
            read,
            &mut payload,
        )
    }
}

/// Builds the request of a method, without headers.
pub(super) fn post<M: ApiMethod + ?Sized>(
    endpoint: &Endpoint,
    body: RequestBody,
) -> Request<RequestBody> {
    let mut request = Request::new(body);
    *request.method_mut() = HttpMethod::POST;
    *request.uri_mut() = endpoint.uri(const { Path::<M>::TEXT });
    // Room for what clients add: user agent, accept, host, length.
    *request.headers_mut() = HeaderMap::with_capacity(6);
    request
}

/// The path of a method, made while the program is compiled.
struct Path<M: ?Sized>(std::marker::PhantomData<M>);

impl<M: ApiMethod + ?Sized> Path<M> {
    const PREFIX: &'static [u8] = b"/api/";

    const BYTES: [u8; 105] = {
        let name = M::NAME.as_bytes();
        assert!(!name.is_empty() && name.len() <= 100, "a method's name has 1 to 100 bytes");
        let mut bytes = [0; 105];
        let mut at = 0;
        while at < Self::PREFIX.len() {
            bytes[at] = Self::PREFIX[at];
            at += 1;
        }
        while at < Self::PREFIX.len() + name.len() {
            let byte = name[at - Self::PREFIX.len()];
            assert!(
                byte.is_ascii_alphanumeric() || byte == b'.',
                "a method's name is letters, digits and dots"
            );
            bytes[at] = byte;
            at += 1;
        }
        bytes
    };

    const TEXT: &'static str =
        match std::str::from_utf8(Self::BYTES.split_at(Self::PREFIX.len() + M::NAME.len()).0) {
            Ok(text) => text,
            Err(_) => panic!("a method's name is ASCII"),
        };
}
