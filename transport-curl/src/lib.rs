//! The transport of slack-auth over libcurl.
