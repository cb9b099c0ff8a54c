//! The matcher's memory as a file: a start reads it, and follows the journal from where it stood, instead of matching every
//! row again.
//!
//! It is a copy of what can be built anew at any time, so whatever is not as it should be leads to just that: a file that is
//! damaged or of another form, of other models, of another store, or older than what the journal still tells. Cases are not
//! in it: they are made from the questions and decisions as after any other load. It holds values about people, like the
//! store beside which it lies.

use std::fs::{self, File};
use std::io::{BufReader, BufWriter, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use super::follow::Tail;
use super::identifiers::Number;
use super::matcher::{Matcher, Remembered};
use super::records::{Packed, Records, Sender, Senders};
use super::withdrawn::WithdrawnCases;
use crate::domain::case::Case;
use crate::domain::decision::Decision;
use crate::domain::person::FamilyId;
use crate::domain::record::RecordId;
use crate::engine::flat::{Sink, Source, require};
use crate::engine::{CheckpointError, Live, Resting};
use crate::service::error::ServiceError;
use crate::service::gateway::Gateway;
use crate::service::models::Models;
use crate::service::stored::journal::{CompactedMark, DerivedMark, Reached};
use crate::store::{Position, Read, Table};

/// How the file begins. Another form gets another beginning.
const BEGINNING: [u8; 8] = *b"PadanIx3";

/// When a gateway ends, the index is written if one in so many rows is not in the file.
const INDEX_AT_END: u64 = 1_000;

/// Free bytes on the disk, for each record, without which nothing is written: several times what the file takes.
const BYTES_A_RECORD: u64 = 8_192;

/// The section of what rows keep that withdraw their records.
const WITHDRAWN: &str = "cases of withdrawn rows";

/// Most bytes of what the file says of itself.
const MOST_SAID: usize = 1 << 16;

/// What a file says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct About {
    /// Which models, and which program.
    by: String,
    /// Everything up to here is in it.
    reached: Reached,
    /// The hash of the journal's entry there: another store has another one.
    entry: u64,
    /// The postings are not in it: they rest in the store.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    rests: bool,
}

/// Where a file is, and where the postings rest that are not in it.
pub(super) struct Beside<'a> {
    pub(super) path: &'a Path,
    pub(super) resting: Option<Resting>,
}

/// What was read, but for the decisions.
pub(super) struct Resumed {
    live: Live,
    remembered: Remembered,
    families: Vec<(RecordId, FamilyId)>,
    /// Everything up to here is in it.
    pub(super) reached: Reached,
}

impl Resumed {
    /// The matcher as it stood.
    pub(super) fn matcher(self, models: Arc<Models>, decisions: Vec<Decision>) -> Matcher {
        let mut matcher = Matcher::assemble(models, self.live, self.remembered, decisions);
        matcher.note_all_families(self.families);
        matcher
    }
}

/// Reads the file, if it can stand in for reading the rows of `snapshot`, whose derived state has this mark.
pub(super) async fn resume(
    Beside { path, resting }: Beside<'_>,
    snapshot: &dyn Read,
    models: &Arc<Models>,
    mark: &DerivedMark,
    compacted: Option<&CompactedMark>,
) -> Result<Option<Resumed>, ServiceError> {
    let Ok(file) = File::open(path) else { return Ok(None) };
    let (path, plan) = (path.to_owned(), Arc::clone(&models.plan));
    let mut input = BufReader::with_capacity(1 << 20, file);
    let about = match read_about(&mut input) {
        Ok(about) => about,
        Err(error) => return Ok(passed_over(&path, &error)),
    };
    // A mark in the middle of an entry is rare, and of a start after a crash.
    let fits = about.by == mark.by && about.reached <= mark.reached && mark.reached.rows == 0;
    // Where postings rest in the store they have to be of the mark's state, for what lies between to be matched.
    let rests = about.rests == resting.is_some() && (!about.rests || mark.index || about.reached == mark.reached);
    let told = compacted.is_none_or(|compacted| compacted.reached <= about.reached);
    if !fits || !told || !rests || entry_hash(snapshot, about.reached.position()).await? != Some(about.entry) {
        tracing::info!("the index on disk is of another state; all rows are read");
        return Ok(None);
    }
    let reached = about.reached;
    let read = tokio::task::spawn_blocking(move || {
        let (remembered, families) = read_known(&mut input)?;
        let live = match resting {
            Some(resting) => Live::read_resting(plan, &mut input, resting)?,
            None => Live::read_from(plan, &mut input)?,
        };
        Ok::<_, CheckpointError>(Resumed { live, remembered, families, reached })
    });
    match read.await.map_err(|_| ServiceError::NotReady)? {
        Ok(resumed) => Ok(Some(resumed)),
        Err(error) => Ok(passed_over(&path, &error)),
    }
}

fn passed_over<T>(path: &Path, error: &CheckpointError) -> Option<T> {
    tracing::warn!(
        path = %path.display(),
        error = error as &dyn std::error::Error,
        "the index on disk cannot be used; all rows are read"
    );
    None
}

/// The hash of an entry of the journal.
pub(super) async fn entry_hash(reader: &dyn Read, at: Position) -> Result<Option<u64>, ServiceError> {
    Ok(reader.get(Table::Journal, at.key()).await?.map(|entry| xxh3_64(&entry)))
}

/// Writes the matcher's memory, which stands at `reached`, where the journal's entry has the hash `entry`. The file is there
/// whole or not at all.
pub(super) fn write(matcher: &Matcher, reached: Reached, entry: u64, path: &Path) -> Result<(), CheckpointError> {
    let unfinished = path.with_extension("new");
    let written = write_file(matcher, reached, entry, &unfinished).and_then(|()| Ok(fs::rename(&unfinished, path)?));
    if written.is_err() {
        // It may not be there: what is said is why it was not written.
        let _ = fs::remove_file(&unfinished);
    }
    written
}

fn write_file(matcher: &Matcher, reached: Reached, entry: u64, path: &Path) -> Result<(), CheckpointError> {
    let file = File::options().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    let mut out = BufWriter::with_capacity(1 << 20, file);
    let about = About { by: matcher.models().derived_by(), reached, entry, rests: matcher.live.rests() };
    let said = serde_json::to_vec(&about).map_err(std::io::Error::other)?;
    let mut sink = Sink::new(&mut out);
    sink.raw(&BEGINNING)?;
    sink.section("about", said.iter().copied())?;
    write_known(matcher, &mut sink)?;
    matcher.live.write_to(&mut out)?;
    out.flush()?;
    out.get_ref().sync_all()?;
    Ok(())
}

fn read_about(input: &mut impl std::io::Read) -> Result<About, CheckpointError> {
    let mut source = Source::new(input);
    if source.raw("beginning")? != BEGINNING {
        return Err(CheckpointError::Foreign);
    }
    let said: Vec<u8> = source.section("about")?;
    require("about", said.len() <= MOST_SAID)?;
    serde_json::from_slice(&said).map_err(|_| CheckpointError::Damaged { section: "about" })
}

/// Column by column: numbers of one kind stand together.
fn write_known(matcher: &Matcher, sink: &mut Sink<'_>) -> Result<(), CheckpointError> {
    let slots = matcher.known.slots_by_number();
    let packed = || slots.iter().map(|slot| matcher.known.packed_in(*slot));
    let numbers = || slots.iter().map(|slot| matcher.known.numbers_in(*slot));
    sink.section("records", slots.iter().map(|slot| matcher.known.id(*slot).0))?;
    sink.section("days", packed().map(|row| row.day))?;
    let senders = serde_json::to_vec(&matcher.known.senders().all()).map_err(std::io::Error::other)?;
    sink.section("agencies", senders)?;
    sink.section("senders", packed().map(|row| row.sender))?;
    sink.section("row numbers", packed().map(|row| row.sequence))?;
    sink.section("feeds", packed().map(|row| row.feed))?;
    sink.section("states", packed().map(|row| row.states))?;
    sink.section("places", packed().map(|row| row.place))?;
    sink.section("families and accounts", packed().map(|row| row.of))?;
    sink.section("family cards", packed().map(|row| row.card))?;
    sink.section("niks", packed().map(|row| row.nik))?;
    sink.section("how many numbers", numbers().map(|numbers| numbers.count() as u32))?;
    sink.section("numbers", numbers().flatten().map(Number::value))?;
    sink.section("members", matcher.known.in_families().map(|(record, _)| record.0))?;
    sink.section("families", matcher.known.in_families().map(|(_, family)| family.0.0))?;
    let withdrawn: Vec<(RecordId, &Case)> = matcher.withdrawn_cases.entries().collect();
    sink.section(WITHDRAWN, serde_json::to_vec(&withdrawn).map_err(std::io::Error::other)?)
}

type KnownAndFamilies = (Remembered, Vec<(RecordId, FamilyId)>);

fn read_known(input: &mut impl std::io::Read) -> Result<KnownAndFamilies, CheckpointError> {
    let mut source = Source::new(input);
    let ids: Vec<u64> = source.section("records")?;
    require("records", ids.is_sorted_by(|a, b| a < b))?;
    let count = ids.len();
    let days: Vec<u32> = source.exactly("days", count)?;
    let agencies: Vec<u8> = source.section("agencies")?;
    let agencies: Vec<Sender> =
        serde_json::from_slice(&agencies).map_err(|_| CheckpointError::Damaged { section: "agencies" })?;
    require("agencies", u16::try_from(agencies.len()).is_ok())?;
    let agencies = Senders::of(agencies);
    let senders: Vec<u16> = source.exactly("senders", count)?;
    require("senders", senders.iter().all(|sender| agencies.get(*sender).is_some()))?;
    let sequences: Vec<u64> = source.exactly("row numbers", count)?;
    let feeds: Vec<u8> = source.exactly("feeds", count)?;
    let states: Vec<u8> = source.exactly("states", count)?;
    let places: Vec<u64> = source.exactly("places", count)?;
    let of: Vec<u64> = source.exactly("families and accounts", count)?;
    let cards: Vec<u64> = source.exactly("family cards", count)?;
    let niks: Vec<u64> = source.exactly("niks", count)?;
    let many: Vec<u32> = source.exactly("how many numbers", count)?;
    let numbers: Vec<u64> = source.section("numbers")?;
    require("numbers", many.iter().map(|many| u64::from(*many)).sum::<u64>() == numbers.len() as u64)?;
    let (mut known, mut from) = (Records::with_senders(agencies), 0);
    for at in 0..count {
        let to = from + many[at] as usize;
        let row = Packed {
            sequence: sequences[at],
            nik: niks[at],
            of: of[at],
            card: cards[at],
            place: places[at],
            day: days[at],
            sender: senders[at],
            feed: feeds[at],
            states: states[at],
        };
        require("feeds and days", row.known().is_some())?;
        let numbers: Vec<Number> = numbers[from..to].iter().map(|number| Number::from_value(*number)).collect();
        known.gather_packed(RecordId(ids[at]), row, &numbers);
        from = to;
    }
    let members: Vec<u64> = source.section("members")?;
    let families: Vec<u64> = source.exactly("families", members.len())?;
    let families = members.into_iter().zip(families);
    let families = families.map(|(record, family)| (RecordId(record), FamilyId(RecordId(family)))).collect();
    let withdrawn_cases = read_withdrawn(&source.section::<u8>(WITHDRAWN)?)?;
    Ok((Remembered { known, withdrawn_cases }, families))
}

fn read_withdrawn(bytes: &[u8]) -> Result<WithdrawnCases, CheckpointError> {
    let entries: Vec<(RecordId, Case)> =
        serde_json::from_slice(bytes).map_err(|_| CheckpointError::Damaged { section: WITHDRAWN })?;
    let mut withdrawn = WithdrawnCases::default();
    for (record, case) in entries {
        withdrawn.note(record, vec![case]);
    }
    Ok(withdrawn)
}

impl Gateway {
    /// Writes the index to disk, where one is kept, if more than one in `after` rows is not in the file. That it cannot be
    /// written costs time at the next start, and nothing else.
    pub(super) async fn keep_index(&self, tail: &Tail, after: u64) -> Result<(), ServiceError> {
        let Some(path) = self.settings().index_file.clone().filter(|_| !tail.unsure) else { return Ok(()) };
        let changed = self.matching().changed.load(Ordering::Relaxed);
        let records = self.ask_matcher(|matcher| matcher.known.len() as u64).await?;
        let due = changed > 0 && changed.saturating_mul(after) >= records && tail.applied.rows == 0;
        let Some(entry) = entry_hash(self.reader(), tail.applied.position()).await?.filter(|_| due) else {
            return Ok(());
        };
        let (started, reached) = (Instant::now(), tail.applied);
        let written = self.ask_matcher(move |matcher| {
            has_room(&path, records)?;
            write(matcher, reached, entry, &path)
        });
        match written.await? {
            Ok(()) => {
                let ms = started.elapsed().as_millis() as u64;
                tracing::info!(records, ms, "wrote the index to disk");
            }
            Err(error) => tracing::warn!(error = &error as &dyn std::error::Error, "the index was not written to disk"),
        }
        // Also where it failed: it is tried again after as many rows.
        self.matching().changed.fetch_sub(changed, Ordering::Relaxed);
        Ok(())
    }

    /// Writes the index to disk before the gateway ends.
    pub(in crate::service) async fn keep_index_at_end(&self) {
        let tail = self.matching().tail.lock().await;
        let Some(tail) = tail.as_ref() else { return };
        if let Err(error) = self.keep_index(tail, INDEX_AT_END).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "the index was not written to disk");
        }
    }
}

/// Fails where the disk may not have the room.
fn has_room(path: &Path, records: u64) -> Result<(), CheckpointError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let free = crate::store::free_bytes(folder)?;
    if free / BYTES_A_RECORD > records { Ok(()) } else { Err(std::io::Error::from(ErrorKind::StorageFull).into()) }
}
