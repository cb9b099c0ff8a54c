//! The memory of a live set, bytes a row, and its checkpoint: how large it is, and how long it takes to write and to read.
//!
//! Run with `cargo bench --bench memory`; `PADAN_BENCH_ROWS` says how many rows there are (default 200,000). The model is
//! `config/model/idhard.toml`, trained on the first rows; the people are made up (seed 1) and come in batches of a thousand.
//! With `PADAN_BENCH_MODEL=indonesia` the model is `config/model/indonesia.toml`, which has names and many more keys a row;
//! of its columns only those are filled that these people have.
//!
//! Memory is what the system holds resident for the process. What a process did before would leave pages behind that the
//! set takes over uncounted, so training, building and reading each happen in a process of their own.

#![expect(clippy::print_stdout, reason = "a bench shows its figures")]

#[path = "data/people.rs"]
mod people;
#[path = "data/random.rs"]
mod random;

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use self::people::{setting, trained, untrained, values, written};
use padan::engine::{Change, Live, Plan, Value};
use padan::normalise::NameTables;
use padan::normalise::name::parse_name;

/// Rows that the model is trained on.
const TRAINED_ON: usize = 50_000;
/// Rows that come together.
const BATCH: usize = 1_000;
/// Says what a process that was started for one part has to do.
const PART: &str = "PADAN_BENCH_PART";

fn main() {
    let folder = std::env::temp_dir().join("padan-bench-memory");
    match std::env::var(PART).as_deref() {
        Ok("build") => build(&folder),
        Ok("read") => read(&folder),
        _ => {
            fs::create_dir_all(&folder).expect("the folder for temporary files can be written");
            fs::write(folder.join("model.toml"), model()).expect("the model can be written");
            ["build", "read"].into_iter().for_each(start);
            fs::remove_dir_all(folder).expect("the folder is still there");
        }
    }
}

/// The text of the model.
fn model() -> String {
    if std::env::var("PADAN_BENCH_MODEL").as_deref() == Ok("indonesia") {
        return include_str!("../config/model/indonesia.toml").to_owned();
    }
    let columns = untrained();
    let records = written(TRAINED_ON, 1);
    let rows: Vec<(u64, Vec<Value>)> = (1..).zip(records.iter().map(|record| values(record, &columns))).collect();
    trained(&rows).text().to_owned()
}

/// The values of a record, whose values for the usual model are given, in the columns of a plan.
fn in_columns(given: &[Value], usual: &Plan, plan: &Plan) -> Vec<Value> {
    let of = |name: &str| {
        let place = usual.columns().iter().position(|column| column.name == name);
        place.map_or(Value::Missing, |place| given[place].clone())
    };
    let text = |name: &str| if let Value::Text(text) = of(name) { text } else { String::new() };
    let name = |text: &str| Value::Name(Box::new(parse_name(text, NameTables::embedded())));
    let value = |column: &str| match column {
        "nama" => name(&format!("{} {}", text("given"), text("surname"))),
        "nama_ibu" => name(&text("mother")),
        "tanggal_lahir" => of("dob"),
        "jenis_kelamin" => of("gender"),
        "wilayah" => of("postcode"),
        "alamat" => of("address"),
        other => of(other),
    };
    plan.columns().iter().map(|column| value(&column.name)).collect()
}

/// Starts this program again for one part.
fn start(part: &str) {
    let program = std::env::current_exe().expect("the program knows where it is");
    // Else glibc keeps pages of large blocks that were given back, and they would count as the set's.
    let tight = [("MALLOC_MMAP_THRESHOLD_", "65536"), ("MALLOC_TRIM_THRESHOLD_", "65536"), ("MALLOC_ARENA_MAX", "1")];
    let status = Command::new(program).env(PART, part).envs(tight).status().expect("it can be started again");
    assert!(status.success(), "the part '{part}' failed");
}

fn plan(folder: &Path) -> Arc<Plan> {
    let text = fs::read_to_string(folder.join("model.toml")).expect("the model was written");
    Arc::new(Plan::parse(&text).expect("a trained model is a model"))
}

fn build(folder: &Path) {
    let (plan, usual) = (plan(folder), untrained());
    let records = written(setting("PADAN_BENCH_ROWS", 200_000), 1);
    let before = resident();
    let mut live = Live::new(Arc::clone(&plan));
    for (batch, first) in records.chunks(BATCH).zip((1u64..).step_by(BATCH)) {
        let rows = batch.iter().map(|record| in_columns(&values(record, &usual), &usual, &plan));
        let changes = (first..).zip(rows).map(|(id, values)| Change::Upsert { id, values });
        live.apply(changes.collect()).expect("the rows fit the model");
    }
    show("built", &live, resident() - before);
    let start = Instant::now();
    let mut file = File::create(folder.join("checkpoint")).expect("the folder can be written");
    live.write_to(&mut file).expect("the checkpoint can be written");
    let megabytes = file.metadata().expect("the file is there").len() >> 20;
    println!("written in {:.2} s, {megabytes} MB", start.elapsed().as_secs_f64());
}

fn read(folder: &Path) {
    let plan = plan(folder);
    let (before, start) = (resident(), Instant::now());
    let mut file = File::open(folder.join("checkpoint")).expect("the checkpoint was written");
    let live = Live::read_from(plan, &mut file).expect("the checkpoint is whole");
    println!("read in {:.2} s", start.elapsed().as_secs_f64());
    show("read", &live, resident() - before);
}

fn show(what: &str, live: &Live, bytes: usize) {
    println!("{what}: {} rows, {} MB, {} bytes a row", live.len(), bytes >> 20, bytes / live.len());
}

/// Bytes of this process in memory.
fn resident() -> usize {
    let status = fs::read_to_string("/proc/self/status").expect("the system tells about processes");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("memory is told");
    line.trim().trim_end_matches(" kB").parse::<usize>().expect("a number of kB") << 10
}
