//! Kernels beside their plain twins in `strsim`: nanoseconds a pair, one text prepared and compared with 200 others.
//!
//! Run with `cargo bench --bench kernels`. Names are two random words of the generator's pools, numbers are random;
//! seed 1. The pairs are random ones: nearly none is alike, as in blocks.

#[path = "data/random.rs"]
mod random;
#[path = "data/texts.rs"]
mod texts;

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion};
use padan::engine::kernel::Prepared;

/// Others that one text is compared with.
const OTHERS: usize = 200;

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(30)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    similarities(&mut criterion);
    for (of, texts, cutoff) in [("digits", texts::numbers(4000, 1), 2), ("names", texts::names(4000, 1), 2)] {
        distances(&mut criterion, of, &texts, cutoff);
    }
    criterion.final_summary();
}

fn similarities(criterion: &mut Criterion) {
    let names = texts::names(4000, 1);
    let mut group = criterion.benchmark_group("jaro_winkler names");
    plain(&mut group, &names, |a, b| strsim::jaro_winkler(a, b).to_bits());
    for cutoff in [0.0, 0.7, 0.92] {
        let bits = move |found: Option<f64>| found.unwrap_or_default().to_bits();
        alone(&mut group, &format!("cut-off {cutoff}"), &names, move |one, b| bits(one.jaro_winkler(b, cutoff)));
    }
    let mut found = Vec::new();
    many(&mut group, "no cut-off", &names, |one, others| {
        one.jaro_winkler_many(others.iter().copied(), 0.0, &mut found);
        found.iter().map(|found| found.unwrap_or_default().to_bits()).fold(0, u64::wrapping_add)
    });
    group.finish();
}

fn distances(criterion: &mut Criterion, of: &str, texts: &[String], cutoff: usize) {
    let number = |found: Option<usize>| found.unwrap_or_default() as u64;

    let mut group = criterion.benchmark_group(format!("osa {of}"));
    plain(&mut group, texts, |a, b| strsim::osa_distance(a, b) as u64);
    alone(&mut group, "no cut-off", texts, |one, b| number(one.osa(b, usize::MAX)));
    alone(&mut group, &format!("cut-off {cutoff}"), texts, |one, b| number(one.osa(b, cutoff)));
    let mut found = Vec::new();
    many(&mut group, "no cut-off", texts, |one, others| {
        one.osa_many(others.iter().copied(), usize::MAX, &mut found);
        found.iter().copied().map(number).sum()
    });
    group.finish();

    let mut group = criterion.benchmark_group(format!("levenshtein {of}"));
    plain(&mut group, texts, |a, b| strsim::levenshtein(a, b) as u64);
    alone(&mut group, "no cut-off", texts, |one, b| number(one.levenshtein(b, usize::MAX)));
    alone(&mut group, &format!("cut-off {cutoff}"), texts, |one, b| number(one.levenshtein(b, cutoff)));
    many(&mut group, "no cut-off", texts, |one, others| {
        one.levenshtein_many(others.iter().copied(), usize::MAX, &mut found);
        found.iter().copied().map(number).sum()
    });
    group.finish();

    let mut group = criterion.benchmark_group(format!("damerau {of}"));
    plain(&mut group, texts, |a, b| strsim::damerau_levenshtein(a, b) as u64);
    alone(&mut group, "no cut-off", texts, |one, b| number(one.damerau(b, usize::MAX)));
    alone(&mut group, &format!("cut-off {cutoff}"), texts, |one, b| number(one.damerau(b, cutoff)));
    group.finish();
}

/// Time of `work` on one text and its others, divided by the pairs; every answer is used.
fn pairs(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    texts: &[String],
    mut work: impl FnMut(&str, &[&str]) -> u64,
) {
    let blocks: Vec<Vec<&str>> = texts.chunks(OTHERS).map(|block| block.iter().map(String::as_str).collect()).collect();
    group.bench_function(name, |bencher| {
        bencher.iter_custom(|rounds| {
            let start = Instant::now();
            let mut sum = 0u64;
            for round in 0..rounds as usize {
                // Another text and other others each time, so that the machine cannot learn the answers.
                let block = &blocks[round % blocks.len()];
                let one = block[round / blocks.len() % OTHERS];
                sum = sum.wrapping_add(work(one, block));
            }
            black_box(sum);
            start.elapsed() / OTHERS as u32
        });
    });
}

fn plain(group: &mut BenchmarkGroup<'_, WallTime>, texts: &[String], twin: impl Fn(&str, &str) -> u64) {
    let sum = |one: &str, others: &[&str]| others.iter().map(|other| twin(one, other)).fold(0, u64::wrapping_add);
    pairs(group, "strsim", texts, sum);
}

fn alone(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    texts: &[String],
    kernel: impl Fn(&mut Prepared, &str) -> u64,
) {
    let mut prepared = Prepared::default();
    pairs(group, &format!("one by one, {name}"), texts, |one, others| {
        prepared.prepare(one);
        others.iter().map(|other| kernel(&mut prepared, other)).fold(0, u64::wrapping_add)
    });
}

fn many(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    texts: &[String],
    mut kernel: impl FnMut(&Prepared, &[&str]) -> u64,
) {
    let mut prepared = Prepared::default();
    pairs(group, &format!("in step, {name}"), texts, |one, others| {
        prepared.prepare(one);
        kernel(&prepared, others)
    });
}
