//! The plan of the house, held by machine: who may use whom, how big things may get, what may come in from outside.

#[path = "architecture/crates.rs"]
mod crates;
#[path = "architecture/leftovers.rs"]
mod leftovers;
#[path = "architecture/plan.rs"]
mod plan;
#[path = "architecture/reading.rs"]
mod reading;
#[path = "architecture/sizes.rs"]
mod sizes;
#[path = "architecture/source.rs"]
mod source;

fn report(problems: &[String]) {
    assert!(problems.is_empty(), "{} problems:\n  {}", problems.len(), problems.join("\n  "));
}
