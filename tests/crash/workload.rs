//! What the writers of the kill cases write, and what must be there afterwards.
//!
//! Batch `n` of a writer puts `n` under the same key into several tables, moves the writer's head there to `n`, which it
//! requires to be `n - 1`, takes out what batch `n - KEPT` put, and notes itself in the journal. Every seventh also puts a
//! large value. So the whole content of the store follows from the heads, but for the order of writers in the journal, and
//! a batch that was applied by halves or twice shows.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use padan::store::{Config, Position, Read, Row, Store, StoreError, StoreUrl, Table, WriteBatch, after};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use crate::child::tell;

/// The tables that have to agree.
pub(crate) const COUNTED: [Table; 4] = [Table::Records, Table::Rows, Table::Batches, Table::Marks];
/// The table of large values.
pub(crate) const LARGE: Table = Table::Receipts;
/// Writers at the same time.
pub(crate) const WRITERS: u64 = 4;

/// What a writer tells when its store takes batches again that did not take one before.
pub(crate) const WENT_ON: &str = "went_on";

const KEPT: u64 = 70;
const LARGE_EVERY: u64 = 7;
const PAGE: usize = 1_000;

/// How a writer hands in its batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// As one commit.
    Whole,
    /// The planted error: one commit for each table.
    ByTable,
}

/// What is wrong with a store after a kill.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// Batches acknowledged and gone.
    pub(crate) lost: u64,
    /// Writers of which some table or the journal holds something else than the others say.
    pub(crate) half: u64,
    /// Batches noted in the journal more than once.
    pub(crate) doubled: u64,
    /// Positions of the journal that do not follow the one before.
    pub(crate) gaps: u64,
}

/// Small limits, no reserve, short waits.
pub(crate) fn limits() -> Config {
    Config { reserve_bytes: 0, cache_bytes: 16 << 20, lock_wait_ms: 300, ..Config::default() }
}

/// Opens the store at an address.
pub(crate) fn open(address: &str) -> Result<Arc<dyn Store>, StoreError> {
    let url: StoreUrl = address.parse().expect("an address");
    padan::store::open(&url, &limits())
}

/// Commits; what a store tells about a commit that went well does not matter here.
pub(crate) async fn commit(store: &dyn Store, batch: WriteBatch) -> Result<(), StoreError> {
    store.commit(batch).await.map(drop)
}

/// A whole table.
pub(crate) async fn whole(reader: &dyn Read, table: Table) -> Result<Vec<Row>, StoreError> {
    let (mut rows, mut from) = (Vec::new(), Vec::new());
    loop {
        let page = reader.scan(table, from, None, PAGE).await?;
        let full = page.len() == PAGE;
        from = page.last().map_or(Vec::new(), |(key, _)| after(key));
        rows.extend(page);
        if !full {
            return Ok(rows);
        }
    }
}

/// Bytes that follow from a number.
pub(crate) fn bytes_of(number: u64, sizes: std::ops::Range<usize>) -> Vec<u8> {
    let mut random = ChaCha8Rng::seed_from_u64(number);
    let mut bytes = vec![0; random.random_range(sizes)];
    random.fill(&mut bytes[..]);
    bytes
}

fn head(writer: u64) -> Vec<u8> {
    format!("{writer}/head").into_bytes()
}

fn nth(writer: u64, number: u64) -> Vec<u8> {
    format!("{writer}/{number:012}").into_bytes()
}

fn large(writer: u64, number: u64) -> Option<Vec<u8>> {
    number.is_multiple_of(LARGE_EVERY).then(|| bytes_of(writer << 48 | number, 5_000..200_000))
}

/// What a batch leaves in the journal.
fn entry(writer: u64, number: u64) -> Vec<u8> {
    [writer.to_be_bytes(), number.to_be_bytes()].concat()
}

/// Batch `number` of a writer, cut as asked.
fn batches(writer: u64, number: u64, cut: Cut) -> Vec<WriteBatch> {
    let mut batches: Vec<WriteBatch> = COUNTED.map(|table| in_table(table, writer, number, WriteBatch::new())).into();
    if let Some(bytes) = large(writer, number) {
        let with = &mut batches[0];
        with.put(LARGE, nth(writer, number), bytes);
        if number > KEPT {
            with.delete(LARGE, nth(writer, number - KEPT));
        }
    }
    batches[0].note(entry(writer, number));
    match cut {
        Cut::ByTable => batches,
        Cut::Whole => {
            let first = batches.swap_remove(0);
            vec![COUNTED[1..].iter().fold(first, |batch, table| in_table(*table, writer, number, batch))]
        }
    }
}

fn in_table(table: Table, writer: u64, number: u64, mut batch: WriteBatch) -> WriteBatch {
    match number {
        1 => batch.require_absent(table, head(writer)),
        _ => batch.require_equals(table, head(writer), (number - 1).to_be_bytes()),
    };
    batch.put(table, head(writer), number.to_be_bytes()).put(table, nth(writer, number), number.to_be_bytes());
    if number > KEPT {
        batch.delete(table, nth(writer, number - KEPT));
    }
    batch
}

/// Writes until the process is killed, or until the store refuses for good.
pub(crate) async fn write(store: Arc<dyn Store>, writer: u64, cut: Cut, ledger: &Path) -> StoreError {
    let mut ledger = Ledger::open(ledger, writer);
    let (mut last, mut had_failed) = (None, false);
    loop {
        match write_one(&*store, writer, last, cut).await {
            Ok(number) => {
                ledger.acknowledged(number);
                last = Some(number);
                if std::mem::take(&mut had_failed) {
                    tell(WENT_ON, number);
                }
            }
            // What became of the batch, the head says.
            Err(error) if store.shared() && is_passing(&error) => (last, had_failed) = (None, true),
            Err(error) => return error,
        }
    }
}

/// Writes the batch behind the last one, or behind the head when that is not known; its number.
async fn write_one(store: &dyn Store, writer: u64, last: Option<u64>, cut: Cut) -> Result<u64, StoreError> {
    let number = 1 + match last {
        Some(last) => last,
        None => head_of(store.reader(), COUNTED[0], writer).await?,
    };
    for batch in batches(writer, number, cut) {
        commit(store, batch).await?;
    }
    Ok(number)
}

/// Whether a store behind a server may go on after this: the server is away; nobody knows what became of a batch; or the
/// last batch of a process that was killed was still on its way, and came in after the head was read.
fn is_passing(error: &StoreError) -> bool {
    matches!(error, StoreError::Unavailable { .. } | StoreError::Io { .. } | StoreError::Conflict { .. })
}

async fn head_of(reader: &dyn Read, table: Table, writer: u64) -> Result<u64, StoreError> {
    let value = reader.get(table, head(writer)).await?;
    Ok(value.map_or(0, |bytes| u64::from_be_bytes(bytes.try_into().expect("8 bytes"))))
}

/// Compares one state of the whole store with what the ledgers and the heads say.
pub(crate) async fn verify(store: &dyn Store, ledgers: &Path) -> Result<Verdict, StoreError> {
    // A server may still be at the last batch of a process that is dead.
    let state = store.snapshot().await?;
    let mut heads = Vec::new();
    for writer in 0..WRITERS {
        heads.push(head_of(&*state, COUNTED[0], writer).await?);
    }
    let mut found = vec![BTreeMap::new(); heads.len()];
    for table in COUNTED.into_iter().chain([LARGE]) {
        for (key, value) in whole(&*state, table).await? {
            let writer = usize::from(key[0].wrapping_sub(b'0'));
            // A key of nobody counts against the first writer.
            let writer = if writer < found.len() { writer } else { 0 };
            found[writer].insert((table, key), value);
        }
    }
    let journal = Noted::of(&whole(&*state, Table::Journal).await?);
    let is_whole = |writer: u64, head: u64| {
        found[writer as usize] == content(writer, head) && journal.numbers[writer as usize].iter().copied().eq(1..=head)
    };
    let writers = || (0..).zip(heads.iter().copied());
    Ok(Verdict {
        lost: writers().map(|(writer, head)| Ledger::lost(ledgers, writer, head)).sum(),
        half: writers().filter(|(writer, head)| !is_whole(*writer, *head)).count() as u64,
        doubled: journal.doubled,
        gaps: journal.gaps,
    })
}

/// What the journal says.
struct Noted {
    /// The numbers of each writer, in the order of the journal.
    numbers: Vec<Vec<u64>>,
    doubled: u64,
    gaps: u64,
}

impl Noted {
    fn of(journal: &[Row]) -> Self {
        let mut noted = Self { numbers: vec![Vec::new(); WRITERS as usize], doubled: 0, gaps: 0 };
        let mut last = Position::default();
        for (key, entry) in journal {
            let position = Position::of(key).unwrap_or_default();
            noted.gaps += u64::from(position != last.next());
            last = position;
            let (writer, number) = entry.split_at(entry.len() / 2);
            let [writer, number] = [writer, number].map(|half| half.try_into().map_or(0, u64::from_be_bytes));
            let numbers = &mut noted.numbers[(writer % WRITERS) as usize];
            // Numbers only grow, so one that came before is not behind the greatest.
            noted.doubled += u64::from(numbers.last().is_some_and(|last| number <= *last));
            numbers.push(number);
        }
        noted
    }
}

/// Everything of a writer whose last batch was `last`.
fn content(writer: u64, last: u64) -> BTreeMap<(Table, Vec<u8>), Vec<u8>> {
    let mut content = BTreeMap::new();
    for number in (last.saturating_sub(KEPT) + 1..=last).filter(|number| *number > 0) {
        for table in COUNTED {
            content.insert((table, nth(writer, number)), number.to_be_bytes().to_vec());
        }
        content.extend(large(writer, number).map(|bytes| ((LARGE, nth(writer, number)), bytes)));
    }
    if last > 0 {
        content.extend(COUNTED.map(|table| ((table, head(writer)), last.to_be_bytes().to_vec())));
    }
    content
}

/// The file in which a writer keeps what was acknowledged. It is not synced: the power cuts of this exam are about the
/// store's folder alone, and a killed process takes no page of the operating system with it.
pub(crate) struct Ledger(File);

impl Ledger {
    /// Goes on writing where an earlier process ended.
    pub(crate) fn open(folder: &Path, writer: u64) -> Self {
        let path = folder.join(format!("ledger-{writer}"));
        Self(OpenOptions::new().create(true).append(true).open(path).expect("a ledger"))
    }

    /// Notes a number.
    pub(crate) fn acknowledged(&mut self, number: u64) {
        self.0.write_all(&number.to_be_bytes()).expect("the ledger takes it");
    }

    /// All numbers of a ledger.
    pub(crate) fn all(folder: &Path, writer: u64) -> Vec<u64> {
        let bytes = std::fs::read(folder.join(format!("ledger-{writer}"))).unwrap_or_default();
        bytes.chunks_exact(8).map(|chunk| u64::from_be_bytes(chunk.try_into().expect("8 bytes"))).collect()
    }

    /// How many acknowledged numbers a store does not have whose head is `head`. One that was lost may have been given
    /// again since, by a writer that went on.
    fn lost(folder: &Path, writer: u64, head: u64) -> u64 {
        let acknowledged = Self::all(folder, writer);
        let given_again = acknowledged.windows(2).map(|pair| (pair[0] + 1).saturating_sub(pair[1])).sum::<u64>();
        given_again + acknowledged.last().map_or(0, |last| last.saturating_sub(head))
    }
}
