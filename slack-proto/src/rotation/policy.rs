//! The settings of rotation.

use std::time::Duration;

use super::AnyCredential;
use crate::{Timestamp, tokens::CredentialLifetime};

/// How early a token is refreshed, and how long to wait after what.
///
/// | number | default | why |
/// |---|---|---|
/// | margin | the smaller of 2 h and a sixth of the token's life | as Slack's own SDKs do with 12 h |
/// | grace | 60 s | how long Slack is assumed to take a spent refresh token; it publishes no number |
/// | lease | 45 s | longer than a transport's total timeout of 30 s, shorter than the grace |
/// | wait after a rate limit without `Retry-After` | 30 s | |
/// | wait after a refusal that an operator must cure | 5 min | |
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use slack_proto::rotation::RotationPolicy;
///
/// let policy = RotationPolicy::new().margin(Duration::from_secs(300));
/// assert_eq!(policy.grace_period(), Duration::from_secs(60));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[must_use = "a policy does nothing until a rotation is made with it"]
pub struct RotationPolicy {
    margin: Option<Duration>,
    grace: Duration,
    lease: Duration,
    rate_limit_wait: Duration,
    refusal_wait: Duration,
    refresh_token_life: Option<Duration>,
}

impl RotationPolicy {
    /// Creates the default policy.
    pub const fn new() -> Self {
        Self {
            margin: None,
            grace: Duration::from_secs(60),
            lease: Duration::from_secs(45),
            rate_limit_wait: Duration::from_secs(30),
            refusal_wait: Duration::from_secs(5 * 60),
            refresh_token_life: None,
        }
    }

    /// Sets how long before its expiry a token is due. The default is a sixth of its lifetime, but at most 2 hours.
    pub const fn margin(self, margin: Duration) -> Self {
        Self { margin: Some(margin), ..self }
    }

    /// Sets for how long Slack is assumed to accept a refresh token after it was spent. Default: 60 s.
    pub const fn grace(self, grace: Duration) -> Self {
        Self { grace, ..self }
    }

    /// Sets the duration of a lease, which keeps other processes from refreshing. Default: 45 s.
    ///
    /// It must outlast one request, and end before the grace time does: else nobody can send the same refresh token
    /// again after a process has died.
    pub const fn lease(self, lease: Duration) -> Self {
        Self { lease, ..self }
    }

    /// Sets how long to wait after a rate limit, if Slack did not say. Default: 30 s.
    pub const fn rate_limit_wait(self, wait: Duration) -> Self {
        Self { rate_limit_wait: wait, ..self }
    }

    /// Sets how long to wait after a refusal that an operator must cure, such as `bad_client_secret`. Default: 5 min.
    pub const fn refusal_wait(self, wait: Duration) -> Self {
        Self { refusal_wait: wait, ..self }
    }

    /// Sets that the app is a public client (PKCE without a secret). Its refresh tokens expire 30 days after they
    /// were issued.
    ///
    /// A token past that day is sent all the same, since Slack knows better than a clock that may be wrong; but the
    /// day is [`Rotation::refresh_token_ends`](crate::rotation::Rotation::refresh_token_ends), and the reason for the
    /// end is then [`ReauthorizationReason::RefreshTokenExpired`](crate::rotation::ReauthorizationReason::RefreshTokenExpired).
    pub const fn for_public_client(self) -> Self {
        Self { refresh_token_life: Some(Duration::from_secs(30 * 24 * 3600)), ..self }
    }

    /// Returns how long Slack is assumed to accept a refresh token after it was spent.
    #[must_use]
    pub const fn grace_period(&self) -> Duration {
        self.grace
    }

    /// Returns how long a lease keeps other processes from refreshing.
    #[must_use]
    pub const fn lease_length(&self) -> Duration {
        self.lease
    }

    /// Returns when a credential is due for a refresh; `None` if it has no refresh token.
    ///
    /// A rotating credential with an unknown end is due at once, and so is refreshed at its first use: its access token
    /// may have ended already.
    ///
    /// Refreshes of a credential keep a period of their own, a little longer than its life without the margin, and
    /// `phase` is its place in that period: any number that is the same in all processes, best one that is drawn from the
    /// credential's name. So credentials that were issued together are refreshed at times of their own from the first
    /// refresh on. The time is never in the last three quarters of the margin.
    #[must_use]
    pub fn due_at(&self, credential: &AnyCredential, phase: u32) -> Option<Timestamp> {
        credential.refresh_token()?;
        let Some((life, end)) = credential.life().zip(credential.expires_at()) else {
            return Some(Timestamp::from_unix(0));
        };
        let margin = self.margin.unwrap_or_else(|| MOST_MARGIN.min(life / 6)).min(life);
        let latest = end - margin.saturating_sub(margin / 4);
        let period = (life.saturating_sub(margin) + margin / 8).as_secs().max(1);
        let phase = (u128::from(period) * u128::from(phase)) >> u32::BITS;
        let phase = u64::try_from(phase).unwrap_or_default();
        // The last time of that phase which is not too late.
        let past = (latest.as_unix() % period + period - phase) % period;
        Some(latest - Duration::from_secs(past))
    }

    /// Returns when a credential comes to an end that no refresh can put off, so that a person must authorize the app
    /// again before: the end of an access token without a refresh token, or that of a public client's refresh token. `None`
    /// if there is no such end, or if it is unknown.
    #[must_use]
    pub fn authorization_ends_at(&self, credential: &AnyCredential) -> Option<Timestamp> {
        match credential.lifetime() {
            CredentialLifetime::Ending { expires_at } => Some(expires_at),
            CredentialLifetime::Rotating { .. } => self.refresh_token_ends(credential),
            CredentialLifetime::Unlimited => None,
        }
    }

    /// Returns whether refresh tokens expire: those of a [public client](Self::for_public_client) do.
    #[must_use]
    pub const fn refresh_tokens_end(&self) -> bool {
        self.refresh_token_life.is_some()
    }

    /// Returns when the refresh token of a credential ends, after which a person must authorize the app again; `None` if
    /// the app is no [public client](Self::for_public_client), or if it is unknown when the token was issued.
    #[must_use]
    pub fn refresh_token_ends(&self, credential: &AnyCredential) -> Option<Timestamp> {
        Some(credential.refresh_token_issued_at()? + self.refresh_token_life?)
    }

    /// The longest wait after which a refresh token that may be spent is surely sent again in time: a request takes no
    /// longer than the lease lasts, and the grace time may begin with it.
    pub(super) fn wait_in_doubt(&self) -> Duration {
        let left = self.grace.saturating_sub(self.lease);
        left.min(self.grace / 4).max(retry_wait(0))
    }

    pub(super) fn wait_after_rate_limit(&self, after: Option<Duration>) -> Duration {
        after.unwrap_or(self.rate_limit_wait).min(MOST_WAIT)
    }

    /// The wait after a refusal that an operator must cure.
    pub(super) fn wait_after_client_refusal(&self) -> Duration {
        self.refusal_wait
    }

    /// The wait after a refusal that may heal by itself: each is twice as long as the one before, up to six hours.
    pub(super) fn wait_after_refusal(&self, refusals: u32) -> Duration {
        let wait = self.refusal_wait.saturating_mul(1 << refusals.min(16));
        wait.min(LONGEST_REFUSAL_WAIT).max(self.refusal_wait)
    }

    /// The shortest time between two refreshes of one credential, after so many in a row that Slack made necessary by
    /// rejecting a new token.
    pub(super) fn shortest_life(rejections: u32) -> Duration {
        let doublings = rejections.saturating_sub(1).min(6);
        Duration::from_secs(60 << doublings).min(Duration::from_secs(3600))
    }
}

impl Default for RotationPolicy {
    fn default() -> Self {
        Self::new()
    }
}

/// How long to wait after a number of failures in a row, the first of them being number 0.
pub(super) fn retry_wait(failures: u32) -> Duration {
    match failures {
        0..=5 => Duration::from_millis(500 << failures),
        _ => Duration::from_secs(60),
    }
}

/// How long to wait until the next look at what another process does.
pub(super) fn poll_wait(polls: u32) -> Duration {
    Duration::from_millis(100 << polls.min(5)).min(Duration::from_secs(2))
}

/// How long a token lives that a refresh gave, if Slack did not say:
/// <https://docs.slack.dev/authentication/using-token-rotation> says 43,200 seconds.
pub(super) const USUAL_LIFE: Duration = Duration::from_secs(12 * 3600);

const MOST_MARGIN: Duration = Duration::from_secs(2 * 3600);

/// However often Slack has refused.
const LONGEST_REFUSAL_WAIT: Duration = Duration::from_secs(6 * 3600);

/// Whatever a `Retry-After` says.
const MOST_WAIT: Duration = Duration::from_secs(3600);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        AccessToken,
        tokens::{Credential, RefreshToken},
    };

    fn credential(life: Option<u64>) -> AnyCredential {
        let issued_at = Timestamp::from_unix(1_000_000);
        let mut credential = Credential::new(AccessToken::new("xoxe.xoxb-1-a").unwrap(), issued_at);
        credential.refresh_token = Some(RefreshToken::new("xoxe-1-a").unwrap());
        credential.expires_at = life.map(|life| issued_at + Duration::from_secs(life));
        credential.into()
    }

    fn without_refresh_token(life: Option<u64>) -> AnyCredential {
        let AnyCredential::Credential(mut lasting) = credential(life) else { panic!() };
        lasting.refresh_token = None;
        lasting.into()
    }

    fn due_after(policy: RotationPolicy, life: Option<u64>, jitter: u32) -> u64 {
        policy.due_at(&credential(life), jitter).unwrap().as_unix() - 1_000_000
    }

    /// The first time when a credential is due, and the last, over all phases.
    fn due_between(policy: RotationPolicy, life: Option<u64>) -> (u64, u64) {
        let due: Vec<u64> =
            (0..=u32::MAX).step_by(1 << 18).map(|phase| due_after(policy, life, phase)).collect();
        (*due.iter().min().unwrap(), *due.iter().max().unwrap())
    }

    #[test]
    fn a_token_is_due_before_the_last_three_quarters_of_its_margin() {
        // The margin is two hours, or a sixth of the life.
        for (life, latest) in [(43_200, 37_800), (86_400, 81_000), (600, 525)] {
            let (first, last) = due_between(RotationPolicy::new(), Some(life));
            assert!(last <= latest && last + 60 > latest, "{life}: {last}");
            assert!(first > 0 && first < life / 30, "{life}: {first}");
        }
        let policy = RotationPolicy::new().margin(Duration::from_secs(60));
        assert!(due_between(policy, Some(600)).1 <= 555);
        assert!(due_between(policy, Some(5)).1 <= 5, "a margin is no longer than the life");
    }

    #[test]
    fn a_rotating_credential_of_unknown_end_is_due_at_once() {
        let policy = RotationPolicy::new();
        for phase in [0, 7, u32::MAX] {
            let due = policy.due_at(&credential(None), phase);
            assert_eq!(due, Some(Timestamp::from_unix(0)), "whatever any clock says");
        }
        let lasting = without_refresh_token(None);
        assert_eq!(
            (policy.due_at(&lasting, 0), policy.authorization_ends_at(&lasting)),
            (None, None)
        );
    }

    #[test]
    fn an_end_that_no_refresh_puts_off_is_told_ahead() {
        let (policy, end) = (RotationPolicy::new(), Timestamp::from_unix(1_003_599));
        let ending = without_refresh_token(Some(3_599));
        assert_eq!(policy.due_at(&ending, 0), None);
        assert_eq!(policy.authorization_ends_at(&ending), Some(end));
        let AnyCredential::Credential(mut rotating) = credential(Some(3_599)) else { panic!() };
        rotating.refresh_token_issued_at = Some(rotating.issued_at);
        let rotating = rotating.into();
        assert_eq!(policy.authorization_ends_at(&rotating), None);
        let end = Timestamp::from_unix(1_000_000 + 30 * 86_400);
        assert_eq!(policy.for_public_client().authorization_ends_at(&rotating), Some(end));
    }

    #[test]
    fn a_phase_keeps_its_place_from_the_first_refresh_on() {
        let policy = RotationPolicy::new();
        let period = 43_200 - 7_200 + 900;
        for phase in [0, 1, 1 << 20, 1 << 31, u32::MAX] {
            let mut now = Timestamp::from_unix(1_000_000);
            let mut gaps = Vec::new();
            for _ in 0..5 {
                let AnyCredential::Credential(mut it) = credential(Some(43_200)) else { panic!() };
                it.issued_at = now;
                it.expires_at = Some(now + Duration::from_secs(43_200));
                let due = policy.due_at(&it.into(), phase).unwrap();
                gaps.push(due.since(now).as_secs());
                // Somebody asks a little later.
                now = due + Duration::from_secs(90);
            }
            assert!(gaps[0] > 0 && gaps[0] <= 37_800, "{gaps:?}");
            assert!(gaps[1..].iter().all(|gap| *gap == period - 90), "{gaps:?}");
        }
    }

    #[test]
    fn a_request_and_a_wait_in_doubt_are_shorter_than_the_grace() {
        let wait = |grace, lease| {
            let (grace, lease) = (Duration::from_secs(grace), Duration::from_secs(lease));
            RotationPolicy::new().grace(grace).lease(lease).wait_in_doubt()
        };
        assert_eq!(wait(60, 45), Duration::from_secs(15));
        assert_eq!(wait(60, 50), Duration::from_secs(10));
        assert_eq!(wait(60, 20), Duration::from_secs(15));
        assert_eq!(wait(10, 60), Duration::from_millis(500));
    }

    #[test]
    fn what_is_set_is_what_counts() {
        let seconds = Duration::from_secs;
        let policy = RotationPolicy::new();
        assert_eq!((policy.grace_period(), policy.lease_length()), (seconds(60), seconds(45)));
        assert_eq!(policy.wait_after_rate_limit(None), seconds(30));
        assert_eq!(policy.wait_after_refusal(0), seconds(300));
        let policy = policy
            .grace(seconds(20))
            .lease(seconds(17))
            .rate_limit_wait(seconds(7))
            .refusal_wait(seconds(8));
        assert_eq!((policy.grace_period(), policy.lease_length()), (seconds(20), seconds(17)));
        assert_eq!(policy.wait_in_doubt(), seconds(3));
        assert_eq!(policy.wait_after_rate_limit(None), seconds(7));
        assert_eq!(policy.wait_after_rate_limit(Some(seconds(9))), seconds(9), "slack said so");
        assert_eq!(policy.wait_after_refusal(0), seconds(8));
    }

    #[test]
    fn the_schedule_is_the_one_that_is_written_down() {
        let waits: Vec<f32> = (0..8).map(|n| retry_wait(n).as_secs_f32()).collect();
        assert_eq!(waits, [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 60.0, 60.0]);
        assert_eq!(retry_wait(u32::MAX), Duration::from_secs(60));
        let policy = RotationPolicy::new();
        let minutes: Vec<_> =
            [0, 1, 6, 7, u32::MAX].map(|n| policy.wait_after_refusal(n).as_secs() / 60).into();
        assert_eq!(minutes, [5, 10, 320, 360, 360], "up to six hours");
        let minutes: Vec<_> = [0, 1, 2, 6, 7, u32::MAX]
            .map(|n| RotationPolicy::shortest_life(n).as_secs() / 60)
            .into();
        assert_eq!(minutes, [1, 1, 2, 32, 60, 60], "up to an hour");
        assert_eq!(poll_wait(0), Duration::from_millis(100));
        assert_eq!(poll_wait(u32::MAX), Duration::from_secs(2));
    }

    #[test]
    fn each_number_is_set_and_told() {
        assert_eq!(RotationPolicy::default(), RotationPolicy::new());
        let seconds = Duration::from_secs;
        let policy = RotationPolicy::new()
            .lease(seconds(7))
            .grace(seconds(8))
            .rate_limit_wait(seconds(9))
            .refusal_wait(seconds(10));
        assert_eq!((policy.lease_length(), policy.grace_period()), (seconds(7), seconds(8)));
        assert_eq!(policy.wait_after_rate_limit(None), seconds(9));
        assert_eq!(policy.wait_after_rate_limit(Some(seconds(1))), seconds(1));
        assert_eq!(policy.wait_after_rate_limit(Some(seconds(999_999))), seconds(3_600));
        assert_eq!(policy.wait_after_refusal(0), seconds(10));
    }
}
