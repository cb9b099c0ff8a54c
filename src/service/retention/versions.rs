//! The rows of records, and which of them newer ones have replaced for long enough.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::batch::Batch;
use crate::domain::date::Timestamp;
use crate::domain::record::{RecordId, Sequence, Standing};
use crate::service::error::ServiceError;
use crate::service::matching::load::record_of;
use crate::service::stored::codec::{decode, decode_row, id_key};
use crate::service::stored::journal::Ahead;
use crate::service::stored::reading::{Pages, get_many};
use crate::store::{Read, Row, Table, prefix_end};

/// Rows read at once: records of one batch mostly lie side by side.
const PAGE: usize = 256;

/// One row of a record that has several.
pub(super) struct Version {
    pub(super) record: RecordId,
    pub(super) sequence: Sequence,
    pub(super) key: Vec<u8>,
    pub(super) value: Vec<u8>,
    standing: Standing,
    batch: String,
}

/// Those rows of the records that were replaced by rows which are themselves accepted before `cutoff` and matched.
/// `records` come in order, each once.
pub(super) async fn replaced(
    reader: &dyn Read,
    records: &[RecordId],
    cutoff: Timestamp,
    ahead: &Ahead,
) -> Result<Vec<Version>, ServiceError> {
    let mut versions = several(reader, records).await?;
    let batches: BTreeSet<&str> = versions.iter().map(|version| version.batch.as_str()).collect();
    let times = times_of(reader, &batches).await?;
    versions.retain(|version| {
        let old = times.get(&version.batch).is_some_and(|at| *at <= cutoff);
        old && !ahead.rows.contains(&(version.record, version.sequence))
    });
    // Of what was there at the cutoff, the present row of that day stays; later ones are not looked at.
    let mut gone = Vec::new();
    let mut newest: Option<Version> = None;
    for version in versions {
        match newest.take() {
            Some(last) if last.record == version.record => {
                let (older, newer) = if last.standing < version.standing { (last, version) } else { (version, last) };
                gone.push(older);
                newest = Some(newer);
            }
            Some(_) | None => newest = Some(version),
        }
    }
    Ok(gone)
}

impl Version {
    fn of(row: &Row) -> Result<Self, ServiceError> {
        let (key, value) = row;
        let accepted = decode_row(value)?;
        let record = record_of(&accepted)?;
        Ok(Self {
            record: record.id,
            sequence: record.sequence,
            key: key.clone(),
            value: value.clone(),
            standing: record.standing(),
            batch: accepted.batch,
        })
    }
}

/// All rows of those records that have more than one, by record.
async fn several(reader: &dyn Read, records: &[RecordId]) -> Result<Vec<Version>, ServiceError> {
    let Some(end) = records.last().map(|last| prefix_end(&id_key(*last))) else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    let mut next = 0;
    while next < records.len() {
        let page = reader.scan(Table::Rows, id_key(records[next]), end.clone(), PAGE).await?;
        // Where the page is full, its last record may go on behind it.
        let cut = if page.len() == PAGE { page.last().map(record_at).transpose()? } else { None };
        let mut whole = page;
        whole.retain(|row| record_at(row).ok() != cut);
        take_several(&whole, records, &mut found)?;
        next = match cut {
            None => records.len(),
            Some(cut) if whole.is_empty() => {
                take_several(&all_of(reader, cut).await?, records, &mut found)?;
                records.partition_point(|record| *record <= cut)
            }
            Some(cut) => records.partition_point(|record| *record < cut),
        };
    }
    Ok(found)
}

/// Takes the rows of wanted records that have more than one.
fn take_several(rows: &[Row], records: &[RecordId], found: &mut Vec<Version>) -> Result<(), ServiceError> {
    for group in rows.chunk_by(|a, b| a.0.get(..8) == b.0.get(..8)).filter(|group| group.len() > 1) {
        if records.binary_search(&record_at(&group[0])?).is_ok() {
            for row in group {
                found.push(Version::of(row)?);
            }
        }
    }
    Ok(())
}

async fn all_of(reader: &dyn Read, record: RecordId) -> Result<Vec<Row>, ServiceError> {
    let prefix = id_key(record);
    let end = prefix_end(&prefix);
    let mut pages = Pages::between(reader, Table::Rows, prefix, end);
    let mut rows = Vec::new();
    while let Some(page) = pages.next().await? {
        rows.extend(page);
    }
    Ok(rows)
}

fn record_at((key, _): &Row) -> Result<RecordId, ServiceError> {
    let number = key.first_chunk::<8>().ok_or_else(|| ServiceError::Corrupt { what: "row key".to_owned() })?;
    Ok(RecordId(u64::from_be_bytes(*number)))
}

/// When batches were accepted.
async fn times_of(reader: &dyn Read, ids: &BTreeSet<&str>) -> Result<BTreeMap<String, Timestamp>, ServiceError> {
    let keys = ids.iter().map(|id| id.as_bytes().to_vec()).collect();
    let found = get_many(reader, Table::Batches, keys).await?;
    let lost = || ServiceError::Corrupt { what: "a batch that a row names".to_owned() };
    let at = |(id, bytes): (&&str, Option<Vec<u8>>)| {
        let batch: Batch = decode(&bytes.ok_or_else(lost)?, "batch")?;
        Ok(((*id).to_owned(), batch.received_at))
    };
    ids.iter().zip(found).map(at).collect()
}
