//! Keys to a Slack workspace, kept well.
