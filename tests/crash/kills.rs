//! Store level: writers are killed at random moments, by SIGKILL alone or together with the power or their server, and
//! planted errors are to be found.

use std::fs::{self, File};
use std::process::Stdio;

use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;

use crate::adapters::Home;
use crate::child::ask_role;
use crate::exam::{Amount, Exam};
use crate::fault::{Commits, Fault, Kill, PowerCut, ServerStop, moment};
use crate::site::Site;
use crate::tally::{Rule, Tally};
use crate::workload::{Ledger, WENT_ON, WRITERS};

const KILLS: Amount = Amount { quick: 100, full: 1_000 };
const KILLS_ON_A_SERVER: Amount = Amount { quick: 20, full: 1_000 };
const CUTS: Amount = Amount { quick: 30, full: 300 };
const STOPS: Amount = Amount { quick: 10, full: 300 };
/// Kills in which a planted error has to be found; the first that finds it is the last.
const PLANTED_KILLS: u32 = 40;
/// Kills of one store, so that looking at it stays quick.
const KILLS_OF_A_STORE: u32 = 50;
/// Milliseconds in which the kill comes; opening takes the first tens of them.
const LONGEST_MS: u64 = 200;

const COUNTS: &[(&str, Rule)] = &[
    ("kills", Rule::Some),
    ("acknowledged batches", Rule::Some),
    ("lost", Rule::Zero),
    ("half-applied", Rule::Zero),
    ("doubled", Rule::Zero),
    ("gaps in the journal", Rule::Zero),
    ("would not open", Rule::Zero),
    ("ended by themselves", Rule::Zero),
];

/// The same where a process may outlive what it works on.
const OUTLIVED: (&str, Rule) = ("writers that went on", Rule::Fact);

/// An error that the exam must find.
struct Planted {
    name: &'static str,
    homes: &'static [Home],
    cut: &'static str,
    fault: fn(&Exam) -> Box<dyn Fault>,
}

const PLANTED: [Planted; 4] = [
    Planted {
        name: "no fsync",
        homes: &[Home::Folder],
        cut: "whole",
        fault: |exam| Box::new(PowerCut::new(exam, Some("no-sync"))),
    },
    Planted {
        name: "acknowledged before the fsync",
        homes: &[Home::Folder],
        cut: "whole",
        fault: |exam| Box::new(PowerCut::new(exam, Some("late-sync"))),
    },
    Planted {
        name: "acknowledged before the server's log was flushed",
        homes: &[Home::Server],
        cut: "whole",
        fault: |_| Box::new(ServerStop::new(Commits::InMemory)),
    },
    Planted {
        name: "one commit for each table",
        homes: &[Home::Folder, Home::Server],
        cut: "by-table",
        fault: |_| Box::new(Kill),
    },
];

/// What writers do, and how often they are killed.
struct Plan {
    kills: u32,
    cut: &'static str,
    until: Until,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Until {
    LastKill,
    FirstFinding,
}

impl Plan {
    fn sound(kills: u32) -> Self {
        Self { kills, cut: "whole", until: Until::LastKill }
    }
}

/// SIGKILL.
pub(crate) fn kill(exam: &Exam) -> Vec<Tally> {
    let mut tally = Tally::new("kill", "writers killed", COUNTS);
    run(exam, &mut Kill, &Plan::sound(exam.amount_by_home(KILLS, KILLS_ON_A_SERVER)), &mut tally);
    vec![tally]
}

/// SIGKILL, and the power goes with it.
pub(crate) fn power(exam: &Exam) -> Vec<Tally> {
    let mut tally = Tally::new("power", "power lost under writers", COUNTS);
    run(exam, &mut PowerCut::new(exam, None), &Plan::sound(exam.amount(CUTS)), &mut tally);
    vec![tally]
}

/// The server stops at once; writers outlive it or not.
pub(crate) fn stop(exam: &Exam) -> Vec<Tally> {
    let mut tally = Tally::new("stop", "server stopped at once under writers", &[COUNTS, &[OUTLIVED]].concat());
    let went_on = run(exam, &mut ServerStop::new(Commits::Flushed), &Plan::sound(exam.amount(STOPS)), &mut tally);
    tally.add(OUTLIVED.0, went_on);
    vec![tally]
}

/// Planted errors: each must make the counts wrong.
pub(crate) fn planted(exam: &Exam) -> Vec<Tally> {
    let names = [("planted errors", Rule::Some), ("found", Rule::Some), ("missed", Rule::Zero)];
    let mut tally = Tally::new("planted", "errors planted on purpose", &names);
    for Planted { name, cut, fault, .. } in PLANTED.iter().filter(|planted| planted.homes.contains(&exam.adapter.home))
    {
        let mut found = Tally::new("planted", *name, COUNTS);
        let plan = Plan { kills: PLANTED_KILLS, cut, until: Until::FirstFinding };
        run(exam, fault(exam).as_mut(), &plan, &mut found);
        tally.add("planted errors", 1);
        tally.add(if found.wrong() > 0 { "found" } else { "missed" }, 1);
        tally.note(found.to_string());
    }
    vec![tally]
}

/// Kills by plan; how many writers went on after the store had not answered them.
fn run(exam: &Exam, fault: &mut dyn Fault, plan: &Plan, tally: &mut Tally) -> u64 {
    let mut went_on = 0;
    let mut random = ChaCha8Rng::seed_from_u64(exam.seed);
    let mut site = Site::new(exam);
    for kill in 1..=plan.kills {
        went_on += one(&site, fault, plan.cut, &mut random, tally);
        let is_sound = look(&site, kill, tally);
        if tally.wrong() > 0 && plan.until == Until::FirstFinding {
            break;
        }
        if !is_sound || kill % KILLS_OF_A_STORE == 0 {
            settle(&site, tally);
            site = Site::new(exam);
        }
    }
    settle(&site, tally);
    went_on
}

/// One life of a process that writes; how many of its writers went on.
fn one(site: &Site, fault: &mut dyn Fault, cut: &str, random: &mut ChaCha8Rng, tally: &mut Tally) -> u64 {
    let told = site.aside("told");
    let mut command = Exam::child("store", &[&site.address(), site.aside_text(), cut]);
    fault.arm(site, &mut command);
    command.stdout(File::create(&told).expect("a file")).stderr(Stdio::null());
    let mut child = command.spawn().expect("a child");
    std::thread::sleep(moment(random, LONGEST_MS));
    let mut ended = None;
    let kill = || {
        ended = child.try_wait().expect("a child's state");
        child.kill().expect("killed");
        child.wait().expect("dead");
    };
    fault.strike(site, Box::new(kill), random);
    tally.add("kills", 1);
    let told = fs::read_to_string(told).expect("text");
    if let Some(status) = ended {
        tally.add("ended by themselves", 1);
        tally.note(format!("the writers ended by themselves, {status}: {told}"));
    }
    told.lines().filter(|line| line.starts_with(WENT_ON)).count() as u64
}

/// Whether the store is what it should be.
fn look(site: &Site, kill: u32, tally: &mut Tally) -> bool {
    let told = ask_role("check", &[&site.address(), site.aside_text()]);
    if !told.is_done() {
        tally.add("would not open", 1);
        tally.note(format!("kill {kill}: {}, {}", told.ending(), site.remains()));
        return false;
    }
    let counts = [("lost", "lost"), ("half-applied", "half"), ("doubled", "doubled"), ("gaps in the journal", "gaps")];
    let counts = counts.map(|(count, name)| (count, told.number(name)));
    for (count, number) in counts {
        tally.add(count, number);
    }
    let is_sound = counts.iter().all(|(_, number)| *number == 0);
    if !is_sound {
        tally.note(format!("kill {kill}: {counts:?}"));
    }
    is_sound
}

fn settle(site: &Site, tally: &mut Tally) {
    let all = (0..WRITERS).map(|writer| Ledger::all(&site.aside(""), writer).len() as u64).sum();
    tally.add("acknowledged batches", all);
}
