//! Rotation: one credential kept alive, as a state machine without a clock and without I/O.

pub use slack_proto::rotation::{
    Action, AnyCredential, Input, Issued, Problem, ReauthorizationReason, RefreshFailure,
    RefreshRequest, Rejection, Rotation, RotationEvent, RotationPolicy, Write,
};

pub use crate::rotator::{
    InvalidRotator, RevokeError, RotatedCallError, RotationObserver, TokenError,
    TokenRotatorBuilder, ValidConfigurationToken, ValidToken,
};
