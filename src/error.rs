//! Errors: of calls, of Slack's responses, and of values that are refused; and [`Recovery`], what to do next.

pub use slack_proto::error::{
    ApiError, CommonError, DecodeError, ErrorClass, ErrorCode, HttpError, InvalidEncoding,
    InvalidValue, MethodError, NoError, RateLimited, Recovery, ResponseError,
};

pub use crate::call_error::{CallError, TransportError};
