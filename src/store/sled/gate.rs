//! Keeps readers from showing what is not durable yet.
//!
//! The writer puts a group in memory, then waits for the disk. A read in between may see the group; if it does, its
//! answer waits for the disk as well. Otherwise a client could be told of a write that a power cut takes back. Reads
//! that touch no key of the group do not wait.

use std::sync::{PoisonError, RwLock};

use tokio::sync::watch;

use crate::store::{StoreError, staged::Staged};

/// Between the writer and the readers.
pub(super) struct Gate {
    /// The group that is applied but perhaps not durable, and its number. Locked for reading by each read, for
    /// writing while a group is applied: a read sees a group whole or not at all.
    under_way: RwLock<(u64, Staged)>,
    settled: watch::Sender<Settled>,
}

#[derive(Clone)]
struct Settled {
    group: u64,
    failure: Option<StoreError>,
}

impl Gate {
    pub(super) fn new(group: u64) -> Self {
        let settled = watch::Sender::new(Settled { group, failure: None });
        Self { under_way: RwLock::new((group, Staged::default())), settled }
    }

    /// Reads one state. `touches` says whether the result depends on what is staged; if so the group's number comes
    /// back, to be waited for.
    pub(super) fn read<T>(
        &self,
        read: impl FnOnce() -> Result<T, StoreError>,
        touches: impl FnOnce(&T, &Staged) -> bool,
    ) -> Result<(T, Option<u64>), StoreError> {
        let under_way = self.under_way.read().unwrap_or_else(PoisonError::into_inner);
        let found = read()?;
        let wait = touches(&found, &under_way.1).then_some(under_way.0);
        Ok((found, wait))
    }

    /// Applies a group while no reader looks.
    pub(super) fn enter(
        &self,
        group: u64,
        staged: Staged,
        apply: impl FnOnce(&Staged) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut under_way = self.under_way.write().unwrap_or_else(PoisonError::into_inner);
        *under_way = (group, staged);
        apply(&under_way.1)
    }

    /// The group is durable: readers may show it.
    pub(super) fn settle(&self, group: u64) {
        self.under_way.write().unwrap_or_else(PoisonError::into_inner).1 = Staged::default();
        self.settled.send_modify(|settled| settled.group = group);
    }

    /// Writing failed for good. What the group under way staged stays, so that no reader ever shows it. Says whether
    /// this is the first failure.
    pub(super) fn poison(&self, failure: StoreError) -> bool {
        self.settled.send_if_modified(|settled| {
            let first = settled.failure.is_none();
            settled.failure.get_or_insert(failure);
            first
        })
    }

    /// The failure that ended writing, if one did.
    pub(super) fn failure(&self) -> Option<StoreError> {
        self.settled.borrow().failure.clone()
    }

    /// Returns when `group` is durable, or with the failure that keeps it from becoming so.
    pub(super) async fn wait(&self, group: u64) -> Result<(), StoreError> {
        let mut settled = self.settled.subscribe();
        let reached = settled.wait_for(|settled| settled.group >= group || settled.failure.is_some()).await;
        match reached {
            Ok(settled) if settled.group >= group => Ok(()),
            Ok(settled) => Err(settled.failure.clone().unwrap_or(StoreError::Closed)),
            Err(_) => Err(StoreError::Closed),
        }
    }
}
