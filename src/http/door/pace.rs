//! How much is read from a stranger: a little at once, then so many bytes a second.

use std::time::Duration;

use tokio::time::Instant;

/// How long a stranger may be ahead of its rate.
const AHEAD: Duration = Duration::from_secs(4);

/// What one connection has used.
#[derive(Debug)]
pub(super) struct Pace {
    bytes_per_s: u64,
    /// When what was read so far will have been allowed by the rate alone.
    paid: Instant,
    /// Since when it has to wait, without having been paid up in between.
    waits_since: Option<Instant>,
}

impl Pace {
    /// Nothing read yet.
    pub(super) fn new(bytes_per_s: u64, now: Instant) -> Self {
        Self { bytes_per_s, paid: now, waits_since: None }
    }

    /// So many bytes were read.
    pub(super) fn spend(&mut self, bytes: usize, now: Instant) {
        let cost = Duration::from_secs_f64(bytes as f64 / self.bytes_per_s as f64);
        self.paid = self.paid.max(now) + cost;
    }

    /// When the next byte may be read, if that is not now, and since when there is waiting.
    pub(super) fn next(&mut self, now: Instant) -> Option<(Instant, Instant)> {
        if self.paid <= now {
            self.waits_since = None;
        }
        let next = self.paid - AHEAD;
        (next > now).then(|| (next, *self.waits_since.get_or_insert(now)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_stranger_is_read_at_once_and_then_at_its_rate() {
        let start = Instant::now();
        let mut pace = Pace::new(1_000, start);
        pace.spend(4_000, start);
        assert_eq!(pace.next(start), None, "so much is read at once");
        pace.spend(1_000, start);
        let second = Duration::from_secs(1);
        assert_eq!(pace.next(start), Some((start + second, start)));
        assert_eq!(pace.next(start + second), None);
        pace.spend(1_000, start + second);
        assert_eq!(pace.next(start + second), Some((start + second * 2, start)), "it has been waiting since then");
        assert_eq!(pace.next(start + second * 10), None);
        pace.spend(6_000, start + second * 10);
        assert_eq!(pace.next(start + second * 10).map(|(_, since)| since), Some(start + second * 10));
    }
}
