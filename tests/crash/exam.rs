//! The command line, the list of cases, and the room they work in.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Mutex;
use std::time::Instant;

use crate::adapters::{ADAPTERS, Adapter, Home};
use crate::tally::Tally;
use crate::{cuts, disk, flips, gateway, instances, kills, shim, sweep};

/// How much is examined, quick and full.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Amount {
    /// `cargo test`.
    pub(crate) quick: u32,
    /// `--full`.
    pub(crate) full: u32,
}

/// What every case is given.
pub(crate) struct Exam {
    /// The store under examination.
    pub(crate) adapter: &'static Adapter,
    /// The library that stands between a store and its files.
    pub(crate) shim: PathBuf,
    /// Everything random comes from here.
    pub(crate) seed: u64,
    full: bool,
    room: PathBuf,
}

/// A case: its name on the command line, the stores that it can meet, and what runs it.
type Case = (&'static str, &'static [Home], fn(&Exam) -> Vec<Tally>);

const ANY: &[Home] = &[Home::Folder, Home::Server];

/// All cases, in the order in which they run.
const CASES: &[Case] = &[
    ("instances", &[Home::Folder], instances::run),
    ("kill", ANY, kills::kill),
    ("power", &[Home::Folder], kills::power),
    ("stop", &[Home::Server], kills::stop),
    ("planted", ANY, kills::planted),
    ("gateway-kill", ANY, gateway::kill),
    ("gateway-power", &[Home::Folder], gateway::power),
    ("gateway-stop", &[Home::Server], gateway::stop),
    ("every-io", &[Home::Folder], cuts::run),
    ("sweep", &[Home::Folder], sweep::run),
    ("full-disk", &[Home::Folder], disk::run),
    ("flips", &[Home::Folder], flips::run),
];

/// What the command line asks for.
struct Options {
    full: bool,
    list: bool,
    seed: u64,
    stores: Vec<String>,
    cases: Vec<String>,
}

impl Exam {
    /// How much to do.
    pub(crate) fn amount(&self, amount: Amount) -> u32 {
        if self.full { amount.full } else { amount.quick }
    }

    /// The same where a store on a server gets another amount, because every kill takes longer there.
    pub(crate) fn amount_by_home(&self, folder: Amount, server: Amount) -> u32 {
        self.amount(match self.adapter.home {
            Home::Folder => folder,
            Home::Server => server,
        })
    }

    /// A room that other users may enter as well.
    pub(crate) fn public_room(&self) -> PathBuf {
        if self.room == Path::new(MEMORY) { self.room.clone() } else { std::env::temp_dir() }
    }

    /// A fresh folder.
    pub(crate) fn folder(&self) -> tempfile::TempDir {
        tempfile::Builder::new().prefix("padan-exam-").tempdir_in(&self.room).expect("a folder")
    }

    /// This program as a child: `role` and what it is to work on.
    pub(crate) fn child(role: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(std::env::current_exe().expect("this program's path"));
        command.env("PADAN_EXAM_CHILD", role).args(arguments);
        command
    }
}

/// Runs what the command line asks for.
pub(crate) fn run(arguments: impl Iterator<Item = String>) -> ExitCode {
    let options = match Options::parse(arguments) {
        Ok(options) => options,
        Err(problem) => {
            say(&format!(
                "{problem}\nhint: [CASE…] [--full] [--store sled,…] [--seed N]; cases: {}",
                names().join(", ")
            ));
            return ExitCode::from(2);
        }
    };
    if options.list {
        // As libtest answers.
        for name in names() {
            say(&format!("{name}: test"));
        }
        return ExitCode::SUCCESS;
    }
    let tmp = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let shim = shim::build(tmp);
    let room = room(tmp);
    say(&format!(
        "crash exam, {}, seed {}, in {}",
        if options.full { "full" } else { "quick" },
        options.seed,
        room.display()
    ));
    let began = Instant::now();
    let wrong = Mutex::new(0);
    std::thread::scope(|scope| {
        for adapter in ADAPTERS.iter().filter(|adapter| options.examines(adapter)) {
            let exam = Exam { adapter, shim: shim.clone(), seed: options.seed, full: options.full, room: room.clone() };
            let (options, wrong) = (&options, &wrong);
            scope.spawn(move || {
                let found = examine(&exam, options);
                *wrong.lock().expect("nobody panics with it") += found;
            });
        }
    });
    let wrong = wrong.into_inner().expect("nobody panics with it");
    say(&format!("crash exam: {wrong} wrong, {} s", began.elapsed().as_secs()));
    if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// All cases of one adapter; how many counts are wrong.
fn examine(exam: &Exam, options: &Options) -> usize {
    let mut found = 0;
    for (name, _, case) in options.cases_for(exam.adapter) {
        let began = Instant::now();
        let tallies = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| case(exam)));
        let Ok(tallies) = tallies else {
            say(&format!("{} {name}: WRONG: the exam itself failed", exam.adapter.scheme));
            found += 1;
            continue;
        };
        let seconds = began.elapsed().as_secs_f32();
        for (position, tally) in tallies.iter().enumerate() {
            let (wrong, limits) = tally.judge(exam.adapter.known);
            let time = if position + 1 == tallies.len() { format!(" ({seconds:.1} s)") } else { String::new() };
            let mut lines = format!("{} {name}, {tally}{time}", exam.adapter.scheme);
            for note in tally.notes().iter().cloned().chain(limits).chain(wrong.iter().map(|w| format!("WRONG: {w}"))) {
                lines.push_str("\n    ");
                lines.push_str(&note);
            }
            say(&lines);
            found += wrong.len();
        }
    }
    found
}

fn names() -> Vec<&'static str> {
    CASES.iter().map(|(name, ..)| *name).collect()
}

/// One write for the whole text, so that adapters side by side do not mix their lines.
fn say(text: &str) {
    std::io::stdout().write_all(format!("{text}\n").as_bytes()).expect("stdout takes text");
}

/// Where Linux keeps files in memory.
const MEMORY: &str = "/dev/shm";

/// Memory where there is some: the exam makes its own power cuts, so no real disk has to be waited for.
fn room(tmp: &Path) -> PathBuf {
    let memory = Path::new(MEMORY);
    let wanted = 2 << 30;
    let has_room = fs2::available_space(memory).is_ok_and(|free| free > wanted) && tempfile::tempdir_in(memory).is_ok();
    if has_room { memory.to_owned() } else { tmp.to_owned() }
}

impl Options {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self { full: false, list: false, seed: 7, stores: Vec::new(), cases: Vec::new() };
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
            match argument.as_str() {
                "--full" => options.full = true,
                "--list" => options.list = true,
                "--seed" => options.seed = value()?.parse().map_err(|_| "a seed is a number".to_owned())?,
                "--store" => options.stores.extend(value()?.split(',').map(str::to_owned)),
                // What cargo hands to libtest; nothing of it means anything here.
                "--test-threads" | "--format" | "--color" | "--skip" | "-Z" => drop(value()?),
                libtest if libtest.starts_with('-') => {}
                name if names().contains(&name) => options.cases.push(name.to_owned()),
                name => return Err(format!("there is no case '{name}'")),
            }
        }
        match options.stores.iter().find(|store| !ADAPTERS.iter().any(|adapter| adapter.scheme == *store)) {
            Some(store) => Err(format!("no store to examine is called '{store}'")),
            None if options.meet_nothing() => Err("these stores meet none of these cases".to_owned()),
            None => Ok(options),
        }
    }

    fn meet_nothing(&self) -> bool {
        !ADAPTERS.iter().any(|adapter| self.examines(adapter) && self.cases_for(adapter).next().is_some())
    }

    fn cases_for(&self, adapter: &Adapter) -> impl Iterator<Item = &'static Case> {
        let is_wanted = |name: &str| self.cases.is_empty() || self.cases.iter().any(|wanted| wanted == name);
        CASES.iter().filter(move |(name, homes, _)| is_wanted(name) && homes.contains(&adapter.home))
    }

    fn examines(&self, adapter: &Adapter) -> bool {
        self.stores.is_empty() || self.stores.iter().any(|store| store == adapter.scheme)
    }
}
