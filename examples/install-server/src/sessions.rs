//! Sessions, in memory: who signed in, and what was installed.
//!
//! Several servers of one app need a session store that they share.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use slack_auth::{Timestamp, oauth::SessionBinding, tokens::Fingerprint};

use crate::{install::Installed, sign_in::Person};

/// How long a session lives.
pub(crate) const LIFE: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// One browser's session.
#[derive(Clone, Debug, Default)]
pub(crate) struct Session {
    pub(crate) person: Option<Person>,
    pub(crate) installed: Option<Installed>,
}

/// All sessions, by the fingerprint of their id: who reads this memory cannot take one over.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    by_id: Mutex<HashMap<Fingerprint, (Session, Timestamp)>>,
}

impl Sessions {
    pub(crate) fn load(&self, id: &SessionBinding, now: Timestamp) -> Option<Session> {
        let sessions = self.by_id.lock().unwrap_or_else(PoisonError::into_inner);
        let (session, end) = sessions.get(&Fingerprint::of(id.expose()))?;
        (now < *end).then(|| session.clone())
    }

    /// Stores a session under `id`, and removes those that have expired.
    pub(crate) fn save(&self, id: &SessionBinding, session: Session, now: Timestamp) {
        let mut sessions = self.by_id.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.retain(|_, (_, end)| now < *end);
        sessions.insert(Fingerprint::of(id.expose()), (session, now + LIFE));
    }

    pub(crate) fn remove(&self, id: &SessionBinding) {
        let mut sessions = self.by_id.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.remove(&Fingerprint::of(id.expose()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_ends() {
        let (sessions, id) =
            (Sessions::default(), SessionBinding::new("0123456789abcdef").unwrap());
        let now = Timestamp::from_unix(1_000);
        sessions.save(&id, Session::default(), now);
        assert!(sessions.load(&id, now).is_some());
        assert!(sessions.load(&id, now + LIFE).is_none());
        sessions.save(
            &SessionBinding::new("another-0123456789").unwrap(),
            Session::default(),
            now + LIFE,
        );
        assert_eq!(sessions.by_id.lock().unwrap().len(), 1, "what has ended is forgotten");
        sessions.save(&id, Session::default(), now);
        sessions.remove(&id);
        assert!(sessions.load(&id, now).is_none());
    }
}
