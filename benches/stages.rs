//! The stages of a run over many rows: normalise, pack, block, and match, which blocks, scores and clusters.
//!
//! Run with `cargo bench --bench stages`; `PADAN_BENCH_ROWS` says how many rows there are (default 20,000). Everything
//! runs on one thread, so that figures are those of one core. For `score` the model has one blocking rule with large
//! blocks, so that there are many pairs a row and the time is that of scoring: read its elements as pairs. The model is `config/model/idhard.toml`
//! trained on the rows; the people are made up (seed 1).

#[path = "data/people.rs"]
mod people;
#[path = "data/random.rs"]
mod random;

use std::sync::Arc;
use std::time::Duration;

use self::people::{setting, trained, untrained, values, written};
use criterion::{BatchSize, Bencher, Criterion, Throughput};
use padan::engine::{Live, Plan, Rows, Trained, Value, match_rows};

fn main() {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("one thread can be started");
    pool.install(stages);
}

fn stages() {
    let mut criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(5))
        .configure_from_args();
    let written = written(setting("PADAN_BENCH_ROWS", 20_000), 1);
    let columns = untrained();
    let rows: Vec<(u64, Vec<Value>)> = (1..).zip(written.iter().map(|record| values(record, &columns))).collect();
    let trained = trained(&rows);
    let plan = trained.plan();
    let live = Live::bulk(Arc::clone(&plan), &rows, &[]).expect("the rows fit the model");

    let mut group = criterion.benchmark_group("stages");
    group.throughput(Throughput::Elements(rows.len() as u64));
    group.bench_function("normalise", |bencher| {
        bencher.iter(|| written.iter().map(|record| values(record, &columns)).collect::<Vec<_>>());
    });
    group.bench_function("pack", |bencher| bencher.iter(|| packed(&plan, &rows)));
    group.bench_function("block", |bencher| bencher.iter(|| live.candidates()));
    group.bench_function("match", |bencher| matching(bencher, &plan, &rows));

    let plan = one_rule(&trained);
    let few = &rows[..rows.len().min(3000)];
    let live = Live::bulk(Arc::clone(&plan), few, &[]).expect("the rows fit the model");
    group.throughput(Throughput::Elements(live.candidates().pairs()));
    group.bench_function("score", |bencher| matching(bencher, &plan, few));
    group.finish();
    criterion.final_summary();
}

fn matching(bencher: &mut Bencher<'_>, plan: &Arc<Plan>, rows: &[(u64, Vec<Value>)]) {
    let work = |rows: &mut Rows| match_rows(rows, &[]).expect("the rows fit the model");
    bencher.iter_batched_ref(|| packed(plan, rows), work, BatchSize::PerIteration);
}

fn packed(plan: &Arc<Plan>, rows: &[(u64, Vec<Value>)]) -> Rows {
    let mut packed = Rows::new(Arc::clone(plan));
    packed.extend(rows).expect("the rows fit the model");
    packed
}

/// A plan with the comparisons of another and one blocking rule, whose blocks are large.
fn one_rule(trained: &Trained) -> Arc<Plan> {
    let blocks = "[[block]]\nname = \"gender\"\nkeys = [\"gender\"]\nmax_block = 5000\n";
    let kept: Vec<&str> = trained.text().split("\n\n").filter(|section| !section.contains("[[block]]")).collect();
    Arc::new(Plan::parse(&format!("{}\n\n{blocks}", kept.join("\n\n"))).expect("the model stays right"))
}
