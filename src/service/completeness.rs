//! Which feeds are closed for which region and period. Only then may a report call a missing row a gap.

use super::accept::IdempotencySlot;
use super::codec::encode;
use super::error::ServiceError;
use super::gateway::{Gateway, IdempotencyKey, store_error};
use super::journal::Entry;
use super::reading::Pages;
use crate::auth::Caller;
use crate::domain::batch::Completeness;
use crate::domain::feed::Feed;
use crate::store::{StoreError, Table, WriteBatch};

impl Gateway {
    /// Closes (or opens again) feeds for regions and periods. Answers how many declarations were made.
    pub async fn declare(
        &self,
        caller: &Caller,
        feed: Feed,
        key: IdempotencyKey,
        declared: Vec<Completeness>,
    ) -> Result<u64, ServiceError> {
        let agency = caller.may_push(feed).ok_or(ServiceError::WrongFeed { feed })?.clone();
        if declared.iter().any(|item| item.feed != feed) {
            return Err(ServiceError::Invalid {
                pointer: "/feed",
                problem: "another feed than the one in the address",
            });
        }
        let digits = |code: &str| matches!(code.len(), 2 | 4 | 6 | 10) && code.bytes().all(|b| b.is_ascii_digit());
        if declared.iter().any(|item| !digits(&item.kode_wilayah)) {
            return Err(ServiceError::Invalid {
                pointer: "/kode_wilayah",
                problem: "a region code has 2, 4, 6 or 10 digits",
            });
        }
        let count = declared.len() as u64;
        let slot =
            IdempotencySlot::new(&agency, &key, &format!("declare|{feed}|{}", super::accept::hex(&encode(&declared))));
        let _flight = self.take_off(&slot.key)?;
        if self.remembered(&slot).await?.is_some() {
            return Ok(count);
        }
        let mut write = WriteBatch::new();
        let mut names = Vec::with_capacity(declared.len());
        for item in declared {
            let name = format!("{}|{}|{}", item.feed.name(), item.kode_wilayah, item.periode);
            write.put(Table::Completeness, name.as_bytes(), encode(&item));
            names.push(name);
        }
        slot.remember(&mut write, "declared");
        write.note(Entry::Declarations { once: slot.once(), names, at: Some(self.clock().now()) }.encoded());
        match self.store().commit(write).await {
            Ok(committed) => {
                self.note_declared();
                let position = committed.journal.expect("every declaration leaves a note");
                self.note_acknowledged(position, Vec::new());
                Ok(count)
            }
            Err(StoreError::Conflict { .. }) => Err(ServiceError::InFlight),
            Err(error) => Err(store_error(error)),
        }
    }

    /// All declarations, in key order.
    pub(super) async fn declared(&self) -> Result<Vec<Completeness>, ServiceError> {
        Pages::of(self.reader(), Table::Completeness).decode_all().await
    }
}
