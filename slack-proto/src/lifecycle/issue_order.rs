//! Whether a credential was issued before or after an event.

use std::time::Duration;

use crate::{Timestamp, tokens::Credential};

/// When a credential was issued, compared with when an event happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IssueOrder {
    /// Issued before the event, so the event concerns it.
    Before,
    /// Issued after the event, so the event does not concern it.
    After,
    /// Within five minutes of the event, or one of the times is unknown: only Slack can tell whether the token is alive.
    Unclear,
}

impl Credential {
    /// Compares the time of issue with the time of an event, both by Slack's clock.
    ///
    /// The time of issue is [`server_date`](Self::server_date). [`issued_at`](Self::issued_at) does not count: it is of
    /// the caller's clock, which may be minutes off.
    #[must_use]
    pub fn issue_order(&self, event_time: Option<Timestamp>) -> IssueOrder {
        let (Some(issued), Some(event)) = (self.server_date, event_time) else {
            return IssueOrder::Unclear;
        };
        if event.since(issued) > MARGIN {
            IssueOrder::Before
        } else if issued.since(event) > MARGIN {
            IssueOrder::After
        } else {
            IssueOrder::Unclear
        }
    }

    /// Returns whether this credential was issued before another one, by Slack's clock if both times are known, else by
    /// the caller's.
    #[must_use]
    pub fn is_older_than(&self, other: &Self) -> bool {
        match (self.server_date, other.server_date) {
            (Some(own), Some(other)) => own < other,
            _ => self.issued_at < other.issued_at,
        }
    }
}

/// Slack answers, writes and delivers on many machines, whose clocks differ a little.
const MARGIN: Duration = Duration::from_secs(5 * 60);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::AccessToken;

    fn issued(server_date: Option<u64>, issued_at: u64) -> Credential {
        let token = AccessToken::new("xoxb-1").unwrap();
        let mut credential = Credential::new(token, Timestamp::from_unix(issued_at));
        credential.server_date = server_date.map(Timestamp::from_unix);
        credential
    }

    #[test]
    fn an_event_is_clear_beyond_five_minutes() {
        let order = |issued_at, event: Option<u64>| {
            issued(issued_at, 9_999_999).issue_order(event.map(Timestamp::from_unix))
        };
        assert_eq!(order(Some(10_000), Some(10_301)), IssueOrder::Before);
        assert_eq!(order(Some(10_000), Some(9_699)), IssueOrder::After);
        for event in [9_700, 10_000, 10_300] {
            assert_eq!(order(Some(10_000), Some(event)), IssueOrder::Unclear, "{event}");
        }
        assert_eq!(order(None, Some(1)), IssueOrder::Unclear);
        assert_eq!(order(Some(1), None), IssueOrder::Unclear);
    }

    #[test]
    fn slacks_clock_counts_where_it_is_known() {
        assert!(issued(Some(1), 9).is_older_than(&issued(Some(2), 3)));
        assert!(!issued(Some(2), 3).is_older_than(&issued(Some(2), 9)));
        assert!(issued(None, 3).is_older_than(&issued(Some(2), 9)));
        assert!(!issued(Some(1), 9).is_older_than(&issued(None, 9)));
    }
}
