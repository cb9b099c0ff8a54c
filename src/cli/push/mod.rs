//! `padan push`: sends feed files to a gateway in chunks that can be sent again without harm, and keeps the receipt.

mod chunk;
mod client;
mod completeness;
mod destination;
mod error;
mod list;
mod receipt;
mod report;
mod run;
mod watch;

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use ureq::http::Method;

pub use self::chunk::ChunkLimits;
use self::chunk::{ChunkError, Chunks};
pub use self::client::{Answer, Call, CallError, Client, ClientError, Patience, SendError, Session, Transport};
use self::client::{JSON, NDJSON};
pub use self::completeness::{Declared, declare};
pub(super) use self::destination::Destination;
pub use self::error::PushError;
use self::receipt::Receipt;
pub use self::receipt::{AnswerLine, Remark};
use self::report::Report;
pub use self::run::Run;
use self::watch::Watch;
use super::terminal::Terminal;
use super::{CliError, Outcome};
use crate::domain::batch::BatchCounts;
use crate::domain::feed::Feed;
use crate::service::clock::{Clock, SystemClock, day_in_jakarta};
use crate::tables::alarms::FileAlarms;

const READ_BUFFER: usize = 1 << 18;
const POLL_FIRST: Duration = Duration::from_millis(200);
const POLL_LONGEST: Duration = Duration::from_secs(2);

const HELP: &str = "\
FEED is the feed's name; it may be left out when the files are named after their feeds (bank-rekening.ndjson).
A push that was cut off goes on where it stopped when the same command is run again within a day; what was accepted is
not stored twice. A push that came to its end is over: the same command again is a new push, in which rows that stand
already are unchanged.

The exit code is 3 where rows were refused or are older than what stands, or where all rows together raise an
alarm (a spreadsheet that lost digits, dates that are swapped).

An XLSX, CSV, ZIP or gzip file is sent as it is. The gateway reads it by the mapping that your agency keeps (at /kirim in a
browser, or --map FILE), else by its headings; docs/mapping.md says how a mapping is written. The rows of the receipt have the
numbers that the spreadsheet program shows.

Examples:
  padan push data/*.ndjson --to https://127.0.0.1:8443 --ca keys/ca.pem --token-file dinsos.token --receipt tt.csv
  padan push dinsos-anggota-keluarga daftar.xlsx --map dinsos.toml --check --to https://127.0.0.1:8443 --ca keys/ca.pem --token-file dinsos.token
  padan push --completeness kelengkapan.json --to https://127.0.0.1:8443 --ca keys/ca.pem --token-file dinsos.token";

/// Sends feed files (NDJSON) or lists (XLSX, CSV, ZIP) to a gateway, shows what became of the rows and writes the receipt.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(super) struct Args {
    /// Feed and files, or files named after their feeds.
    #[arg(value_name = "FEED|FILE", required_unless_present = "completeness")]
    files: Vec<String>,
    #[command(flatten)]
    destination: Destination,
    #[command(flatten)]
    list: list::ListArgs,
    /// Rows in one request.
    #[arg(long, value_name = "N", default_value_t = ChunkLimits::default().rows, value_parser = clap::value_parser!(u64).range(1..))]
    chunk_rows: u64,
    /// Write the receipt here: CSV when the name ends in .csv, else NDJSON.
    #[arg(long, value_name = "FILE")]
    receipt: Option<PathBuf>,
    /// Put all lines into the receipt, not only those with flags or errors.
    #[arg(long, requires = "receipt")]
    all_lines: bool,
    /// Wait until everything sent has been matched and reports tell of it.
    #[arg(long)]
    wait: bool,
    /// Give up waiting after so many seconds.
    #[arg(long, value_name = "N", default_value_t = 3600)]
    wait_seconds: u64,
    /// Begin anew, even where the last push of these files was cut off.
    #[arg(long)]
    new_run: bool,
    /// Keep here how far the push has come, instead of in the user's own state folder.
    #[arg(long, value_name = "FILE", conflicts_with = "new_run")]
    run_file: Option<PathBuf>,
    /// Declare closed feeds from a JSON list of {feed, `kode_wilayah`, periode, lengkap}, after the files.
    #[arg(long, value_name = "FILE")]
    completeness: Option<PathBuf>,
}

/// What became of one file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FileSummary {
    /// The file.
    pub file: PathBuf,
    /// As which feed it was sent.
    pub feed: Feed,
    /// Rows by outcome.
    pub counts: BatchCounts,
    /// Requests.
    pub chunks: u64,
    /// Of those: answered before, in this run.
    pub repeated: u64,
    /// What is odd about the numbers as a whole, of a batch as the gateway says or of the file.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub alarms: Vec<String>,
    /// How a list was read, as the gateway says.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
    /// Time it took.
    pub seconds: f64,
    /// The last batch with an accepted row: once it is matched, all of the file is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_batch: Option<String>,
}

impl FileSummary {
    fn rows_per_second(&self) -> u64 {
        if self.seconds > 0.0 { (self.counts.baris as f64 / self.seconds) as u64 } else { 0 }
    }
}

/// Whoever wants to know how a push goes on.
pub trait Observer {
    /// A chunk was answered; `bytes` of the file are done.
    fn progressed(&mut self, summary: &FileSummary, bytes: u64);
    /// Whether lines without a flag or an error are wanted too: they cost a second request a chunk.
    fn wants_clean_lines(&self) -> bool {
        false
    }
    /// The lines of a chunk, numbered as in the file.
    fn answered(&mut self, batch: &str, lines: Vec<AnswerLine>) -> Result<(), PushError>;
    /// Something is in the way.
    fn noted(&mut self, sentence: &str);
}

/// What the gateway says about a chunk. It shows the lines that are not clean, and not more of them than it has room for.
#[derive(Deserialize)]
struct PushAnswer {
    batch: BatchHead,
    #[serde(default, alias = "ulangan")]
    replayed: bool,
    #[serde(default, alias = "baris")]
    not_clean: Vec<AnswerLine>,
    /// There are more: path of the receipt.
    next: Option<String>,
    #[serde(default)]
    notes: Vec<Note>,
}

/// What was passed over in a list, or taken for granted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// In Indonesian.
    pub pesan: String,
    /// In English.
    pub message: String,
}

#[derive(Deserialize)]
struct BatchHead {
    id: String,
    #[serde(default)]
    counts: BatchCounts,
    #[serde(default)]
    alarms: Vec<String>,
}

/// A file of a run.
pub struct Outgoing<'a> {
    /// Where it is.
    pub path: &'a Path,
    /// As which feed it is sent.
    pub feed: Feed,
    /// The run.
    pub run: &'a mut Run,
    /// Which file of the run it is.
    pub nth: usize,
    /// Nothing is to be stored.
    pub check: bool,
}

/// Sends one file, chunk by chunk. The rows of answered chunks are safe at the gateway whatever happens to the rest.
pub fn push_file(
    session: &Session<'_>,
    outgoing: Outgoing<'_>,
    limits: ChunkLimits,
    observer: &mut dyn Observer,
) -> Result<FileSummary, PushError> {
    let Outgoing { path, feed, run, nth, check } = outgoing;
    let file = File::open(path).map_err(|source| PushError::Read { path: path.to_owned(), source })?;
    let mut chunks = Chunks::new(BufReader::with_capacity(READ_BUFFER, file), run.seed(nth), limits);
    let url = format!("/v1/feeds/{feed}/batches{}", if check { "?check=true" } else { "" });
    let started = Instant::now();
    let mut summary = FileSummary::new(path, feed);
    let (today, mut of_file) = (day_in_jakarta(SystemClock.now()), FileAlarms::default());
    while let Some(chunk) = chunks.next_chunk().map_err(|error| unreadable(path, limits, error))? {
        run.sending(nth, chunk.end, &chunk.sha256);
        let call = Call {
            method: &Method::POST,
            path: &url,
            key: Some(&chunk.key),
            content_type: NDJSON,
            accept: JSON,
            body: &chunk.body,
        };
        let mut answer = send(session, &call, (path, check), observer)?;
        summary.add(&answer);
        of_file.note(feed, &chunk.body, today);
        summary.add_alarms(of_file.raised());
        summary.seconds = started.elapsed().as_secs_f64();
        let shown = answer.not_clean.len() as u64;
        if !check && (answer.next.is_some() || (observer.wants_clean_lines() && shown < answer.batch.counts.baris)) {
            answer.not_clean = receipt_of(session, path, &answer.batch.id, &mut |sentence| observer.noted(sentence))?;
        }
        answer.not_clean.iter_mut().for_each(|line| line.baris += chunk.first_line - 1);
        observer.answered(&answer.batch.id, answer.not_clean)?;
        observer.progressed(&summary, chunk.end);
    }
    Ok(summary)
}

/// Sends a batch; answers what became of it, or with `check` what would.
fn send(
    session: &Session<'_>,
    call: &Call<'_>,
    (file, check): (&Path, bool),
    observer: &mut dyn Observer,
) -> Result<PushAnswer, PushError> {
    #[derive(Deserialize)]
    struct Checked {
        counts: BatchCounts,
        alarms: Vec<String>,
        not_clean: Vec<AnswerLine>,
        #[serde(default)]
        notes: Vec<Note>,
    }
    let answer = session.call(call, &mut |sentence| observer.noted(sentence));
    let answer = answer.map_err(|source| PushError::Call { what: file.to_owned(), source })?;
    if !check {
        return serde_json::from_slice(&answer.body).map_err(PushError::Answer);
    }
    let Checked { counts, alarms, not_clean, notes } =
        serde_json::from_slice(&answer.body).map_err(PushError::Answer)?;
    let batch = BatchHead { id: String::new(), counts, alarms };
    Ok(PushAnswer { batch, replayed: false, not_clean, next: None, notes })
}

impl FileSummary {
    /// Nothing is sent yet.
    fn new(path: &Path, feed: Feed) -> Self {
        Self {
            file: path.to_owned(),
            feed,
            counts: BatchCounts::default(),
            chunks: 0,
            repeated: 0,
            alarms: Vec::new(),
            notes: Vec::new(),
            seconds: 0.0,
            last_batch: None,
        }
    }

    fn add_alarms<'a>(&mut self, alarms: impl IntoIterator<Item = &'a str>) {
        for alarm in alarms {
            if !self.alarms.iter().any(|known| known == alarm) {
                self.alarms.push(alarm.to_owned());
            }
        }
    }

    fn add(&mut self, answer: &PushAnswer) {
        let new = &answer.batch.counts;
        self.counts.add_all(new);
        self.chunks += 1;
        self.repeated += u64::from(answer.replayed);
        self.add_alarms(answer.batch.alarms.iter().map(String::as_str));
        self.notes.extend_from_slice(&answer.notes);
        if new.diterima + new.ditandai > 0 && !answer.batch.id.is_empty() {
            self.last_batch = Some(answer.batch.id.clone());
        }
    }
}

/// All lines of a batch.
fn receipt_of(
    session: &Session<'_>,
    file: &Path,
    batch: &str,
    note: &mut dyn FnMut(&str),
) -> Result<Vec<AnswerLine>, PushError> {
    let answer = session.call(&get(&format!("/v1/batches/{batch}/receipt"), NDJSON), note);
    let answer = answer.map_err(|source| PushError::Call { what: file.to_owned(), source })?;
    let lines = answer.body.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
    lines.map(|line| serde_json::from_slice(line).map_err(PushError::Answer)).collect()
}

fn get<'a>(path: &'a str, accept: &'a str) -> Call<'a> {
    Call { method: &Method::GET, path, key: None, content_type: "", accept, body: b"" }
}

fn unreadable(path: &Path, limits: ChunkLimits, error: ChunkError) -> PushError {
    match error {
        ChunkError::Read(source) => PushError::Read { path: path.to_owned(), source },
        ChunkError::LineTooLong { line } => {
            PushError::LineTooLong { path: path.to_owned(), line, limit: limits.line_bytes }
        }
    }
}

/// Sends one file and shows how it goes on.
pub fn push_watched(
    session: &Session<'_>,
    path: &Path,
    feed: Feed,
    limits: ChunkLimits,
    terminal: Terminal,
) -> Result<FileSummary, PushError> {
    let mut watch = Watch::new(terminal, path, feed, None, false)?;
    let mut run = Run::new(&[(feed, path.to_owned())]);
    let pushed = push_file(session, Outgoing { path, feed, run: &mut run, nth: 0, check: false }, limits, &mut watch);
    watch.finish();
    pushed
}

/// Waits until a batch has been matched and reports tell of it, at most `limit`.
pub fn wait_matched(
    session: &Session<'_>,
    batch: &str,
    limit: Duration,
    note: &mut dyn FnMut(&str),
) -> Result<(), PushError> {
    #[derive(Deserialize)]
    struct State {
        matched: bool,
        evaluated: bool,
    }
    let path = format!("/v1/batches/{batch}");
    let call = get(&path, JSON);
    let (mut pause, mut waited) = (POLL_FIRST, Duration::ZERO);
    loop {
        let answer = session.call(&call, note);
        let answer = answer.map_err(|source| PushError::Call { what: PathBuf::from(&path), source })?;
        let state: State = serde_json::from_slice(&answer.body).map_err(PushError::Answer)?;
        if state.matched && state.evaluated {
            return Ok(());
        }
        if waited >= limit {
            return Err(PushError::NotMatched {
                matched: state.matched,
                batch: batch.to_owned(),
                seconds: limit.as_secs(),
            });
        }
        (session.pause)(pause);
        waited += pause;
        pause = (pause * 2).min(POLL_LONGEST);
    }
}

/// Runs the command.
pub(super) fn run(args: &Args, terminal: Terminal) -> Result<Outcome, CliError> {
    push(args, terminal).map_err(|error| told("pushing", error))
}

/// What the user is told of an error.
pub(super) fn told(doing: &str, error: PushError) -> CliError {
    let hint = error.hint();
    let to_error = if error.is_wrong_call() { CliError::wrong_call } else { CliError::failed };
    to_error(doing.to_owned(), error).hint(hint)
}

fn push(args: &Args, terminal: Terminal) -> Result<Outcome, PushError> {
    let files = files_of(&args.files)?;
    let (client, token) = args.destination.client(terminal)?;
    let session = Session { transport: &client, patience: Patience::default(), pause: &std::thread::sleep };
    let limits = ChunkLimits { rows: args.chunk_rows, ..ChunkLimits::default() };
    let mut receipt = args.receipt.as_deref().map(Receipt::create).transpose()?;
    let mut run = run_of(args, &files, &token, terminal);
    let (id, continued) = (run.id().to_owned(), run.went_on_since().is_some());

    let mut summaries = Vec::new();
    for (nth, (feed, path)) in files.iter().enumerate() {
        let mut watch = Watch::new(terminal, path, *feed, receipt.as_mut(), args.all_lines)?;
        let outgoing = Outgoing { path, feed: *feed, run: &mut run, nth, check: args.list.check };
        let pushed = match list::media_type(path) {
            None => push_file(&session, outgoing, limits, &mut watch),
            Some(kind) => {
                let how = list::How { kind, sheet: args.list.sheet.as_deref(), map: args.list.map.as_deref() };
                list::push(&session, outgoing, &how, &mut watch)
            }
        };
        watch.finish();
        summaries.push(pushed?);
    }
    if let Some(receipt) = receipt {
        receipt.commit()?;
    }
    run.ended();
    let declared = match &args.completeness {
        Some(path) => declare(&session, path, &mut |sentence| terminal.say(sentence))?,
        None => Vec::new(),
    };
    if args.wait {
        for batch in summaries.iter().filter_map(|summary| summary.last_batch.as_ref()) {
            let limit = Duration::from_secs(args.wait_seconds);
            wait_matched(&session, batch, limit, &mut |sentence| terminal.say(sentence))?;
        }
    }
    let report = Report { run: id, continued, files: summaries, completeness: declared };
    terminal.result(&report, || report.text());
    Ok(if report.asks_for_a_look() { Outcome::Refused } else { Outcome::Done })
}

/// The run of this command: the one that was cut off, or a new one.
fn run_of(args: &Args, files: &[(Feed, PathBuf)], token: &str, terminal: Terminal) -> Run {
    let place = args.run_file.clone().or_else(|| run::place(&args.destination.to, token));
    let Some(place) = place.filter(|_| !files.is_empty()) else { return Run::new(files) };
    if args.new_run {
        // A run that begins ends the one before, wherever that stood.
        let _ = std::fs::remove_file(&place);
    }
    match Run::kept(files, &place) {
        Ok(run) => {
            if let Some(since) = run.went_on_since() {
                terminal.say(&format!(
                    "this push was begun at {since:.0} and cut off; it goes on where it stopped (--new-run begins anew)"
                ));
            }
            run
        }
        Err(error) => {
            terminal.say(&format!(
                "how far this push has come cannot be kept in {} ({error}): should it be cut off, it begins anew",
                place.display()
            ));
            Run::new(files)
        }
    }
}

fn read_file(path: &Path) -> Result<Vec<u8>, PushError> {
    std::fs::read(path).map_err(|source| PushError::Read { path: path.to_owned(), source })
}

/// The feed of each file: the one named first, or the one the file is named after.
fn files_of(arguments: &[String]) -> Result<Vec<(Feed, PathBuf)>, PushError> {
    let named: Option<Feed> = arguments.first().and_then(|first| first.parse().ok());
    let files = if named.is_some() { &arguments[1..] } else { arguments };
    if let (Some(feed), []) = (named, files) {
        return Err(PushError::NoFile { feed });
    }
    let with_feed = |name: &String| {
        let path = PathBuf::from(name);
        // `bank-rekening.ndjson.gz` is named after its feed, too.
        let stem = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.split('.').next());
        let feed = named.or_else(|| stem.and_then(|stem| stem.parse().ok()));
        let feed = feed.ok_or_else(|| PushError::NoFeed { path: path.clone() })?;
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("parquet" | "xls" | "ods") => Err(PushError::NotAList { path }),
            _ => Ok((feed, path)),
        }
    };
    files.iter().map(with_feed).collect()
}

#[cfg(test)]
mod tests;
