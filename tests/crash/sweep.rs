//! Every I/O of a scenario fails in turn: with EIO and with ENOSPC, once and from then on. Afterwards the folder is opened
//! as it is, and again as a power cut right after the fault would have left it.

use std::collections::BTreeSet;

use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;

use crate::child::{Told, ask, ask_role};
use crate::exam::{Amount, Exam};
use crate::fault::{Fault as _, PowerCut};
use crate::power::Unsynced;
use crate::scenario::ACKNOWLEDGED;
use crate::shim::{self, Counters};
use crate::site::Site;
use crate::tally::{Rule, Tally};
use crate::workload::Ledger;

/// Runs for each way to fail.
const RUNS: Amount = Amount { quick: 22, full: u32::MAX };
/// In the I/Os with which a store is created every one fails once, also in a quick run: they differ most.
const CREATION: u64 = 40;
/// Every way to fail.
const WAYS: [&str; 4] = ["EIO:once", "EIO:forever", "ENOSPC:once", "ENOSPC:forever"];

const COUNTS: &[(&str, Rule)] = &[
    ("runs", Rule::Some),
    ("I/Os in the scenario", Rule::Some),
    ("faults that came", Rule::Some),
    ("clean refusals to open", Rule::Fact),
    ("fsyncs after opening anew", Rule::Fact),
    ("reads refused after a failure", Rule::Zero),
    ("panics", Rule::Zero),
    ("hangs", Rule::Zero),
    ("wrong acknowledgements", Rule::Zero),
    ("writes after a failure", Rule::Zero),
    ("misreads after a failure", Rule::Zero),
    ("repeated fsyncs", Rule::Zero),
    ("fsyncs repeated by a refused opening", Rule::Zero),
    ("unusable after a failed creation", Rule::Zero),
    ("unusable after a failed opening", Rule::Zero),
    ("corrupt stores", Rule::Zero),
    ("corrupt after a power cut", Rule::Zero),
];

/// The faults `nth:WAY` to examine: every `step`-th I/O, beginning elsewhere for each way, so that together they meet
/// more places.
pub(crate) fn faults(exam: &Exam, ios: u64, runs: u32, ways: &[&str]) -> Vec<String> {
    let step = (ios / u64::from(runs)).max(1);
    let mut faults = Vec::new();
    for (position, way) in (0..).zip(ways) {
        let first = (exam.seed + position * step / ways.len() as u64) % step + 1;
        faults.extend((first..=ios).step_by(step as usize).map(|nth| format!("{nth}:{way}")));
    }
    faults
}

/// The sweep.
pub(crate) fn run(exam: &Exam) -> Vec<Tally> {
    let mut tally = Tally::new("sweep", "each I/O failed in turn", COUNTS);
    // Background work shifts the count a little: the longest of a few runs.
    let ios = (0..3).map(|_| one(exam, None, &mut tally).ios).max().unwrap_or(0);
    tally.add("I/Os in the scenario", ios);
    let creation = (1..=CREATION.min(ios)).map(|nth| format!("{nth}:{}", WAYS[0]));
    let all: BTreeSet<String> = faults(exam, ios, exam.amount(RUNS), &WAYS).into_iter().chain(creation).collect();
    for fault in &all {
        one(exam, Some(fault), &mut tally);
    }
    vec![tally]
}

/// One run over a new store; what the shim counted in it.
fn one(exam: &Exam, fail: Option<&str>, tally: &mut Tally) -> Counters {
    let site = Site::new(exam);
    let mut command = Exam::child("scenario", &[&site.address(), site.aside_text()]);
    let mut power = PowerCut::new(exam, None);
    power.arm(&site, &mut command);
    command.env("PADAN_SHIM_SYNC_US", "0");
    shim::count_into(&mut command, &site.aside("counters"));
    if let Some(fail) = fail {
        command.env("PADAN_SHIM_FAIL", fail);
    }
    let told = ask(command);
    let counters = shim::counters(&site.aside("counters"));
    assert_eq!(counters.unsupported, 0, "the store does something that the shim does not see");
    assert!(fail.is_some() || told.number("finished") == 1, "without a fault the scenario ends: {}", told.ending());
    tally.add("runs", 1);
    tally.add("faults that came", u64::from(counters.failed > 0));
    let repeated = if told.ended_opening() { "fsyncs repeated by a refused opening" } else { "repeated fsyncs" };
    tally.add(repeated, counters.repeated_syncs);
    tally.add("fsyncs after opening anew", counters.syncs_after_reopening);
    let what = fail.unwrap_or("no fault");
    if counters.repeated_syncs > 0 {
        tally.note(format!(
            "{what}: {} repeated fsyncs, {} {}",
            counters.repeated_syncs,
            told.ending(),
            told.words("failed")
        ));
    }
    answers(what, &told, tally);
    power.check(&site);
    let unusable = match Ledger::all(&site.aside(""), ACKNOWLEDGED).len() {
        _ if !told.refused_to_open() => "corrupt stores",
        0 => "unusable after a failed creation",
        _ => "unusable after a failed opening",
    };
    look(&site, what, unusable, tally);
    // What the look wrote is not part of the cut: the cut goes back to the log.
    let mut random = ChaCha8Rng::seed_from_u64(exam.seed);
    let unsynced = if counters.ios.is_multiple_of(2) { Unsynced::Dropped } else { Unsynced::Random };
    power.cut(&site, unsynced, &mut random);
    look(&site, what, "corrupt after a power cut", tally);
    counters
}

/// What the process answered while it ran.
fn answers(what: &str, told: &Told, tally: &mut Tally) {
    if !told.is_done() && !told.is_refusal() {
        tally.add(if told.hung { "hangs" } else { "panics" }, 1);
        tally.note(format!("{what}: {}", told.ending()));
    }
    tally.add("clean refusals to open", u64::from(told.is_refusal()));
    tally.add("reads refused after a failure", told.number("reads_refused"));
    tally.add("writes after a failure", told.number("wrote_on"));
    tally.add("misreads after a failure", told.number("misread"));
    if told.number("wrote_on") + told.number("misread") > 0 {
        tally.note(format!("{what}: {} then {}", told.words("failed"), told.words("other_refusal")));
    }
}

/// Opens the store without faults; `unusable` is the count for one that does not open.
fn look(site: &Site, what: &str, unusable: &str, tally: &mut Tally) {
    let told = ask_role("scenario-check", &[&site.address(), site.aside_text()]);
    let (lost, denied, half) = (told.number("lost"), told.number("denied_but_there"), told.number("half"));
    tally.add("wrong acknowledgements", lost + denied);
    tally.add(unusable, u64::from(!told.is_done()));
    tally.add("corrupt stores", u64::from(told.is_done() && half > 0));
    if !told.is_done() || lost + denied + half > 0 {
        let counts = format!("lost {lost}, denied but there {denied}, half-applied {half}");
        tally.note(format!("{what}, {unusable}: {}, {counts}", told.ending()));
    }
}
