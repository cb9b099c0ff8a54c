//! Signed-in stewards: a random 256-bit id in a cookie, everything else in memory. A restart signs everybody out.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use actix_web::cookie::{Cookie, SameSite, time};
use rustls::crypto::{GetRandomFailed, SecureRandom, ring};
use sha2::{Digest, Sha256};

use crate::auth::Caller;
use crate::http::config::Limits;

/// Name of the session cookie; the prefix makes browsers insist on `Secure` and this host.
pub(crate) const COOKIE: &str = "__Host-padan";
/// In which wrong access codes are counted.
const WINDOW: Duration = Duration::from_mins(1);

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

/// All sessions of this process, and the wrong codes of the last minute.
pub(crate) struct Sessions {
    random: &'static dyn SecureRandom,
    most: usize,
    lifetime: Duration,
    failures: u32,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    open: HashMap<[u8; 32], (Session, Instant)>,
    wrong: HashMap<IpAddr, (u32, Instant)>,
}

impl Sessions {
    /// No session yet.
    pub(crate) fn new(limits: &Limits) -> Result<Self, SessionError> {
        let random = ring::default_provider().secure_random;
        random.fill(&mut [0; 1])?;
        let lifetime = Duration::from_secs(limits.session_minutes * 60);
        Ok(Self {
            random,
            most: limits.max_sessions,
            lifetime,
            failures: limits.sign_in_failures,
            state: Mutex::default(),
        })
    }

    /// Signs somebody in; the answer is the cookie to set. Where there are too many sessions the oldest ends.
    pub(crate) fn open(&self, caller: Caller) -> Result<Cookie<'static>, SessionError> {
        let (id, form_token) = (self.token()?, self.token()?);
        let now = Instant::now();
        let mut state = self.lock();
        state.open.retain(|_, (_, end)| *end > now);
        if state.open.len() >= self.most {
            let oldest = state.open.iter().min_by_key(|(_, (_, end))| *end).map(|(key, _)| *key);
            oldest.and_then(|key| state.open.remove(&key));
        }
        state.open.insert(key(&id), (Session { caller, form_token }, now + self.lifetime));
        Ok(cookie(id, None))
    }

    /// The session of a cookie, when it has not ended.
    pub(crate) fn find(&self, id: &str) -> Option<Session> {
        self.find_at(id, Instant::now())
    }

    fn find_at(&self, id: &str, now: Instant) -> Option<Session> {
        self.lock().open.get(&key(id)).filter(|(_, end)| *end > now).map(|(session, _)| session.clone())
    }

    /// Signs somebody out; the answer is the cookie that forgets the session.
    pub(crate) fn close(&self, id: &str) -> Cookie<'static> {
        self.lock().open.remove(&key(id));
        cookie(String::new(), Some(time::Duration::ZERO))
    }

    /// Whether an address may try a code now.
    pub(crate) fn may_try(&self, from: IpAddr) -> bool {
        self.may_try_at(from, Instant::now())
    }

    fn may_try_at(&self, from: IpAddr, now: Instant) -> bool {
        let mut state = self.lock();
        state.wrong.retain(|_, (_, since)| now.duration_since(*since) < WINDOW);
        state.wrong.get(&from).is_none_or(|(count, _)| *count < self.failures)
    }

    /// Remembers a wrong code.
    pub(crate) fn failed(&self, from: IpAddr) {
        let mut state = self.lock();
        state.wrong.entry(from).or_insert((0, Instant::now())).0 += 1;
    }

    fn token(&self) -> Result<String, SessionError> {
        let mut bytes = [0; 32];
        self.random.fill(&mut bytes)?;
        Ok(hex::encode(bytes))
    }

    /// No code that holds this lock can leave the maps half-changed, so a panic elsewhere does not matter.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
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
    fn the_oldest_session_makes_room() {
        let sessions = Sessions::new(&Limits { max_sessions: 2, ..Limits::default() }).expect("randomness");
        let cookies: Vec<_> = (0..3).map(|_| sessions.open(samples::caller()).expect("a session")).collect();
        let found: Vec<bool> = cookies.iter().map(|cookie| sessions.find(cookie.value()).is_some()).collect();
        assert_eq!(found, [false, true, true]);
    }

    #[test]
    fn wrong_codes_make_an_address_wait_a_minute() {
        let sessions = Sessions::new(&Limits { sign_in_failures: 2, ..Limits::default() }).expect("randomness");
        let (here, there) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        for _ in 0..2 {
            assert!(sessions.may_try(here));
            sessions.failed(here);
        }
        assert!(!sessions.may_try(here));
        assert!(sessions.may_try(there));
        assert!(sessions.may_try_at(here, Instant::now() + WINDOW));
    }
}
