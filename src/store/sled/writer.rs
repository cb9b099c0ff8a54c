//! The one thread that writes: it gathers batches into groups and pays for one fsync per group.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};

use super::{Shared, folder::Files, trees::Staged};
use crate::store::{Config, StoreError, WriteBatch};

/// sled's log takes at most about this many times the bytes of a group: each change, and now and then a whole page.
const LOG_FACTOR: u64 = 4;

/// A batch and who waits for it.
pub(super) struct Job {
    pub(super) batch: WriteBatch,
    pub(super) answer: oneshot::Sender<Result<(), StoreError>>,
    /// Its share of the queue's bytes, given back when it is answered.
    pub(super) room: OwnedSemaphorePermit,
}

/// Who waits for a group, and what else keeps until it is answered.
struct Waiter {
    answer: oneshot::Sender<Result<(), StoreError>>,
    verdict: Result<(), StoreError>,
    _room: OwnedSemaphorePermit,
}

/// The writing half of a store.
pub(super) struct Writer {
    pub(super) shared: Arc<Shared>,
    pub(super) limits: Config,
    pub(super) files: Files,
    pub(super) queue: mpsc::Receiver<Job>,
    /// The last group applied.
    pub(super) group: u64,
    /// The number for the next value in pieces.
    pub(super) next_number: u64,
}

impl Writer {
    /// Works until the queue is closed. A panic below poisons the store instead of leaving readers waiting.
    pub(super) fn run(mut self) {
        let shared = Arc::clone(&self.shared);
        let worked = catch_unwind(AssertUnwindSafe(|| {
            while let Some(first) = self.queue.blocking_recv() {
                let jobs = self.gather(first);
                self.settle(jobs);
            }
        }));
        if worked.is_err() {
            shared.poison("writing a group");
        }
    }

    /// Takes what is waiting, up to the limits of a group.
    fn gather(&mut self, first: Job) -> Vec<Job> {
        let mut bytes = first.batch.bytes();
        let mut jobs = vec![first];
        while jobs.len() < self.limits.max_group_batches && bytes < self.limits.max_group_bytes {
            let Ok(job) = self.queue.try_recv() else { break };
            bytes += job.batch.bytes();
            jobs.push(job);
        }
        jobs
    }

    /// Decides, applies and makes durable; answers nobody before that.
    fn settle(&mut self, jobs: Vec<Job>) {
        let bytes: usize = jobs.iter().map(|job| job.batch.bytes()).sum();
        let ready = self.shared.writable(bytes as u64 * LOG_FACTOR);
        let (waiters, staged) = self.stage(jobs, &ready);
        let written = if staged.is_empty() { Ok(()) } else { self.write(staged) };
        for waiter in waiters {
            let verdict = waiter.verdict.and_then(|()| written.clone());
            // Whoever stopped waiting does not want to know.
            let _ = waiter.answer.send(verdict);
        }
    }

    /// Checks each batch against the state with the batches before it; those that pass are staged.
    fn stage(&self, jobs: Vec<Job>, ready: &Result<(), StoreError>) -> (Vec<Waiter>, Staged) {
        let mut staged = Staged::default();
        let mut waiters = Vec::with_capacity(jobs.len());
        for Job { batch, answer, room } in jobs {
            let verdict = ready.clone().and_then(|()| {
                batch.check(|table, key| match staged.get(table, key) {
                    Some(value) => Ok(value.clone()),
                    None => self.shared.trees.get(table, key),
                })
            });
            if verdict.is_ok() {
                staged.add(batch.into_writes());
            }
            waiters.push(Waiter { answer, verdict, _room: room });
        }
        (waiters, staged)
    }

    fn write(&mut self, staged: Staged) -> Result<(), StoreError> {
        self.group += 1;
        let (doing, written) = self.try_write(staged);
        match &written {
            Ok(()) => self.shared.gate.settle(self.group),
            Err(_) => self.shared.poison(doing),
        }
        written
    }

    /// What was being done last, and how it went.
    fn try_write(&mut self, staged: Staged) -> (&'static str, Result<(), StoreError>) {
        let (group, next_number) = (self.group, &mut self.next_number);
        let Shared { gate, trees, .. } = &*self.shared;
        if let Err(error) = gate.enter(group, staged, |staged| trees.apply(staged, group, next_number)) {
            return ("applying a group", Err(error));
        }
        if let Err(error) = trees.flush() {
            return ("writing a group", Err(error));
        }
        // sled's flush ends at sync_file_range, which does not survive a power cut.
        if let Err(error) = self.files.sync() {
            return ("syncing a group", Err(StoreError::io("syncing a group", error)));
        }
        let marked = self.files.mark(group).map_err(|error| StoreError::io("marking a group", error));
        ("marking a group", marked)
    }
}
