//! What happens at the kill. A store behind a server is examined by one more fault here (stopping that server at once).

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;

use crate::exam::Exam;
use crate::power::{Base, Unsynced};
use crate::shim;

/// A way for a process to end.
pub(crate) trait Fault {
    /// Called before a process is started that will be killed (SIGKILL).
    fn arm(&mut self, site: &Site, command: &mut Command);

    /// The process is gone: leaves the store's folder as this fault would.
    fn strike(&mut self, site: &Site, random: &mut ChaCha8Rng);
}

/// A store under examination: its folder, and files about it that no fault touches.
pub(crate) struct Site {
    folder: tempfile::TempDir,
    scheme: &'static str,
}

impl Site {
    /// A new one, without a store.
    pub(crate) fn new(exam: &Exam) -> Self {
        let site = Self { folder: exam.folder(), scheme: exam.adapter.scheme };
        fs::create_dir(site.live()).expect("created");
        site
    }

    /// The folder that faults are about. The store is a name below it, so that this name has to be made durable as well.
    pub(crate) fn live(&self) -> PathBuf {
        self.folder.path().join("live")
    }

    /// Where the store is: a folder or a file, as the adapter likes.
    pub(crate) fn store(&self) -> PathBuf {
        self.live().join("store")
    }

    /// The store's address.
    pub(crate) fn address(&self) -> String {
        format!("{}:{}", self.scheme, self.store().display())
    }

    /// A file about the store.
    pub(crate) fn aside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The folder of this site's other files, as an argument.
    pub(crate) fn aside_text(&self) -> &str {
        self.folder.path().to_str().expect("UTF-8")
    }
}

/// SIGKILL and nothing else: the operating system goes on, so everything written is there.
pub(crate) struct Kill;

impl Fault for Kill {
    fn arm(&mut self, _: &Site, _: &mut Command) {}

    fn strike(&mut self, _: &Site, _: &mut ChaCha8Rng) {}
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

    /// As [`Fault::strike`], with the variant given.
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

    fn strike(&mut self, site: &Site, random: &mut ChaCha8Rng) {
        self.check(site);
        self.cuts += 1;
        let unsynced = if self.cuts.is_multiple_of(2) { Unsynced::Random } else { Unsynced::Dropped };
        self.cut(site, unsynced, random);
    }
}

/// A moment to wait before the kill. Every third comes early, while the process still opens the store.
pub(crate) fn moment(random: &mut ChaCha8Rng, most_ms: u64) -> Duration {
    let most_ms = if random.random_bool(1.0 / 3.0) { most_ms / 6 } else { most_ms };
    Duration::from_micros(random.random_range(1_000..most_ms * 1_000))
}
