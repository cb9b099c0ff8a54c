//! Rows that a list no longer has: present rows of an agency that were not in what it sent since it last declared the
//! list complete. They stay, because only the sender can withdraw a row; but they do not stay unsaid.

use std::collections::{BTreeSet, HashSet};

use super::expected::present_region;
use crate::domain::agency::AgencyId;
use crate::domain::batch::{Batch, ReceiptLine};
use crate::domain::date::Timestamp;
use crate::domain::feed::Feed;
use crate::domain::person::{GoldenPerson, PersonField};
use crate::domain::record::{PersonId, Record, RecordId};
use crate::service::answers::views::Unsent;
use crate::service::error::ServiceError;
use crate::service::gateway::Gateway;
use crate::service::matching::load::record_of;
use crate::service::stored::codec::{decode, decode_row, natural_key_of, row_key};
use crate::service::stored::head::{Head, batch_ids_from, receipt_key};
use crate::service::stored::reading::{Pages, get_many};
use crate::store::{Table, prefix_end};

/// Source keys named for one region; their number is told whole.
const NAMED: usize = 1_000;

/// Records looked at together.
const AT_ONCE: usize = 4_096;

/// What an agency sent of a feed since a time.
pub(in crate::service) struct Sent {
    batches: Vec<Batch>,
}

impl Sent {
    /// Whether it sent anything later than that.
    pub(in crate::service) fn anything_after(&self, at: Timestamp) -> bool {
        self.batches.iter().any(|batch| batch.received_at > at)
    }
}

impl Gateway {
    /// The batches of an agency and a feed since a time.
    pub(in crate::service) async fn sent(
        &self,
        agency: &AgencyId,
        feed: Feed,
        since: Timestamp,
    ) -> Result<Sent, ServiceError> {
        let mut batches = Vec::new();
        // Ids begin with the time, so that those of long ago need not be read. Clocks of several gateways differ a little.
        let start = since.as_millisecond().saturating_sub(3_600_000).max(0);
        let from = batch_ids_from(start);
        let mut pages = Pages::between(self.reader(), Table::Batches, from, None);
        while let Some(page) = pages.next().await? {
            for (_, bytes) in &page {
                let batch: Batch = decode(bytes, "batch")?;
                if batch.agency == *agency && batch.feed == feed && batch.received_at > since {
                    batches.push(batch);
                }
            }
        }
        Ok(Sent { batches })
    }

    /// Present rows of the agency in a region that were in none of its batches after `since`. `None` where receipts that
    /// would tell are no longer there.
    pub(in crate::service) async fn unsent(
        &self,
        agency: &AgencyId,
        feed: Feed,
        region: &str,
        since: Timestamp,
        sent: &Sent,
    ) -> Result<Option<Unsent>, ServiceError> {
        let mut keys: HashSet<String> = HashSet::new();
        for batch in sent.batches.iter().filter(|batch| batch.received_at > since) {
            if batch.compacted_at.is_some() {
                return Ok(None);
            }
            let (from, end) = (receipt_key(&batch.id, 0), prefix_end(batch.id.as_bytes()));
            let pages: Vec<Vec<ReceiptLine>> =
                Pages::between(self.reader(), Table::Receipts, from, end).decode_all().await?;
            keys.extend(pages.into_iter().flatten().filter_map(|line| line.id_sumber));
        }
        let mut unsent = Unsent { kode_wilayah: region.to_owned(), since, rows: 0, ids: Vec::new() };
        let prefix = natural_key_of(agency, feed, "");
        let end = prefix_end(&prefix);
        let mut pages = Pages::between(self.reader(), Table::Records, prefix.clone(), end);
        let mut open: Vec<(RecordId, Vec<u8>)> = Vec::new();
        while let Some(page) = pages.next().await? {
            for (key, bytes) in &page {
                let id = String::from_utf8_lossy(&key[prefix.len()..]);
                if !keys.contains(&*id) {
                    let head: Head = decode(bytes, "record")?;
                    open.push((head.id, row_key(head.id, head.sequence)));
                }
            }
            if open.len() >= AT_ONCE {
                self.count_inside(std::mem::take(&mut open), &mut unsent).await?;
            }
        }
        self.count_inside(open, &mut unsent).await?;
        Ok(Some(unsent))
    }

    /// Adds those of the records that are present and lie in the region.
    async fn count_inside(&self, open: Vec<(RecordId, Vec<u8>)>, unsent: &mut Unsent) -> Result<(), ServiceError> {
        let keys = open.into_iter().map(|(_, key)| key).collect();
        let mut records: Vec<Record> = Vec::new();
        for bytes in get_many(self.reader(), Table::Rows, keys).await?.into_iter().flatten() {
            let record = record_of(&decode_row(&bytes)?)?;
            if !record.withdrawn {
                records.push(record);
            }
        }
        let homes = self.homes(&records).await?;
        for (record, home) in records.iter().zip(homes) {
            let own = record.core.kode_desa.as_deref().or(record.core.kecamatan()).map(str::to_owned);
            let place = own.or(home).and_then(|code| present_region(&code).or(Some(code)));
            if place.is_some_and(|place| place.starts_with(unsent.kode_wilayah.as_str())) {
                unsent.rows += 1;
                if unsent.ids.len() < NAMED {
                    unsent.ids.push(record.key.id_sumber.clone());
                }
            }
        }
        Ok(())
    }

    /// Where the persons of rows live that do not say it themselves: banks and schools often leave it out.
    async fn homes(&self, records: &[Record]) -> Result<Vec<Option<String>>, ServiceError> {
        let placeless = |record: &&Record| record.core.kecamatan().is_none() && record.key.feed.describes_person();
        if !records.iter().any(|record| placeless(&record)) {
            return Ok(vec![None; records.len()]);
        }
        let view = self.view().await?;
        let ids: Vec<RecordId> = records.iter().map(|record| record.id).collect();
        let persons = view.persons_of(&ids).await?.into_iter().zip(records);
        let persons: Vec<Option<PersonId>> =
            persons.map(|(person, record)| person.filter(|_| placeless(&record))).collect();
        let wanted: BTreeSet<PersonId> = persons.iter().flatten().copied().collect();
        let golden: Vec<GoldenPerson> = view.golden(&wanted.into_iter().collect::<Vec<_>>()).await?;
        let home = |id: PersonId| {
            let person = golden.iter().find(|person| person.id == id)?;
            let code = person.value(PersonField::KodeDesa).or_else(|| person.value(PersonField::KodeKecamatan));
            code.map(str::to_owned)
        };
        Ok(persons.into_iter().map(|person| person.and_then(home)).collect())
    }
}
