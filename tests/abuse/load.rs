//! Attackers and honest callers side by side, and what came of it.

use std::io::Write;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::gateway::{Gateway, Target};

/// Whether the long run is asked for.
pub(crate) fn full() -> bool {
    std::env::var("ABUSE").is_ok_and(|value| value == "full")
}

/// So many in the short run, so many in the long one.
pub(crate) fn number(short: usize, long: usize) -> usize {
    if full() { long } else { short }
}

/// How long attackers go on.
pub(crate) fn time() -> Duration {
    Duration::from_secs(if full() { 30 } else { 2 })
}

/// How long after its last byte a connection may stay open.
pub(crate) fn release() -> Duration {
    Duration::from_secs(if full() { 60 } else { 8 })
}

/// What honest callers and the process went through.
#[derive(Debug)]
pub(crate) struct Report {
    /// How long each honest caller waited, in order.
    pub(crate) waits: Vec<Duration>,
    /// Honest callers that were not answered.
    pub(crate) unserved: usize,
    /// Attackers whose connection the gateway ended.
    pub(crate) ended: usize,
    /// Megabytes before, at most, and after.
    pub(crate) memory: [u64; 3],
    /// Share of one processor that the gateway used.
    pub(crate) processor: f64,
}

impl Report {
    /// No honest caller was turned away or waited long, and the memory grew by so many megabytes at most.
    pub(crate) fn is_calm(&self, megabytes: u64) {
        assert_eq!(self.unserved, 0, "honest callers were not served: {self:?}");
        assert!(self.percentile(99) < Duration::from_secs(2), "honest callers waited: {self:?}");
        assert!(self.memory[1] <= self.memory[0] + megabytes, "memory grew: {self:?}");
    }

    fn percentile(&self, percent: usize) -> Duration {
        let at = (self.waits.len() * percent).div_ceil(100).saturating_sub(1);
        self.waits.get(at).copied().unwrap_or_default()
    }
}

/// Runs attackers (each says whether the gateway ended its connection) while honest callers come, one after the other.
pub(crate) async fn run<F>(gateway: &Gateway, name: &str, attackers: impl IntoIterator<Item = F>) -> Report
where
    F: Future<Output = bool> + Send + 'static,
{
    assert!(gateway.target.is_served().await, "it serves before anything happens");
    let (before, used, began) = (gateway.megabytes(), gateway.processor_seconds(), Instant::now());
    let mut attacks: JoinSet<bool> = attackers.into_iter().collect();
    let attackers = attacks.len();
    let honest = honest_apart(gateway.target.clone(), began + time());
    let (mut peak, mut ended) = (before, 0);
    let mut look = tokio::time::interval(Duration::from_millis(100));
    while !attacks.is_empty() {
        tokio::select! {
            Some(attack) = attacks.join_next() => ended += usize::from(attack.expect("an attacker does not panic")),
            _ = look.tick() => peak = peak.max(gateway.megabytes()),
        }
    }
    let honest = tokio::task::spawn_blocking(|| honest.join().expect("honest callers do not panic"));
    let (mut waits, unserved) = honest.await.expect("joined");
    let processor = (gateway.processor_seconds() - used) / began.elapsed().as_secs_f64();
    waits.sort_unstable();
    assert!(gateway.target.is_served().await, "it serves after all is over");
    let report = Report { waits, unserved, ended, memory: [before, peak, gateway.megabytes()], processor };
    tell(name, attackers, &report);
    report
}

/// Honest callers on a thread of their own: it is the gateway that is measured, not how attackers keep this process busy.
fn honest_apart(target: Target, until: Instant) -> JoinHandle<(Vec<Duration>, usize)> {
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(honest(target, until))
    })
}

/// Honest callers until a time: how long those that were served took, and how many were not.
async fn honest(target: Target, until: Instant) -> (Vec<Duration>, usize) {
    let (mut waits, mut unserved) = (Vec::new(), 0);
    while Instant::now() < until {
        let began = Instant::now();
        if target.is_served().await {
            waits.push(began.elapsed());
        } else {
            unserved += 1;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    (waits, unserved)
}

/// For people: not `println!`, which the harness keeps to itself.
fn tell(name: &str, attackers: usize, report: &Report) {
    let [before, peak, after] = report.memory;
    let (half, most, last) = (report.percentile(50), report.percentile(99), report.percentile(100));
    let line = format!(
        "{name}: {attackers} attackers, {} ended; honest {} served, {} not, p50 {} ms, p99 {} ms, max {} ms; \
         memory {before} -> {peak} -> {after} MB; {:.2} of a processor",
        report.ended,
        report.waits.len(),
        report.unserved,
        half.as_millis(),
        most.as_millis(),
        last.as_millis(),
        report.processor,
    );
    writeln!(std::io::stdout(), "{line}").expect("stdout");
}
