//! Attempts to sign in. A right code is always let in, whoever else tried from the same address: codes have 256 bits, so
//! nobody comes upon one by trying, and a lock would only let one guest of a proxy shut out all others. What is bounded is
//! what trying costs: wrong codes are answered late and counted by address, and in a second only so many codes are hashed,
//! half of them for addresses that have not failed.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::http::config::Limits;

/// In which wrong access codes are counted.
const WINDOW: Duration = Duration::from_mins(1);
/// How much later a wrong code is answered for each one before it, and at most.
const DELAY: Duration = Duration::from_millis(400);
const MOST_DELAY: Duration = Duration::from_secs(2);
/// How long an attempt may wait until it is its turn.
const MOST_WAIT: Duration = Duration::from_secs(5);
/// So many may come at once before others wait.
const BURST: Duration = Duration::from_secs(1);
/// Addresses that are remembered.
const MOST_ADDRESSES: usize = 10_000;
/// Bits of an IPv6 address that its owner may choose.
const OWN_BITS: u32 = 64;

/// Counts of the last minute.
pub(crate) struct Attempts {
    failures: u32,
    /// Between two attempts of one lane.
    step: Duration,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    wrong: HashMap<IpAddr, (u32, Instant)>,
    /// For addresses that have not failed, and for those that have: until when each is taken.
    lanes: [Option<Instant>; 2],
}

/// What a wrong code is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// That it is not known, after so long.
    Unknown(Duration),
    /// To wait: there were too many.
    Wait,
}

impl Attempts {
    /// None yet.
    pub(crate) fn new(limits: &Limits) -> Self {
        // Half of the attempts of a second are for each lane.
        let step = Duration::from_secs(2) / limits.sign_in_attempts_per_s.max(1);
        Self { failures: limits.sign_in_failures, step, state: Mutex::default() }
    }

    /// When it is the turn of an attempt from an address; `None` where too many are waiting.
    pub(crate) fn turn(&self, from: IpAddr) -> Option<Duration> {
        self.turn_at(from, Instant::now())
    }

    fn turn_at(&self, from: IpAddr, now: Instant) -> Option<Duration> {
        let mut state = self.lock();
        let lane = usize::from(state.failures_of(from, now) > 0);
        let taken = state.lanes[lane].map_or(now, |taken| taken.max(now));
        let wait = (taken + self.step).saturating_duration_since(now).saturating_sub(BURST);
        if wait > MOST_WAIT {
            return None;
        }
        state.lanes[lane] = Some(taken + self.step);
        Some(wait)
    }

    /// Remembers a wrong code.
    pub(crate) fn failed(&self, from: IpAddr) -> Wrong {
        self.failed_at(from, Instant::now())
    }

    fn failed_at(&self, from: IpAddr, now: Instant) -> Wrong {
        let mut state = self.lock();
        let count = state.failures_of(from, now) + 1;
        state.make_room(now);
        let since = state.wrong.get(&counted(from)).map_or(now, |(_, since)| *since);
        state.wrong.insert(counted(from), (count, since));
        if count > self.failures { Wrong::Wait } else { Wrong::Unknown((DELAY * count).min(MOST_DELAY)) }
    }

    /// No code that holds this lock can leave the counts half-changed, so a panic elsewhere does not matter.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// How often an address failed in the last minute; forgets what is older.
    fn failures_of(&mut self, from: IpAddr, now: Instant) -> u32 {
        let from = counted(from);
        match self.wrong.get(&from) {
            Some((count, since)) if now.duration_since(*since) < WINDOW => *count,
            Some(_) => {
                self.wrong.remove(&from);
                0
            }
            None => 0,
        }
    }

    /// Counts of very many addresses are no help against whoever has so many.
    fn make_room(&mut self, now: Instant) {
        if self.wrong.len() >= MOST_ADDRESSES {
            self.wrong.retain(|_, (_, since)| now.duration_since(*since) < WINDOW);
        }
        if self.wrong.len() >= MOST_ADDRESSES {
            self.wrong.clear();
        }
    }
}

/// The address that is counted: of IPv6 the part that its owner does not choose.
fn counted(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> OWN_BITS << OWN_BITS).into(),
        four @ IpAddr::V4(_) => four,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempts(failures: u32, per_second: u32) -> Attempts {
        let limits = Limits { sign_in_failures: failures, sign_in_attempts_per_s: per_second, ..Limits::default() };
        Attempts::new(&limits)
    }

    #[test]
    fn wrong_codes_are_answered_late_and_then_told_to_wait() {
        let (attempts, now) = (attempts(2, 100), Instant::now());
        let (here, there) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        let ms = |ms| Wrong::Unknown(Duration::from_millis(ms));
        for wanted in [ms(400), ms(800), Wrong::Wait, Wrong::Wait] {
            assert_eq!(attempts.failed_at(here, now), wanted);
            assert!(attempts.turn_at(here, now).is_some(), "a right code would be let in");
        }
        assert_eq!(attempts.failed_at(there, now), ms(400), "others are others");
        assert_eq!(attempts.failed_at(here, now + WINDOW), ms(400), "a minute later");
        let near: [IpAddr; 2] = ["2001:db8::1", "2001:db8::ffff:2"].map(|text| text.parse().expect("an address"));
        assert_eq!(near.map(|address| attempts.failed_at(address, now)), [ms(400), ms(800)], "one owner");
    }

    #[test]
    fn who_fails_keeps_nobody_else_from_his_turn() {
        let (attempts, now) = (attempts(5, 20), Instant::now());
        let (attacker, steward) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        attempts.failed_at(attacker, now);
        let turns: Vec<Option<Duration>> = (0..100).map(|_| attempts.turn_at(attacker, now)).collect();
        assert_eq!(turns.iter().filter(|turn| **turn == Some(Duration::ZERO)).count(), 10, "ten in a second");
        assert_eq!(turns.iter().flatten().count(), 60, "and as many as five seconds have");
        assert_eq!(attempts.turn_at(steward, now), Some(Duration::ZERO));
        assert!(attempts.turn_at(attacker, now + Duration::from_secs(10)).is_some());
    }

    #[test]
    fn very_many_addresses_take_no_more_room() {
        let (attempts, now) = (attempts(5, 100), Instant::now());
        for nth in 0..2 * MOST_ADDRESSES as u32 {
            attempts.failed_at(IpAddr::from(nth.to_be_bytes()), now);
        }
        assert!(attempts.lock().wrong.len() <= MOST_ADDRESSES);
    }
}
