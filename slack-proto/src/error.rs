//! What can come instead of a result.

mod api;
mod code;
mod common;
mod decode;
mod recovery;
mod response;

pub use api::{ApiError, HttpError, RateLimited};
pub use code::{ErrorClass, ErrorCode, MethodError, NoError};
pub use common::CommonError;
pub use decode::DecodeError;
pub(crate) use decode::Fault;
pub use recovery::Recovery;
pub use response::ResponseError;
