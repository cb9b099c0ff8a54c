//! The disk of a gateway fills up and gets room again: pushes are refused with 507 and taken again without a restart,
//! reads go on all the time, and what was acknowledged is there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::exam::Exam;
use crate::gateway::{Hub, Ledger, Push};
use crate::shim;
use crate::support::{Answer, Process};
use crate::tally::{Rule, Tally};

/// Bytes of the disk, and those that are taken up by something else until there is room again.
const DISK: u64 = 15 << 20;
const BALLAST: u64 = 8 << 20;
/// Bytes that the store keeps free.
const RESERVE: u64 = 4 << 20;
/// Pushes after which a disk that did not fill up is no examination.
const MOST_PUSHES: u32 = 4_000;
/// Pushes refused one after the other.
const REFUSALS: u32 = 5;
/// Pushes that must be taken afterwards.
const RESUMED: u32 = 5;

const COUNTS: &[(&str, Rule)] = &[
    ("refused on the full disk", Rule::Some),
    ("pushes taken before", Rule::Some),
    ("reads on the full disk", Rule::Some),
    ("pushes taken afterwards", Rule::Some),
    ("answered 500 instead of 507", Rule::Zero),
    ("answered anything else", Rule::Zero),
    ("reads that failed", Rule::Zero),
    ("not taken again", Rule::Zero),
    ("lost", Rule::Zero),
    ("doubled", Rule::Zero),
];

/// A small disk: a real one where this process may mount, else a quota that the shim keeps.
enum Disk {
    Mounted { at: PathBuf },
    Quota { file: PathBuf },
}

impl Disk {
    fn make(at: &Path, quota: PathBuf) -> Self {
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={DISK}"), "tmpfs"])
            .arg(at)
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success());
        let disk = if mounted { Self::Mounted { at: at.to_owned() } } else { Self::Quota { file: quota } };
        match &disk {
            Self::Mounted { at } => {
                fs::write(at.join("ballast"), vec![1; BALLAST as usize]).expect("ballast fits");
            }
            Self::Quota { file } => fs::write(file, format!("{:<20}", DISK - BALLAST)).expect("written"),
        }
        disk
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Mounted { .. } => "a mounted tmpfs",
            Self::Quota { .. } => "a quota kept by the shim",
        }
    }

    fn put_before(&self, command: &mut Command, exam: &Exam, live: &Path) {
        if let Self::Quota { file } = self {
            shim::put_before(command, &exam.shim, live);
            command.env("PADAN_SHIM_QUOTA", file);
        }
    }

    fn make_room(&self) {
        match self {
            Self::Mounted { at } => fs::remove_file(at.join("ballast")).expect("removed"),
            Self::Quota { file } => fs::write(file, format!("{DISK:<20}")).expect("written"),
        }
    }

    /// Room enough to look at everything: whoever is shown somebody is written down.
    fn enlarge(&self) {
        let size = DISK * 4;
        match self {
            Self::Mounted { at } => {
                let options = format!("remount,size={size}");
                let done = Command::new("mount").args(["-o", &options]).arg(at).status().expect("mount runs");
                assert!(done.success(), "the disk cannot be enlarged");
            }
            Self::Quota { file } => fs::write(file, format!("{size:<20}")).expect("written"),
        }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        if let Self::Mounted { at } = self {
            // Lazily, in case that a gateway of a failed case still holds a file; there is nobody to tell.
            let _ = Command::new("umount").arg("-l").arg(at).status();
        }
    }
}

/// The case.
pub(crate) fn run(exam: &Exam) -> Vec<Tally> {
    let mut tally = Tally::new("full-disk", "a disk filled up under pushes", COUNTS);
    let hub = Hub::new(exam, RESERVE);
    let disk = Disk::make(&hub.site.live(), hub.site.aside("quota"));
    tally.note(format!("on {}, {} MiB", disk.name(), DISK >> 20));
    let mut command = Process::serve(&hub.config);
    disk.put_before(&mut command, exam, &hub.site.live());
    let process = Process::launch(command);
    assert!(process.listens(), "the gateway did not come to listen:\n{}", process.told());
    let mut ledger = Ledger::default();
    let refused = fill(&hub, &mut ledger, &mut tally);
    read(&hub, &ledger, &mut tally);
    disk.make_room();
    let mut again = Some(refused);
    for _ in 0..RESUMED {
        let Some(push) = again.take().or_else(|| ledger.next()) else { break };
        if hub.push_until_taken(&push) {
            tally.add("pushes taken afterwards", 1);
            ledger.acknowledge(&push);
        } else {
            tally.add("not taken again", 1);
        }
    }
    process.kill();
    disk.enlarge();
    let mut command = Process::serve(&hub.config);
    disk.put_before(&mut command, exam, &hub.site.live());
    let process = Process::launch(command);
    assert!(process.listens(), "the gateway did not come back:\n{}", process.told());
    let (lost, doubled) = hub.count(ledger.acknowledged());
    tally.add("lost", lost);
    tally.add("doubled", doubled);
    process.kill();
    vec![tally]
}

/// Pushes until one is refused several times over: the last room goes to some and not to others.
fn fill(hub: &Hub, ledger: &mut Ledger, tally: &mut Tally) -> Push {
    let (mut refused, mut in_a_row) = (None, 0);
    for _ in 0..MOST_PUSHES {
        ledger.refill();
        let push = refused.take().or_else(|| ledger.next()).expect("refilled");
        let answer = hub.push(&push).expect("an answer");
        match answer.status {
            200 => {
                tally.add("pushes taken before", 1);
                ledger.acknowledge(&push);
                in_a_row = 0;
            }
            // Too much is waiting to be matched: that is no matter of the disk.
            503 => {
                std::thread::sleep(Duration::from_millis(20));
                refused = Some(push);
            }
            _ => {
                refuse(&answer, tally);
                in_a_row += 1;
                if in_a_row == REFUSALS {
                    return push;
                }
                refused = Some(push);
            }
        }
    }
    panic!("the disk did not fill up");
}

fn refuse(answer: &Answer, tally: &mut Tally) {
    tally.add("refused on the full disk", 1);
    let is_problem = answer.kind.starts_with("application/problem+json");
    match answer.status {
        507 if is_problem => {}
        500 if is_problem => tally.add("answered 500 instead of 507", 1),
        status => {
            tally.add("answered anything else", 1);
            tally.note(format!("{status} {}: {}", answer.kind, answer.text));
        }
    }
}

fn read(hub: &Hub, ledger: &Ledger, tally: &mut Tally) {
    let steward = hub.client("petugas");
    let ready = steward.get("/readyz").status;
    tally.note(format!("/readyz on the full disk: {ready}"));
    let overview = steward.get("/v1/overview").status;
    let mut answers = vec![steward.get("/v1/cases").status];
    // Rows may still wait to be matched: 404 is an answer as well, and what is found is looked at when there is room.
    for (feed, id) in ledger.acknowledged().iter().take(20) {
        let look = serde_json::json!({"sumber": {"feed": feed.name(), "id_sumber": id}});
        answers.push(steward.json("POST", "/v1/persons/lookup", "look", &look).status);
    }
    tally.add("reads on the full disk", 1 + answers.len() as u64);
    tally.note(format!("overview: {overview}; cases, lookups: {answers:?}"));
    // Nobody is shown of whom it cannot be written down who saw them; what counts is answered.
    let failed = answers.iter().filter(|status| !matches!(status, 200 | 404 | 503)).count();
    tally.add("reads that failed", failed as u64 + u64::from(overview != 200));
}
