//! Rotation: one credential kept alive, as a state machine without a clock and without I/O.

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
