//! Taking a push in: the rows, the heads of their records, the batch and its receipt.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;

use super::budget::Admitted;
use super::idempotency::{IdempotencyKey, Owner, RequestId};
use super::numbers::Numbers;
use super::withdrawal::cases_about;
use super::{Input, Planned, TakenIn};
use crate::auth::Caller;
use crate::domain::agency::AgencyId;
use crate::domain::batch::{AcceptedRow, Batch, BatchCounts, ReceiptLine, RowOutcome};
use crate::domain::case::Case;
use crate::domain::date::Date;
use crate::domain::feed::Feed;
use crate::domain::flag::{Flag, FlagCode};
use crate::domain::record::{Record, RecordId, RecordKey, Sequence, day_of};
use crate::feed::{ReadBatch, ValidRow};
use crate::service::answers::views::Pushed;
use crate::service::audit;
use crate::service::clock::newest_day_in_indonesia;
use crate::service::error::ServiceError;
use crate::service::gateway::Gateway;
use crate::service::stored::codec::{decode, encode, encode_row, natural_key_of, row_key};
use crate::service::stored::head::{Head, RECEIPT_PAGE, receipt_key, row_digest};
use crate::service::stored::journal::Entry;
use crate::service::stored::reading::get_many;
use crate::store::{Table, WriteBatch};
use crate::telemetry::metric;

/// The rows of a batch, as an input.
struct Push<'a> {
    caller: &'a Caller,
    agency: AgencyId,
    feed: Feed,
    key: IdempotencyKey,
    body: Arc<ReadBatch>,
}

#[async_trait]
impl Input for Push<'_> {
    type Answer = (Batch, Vec<ReceiptLine>);

    fn request(&self) -> RequestId {
        RequestId::remembered(
            Owner::Agency(&self.agency),
            &self.key,
            &format!("push|{}|{}", self.feed, self.body.sha256),
        )
    }

    async fn plan(&self, gateway: &Gateway) -> Result<Planned<Self::Answer>, ServiceError> {
        let heads = self.heads(gateway).await?;
        let newest = heads.values().filter_map(|known| known.head.as_ref()).map(|head| head.sequence).max();
        let rows = self.body.rows.iter().flatten().count();
        let numbers = gateway.draw(rows, newest.unwrap_or(Sequence(0))).await?;
        let asked = cases_about(gateway.reader(), &self.withdrawn(&heads)).await?;
        let regions = self.caller.regions.clone();
        let (batch, by) = (self.batch(gateway), audit::Who::from(self.caller));
        let plan = PushPlan { regions, asked, ..PushPlan::new(batch, by, numbers, self.body.rows.len()) };
        let body = Arc::clone(&self.body);
        // Hashing and packing rows takes longer than an answering thread has.
        let work = tokio::task::spawn_blocking(move || plan.of_rows(heads, &body.rows));
        let (numbers, planned) = work.await.map_err(|_| ServiceError::NotReady)?;
        gateway.give_back(&numbers);
        Ok(planned)
    }
}

impl Push<'_> {
    /// What is known of the records that the rows name.
    async fn heads(&self, gateway: &Gateway) -> Result<HashMap<Vec<u8>, KnownHead>, ServiceError> {
        let rows = self.body.rows.iter().flatten();
        let mut keys: Vec<Vec<u8>> = rows.map(|row| natural_key_of(&self.agency, self.feed, &row.id_sumber)).collect();
        keys.sort_unstable();
        keys.dedup();
        let stored = get_many(gateway.reader(), Table::Records, keys.clone()).await?;
        let known = |(key, before): (Vec<u8>, Option<Vec<u8>>)| {
            let head = before.as_deref().map(|bytes| decode::<Head>(bytes, "record")).transpose()?;
            Ok((key, KnownHead { before, head, touched: false }))
        };
        keys.into_iter().zip(stored).map(known).collect()
    }

    /// The records that rows withdraw.
    fn withdrawn(&self, heads: &HashMap<Vec<u8>, KnownHead>) -> Vec<RecordId> {
        let rows = self.body.rows.iter().flatten().filter(|row| row.withdrawn);
        let head = |row: &ValidRow| heads.get(&natural_key_of(&self.agency, self.feed, &row.id_sumber))?.head.as_ref();
        rows.filter_map(head).map(|head| head.id).collect()
    }

    fn batch(&self, gateway: &Gateway) -> Batch {
        Batch {
            id: gateway.clock().new_id(),
            agency: self.agency.clone(),
            feed: self.feed,
            received_at: gateway.clock().now(),
            counts: BatchCounts::default(),
            sha256: self.body.sha256.clone(),
            alarms: self.body.alarms.clone(),
            compacted_at: None,
        }
    }
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
        self.has_room(&agency)?;
        let mut body = body;
        flag_outside(caller, &mut body);
        match self.take_in(&Push { caller, agency, feed, key, body: Arc::new(body) }).await? {
            TakenIn::New { answer: (batch, lines), .. } => {
                self.intake().budget.count_rows(&caller.name, lines.len() as u64, self.clock().now());
                let name = feed.name();
                metrics::counter!(metric::ROWS_ACCEPTED, "feed" => name)
                    .increment(batch.counts.diterima + batch.counts.ditandai);
                metrics::counter!(metric::ROWS_REFUSED, "feed" => name).increment(batch.counts.ditolak);
                Ok(Pushed { batch, replayed: false, lines })
            }
            TakenIn::Before(batch) => {
                let batch = self.batch(caller, &batch).await?.batch;
                let lines = self.receipt_lines(&batch.id, 0, usize::MAX).await?;
                Ok(Pushed { batch, replayed: true, lines })
            }
        }
    }

    /// Lets a caller begin to push a batch, or a single row; refused before a byte is read where its agency does not send
    /// the feed, where too much waits to be matched, or where the caller has too much under way.
    pub fn admit(&self, caller: &Caller, feed: Feed, batch: bool) -> Result<Admitted, ServiceError> {
        self.has_room(caller.may_push(feed).ok_or(ServiceError::WrongFeed { feed })?)?;
        self.intake().budget.admit(&self.settings().budget, &caller.name, batch, self.clock().now())
    }

    /// Whether more rows may wait to be matched, in all and of this agency.
    fn has_room(&self, agency: &AgencyId) -> Result<(), ServiceError> {
        let settings = self.settings();
        if self.waiting_rows() > settings.max_waiting_rows {
            return Err(ServiceError::Busy);
        }
        let own = self.intake().waiting_rows_of(agency);
        if own > settings.max_waiting_rows_of_agency { Err(ServiceError::CallerBusy) } else { Ok(()) }
    }
}

/// Flags the rows about places that the caller does not answer for.
fn flag_outside(caller: &Caller, body: &mut ReadBatch) {
    for row in body.rows.iter_mut().flatten().filter(|row| !row.withdrawn) {
        let place = row.core.desa().or(row.core.kecamatan());
        if place.is_some_and(|place| !caller.answers_for(place)) {
            let pointer = if row.core.desa().is_some() { "/kode_desa" } else { "/kode_kecamatan" };
            row.flags.push(Flag { pointer: pointer.to_owned(), code: FlagCode::OutsideRegion });
        }
    }
}

fn accept_row(plan: &mut PushPlan, heads: &mut HashMap<Vec<u8>, KnownHead>, row: &ValidRow) -> ReceiptLine {
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
            regions: plan.regions.clone(),
            received: day.is_none().then_some(plan.today),
            // Whoever comes later with an older row withdraws nothing.
            asked: if row.withdrawn && newer.is_none() {
                plan.asked.get(&id).cloned().unwrap_or_default()
            } else {
                Vec::new()
            },
            raw: row.raw.clone(),
        };
        plan.write.put(Table::Rows, row_key(id, sequence), encode_row(&accepted));
        plan.stored.push((id, sequence));
        if newer.is_none() {
            known.head = Some(Head { id, sequence, tgl_data: day.unwrap_or(plan.today), ahead: day.is_none(), digest });
            known.touched = true;
            let key = RecordKey { agency, feed, id_sumber: row.id_sumber.clone() };
            plan.changes.push(record_of(key, row, &accepted));
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

struct KnownHead {
    before: Option<Vec<u8>>,
    head: Option<Head>,
    touched: bool,
}

struct PushPlan {
    /// The day of receipt.
    today: Date,
    /// The regions that the sender answers for.
    regions: Vec<String>,
    /// The cases about records that rows withdraw.
    asked: HashMap<RecordId, Vec<Case>>,
    write: WriteBatch,
    changes: Vec<Record>,
    stored: Vec<(RecordId, Sequence)>,
    numbers: Numbers,
    lines: Vec<ReceiptLine>,
    batch: Batch,
    /// Who sends it.
    by: audit::Who,
}

impl PushPlan {
    fn new(batch: Batch, by: audit::Who, numbers: Numbers, rows: usize) -> Self {
        Self {
            today: newest_day_in_indonesia(batch.received_at),
            regions: Vec::new(),
            asked: HashMap::new(),
            write: WriteBatch::new(),
            changes: Vec::new(),
            stored: Vec::new(),
            numbers,
            lines: Vec::with_capacity(rows),
            batch,
            by,
        }
    }

    /// Takes the rows in, in their order; gives the numbers back that were not needed.
    fn of_rows(
        mut self,
        mut heads: HashMap<Vec<u8>, KnownHead>,
        rows: &[Result<ValidRow, ReceiptLine>],
    ) -> (Numbers, Planned<(Batch, Vec<ReceiptLine>)>) {
        for row in rows {
            let line = match row {
                Ok(row) => accept_row(&mut self, &mut heads, row),
                Err(refused) => refused.clone(),
            };
            self.batch.counts.add(&line);
            self.lines.push(line);
        }
        self.finish(heads)
    }

    fn finish(mut self, heads: HashMap<Vec<u8>, KnownHead>) -> (Numbers, Planned<(Batch, Vec<ReceiptLine>)>) {
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
        let (batch, rows) = (self.batch.id.clone(), self.stored);
        let planned = Planned {
            write: self.write,
            note: Box::new(move |once| Entry::Rows { batch, once, rows }),
            led_to: self.batch.id.clone(),
            records: self.changes,
            audit: audit::Entry::new(self.batch.received_at, self.by, "rows.push")
                .about([self.batch.id.as_str(), self.batch.feed.name()])
                .with(audit::Detail::Rows { sha256: self.batch.sha256.clone(), counts: self.batch.counts }),
            answer: (self.batch, self.lines),
        };
        (self.numbers, planned)
    }
}

fn record_of(key: RecordKey, row: &ValidRow, accepted: &AcceptedRow) -> Record {
    Record {
        id: accepted.record,
        key,
        sequence: accepted.sequence,
        tgl_data: accepted.received.unwrap_or(row.tgl_data),
        withdrawn: row.withdrawn,
        core: row.core.clone(),
        detail: row.detail.clone(),
        flags: row.flags.clone(),
        regions: accepted.regions.clone(),
    }
}
