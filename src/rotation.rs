//! Token rotation: what a [`TokenRotator`](crate::TokenRotator) returns and reports, and the state machine behind it.
//!
//! [`Rotation`] keeps one credential alive without a clock and without I/O: for programs that drive it themselves.

pub use slack_proto::rotation::{
    Action, AnyCredential, Fact, Input, Issued, Note, Problem, ReauthorizationReason,
    RefreshFailure, RefreshRequest, Rejection, Rotation, RotationEvent, RotationPolicy, Write,
};

pub use crate::rotator::{
    Drained, InvalidRotator, InvalidRotatorKind, PlannedRefresh, RevokeError, RevokeErrorKind,
    RotatedCallError, RotationObserver, SweepFailure, SweepHandle, SweepPlan, SweepReport,
    SweepSummary, TokenError, TokenErrorKind, TokenRotatorBuilder, ValidConfigurationToken,
    ValidToken,
};
