//! Signed-in stewards: a random 256-bit id in a cookie, everything else in memory. A restart signs everybody out. A client
//! has so many sessions at most, so that none can end those of others; one that nobody uses ends by itself.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use actix_web::cookie::{Cookie, SameSite, time};
use rustls::crypto::{GetRandomFailed, SecureRandom, ring};
use sha2::{Digest, Sha256};

use crate::auth::Caller;
use crate::http::config::Limits;

/// Name of the session cookie; the prefix makes browsers insist on `Secure` and this host.
pub(crate) const COOKIE: &str = "__Host-padan";

/// A steward who is signed in.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    /// Who, with all rights.
    pub(crate) caller: Caller,
    /// Stands in every form of this session and nowhere else.
    pub(crate) form_token: String,
}

/// There is no source of randomness.
#[derive(Debug, thiserror::Error)]
#[error("the system gives no random bytes for session ids")]
pub struct SessionError;

impl From<GetRandomFailed> for SessionError {
    fn from(_: GetRandomFailed) -> Self {
        Self
    }
}

/// All sessions of this process.
pub(crate) struct Sessions {
    random: &'static dyn SecureRandom,
    most: usize,
    most_of_client: usize,
    lifetime: Duration,
    idle: Duration,
    open: Mutex<Table>,
}

type Table = HashMap<[u8; 32], Open>;

/// A session that has not ended.
struct Open {
    session: Session,
    end: Instant,
    used: Instant,
}

impl Open {
    fn ended(&self, now: Instant, idle: Duration) -> bool {
        self.end <= now || now.duration_since(self.used) >= idle
    }
}

impl Sessions {
    /// No session yet.
    pub(crate) fn new(limits: &Limits) -> Result<Self, SessionError> {
        let random = ring::default_provider().secure_random;
        random.fill(&mut [0; 1])?;
        Ok(Self {
            random,
            most: limits.max_sessions,
            most_of_client: limits.max_sessions_per_client,
            lifetime: Duration::from_secs(limits.session_minutes * 60),
            idle: Duration::from_secs(limits.session_idle_minutes * 60),
            open: Mutex::default(),
        })
    }

    /// Signs somebody in; the answer is the cookie to set. Where the client has too many sessions, or all together are too
    /// many, its own that was not used for longest ends; where it has none, one of the client that has most.
    pub(crate) fn open(&self, caller: Caller) -> Result<Cookie<'static>, SessionError> {
        let (id, form_token) = (self.token()?, self.token()?);
        let now = Instant::now();
        let mut open = self.lock();
        open.retain(|_, open| !open.ended(now, self.idle));
        if sessions_of(&open, &caller.name) >= self.most_of_client || open.len() >= self.most {
            let ends = longest_unused(&open, &caller.name).or_else(|| longest_unused(&open, &client_with_most(&open)));
            ends.and_then(|key| open.remove(&key));
        }
        let session = Session { caller, form_token };
        open.insert(key(&id), Open { session, end: now + self.lifetime, used: now });
        Ok(cookie(id, None))
    }

    /// The session of a cookie, when it has not ended.
    pub(crate) fn find(&self, id: &str) -> Option<Session> {
        self.find_at(id, Instant::now())
    }

    fn find_at(&self, id: &str, now: Instant) -> Option<Session> {
        let mut open = self.lock();
        let found = open.get_mut(&key(id)).filter(|open| !open.ended(now, self.idle))?;
        found.used = now;
        Some(found.session.clone())
    }

    /// Signs somebody out; the answer is the cookie that takes the other one away.
    pub(crate) fn close(&self, id: &str) -> Cookie<'static> {
        self.lock().remove(&key(id));
        cookie(String::new(), Some(time::Duration::ZERO))
    }

    /// A name that nobody can guess.
    pub(crate) fn random_name(&self) -> Result<String, SessionError> {
        self.token()
    }

    fn token(&self) -> Result<String, SessionError> {
        let mut bytes = [0; 32];
        self.random.fill(&mut bytes)?;
        Ok(hex::encode(bytes))
    }

    /// No code that holds this lock can leave the map half-changed, so a panic elsewhere does not matter.
    fn lock(&self) -> MutexGuard<'_, Table> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn sessions_of(open: &Table, client: &str) -> usize {
    open.values().filter(|open| open.session.caller.name == client).count()
}

/// The client that has most sessions.
fn client_with_most(open: &Table) -> String {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for open in open.values() {
        *counts.entry(&open.session.caller.name).or_default() += 1;
    }
    counts.into_iter().max_by_key(|(_, count)| *count).map(|(name, _)| name.to_owned()).unwrap_or_default()
}

fn longest_unused(open: &Table, client: &str) -> Option<[u8; 32]> {
    let of_client = open.iter().filter(|(_, open)| open.session.caller.name == client);
    of_client.min_by_key(|(_, open)| open.used).map(|(key, _)| *key)
}

/// Sessions are found by the hash of their id, so that comparing tells nothing about it.
fn key(id: &str) -> [u8; 32] {
    Sha256::digest(id.as_bytes()).into()
}

fn cookie(id: String, age: Option<time::Duration>) -> Cookie<'static> {
    let mut cookie =
        Cookie::build(COOKIE, id).path("/").secure(true).http_only(true).same_site(SameSite::Strict).finish();
    cookie.set_max_age(age);
    cookie
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::steward::samples;

    #[test]
    fn a_session_is_found_until_it_ends() {
        let sessions = Sessions::new(&Limits { session_minutes: 1, ..Limits::default() }).expect("randomness");
        let cookie = sessions.open(samples::caller()).expect("a session");
        assert_eq!(cookie.value().len(), 64);
        assert!(cookie.secure() == Some(true) && cookie.http_only() == Some(true));
        assert_eq!(cookie.same_site(), Some(SameSite::Strict));
        assert!(sessions.find(cookie.value()).is_some());
        assert!(sessions.find("x").is_none());
        assert!(sessions.find_at(cookie.value(), Instant::now() + Duration::from_secs(61)).is_none());
        sessions.close(cookie.value());
        assert!(sessions.find(cookie.value()).is_none());
    }

    #[test]
    fn a_session_that_nobody_uses_ends() {
        let limits = Limits { session_minutes: 60, session_idle_minutes: 10, ..Limits::default() };
        let sessions = Sessions::new(&limits).expect("randomness");
        let cookie = sessions.open(samples::caller()).expect("a session");
        let after = |minutes: u64| sessions.find_at(cookie.value(), Instant::now() + Duration::from_mins(minutes));
        assert!(after(9).is_some() && after(18).is_some(), "it is used");
        assert!(after(28).is_none(), "ten minutes without a page");
    }

    #[test]
    fn a_client_ends_its_own_sessions_and_nobody_elses() {
        let limits = Limits { max_sessions: 5, max_sessions_per_client: 3, ..Limits::default() };
        let sessions = Sessions::new(&limits).expect("randomness");
        let (steward, agency) = (samples::caller(), samples::directory().by_token("dinsos-token").expect("known"));
        let open = |caller: &Caller| sessions.open(caller.clone()).expect("a session").value().to_owned();
        let theirs: Vec<String> = (0..3).map(|_| open(&steward)).collect();
        let own: Vec<String> = (0..1_001).map(|_| open(&agency)).collect();
        let found = |ids: &[String]| ids.iter().filter(|id| sessions.find(id).is_some()).count();
        assert_eq!(found(&theirs), 3, "another client signed in a thousand times");
        assert_eq!((found(&own), sessions.find(&own[1_000]).is_some()), (2, true));
        assert!(
            sessions.find(&open(&steward)).is_some() && sessions.find(&theirs[0]).is_none(),
            "the oldest of its own"
        );
    }
}
