//! The process ends at every single I/O of the scenario in turn. The store is then opened as a killed process leaves it, as
//! a power cut leaves it that takes everything unsynced, and as several leave it that take some of it.

use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;

use crate::child::{ask, ask_role};
use crate::exam::{Amount, Exam};
use crate::fault::{Fault as _, PowerCut};
use crate::power::Unsynced;
use crate::scenario::ACKNOWLEDGED;
use crate::shim;
use crate::site::Site;
use crate::sweep::faults;
use crate::tally::{Rule, Tally};
use crate::workload::Ledger;

/// I/Os at which the process ends.
const ENDS: Amount = Amount { quick: 24, full: u32::MAX };
/// Power cuts of which each leaves something else.
const RANDOM_CUTS: Amount = Amount { quick: 2, full: 6 };

const COUNTS: &[(&str, Rule)] = &[
    ("kills", Rule::Some),
    ("I/Os in the scenario", Rule::Some),
    ("states opened", Rule::Some),
    ("lost", Rule::Zero),
    ("half-applied", Rule::Zero),
    ("new stores that would not open", Rule::Zero),
    ("stores that would not open", Rule::Zero),
];

/// The case.
pub(crate) fn run(exam: &Exam) -> Vec<Tally> {
    let mut tally = Tally::new("every-io", "ended at each I/O in turn", COUNTS);
    let ios = end(exam, None, &mut tally);
    tally.add("I/Os in the scenario", ios);
    for fault in faults(exam, ios, exam.amount(ENDS), &["KILL:once"]) {
        end(exam, Some(&fault), &mut tally);
    }
    vec![tally]
}

/// Runs the scenario up to `fault`; how many I/Os it came to.
fn end(exam: &Exam, fault: Option<&str>, tally: &mut Tally) -> u64 {
    let site = Site::new(exam);
    let mut command = Exam::child("scenario", &[&site.address(), site.aside_text()]);
    let mut power = PowerCut::new(exam, None);
    power.arm(&site, &mut command);
    command.env("PADAN_SHIM_SYNC_US", "0");
    shim::count_into(&mut command, &site.aside("counters"));
    if let Some(fault) = fault {
        command.env("PADAN_SHIM_FAIL", fault);
    }
    let told = ask(command);
    let counters = shim::counters(&site.aside("counters"));
    let Some(fault) = fault else {
        assert_eq!(told.number("finished"), 1, "without a fault the scenario ends: {}", told.ending());
        return counters.ios;
    };
    tally.add("kills", 1);
    power.check(&site);
    let is_new = Ledger::all(&site.aside(""), ACKNOWLEDGED).is_empty();
    let unusable = if is_new { "new stores that would not open" } else { "stores that would not open" };
    look(&site, &format!("{fault}, killed"), unusable, tally);
    let mut random = ChaCha8Rng::seed_from_u64(exam.seed);
    for cut in 0..=exam.amount(RANDOM_CUTS) {
        let unsynced = if cut == 0 { Unsynced::Dropped } else { Unsynced::Random };
        power.cut(&site, unsynced, &mut random);
        look(&site, &format!("{fault}, cut {cut}"), unusable, tally);
    }
    counters.ios
}

fn look(site: &Site, what: &str, unusable: &str, tally: &mut Tally) {
    let told = ask_role("scenario-check", &[&site.address(), site.aside_text()]);
    let (lost, half) = (told.number("lost"), told.number("half"));
    tally.add("states opened", 1);
    tally.add("lost", lost);
    tally.add("half-applied", half);
    tally.add(unusable, u64::from(!told.is_done()));
    if !told.is_done() || lost + half > 0 {
        tally.note(format!("{what}: {}, lost {lost}, half-applied {half}", told.ending()));
    }
}
