//! One record against many, clusters updated: the time of each [`Live::apply`], its median, tail and rate.
//!
//! Run with `cargo bench --bench live`; `PADAN_BENCH_ROWS` says how many rows the set has (default 100,000) and
//! `PADAN_BENCH_RECORDS` how many records come one by one (default 20,000). The model is `config/model/idhard.toml`,
//! trained on the first rows; the people are made up (seed 1). Single calls are timed, so no harness is asked; time in
//! which the thread waited for a processor does not count.

#![expect(clippy::print_stdout, reason = "a bench shows its figures")]

#[path = "data/people.rs"]
mod people;
#[path = "data/random.rs"]
mod random;

use std::time::{Duration, Instant};

use self::people::{setting, trained, untrained, values, written};
use padan::engine::{Change, Live, Value};

/// Rows that the model is trained on.
const TRAINED_ON: usize = 100_000;

fn main() {
    let (count, new) = (setting("PADAN_BENCH_ROWS", 100_000), setting("PADAN_BENCH_RECORDS", 20_000));
    let columns = untrained();
    let mut rows: Vec<(u64, Vec<Value>)> =
        (1..).zip(written(count + new, 1).iter().map(|record| values(record, &columns))).collect();
    let arriving = rows.split_off(count);
    let plan = trained(&rows[..count.min(TRAINED_ON)]).plan();
    let start = Instant::now();
    let mut live = Live::bulk(plan, &rows, &[]).expect("the rows fit the model");
    println!("{count} rows matched in {:.1} s", start.elapsed().as_secs_f64());
    drop(rows);

    let updated = arriving.iter().map(|(id, _)| *id).collect::<Vec<u64>>();
    let upsert = |(id, values)| vec![Change::Upsert { id, values }];
    measure("new record", &mut live, arriving.iter().cloned().map(upsert).collect());
    let changed = arriving.iter().zip(updated.iter().rev()).map(|((_, values), id)| (*id, values.clone()));
    measure("changed record", &mut live, changed.map(upsert).collect());
    measure("removed record", &mut live, updated.iter().map(|id| vec![Change::Remove { id: *id }]).collect());
    println!("{} clusters of two and more, {} questions", live.clusters().len(), live.review().count());
}

/// How long this thread was ready to run and had no processor, as far as the system tells: on a busy machine that is no
/// property of the program.
fn waited() -> Duration {
    let figures = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(figures.split(' ').nth(1).and_then(|nanoseconds| nanoseconds.parse().ok()).unwrap_or(0))
}

fn measure(what: &str, live: &mut Live, batches: Vec<Vec<Change>>) {
    let mut times: Vec<Duration> = Vec::with_capacity(batches.len());
    for batch in batches {
        let (waited, start) = (waited(), Instant::now());
        live.apply(batch).expect("the rows fit the model");
        let elapsed = start.elapsed();
        times.push(elapsed.saturating_sub(self::waited().saturating_sub(waited)));
    }
    let sum: Duration = times.iter().sum();
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
    println!(
        "{what}: p50 {:.3} ms, p90 {:.3} ms, p99 {:.3} ms, p99.9 {:.3} ms, most {:.3} ms; {:.0} records/s",
        at(0.5),
        at(0.9),
        at(0.99),
        at(0.999),
        at(1.0),
        times.len() as f64 / sum.as_secs_f64(),
    );
}
