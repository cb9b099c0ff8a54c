//! Taking a push in: rows, receipt and idempotency key in one durable transaction, then the matcher is told.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::clock::newest_day_in_indonesia;
use super::codec::{decode, encode, encode_row, natural_key_of, row_key};
use super::error::ServiceError;
use super::gateway::{Gateway, IdempotencyKey, store_error};
use super::journal::Entry;
use super::numbers::Numbers;
use super::reading::get_many;
use super::views::Pushed;
use crate::auth::Caller;
use crate::domain::agency::AgencyId;
use crate::domain::batch::{AcceptedRow, Batch, BatchCounts, ReceiptLine, RowOutcome};
use crate::domain::date::Date;
use crate::domain::feed::Feed;
use crate::domain::record::{Record, RecordId, RecordKey, Sequence, day_of};
use crate::feed::{ReadBatch, ValidRow};
use crate::store::{StoreError, Table, WriteBatch};
use crate::telemetry::metric;

/// Receipt lines stored under one key: small enough for any store to keep the value inline.
pub(super) const RECEIPT_PAGE: usize = 32;

/// How often a push is planned anew because another push touched the same records in between.
const MAX_TRIES: usize = 50;

/// What is stored under a natural key: which record it is and which row is its present state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Head {
    pub(super) id: RecordId,
    pub(super) sequence: Sequence,
    /// The day of the present row; that of its receipt where its own had not come.
    pub(super) tgl_data: Date,
    /// Its own day had not come.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) ahead: bool,
    /// First half of the SHA-256 of the present row's text, to recognise a row that is sent again.
    pub(super) digest: String,
}

impl Head {
    /// The day of the present row. Heads of early programs do not say whether it had come; what has not come by
    /// `today` had not come then.
    fn day(&self, today: Date) -> Option<Date> {
        (!self.ahead && self.tgl_data <= today).then_some(self.tgl_data)
    }
}

/// What is stored under an idempotency key.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Remembered {
    /// SHA-256 of the request.
    pub(super) request: String,
    /// The batch it led to, or the case or feed it changed.
    pub(super) answer: String,
}

impl Gateway {
    /// Stores a batch; returns when it is durable.
    ///
    /// The same key with the same body gives the first answer again; with another body [`ServiceError::KeyReused`].
    pub async fn push(
        &self,
        caller: &Caller,
        feed: Feed,
        key: IdempotencyKey,
        body: ReadBatch,
    ) -> Result<Pushed, ServiceError> {
        let agency = caller.may_push(feed).ok_or(ServiceError::WrongFeed { feed })?.clone();
        if self.waiting_rows() > self.settings().max_waiting_rows {
            return Err(ServiceError::Busy);
        }
        let slot = IdempotencySlot::new(&agency, &key, &format!("push|{feed}|{}", body.sha256));
        let _flight = self.take_off(&slot.key)?;
        for _ in 0..MAX_TRIES {
            if let Some(batch) = self.remembered(&slot).await? {
                return self.replay(caller, &batch).await;
            }
            let plan = self.plan_push(&agency, feed, &slot, &body).await?;
            match self.store().commit(plan.write).await {
                Ok(committed) => {
                    metrics::counter!(metric::ROWS_ACCEPTED, "feed" => feed.name())
                        .increment(plan.batch.counts.diterima + plan.batch.counts.ditandai);
                    metrics::counter!(metric::ROWS_REFUSED, "feed" => feed.name()).increment(plan.batch.counts.ditolak);
                    let position = committed.journal.expect("every push leaves a note");
                    self.note_acknowledged(position, plan.changes);
                    return Ok(Pushed { batch: plan.batch, replayed: false, lines: plan.lines });
                }
                Err(StoreError::Conflict { .. }) => {}
                Err(error) => return Err(store_error(error)),
            }
        }
        Err(ServiceError::Busy)
    }

    async fn replay(&self, caller: &Caller, batch: &str) -> Result<Pushed, ServiceError> {
        let batch = self.batch(caller, batch).await?.batch;
        let lines = self.receipt_lines(&batch.id, 0, usize::MAX).await?;
        Ok(Pushed { batch, replayed: true, lines })
    }

    /// The answer given before under this key, if there was one.
    pub(super) async fn remembered(&self, slot: &IdempotencySlot) -> Result<Option<String>, ServiceError> {
        let found = self.get(Table::Idempotency, slot.key.clone()).await?;
        let Some(bytes) = found else { return Ok(None) };
        let known: Remembered = decode(&bytes, "idempotency")?;
        if known.request == slot.request { Ok(Some(known.answer)) } else { Err(ServiceError::KeyReused) }
    }

    async fn plan_push(
        &self,
        agency: &AgencyId,
        feed: Feed,
        slot: &IdempotencySlot,
        body: &ReadBatch,
    ) -> Result<PushPlan, ServiceError> {
        let mut keys: Vec<Vec<u8>> =
            body.rows.iter().flatten().map(|row| natural_key_of(agency, feed, &row.id_sumber)).collect();
        keys.sort_unstable();
        keys.dedup();
        let stored = get_many(self.reader(), Table::Records, keys.clone()).await?;
        let mut heads = HashMap::with_capacity(keys.len());
        for (key, bytes) in keys.into_iter().zip(stored) {
            let head = bytes.as_deref().map(|b| decode::<Head>(b, "record")).transpose()?;
            heads.insert(key, Known { before: bytes, head, touched: false });
        }
        let newest = heads.values().filter_map(|known| known.head.as_ref()).map(|head| head.sequence).max();
        let newest = newest.unwrap_or(Sequence(0));
        let now = self.clock().now();
        let mut plan = PushPlan {
            today: newest_day_in_indonesia(now),
            write: WriteBatch::new(),
            changes: Vec::new(),
            stored: Vec::new(),
            numbers: self.draw(body.rows.iter().flatten().count(), newest).await?,
            lines: Vec::with_capacity(body.rows.len()),
            batch: Batch {
                id: self.clock().new_id(),
                agency: agency.clone(),
                feed,
                received_at: now,
                counts: BatchCounts::default(),
                sha256: body.sha256.clone(),
                last_sequence: None,
                alarms: body.alarms.clone(),
                compacted_at: None,
            },
        };
        for row in &body.rows {
            let line = match row {
                Ok(row) => accept_row(&mut plan, &mut heads, row),
                Err(refused) => refused.clone(),
            };
            plan.batch.counts.add(&line);
            plan.lines.push(line);
        }
        self.give_back(&plan.numbers);
        plan.finish(heads, slot);
        Ok(plan)
    }
}

fn accept_row(plan: &mut PushPlan, heads: &mut HashMap<Vec<u8>, Known>, row: &ValidRow) -> ReceiptLine {
    let (agency, feed) = (plan.batch.agency.clone(), plan.batch.feed);
    let known = heads
        .get_mut(&natural_key_of(&agency, feed, &row.id_sumber))
        .expect("the keys of all valid rows were looked up");
    let digest = row_digest(&row.raw);
    let day = day_of(row.tgl_data, &row.flags);
    let unchanged = known.head.as_ref().is_some_and(|h| h.digest == digest);
    let standing = known.head.as_ref().and_then(|head| head.day(plan.today));
    let newer = standing.filter(|standing| !unchanged && Some(*standing) > day);
    if !unchanged {
        let id = known.head.as_ref().map_or_else(|| plan.numbers.record(), |head| head.id);
        let sequence = plan.numbers.sequence();
        let accepted = AcceptedRow {
            sequence,
            record: id,
            agency: agency.clone(),
            feed,
            batch: plan.batch.id.clone(),
            line: row.line,
            flags: row.flags.clone(),
            received: day.is_none().then_some(plan.today),
            raw: row.raw.clone(),
        };
        plan.write.put(Table::Rows, row_key(id, sequence), encode_row(&accepted));
        plan.batch.last_sequence = Some(sequence);
        plan.stored.push((id, sequence));
        if newer.is_none() {
            known.head = Some(Head { id, sequence, tgl_data: day.unwrap_or(plan.today), ahead: day.is_none(), digest });
            known.touched = true;
            let key = RecordKey { agency, feed, id_sumber: row.id_sumber.clone() };
            plan.changes.push(record_of(id, key, sequence, row, plan.today));
        }
    }
    ReceiptLine {
        baris: row.line,
        id_sumber: Some(row.id_sumber.clone()),
        hasil: match (unchanged, newer) {
            (true, _) => RowOutcome::TanpaPerubahan,
            (false, Some(_)) => RowOutcome::LebihLama,
            (false, None) if row.flags.is_empty() => RowOutcome::Diterima,
            (false, None) => RowOutcome::Ditandai,
        },
        tanpa_perubahan: unchanged || newer.is_some(),
        berlaku: newer,
        tanda: row.flags.clone(),
        kesalahan: Vec::new(),
    }
}

/// Which idempotency key, and what request it stands for.
pub(super) struct IdempotencySlot {
    pub(super) key: Vec<u8>,
    pub(super) request: String,
}

impl IdempotencySlot {
    pub(super) fn new(agency: &AgencyId, key: &IdempotencyKey, request: &str) -> Self {
        Self::named(agency.as_str(), key, request)
    }

    /// For callers without an agency: keys of different clients never meet.
    pub(super) fn named(owner: &str, key: &IdempotencyKey, request: &str) -> Self {
        let mut bytes = owner.as_bytes().to_vec();
        bytes.push(0);
        bytes.extend_from_slice(key.as_str().as_bytes());
        Self { key: bytes, request: hex(&Sha256::digest(request.as_bytes())) }
    }

    /// The key as text, for the journal.
    pub(super) fn once(&self) -> String {
        String::from_utf8(self.key.clone()).expect("an agency or a name, a zero byte and visible ASCII")
    }

    /// Adds the memory of the answer to a transaction; it fails if the key was taken in the meantime.
    pub(super) fn remember(&self, write: &mut WriteBatch, answer: &str) {
        let known = Remembered { request: self.request.clone(), answer: answer.to_owned() };
        write.require_absent(Table::Idempotency, self.key.clone());
        write.put(Table::Idempotency, self.key.clone(), encode(&known));
    }
}

struct Known {
    before: Option<Vec<u8>>,
    head: Option<Head>,
    touched: bool,
}

struct PushPlan {
    /// The day of receipt.
    today: Date,
    write: WriteBatch,
    changes: Vec<Record>,
    stored: Vec<(RecordId, Sequence)>,
    numbers: Numbers,
    lines: Vec<ReceiptLine>,
    batch: Batch,
}

impl PushPlan {
    fn finish(&mut self, heads: HashMap<Vec<u8>, Known>, slot: &IdempotencySlot) {
        for (key, known) in heads {
            match known.before {
                Some(before) => self.write.require_equals(Table::Records, key.clone(), before),
                None => self.write.require_absent(Table::Records, key.clone()),
            };
            if let Some(head) = known.head.filter(|_| known.touched) {
                self.write.put(Table::Records, key, encode(&head));
            }
        }
        for (page, lines) in self.lines.chunks(RECEIPT_PAGE).enumerate() {
            self.write.put(Table::Receipts, receipt_key(&self.batch.id, page), encode(&lines));
        }
        self.write.put(Table::Batches, self.batch.id.as_bytes().to_vec(), encode(&self.batch));
        slot.remember(&mut self.write, &self.batch.id);
        let rows = std::mem::take(&mut self.stored);
        self.write.note(Entry::Rows { batch: self.batch.id.clone(), once: slot.once(), rows }.encoded());
    }
}

/// Key of one page of a receipt.
pub(super) fn receipt_key(batch: &str, page: usize) -> Vec<u8> {
    let mut key = batch.as_bytes().to_vec();
    key.extend_from_slice(&(page as u64).to_be_bytes());
    key
}

fn record_of(id: RecordId, key: RecordKey, sequence: Sequence, row: &ValidRow, today: Date) -> Record {
    Record {
        id,
        key,
        sequence,
        tgl_data: day_of(row.tgl_data, &row.flags).unwrap_or(today),
        withdrawn: row.withdrawn,
        core: row.core.clone(),
        detail: row.detail.clone(),
        flags: row.flags.clone(),
    }
}

/// First half of the SHA-256 of a row's text.
pub(super) fn row_digest(raw: &str) -> String {
    hex(&Sha256::digest(raw.as_bytes())[..16])
}

/// Lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_of_an_early_program_with_a_day_ahead_holds_nobody_back() {
        let today = Date::constant(2026, 11, 29);
        for (text, day) in [
            (r#"{"id":1,"sequence":2,"tgl_data":"2025-11-02","digest":"00"}"#, Some(Date::constant(2025, 11, 2))),
            (r#"{"id":1,"sequence":2,"tgl_data":"2099-01-01","digest":"00"}"#, None),
            (r#"{"id":1,"sequence":2,"tgl_data":"2026-11-20","ahead":true,"digest":"00"}"#, None),
        ] {
            let head: Head = serde_json::from_str(text).expect("a head");
            assert_eq!(head.day(today), day, "{text}");
        }
    }
}
