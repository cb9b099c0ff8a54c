//! The memory of a live set: bytes a row, of a process that did nothing else.
//!
//! Run with `cargo bench --bench memory`; `PADAN_BENCH_ROWS` says how many rows there are (default 200,000). The model is
//! `config/model/idhard.toml`, trained on the first rows; the people are made up (seed 1) and come in batches of a thousand.
//! Memory is what the system holds resident for the process. Training would leave pages behind that the set takes over
//! uncounted, so the program trains, then starts itself again with the model.

#![expect(clippy::print_stdout, reason = "a bench shows its figures")]

#[path = "data/people.rs"]
mod people;
#[path = "data/random.rs"]
mod random;

use std::fs;
use std::process::Command;
use std::sync::Arc;

use self::people::{setting, trained, untrained, values, written};
use padan::engine::{Change, Live, Plan, Value};

/// Rows that the model is trained on.
const TRAINED_ON: usize = 50_000;
/// Rows that come together.
const BATCH: usize = 1_000;

fn main() {
    if let Some(model) = std::env::var_os("PADAN_BENCH_MODEL") {
        measure(&fs::read_to_string(model).expect("the model was written"));
        return;
    }
    let columns = untrained();
    let rows: Vec<(u64, Vec<Value>)> =
        (1..).zip(written(TRAINED_ON, 1).iter().map(|record| values(record, &columns))).collect();
    let model = std::env::temp_dir().join(format!("padan-bench-memory-{}.toml", std::process::id()));
    fs::write(&model, trained(&rows).text()).expect("the folder for temporary files can be written");
    let program = std::env::current_exe().expect("the program knows where it is");
    let status = Command::new(program).env("PADAN_BENCH_MODEL", &model).status().expect("it can be started again");
    fs::remove_file(model).expect("the model is still there");
    assert!(status.success(), "measuring failed");
}

fn measure(model: &str) {
    let plan = Arc::new(Plan::parse(model).expect("a trained model is a model"));
    let records = written(setting("PADAN_BENCH_ROWS", 200_000), 1);
    let before = resident();
    let mut live = Live::new(Arc::clone(&plan));
    for (batch, first) in records.chunks(BATCH).zip((1u64..).step_by(BATCH)) {
        let changes = (first..).zip(batch).map(|(id, record)| Change::Upsert { id, values: values(record, &plan) });
        live.apply(changes.collect()).expect("the rows fit the model");
    }
    let bytes = resident() - before;
    println!("{} rows: {} MB, {} bytes a row", live.len(), bytes >> 20, bytes / live.len());
}

/// Bytes of this process in memory.
fn resident() -> usize {
    let status = fs::read_to_string("/proc/self/status").expect("the system tells about processes");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("memory is told");
    line.trim().trim_end_matches(" kB").parse::<usize>().expect("a number of kB") << 10
}
