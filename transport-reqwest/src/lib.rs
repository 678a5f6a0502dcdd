//! The transport of slack-auth over reqwest.
