//! Slack's side of OAuth as a state machine: a test double for apps that hold Slack tokens.
