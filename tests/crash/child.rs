//! The roles that this program plays as a child of itself, and how a parent asks it for numbers.

use std::collections::BTreeMap;
use std::io::{BufRead as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use padan::store::{Store, StoreError};

use crate::exam::Exam;
use crate::workload::{self, Cut, WRITERS};
use crate::{flips, instances, scenario};

/// The exit code of a child that did what it was asked, whatever it found.
const DONE: u8 = 0;
/// The exit code of a child whose store did not open; a panic gives 101.
pub(crate) const REFUSED: u8 = 3;

/// A role: name, and what it does with its arguments.
type Role = (&'static str, fn(&[String]) -> u8);

const ROLES: &[Role] = &[
    ("store", write),
    ("check", check),
    ("scenario", scenario::play),
    ("scenario-check", scenario::check),
    ("fill", flips::fill),
    ("read", flips::read),
    ("hold", instances::hold),
];

/// Plays a role with the arguments of the command line.
pub(crate) fn play(role: &str) -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (_, play) = ROLES.iter().find(|(name, _)| *name == role).expect("a known role");
    ExitCode::from(play(&arguments))
}

/// The runtime of a child.
pub(crate) fn block_on<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(work)
}

/// Opens the store, or says why not.
pub(crate) fn opened(address: &str) -> Result<Arc<dyn Store>, u8> {
    tell(OPENING, 1);
    let store = workload::open(address).map_err(|error| refuse(&error))?;
    tell(OPENING, 0);
    Ok(store)
}

/// As [`opened`], for a store whose server may just be away.
fn opened_in_time(address: &str) -> Result<Arc<dyn Store>, u8> {
    loop {
        match workload::open(address) {
            Err(StoreError::Unavailable { .. }) => {}
            answer => return answer.map_err(|error| refuse(&error)),
        }
    }
}

fn refuse(error: &StoreError) -> u8 {
    tell("refused", format!("{error:?}"));
    REFUSED
}

/// What is told 1 before a store is opened and 0 afterwards.
const OPENING: &str = "opening";

/// A line for the parent.
pub(crate) fn tell(name: &str, value: impl std::fmt::Display) {
    // A parent that went away does not want to know.
    let _ = std::io::stdout().write_all(format!("{name}={value}\n").as_bytes());
}

/// `ADDRESS LEDGERS CUT`: writes until it is killed.
fn write(arguments: &[String]) -> u8 {
    let [address, ledgers, cut] = arguments else { panic!("three arguments") };
    let cut = if cut == "by-table" { Cut::ByTable } else { Cut::Whole };
    let store = match opened_in_time(address) {
        Ok(store) => store,
        Err(code) => return code,
    };
    let refused = block_on(async {
        let mut writers = tokio::task::JoinSet::new();
        for writer in 0..WRITERS {
            let (store, ledgers) = (Arc::clone(&store), ledgers.clone());
            writers.spawn(async move { workload::write(store, writer, cut, Path::new(&ledgers)).await });
        }
        writers.join_next().await.expect("there are writers").expect("a writer does not panic")
    });
    refuse(&refused)
}

/// `ADDRESS LEDGERS`: opens the store and compares it with the ledgers.
fn check(arguments: &[String]) -> u8 {
    let [address, ledgers] = arguments else { panic!("two arguments") };
    let store = match opened(address) {
        Ok(store) => store,
        Err(code) => return code,
    };
    match block_on(workload::verify(&*store, Path::new(ledgers))) {
        Ok(verdict) => {
            tell("lost", verdict.lost);
            tell("half", verdict.half);
            tell("doubled", verdict.doubled);
            tell("gaps", verdict.gaps);
            DONE
        }
        Err(error) => refuse(&error),
    }
}

/// What a child said and how it ended.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// Its exit code; `None` when a signal ended it.
    pub(crate) code: Option<i32>,
    /// It did not end in time.
    pub(crate) hung: bool,
    /// Where its last panic was, of those that nobody caught and those that somebody did.
    panicked: String,
    said: BTreeMap<String, String>,
}

impl Told {
    /// A number that it told; 0 when it did not.
    pub(crate) fn number(&self, name: &str) -> u64 {
        self.said.get(name).map_or(0, |value| value.parse().expect("a number"))
    }

    /// Words that it told.
    pub(crate) fn words(&self, name: &str) -> &str {
        self.said.get(name).map_or("", String::as_str)
    }

    /// Whether it did all it was asked.
    pub(crate) fn is_done(&self) -> bool {
        self.code == Some(DONE.into())
    }

    /// Whether it refused cleanly.
    pub(crate) fn is_refusal(&self) -> bool {
        self.code == Some(REFUSED.into())
    }

    /// Whether it was refused a store, no matter how it ended then.
    pub(crate) fn refused_to_open(&self) -> bool {
        self.said.contains_key("refused")
    }

    /// Whether it ended while it opened a store, refused or by a panic.
    pub(crate) fn ended_opening(&self) -> bool {
        self.number(OPENING) == 1
    }

    /// How it ended, for a note.
    pub(crate) fn ending(&self) -> String {
        match (self.hung, self.code) {
            (true, _) => "hung".to_owned(),
            (_, None) => "ended by a signal".to_owned(),
            (_, Some(101)) => self.panicked.clone(),
            (_, Some(code)) => format!("exit {code} {}", self.words("refused")),
        }
    }
}

/// Longest time for a child to end by itself.
const PATIENCE: Duration = Duration::from_secs(10);

/// Runs a child to its end and hears what it says.
pub(crate) fn ask(mut command: Command) -> Told {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("a child");
    let talk = std::io::BufReader::new(child.stderr.take().expect("piped")).lines();
    let panics = std::thread::spawn(move || {
        let panics = talk.map_while(Result::ok).filter(|line| line.contains("panicked at"));
        panics.last().unwrap_or_default()
    });
    let lines = std::io::BufReader::new(child.stdout.take().expect("piped")).lines();
    let listener = std::thread::spawn(move || {
        let pairs = lines.map_while(Result::ok);
        pairs.filter_map(|line| line.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()))).collect()
    });
    let hung = !ends_by(&mut child, Instant::now() + PATIENCE);
    if hung {
        child.kill().expect("killed");
    }
    let code = child.wait().expect("it ended").code();
    let said = listener.join().expect("lines are read");
    Told { code, hung, said, panicked: panics.join().expect("lines are read") }
}

fn ends_by(child: &mut Child, deadline: Instant) -> bool {
    while child.try_wait().expect("a child's state").is_none() {
        if Instant::now() >= deadline {
            return false;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    true
}

/// Runs a role to its end.
pub(crate) fn ask_role(role: &str, arguments: &[&str]) -> Told {
    ask(Exam::child(role, arguments))
}
