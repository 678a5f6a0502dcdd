//! What can come instead of a result.

pub use slack_proto::error::{
    ApiError, CommonError, DecodeError, ErrorClass, ErrorCode, HttpError, InvalidEncoding,
    InvalidValue, MethodError, NoError, RateLimited, Recovery, ResponseError,
};

pub use crate::call_error::{CallError, TransportError};
