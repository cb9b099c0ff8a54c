//! `padan verify`: does everything in a store say what it should, and does each thing find what it names?
//!
//! One state is read from end to end. What is wrong is counted by kind, with what would put it right; nothing about a
//! person is told, and nothing is written.

use std::collections::{BTreeMap, HashMap, HashSet};

use rayon::prelude::*;
use serde::Serialize;

use super::error::ServiceError;
use crate::domain::batch::{Batch, Declaration, ReceiptLine};
use crate::domain::case::Case;
use crate::domain::date::Date;
use crate::domain::decision::Decision;
use crate::domain::person::{GoldenFamily, GoldenPerson};
use crate::domain::record::{PersonId, RecordId, Sequence, Standing};
use crate::service::audit::{LogCheck, grown};
use crate::service::intake::idempotency::Remembered;
use crate::service::intake::mapping::KeptMapping;
use crate::service::matching::load::record_of;
use crate::service::stored::codec::{decode, decode_row, natural_key_of, plain};
use crate::service::stored::head::{Head, row_digest};
use crate::service::stored::journal::{
    COMPACTED_MARK, CompactedMark, DERIVED_MARK, DerivedMark, Entry, RESTORING_MARK, compacted_mark,
};
use crate::service::stored::names::{NameEntry, is_name};
use crate::service::stored::postings::{read_posting_key, read_records};
use crate::service::stored::reading::Pages;
use crate::store::{Position, Read, Row, Table};

/// What can be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Wrong {
    /// The store gives an error instead of a part of a table.
    Unreadable,
    /// A value is not of the form that this program writes.
    Form,
    /// A row names a batch that is not there.
    RowWithoutBatch,
    /// A record has rows and no head, or a head and no rows.
    HeadWithoutRow,
    /// A head does not name the newest row, or stands under another key than the row's.
    HeadOfAnotherRow,
    /// Positions of the journal are missing.
    JournalGap,
    /// The journal names a row that is not there, or names it twice, and the retention rule did not take it.
    JournalWithoutRow,
    /// A row that the journal does not name, of a batch that was not compacted.
    RowWithoutJournal,
    /// A receipt has other lines than its batch has rows, or lines although the retention rule took it.
    ReceiptLines,
    /// A decision names a record that is not there.
    DecisionWithoutRecord,
    /// Members and persons do not agree about a record.
    Members,
    /// A family, a case or a word of names leads to somebody who is not there, or somebody is not found by a word.
    DerivedReference,
    /// Entries of the audit log are missing.
    AuditGap,
    /// The hashes over the audit log do not follow from its entries.
    AuditHash,
    /// A restore has not ended.
    Incomplete,
}

impl Wrong {
    /// What it means, and what would put it right.
    pub fn told(self) -> (&'static str, &'static str) {
        let backup = "restore the last backup into a new store";
        let rebuild = "`padan rebuild --write` derives it again";
        match self {
            Self::Unreadable => ("parts of a table cannot be read", backup),
            Self::Form => ("values are not of a form this program knows", "use the program that wrote them"),
            Self::RowWithoutBatch => ("rows name a batch that is not there", backup),
            Self::HeadWithoutRow => ("records without rows, or rows without their record", backup),
            Self::HeadOfAnotherRow => ("records that do not name their newest row", backup),
            Self::JournalGap => ("positions of the journal are missing", backup),
            Self::JournalWithoutRow => ("rows named by the journal are not there, or twice", backup),
            Self::RowWithoutJournal => {
                ("rows that the journal does not name", "make a full backup: increments miss them")
            }
            Self::ReceiptLines => ("receipts have other lines than their batch", backup),
            Self::DecisionWithoutRecord => ("decisions name records that are not there", backup),
            Self::Members => ("members and persons do not agree", rebuild),
            Self::DerivedReference => ("families, cases or words of names do not lead to whom they should", rebuild),
            Self::AuditGap => ("entries of the audit log are missing", backup),
            Self::AuditHash => (
                "the audit log is not the one that was hashed",
                "compare an export with an earlier one: `padan audit verify`",
            ),
            Self::Incomplete => ("a restore into this store has not ended", "run `padan restore` again"),
        }
    }
}

/// What was looked at and what was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verified {
    /// Entries read, by table.
    pub entries: BTreeMap<&'static str, u64>,
    /// What is wrong, and how often.
    pub wrong: BTreeMap<Wrong, u64>,
}

/// What is known of one record from its rows.
struct Newest {
    standing: Standing,
    tgl_data: Date,
    key: Vec<u8>,
    digest: String,
}

/// What is known of a batch.
struct Counted {
    rows: u64,
    compacted: bool,
}

/// What later tables are held against.
#[derive(Default)]
struct SeenSoFar {
    batches: HashMap<String, Counted>,
    records: HashMap<RecordId, Newest>,
    /// Rows of early programs with a day that had not come: those took them for the newest, and heads may still name them.
    ahead: HashSet<(RecordId, Sequence)>,
    /// Those that the journal has to name.
    rows: HashSet<(RecordId, Sequence)>,
    /// Those that it named and that are not there.
    missing: HashSet<(RecordId, Sequence)>,
    /// The last position of the journal that was seen, or that was compacted.
    position: Position,
    receipt_lines: HashMap<String, u64>,
    members: HashMap<RecordId, PersonId>,
    persons: HashSet<PersonId>,
    /// Words that persons are to be found by, and entries that find somebody by one.
    words: (u64, u64),
    audit: LogCheck,
}

/// Reads a whole state. Errors are counted, so that one broken table does not hide the others.
pub async fn verify(snapshot: &dyn Read) -> Result<Verified, ServiceError> {
    let mut verified = Verified::default();
    let mut known = SeenSoFar::default();
    // A mark that cannot be read is told where all of them are looked at.
    if let Ok((_, Some(mark))) = compacted_mark(snapshot).await {
        known.position = mark.reached.position();
    }
    if let Ok((_, kept)) = grown(snapshot).await {
        known.audit = LogCheck::new(kept);
    }
    // Each table after those that it is held against.
    for table in [
        Table::Batches,
        Table::Rows,
        Table::Records,
        Table::Journal,
        Table::Receipts,
        Table::Idempotency,
        Table::Decisions,
        Table::Completeness,
        Table::Members,
        Table::Persons,
        Table::Families,
        Table::Cases,
        Table::Lookups,
        Table::Outcomes,
        Table::Postings,
        Table::Mappings,
        Table::Audit,
        Table::AuditNodes,
        Table::Marks,
    ] {
        let mut pages = Pages::of(snapshot, table);
        loop {
            match pages.next().await {
                Ok(Some(page)) => {
                    *verified.entries.entry(table.name()).or_default() += page.len() as u64;
                    look(table, &page, &mut known, &mut verified);
                }
                Ok(None) => break,
                Err(_) => {
                    verified.note(Wrong::Unreadable, 1);
                    break;
                }
            }
        }
        ended(table, &mut known, &mut verified);
    }
    Ok(verified)
}

impl Verified {
    /// Whether nothing is wrong.
    pub fn sound(&self) -> bool {
        self.wrong.is_empty()
    }

    fn note(&mut self, wrong: Wrong, count: u64) {
        if count > 0 {
            *self.wrong.entry(wrong).or_default() += count;
        }
    }

    fn check(&mut self, wrong: Wrong, holds: bool) {
        self.note(wrong, u64::from(!holds));
    }
}

/// Looks at one page of a table.
fn look(table: Table, page: &[Row], known: &mut SeenSoFar, verified: &mut Verified) {
    match table {
        Table::Rows => look_at_rows(page, known, verified),
        Table::Journal => look_at_journal(page, known, verified),
        Table::Records
        | Table::Batches
        | Table::Receipts
        | Table::Idempotency
        | Table::Decisions
        | Table::Completeness
        | Table::Members
        | Table::Persons
        | Table::Families
        | Table::Cases
        | Table::Lookups
        | Table::Outcomes
        | Table::Postings
        | Table::Mappings
        | Table::Audit
        | Table::AuditNodes
        | Table::Marks => {
            for (key, bytes) in page {
                if look_at(table, key, bytes, known, verified).is_err() {
                    verified.note(Wrong::Form, 1);
                }
            }
        }
    }
}

fn look_at_rows(page: &[Row], known: &mut SeenSoFar, verified: &mut Verified) {
    let read: Vec<Option<_>> = page
        .par_iter()
        .map(|(_, bytes)| {
            let row = decode_row(bytes).ok()?;
            let record = record_of(&row).ok()?;
            let key = natural_key_of(&record.key.agency, record.key.feed, &record.key.id_sumber);
            let ahead = row.received.is_none() && record.day().is_none();
            Some((
                (row.batch, ahead),
                record.id,
                Newest { standing: record.standing(), tgl_data: record.tgl_data, key, digest: row_digest(&row.raw) },
            ))
        })
        .collect();
    for row in read {
        let Some(((batch, ahead), id, newest)) = row else {
            verified.note(Wrong::Form, 1);
            continue;
        };
        if ahead {
            known.ahead.insert((id, newest.standing.sequence));
        }
        let batch = known.batches.get(&batch);
        verified.check(Wrong::RowWithoutBatch, batch.is_some());
        if batch.is_none_or(|batch| !batch.compacted) {
            known.rows.insert((id, newest.standing.sequence));
        }
        match known.records.get(&id) {
            Some(other) if other.standing > newest.standing => {}
            _ => drop(known.records.insert(id, newest)),
        }
    }
}

fn look_at_journal(page: &[Row], known: &mut SeenSoFar, verified: &mut Verified) {
    for (key, bytes) in page {
        let position = Position::of(key);
        verified.check(Wrong::JournalGap, position == Some(known.position.next()));
        known.position = position.unwrap_or(known.position);
        match decode::<Entry>(bytes, "journal") {
            Ok(Entry::Rows { rows, .. }) => {
                for row in rows {
                    if !known.rows.remove(&row) {
                        // Named twice, it is missing the second time.
                        known.missing.insert(row);
                    }
                }
            }
            // It stands behind what names them.
            Ok(Entry::Compacted(removed)) => {
                for row in &removed.rows {
                    known.missing.remove(row);
                }
            }
            Ok(Entry::Decisions { .. } | Entry::Declarations { .. } | Entry::Mapping { .. }) => {}
            Err(_) => verified.note(Wrong::Form, 1),
        }
    }
}

fn look_at(
    table: Table,
    key: &[u8],
    bytes: &[u8],
    known: &mut SeenSoFar,
    verified: &mut Verified,
) -> Result<(), ServiceError> {
    match table {
        Table::Batches => {
            let batch: Batch = decode(bytes, "batch")?;
            let counted = Counted { rows: batch.counts.baris, compacted: batch.compacted_at.is_some() };
            known.batches.insert(batch.id, counted);
        }
        Table::Records => look_at_head(key, &decode(bytes, "record")?, known, verified),
        Table::Receipts => {
            let lines: Vec<ReceiptLine> = decode(bytes, "receipt")?;
            let batch = String::from_utf8_lossy(key.get(..key.len().saturating_sub(8)).unwrap_or_default());
            *known.receipt_lines.entry(batch.into_owned()).or_default() += lines.len() as u64;
        }
        Table::Idempotency => drop(decode::<Remembered>(bytes, "idempotency")?),
        Table::Decisions => {
            let decision: Decision = decode(bytes, "decision")?;
            let there = [decision.a, decision.b].iter().all(|id| known.records.contains_key(id));
            verified.check(Wrong::DecisionWithoutRecord, there);
        }
        Table::Completeness => drop(decode::<Declaration>(bytes, "completeness")?),
        Table::Members => {
            let record = key.try_into().map(u64::from_be_bytes);
            let record = RecordId(record.map_err(|_| ServiceError::Corrupt { what: "member".to_owned() })?);
            known.members.insert(record, decode(bytes, "member")?);
            verified.check(Wrong::Members, known.records.contains_key(&record));
        }
        Table::Persons => {
            let person: GoldenPerson = decode(bytes, "person")?;
            let strangers = person.records.iter().filter(|id| known.members.remove(id) != Some(person.id));
            verified.note(Wrong::Members, strangers.count() as u64);
            known.persons.insert(person.id);
            known.words.0 += person.words.iter().count() as u64;
        }
        Table::Families => {
            let family: GoldenFamily = decode(bytes, "family")?;
            verified.check(Wrong::DerivedReference, family.members.iter().all(|id| known.persons.contains(id)));
        }
        Table::Cases => {
            let case: Case = decode(bytes, "case")?;
            verified.check(Wrong::DerivedReference, case.records.iter().all(|id| known.records.contains_key(id)));
        }
        Table::Lookups if is_name(key) => {
            let corrupt = || ServiceError::Corrupt { what: "word of a name".to_owned() };
            let entry = NameEntry::read(key, bytes).ok_or_else(corrupt)?;
            verified.check(Wrong::DerivedReference, known.persons.contains(&entry.person));
            known.words.1 += 1;
        }
        Table::Lookups | Table::Outcomes => drop(plain(bytes, table.name())?),
        Table::Mappings => drop(decode::<KeptMapping>(bytes, "mapping")?),
        Table::Audit => verified.check(Wrong::AuditGap, known.audit.entry(key, bytes)?),
        Table::AuditNodes => known.audit.node(key, bytes)?,
        Table::Postings => verified.check(Wrong::DerivedReference, names_known_records(key, bytes, known)?),
        Table::Marks => {
            verified.check(Wrong::Incomplete, key != RESTORING_MARK);
            look_at_mark(key, bytes)?;
        }
        // Read as whole pages.
        Table::Rows | Table::Journal => {}
    }
    Ok(())
}

fn look_at_mark(key: &[u8], bytes: &[u8]) -> Result<(), ServiceError> {
    if key == DERIVED_MARK {
        decode::<DerivedMark>(bytes, "mark")?;
    }
    if key == COMPACTED_MARK {
        decode::<CompactedMark>(bytes, "mark")?;
    }
    Ok(())
}

/// Whether a posting of the candidate index names records that are there.
fn names_known_records(key: &[u8], bytes: &[u8], known: &SeenSoFar) -> Result<bool, ServiceError> {
    read_posting_key(key)?;
    let records = read_records(bytes)?.unwrap_or_default();
    Ok(records.into_iter().all(|id| known.records.contains_key(&RecordId(id))))
}

/// A head against the newest row of its record.
fn look_at_head(key: &[u8], head: &Head, known: &SeenSoFar, verified: &mut Verified) {
    let Some(newest) = known.records.get(&head.id) else {
        verified.note(Wrong::HeadWithoutRow, 1);
        return;
    };
    let order = (newest.tgl_data, newest.standing.sequence);
    let same = order == (head.tgl_data, head.sequence) && newest.key == key && newest.digest == head.digest;
    verified.check(Wrong::HeadOfAnotherRow, same || known.ahead.contains(&(head.id, head.sequence)));
}

/// What shows only when a table has been read to its end.
fn ended(table: Table, known: &mut SeenSoFar, verified: &mut Verified) {
    match table {
        Table::Records => {
            let (heads, records) = (verified.entries.get(table.name()).copied(), known.records.len() as u64);
            verified.note(Wrong::HeadWithoutRow, records.saturating_sub(heads.unwrap_or_default()));
        }
        Table::Journal => {
            verified.note(Wrong::RowWithoutJournal, std::mem::take(&mut known.rows).len() as u64);
            verified.note(Wrong::JournalWithoutRow, std::mem::take(&mut known.missing).len() as u64);
        }
        Table::Receipts => {
            let lines = std::mem::take(&mut known.receipt_lines);
            let other = known.batches.iter().filter(|(id, batch)| {
                let expected = if batch.compacted { 0 } else { batch.rows };
                lines.get(*id).copied().unwrap_or_default() != expected
            });
            verified.note(Wrong::ReceiptLines, other.count() as u64);
        }
        Table::Persons => verified.note(Wrong::Members, known.members.len() as u64),
        Table::AuditNodes => verified.check(Wrong::AuditHash, known.audit.is_sound()),
        Table::Lookups => verified.note(Wrong::DerivedReference, known.words.0.abs_diff(known.words.1)),
        Table::Rows
        | Table::Batches
        | Table::Idempotency
        | Table::Decisions
        | Table::Completeness
        | Table::Members
        | Table::Families
        | Table::Cases
        | Table::Outcomes
        | Table::Postings
        | Table::Mappings
        | Table::Audit
        | Table::Marks => {}
    }
}
