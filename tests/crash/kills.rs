//! Store level: writers are killed at random moments, by SIGKILL alone or together with the power, and planted errors
//! are to be found.

use std::process::Stdio;

use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;

use crate::child::ask_role;
use crate::exam::{Amount, Exam};
use crate::fault::{Fault, Kill, PowerCut, Site, moment};
use crate::tally::{Rule, Tally};
use crate::workload::{Ledger, WRITERS};

const KILLS: Amount = Amount { quick: 100, full: 1_000 };
const CUTS: Amount = Amount { quick: 30, full: 300 };
/// Kills in which a planted error has to be found.
const PLANTED_KILLS: u32 = 12;
/// Kills of one store, so that looking at it stays quick.
const KILLS_OF_A_STORE: u32 = 50;
/// Milliseconds in which the kill comes; opening takes the first tens of them.
const LONGEST_MS: u64 = 200;

const COUNTS: &[(&str, Rule)] = &[
    ("kills", Rule::Some),
    ("acknowledged batches", Rule::Some),
    ("lost", Rule::Zero),
    ("half-applied", Rule::Zero),
    ("would not open", Rule::Zero),
];

/// An error that the exam must find.
struct Planted {
    name: &'static str,
    /// As `PADAN_SHIM_BUG`.
    bug: Option<&'static str>,
    cut: &'static str,
    is_power: bool,
}

const PLANTED: [Planted; 3] = [
    Planted { name: "no fsync", bug: Some("no-sync"), cut: "whole", is_power: true },
    Planted { name: "acknowledged before the fsync", bug: Some("late-sync"), cut: "whole", is_power: true },
    Planted { name: "one commit for each table", bug: None, cut: "by-table", is_power: false },
];

/// SIGKILL.
pub(crate) fn kill(exam: &Exam) -> Vec<Tally> {
    let mut tally = Tally::new("kill", "writers killed", COUNTS);
    run(exam, &mut Kill, "whole", exam.amount(KILLS), &mut tally);
    vec![tally]
}

/// SIGKILL, and the power goes with it.
pub(crate) fn power(exam: &Exam) -> Vec<Tally> {
    let mut tally = Tally::new("power", "power lost under writers", COUNTS);
    run(exam, &mut PowerCut::new(exam, None), "whole", exam.amount(CUTS), &mut tally);
    vec![tally]
}

/// Planted errors: each must make the counts wrong.
pub(crate) fn planted(exam: &Exam) -> Vec<Tally> {
    let names = [("planted errors", Rule::Some), ("found", Rule::Some), ("missed", Rule::Zero)];
    let mut tally = Tally::new("planted", "errors planted on purpose", &names);
    for Planted { name, bug, cut, is_power } in PLANTED {
        let mut found = Tally::new("planted", name, COUNTS);
        if is_power {
            run(exam, &mut PowerCut::new(exam, bug), cut, PLANTED_KILLS, &mut found);
        } else {
            run(exam, &mut Kill, cut, PLANTED_KILLS, &mut found);
        }
        tally.add("planted errors", 1);
        tally.add(if found.wrong() > 0 { "found" } else { "missed" }, 1);
        tally.note(found.to_string());
    }
    vec![tally]
}

fn run(exam: &Exam, fault: &mut dyn Fault, cut: &str, kills: u32, tally: &mut Tally) {
    let mut random = ChaCha8Rng::seed_from_u64(exam.seed);
    let mut site = Site::new(exam);
    for kill in 1..=kills {
        let mut command = Exam::child("store", &[&site.address(), site.aside_text(), cut]);
        fault.arm(&site, &mut command);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("a child");
        std::thread::sleep(moment(&mut random, LONGEST_MS));
        let early = child.try_wait().expect("a child's state");
        if let Some(status) = early {
            tally.note(format!("kill {kill}: the writer ended before it was killed, {status}"));
        }
        child.kill().expect("killed");
        child.wait().expect("dead");
        fault.strike(&site, &mut random);
        tally.add("kills", 1);
        let is_sound = early.is_none() && look(&site, kill, tally);
        if !is_sound || kill % KILLS_OF_A_STORE == 0 {
            settle(&site, tally);
            site = Site::new(exam);
        }
    }
    settle(&site, tally);
}

/// Whether the store is what it should be.
fn look(site: &Site, kill: u32, tally: &mut Tally) -> bool {
    let told = ask_role("check", &[&site.address(), site.aside_text()]);
    if !told.is_done() {
        tally.add("would not open", 1);
        let entries = std::fs::read_dir(site.store()).into_iter().flatten().flatten();
        let names: Vec<_> = entries.map(|entry| entry.file_name()).collect();
        tally.note(format!("kill {kill}: {}, files {names:?}", told.ending()));
        return false;
    }
    let (lost, half) = (told.number("lost"), told.number("half"));
    tally.add("lost", lost);
    tally.add("half-applied", half);
    if lost + half > 0 {
        tally.note(format!("kill {kill}: lost {lost}, half-applied {half}"));
    }
    lost + half == 0
}

fn settle(site: &Site, tally: &mut Tally) {
    let all = (0..WRITERS).map(|writer| Ledger::all(&site.aside(""), writer).len() as u64).sum();
    tally.add("acknowledged batches", all);
}
