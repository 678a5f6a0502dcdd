//! What can come instead of a result.

mod api;
mod code;
mod common;
mod decode;
pub(crate) mod invalid_value;
mod recovery;
mod response;

pub use crate::tokens::encoding::InvalidEncoding;
pub use api::{ApiError, HttpError, RateLimited};
pub use code::{ErrorClass, ErrorCode, MethodError, NoError};
pub use common::CommonError;
pub use decode::DecodeError;
pub(crate) use decode::Fault;
pub use invalid_value::InvalidValue;
pub use recovery::Recovery;
pub use response::ResponseError;
