//! What happens at the kill.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;
use std::{fs, thread};

use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;

use crate::exam::Exam;
use crate::power::{Base, Unsynced};
use crate::shim;
use crate::site::Site;
use crate::workload;

/// A way for a process to end, with what its store is on.
pub(crate) trait Fault {
    /// Called before a process is started that will be killed (SIGKILL).
    fn arm(&mut self, site: &Site, command: &mut Command);

    /// Calls `kill`, which ends the process, and leaves the store as this fault would.
    fn strike(&mut self, site: &Site, kill: Box<dyn FnOnce() + '_>, random: &mut ChaCha8Rng);
}

/// SIGKILL and nothing else: the operating system goes on, so everything written is there; so does a server.
pub(crate) struct Kill;

impl Fault for Kill {
    fn arm(&mut self, _: &Site, _: &mut Command) {}

    fn strike(&mut self, _: &Site, kill: Box<dyn FnOnce() + '_>, _: &mut ChaCha8Rng) {
        kill();
    }
}

/// The power goes: what was not synced is gone, or left in pieces.
pub(crate) struct PowerCut {
    shim: PathBuf,
    /// An error planted into syncs.
    bug: Option<&'static str>,
    base: Option<Base>,
    cuts: u32,
}

/// Microseconds of a sync: enough for writers to gather behind it, as they do on a disk.
const SYNC_US: &str = "400";

impl PowerCut {
    /// `bug` is a value of `PADAN_SHIM_BUG`.
    pub(crate) fn new(exam: &Exam, bug: Option<&'static str>) -> Self {
        Self { shim: exam.shim.clone(), bug, base: None, cuts: 0 }
    }

    /// Fails when the shim did not see everything that was written.
    pub(crate) fn check(&self, site: &Site) {
        self.base.as_ref().expect("armed").check(&site.aside("power.log"));
    }

    /// As [`Fault::strike`] behind the kill, with the variant given.
    pub(crate) fn cut(&mut self, site: &Site, unsynced: Unsynced, random: &mut ChaCha8Rng) {
        self.base.as_ref().expect("armed").cut(&site.aside("power.log"), unsynced, random);
    }
}

impl Fault for PowerCut {
    fn arm(&mut self, site: &Site, command: &mut Command) {
        let log = site.aside("power.log");
        fs::write(&log, b"").expect("an empty log");
        self.base = Some(Base::of(&site.live()));
        shim::put_before(command, &self.shim, &site.live());
        command.env("PADAN_SHIM_POWER", log).env("PADAN_SHIM_SYNC_US", SYNC_US);
        if let Some(bug) = self.bug {
            command.env("PADAN_SHIM_BUG", bug);
        }
    }

    fn strike(&mut self, site: &Site, kill: Box<dyn FnOnce() + '_>, random: &mut ChaCha8Rng) {
        kill();
        self.check(site);
        self.cuts += 1;
        let unsynced = if self.cuts.is_multiple_of(2) { Unsynced::Random } else { Unsynced::Dropped };
        self.cut(site, unsynced, random);
    }
}

/// The server stops at once under load, all its processes killed where they stand, and recovers from its log. What it had
/// not flushed is gone. Every other time the process outlives that and is killed while it goes on.
pub(crate) struct ServerStop {
    commits: Commits,
    stops: u32,
}

/// Whether the server waits for its log before it says that something is committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Commits {
    /// As the adapter asks of it.
    Flushed,
    /// The planted error: by a trigger, where the adapter does not look.
    InMemory,
}

/// Milliseconds in which a process that outlives its server is killed once that is back.
const LONGEST_OUTLIVED_MS: u64 = 1_200;
/// What turns the adapter's commits into promises.
const FORGETFUL: &str = "
    CREATE OR REPLACE FUNCTION {}.forget() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM set_config('synchronous_commit', 'off', true); RETURN new; END $$;
    CREATE OR REPLACE TRIGGER forget BEFORE UPDATE ON {}.padan_own FOR EACH ROW EXECUTE FUNCTION {}.forget()";

impl ServerStop {
    /// `commits` is how the server is to acknowledge.
    pub(crate) fn new(commits: Commits) -> Self {
        Self { commits, stops: 0 }
    }
}

impl Fault for ServerStop {
    fn arm(&mut self, site: &Site, _: &mut Command) {
        if self.commits == Commits::InMemory {
            drop(workload::open(&site.address()).expect("a new store, or one that was sound"));
            site.server().sql(&FORGETFUL.replace("{}", Site::SCHEMA));
        }
    }

    fn strike(&mut self, site: &Site, kill: Box<dyn FnOnce() + '_>, random: &mut ChaCha8Rng) {
        let server = site.server();
        server.control(&["stop", "-m", "immediate"]);
        self.stops += 1;
        // One that does not come back is a store that does not open.
        let start = || server.try_control(&["start"]);
        if self.stops.is_multiple_of(2) {
            kill();
            start();
        } else {
            start();
            thread::sleep(moment(random, LONGEST_OUTLIVED_MS));
            kill();
        }
    }
}

/// A moment to wait before the kill. Every third comes early, while the process still opens the store.
pub(crate) fn moment(random: &mut ChaCha8Rng, most_ms: u64) -> Duration {
    let most_ms = if random.random_bool(1.0 / 3.0) { most_ms / 6 } else { most_ms };
    Duration::from_micros(random.random_range(1_000..most_ms * 1_000))
}
