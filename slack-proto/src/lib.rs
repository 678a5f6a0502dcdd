//! Slack's OAuth, OpenID Connect and token rotation as values: http requests out, typed results in, no I/O.
