//! Group commit, for every adapter: one thread that gathers waiting batches, decides their preconditions one after the
//! other, and pays for one durable write per group. Nobody is answered before that write.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError},
    thread::{self, JoinHandle},
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot},
    task::spawn_blocking,
};

use super::{Committed, Config, StoreError, Table, WriteBatch, keys::Heads, staged::Staged};

/// What an adapter does with a group. Calls come from one thread: `begin`, any number of `get`, then `end`.
pub(super) trait Engine: Send + 'static {
    /// Begins a group of this many bytes; the error says why nothing can be written now.
    ///
    /// `asked` are the keys that preconditions will look at.
    fn begin(&mut self, bytes: u64, asked: &[(Table, &[u8])]) -> Result<(), StoreError>;

    /// The value of a key before the group.
    fn get(&mut self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    /// The last positions before the group.
    fn heads(&mut self) -> Heads;

    /// Writes what is staged, which may be nothing; durable when it returns `Ok`.
    fn end(&mut self, staged: Staged) -> Result<(), StoreError>;

    /// The thread fell over; nothing may be written any more.
    fn panicked(&mut self);
}

/// The way to the thread that writes. Dropping it waits for the batches under way.
pub(super) struct Queue {
    limits: Config,
    orders: Mutex<Option<mpsc::Sender<Order>>>,
    /// Bytes that the queue may still take.
    room: Arc<Semaphore>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

/// Keeps the writer from beginning another group for as long as it lives.
pub(super) struct Hold {
    _until: oneshot::Sender<()>,
}

enum Order {
    Batch(Job),
    Hold { granted: oneshot::Sender<()>, until: oneshot::Receiver<()> },
}

/// A batch and who waits for it.
struct Job {
    batch: WriteBatch,
    answer: oneshot::Sender<Result<Committed, StoreError>>,
    /// Its share of the queue's bytes, given back when it is answered.
    room: OwnedSemaphorePermit,
}

/// Who waits for a group, and what else keeps until it is answered.
struct Waiter {
    answer: oneshot::Sender<Result<Committed, StoreError>>,
    verdict: Result<Committed, StoreError>,
    _room: OwnedSemaphorePermit,
}

impl Queue {
    /// Starts the thread.
    pub(super) fn start(engine: impl Engine, limits: &Config) -> Result<Self, StoreError> {
        let (sender, orders) = mpsc::channel(limits.max_queued_batches.max(1));
        let writer = Writer { engine, limits: limits.clone(), orders };
        let thread = thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || writer.run())
            .map_err(|error| StoreError::io("starting the writer", error))?;
        Ok(Self {
            limits: limits.clone(),
            orders: Mutex::new(Some(sender)),
            room: Arc::new(Semaphore::new(queue_bytes(limits))),
            writer: Mutex::new(Some(thread)),
        })
    }

    /// Hands a batch over and waits until it is durable. When the writer ended, `failure` says why, if it knows.
    pub(super) async fn commit(
        &self,
        batch: WriteBatch,
        failure: impl FnOnce() -> Option<StoreError>,
    ) -> Result<Committed, StoreError> {
        let answer = self.hand_over(batch).await;
        answer.map_err(|error| if matches!(error, StoreError::Closed) { failure().unwrap_or(error) } else { error })
    }

    async fn hand_over(&self, batch: WriteBatch) -> Result<Committed, StoreError> {
        batch.within(&self.limits)?;
        let orders = self.sender()?;
        // A batch larger than the whole queue waits until it has the queue to itself.
        let share = batch.bytes().min(queue_bytes(&self.limits)) as u32;
        let room = Arc::clone(&self.room).acquire_many_owned(share).await.map_err(|_| StoreError::Closed)?;
        let (answer, answered) = oneshot::channel();
        orders.send(Order::Batch(Job { batch, answer, room })).await.map_err(|_| StoreError::Closed)?;
        // A writer that ended early must not be waited for by its own sender.
        drop(orders);
        answered.await.unwrap_or(Err(StoreError::Closed))
    }

    /// Returns when no group is under way, and keeps it so.
    pub(super) async fn hold(&self) -> Result<Hold, StoreError> {
        let (until, released) = oneshot::channel();
        let (granted, held) = oneshot::channel();
        let order = Order::Hold { granted, until: released };
        self.sender()?.send(order).await.map_err(|_| StoreError::Closed)?;
        held.await.map_err(|_| StoreError::Closed)?;
        Ok(Hold { _until: until })
    }

    /// Fails with `Closed` when no batch is taken any more.
    pub(super) fn open(&self) -> Result<(), StoreError> {
        self.sender().map(drop)
    }

    /// Takes no further batch and returns when those under way are answered.
    pub(super) async fn close(&self) {
        if let Some(writer) = self.stop() {
            // The writer catches its panics, so there is nothing to learn from joining it.
            let _ = spawn_blocking(move || writer.join()).await;
        }
    }

    fn sender(&self) -> Result<mpsc::Sender<Order>, StoreError> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner).clone().ok_or(StoreError::Closed)
    }

    fn stop(&self) -> Option<JoinHandle<()>> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.writer.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        if let Some(writer) = self.stop() {
            // As in `close`.
            let _ = writer.join();
        }
    }
}

/// The writing half.
struct Writer<E> {
    engine: E,
    limits: Config,
    orders: mpsc::Receiver<Order>,
}

impl<E: Engine> Writer<E> {
    /// Works until the queue is closed. A panic below ends writing instead of leaving callers waiting.
    fn run(mut self) {
        let worked = catch_unwind(AssertUnwindSafe(|| {
            let mut next = None;
            while let Some(order) = next.take().or_else(|| self.orders.blocking_recv()) {
                match order {
                    Order::Batch(first) => {
                        let (jobs, other) = self.gather(first);
                        next = other;
                        self.settle(jobs);
                    }
                    Order::Hold { granted, until } => {
                        if granted.send(()).is_ok() {
                            // Ends when the hold is dropped: nothing is ever sent.
                            let _ = until.blocking_recv();
                        }
                    }
                }
            }
        }));
        if worked.is_err() {
            self.engine.panicked();
        }
    }

    /// Takes what is waiting, up to the limits of a group or to an order that is no batch.
    fn gather(&mut self, first: Job) -> (Vec<Job>, Option<Order>) {
        let mut bytes = first.batch.bytes();
        let mut jobs = vec![first];
        while jobs.len() < self.limits.max_group_batches && bytes < self.limits.max_group_bytes {
            match self.orders.try_recv() {
                Ok(Order::Batch(job)) => {
                    bytes += job.batch.bytes();
                    jobs.push(job);
                }
                Ok(other @ Order::Hold { .. }) => return (jobs, Some(other)),
                Err(_) => break,
            }
        }
        (jobs, None)
    }

    /// Decides, applies and makes durable; answers nobody before that.
    fn settle(&mut self, jobs: Vec<Job>) {
        let bytes: usize = jobs.iter().map(|job| job.batch.bytes()).sum();
        let asked: Vec<(Table, &[u8])> = jobs.iter().flat_map(|job| job.batch.asked()).collect();
        let ready = self.engine.begin(bytes as u64, &asked);
        let began = ready.is_ok();
        let (waiters, staged) = self.stage(jobs, &ready);
        let written = if began { self.engine.end(staged) } else { Ok(()) };
        for waiter in waiters {
            let verdict = waiter.verdict.and_then(|committed| written.clone().map(|()| committed));
            // Whoever stopped waiting does not want to know.
            let _ = waiter.answer.send(verdict);
        }
    }

    /// Checks each batch against the state with the batches before it; those that pass are staged.
    fn stage(&mut self, jobs: Vec<Job>, ready: &Result<(), StoreError>) -> (Vec<Waiter>, Staged) {
        let mut staged = Staged::default();
        let mut waiters = Vec::with_capacity(jobs.len());
        let mut heads = if ready.is_ok() { self.engine.heads() } else { Heads::default() };
        for Job { batch, answer, room } in jobs {
            let verdict = ready.clone().and_then(|()| {
                batch.check(|table, key| match staged.get(table, key) {
                    Some(value) => Ok(value.clone()),
                    None => self.engine.get(table, key),
                })
            });
            let verdict = verdict.map(|()| {
                let (writes, committed) = batch.into_writes(heads);
                heads = heads.after(committed);
                staged.add(writes);
                committed
            });
            waiters.push(Waiter { answer, verdict, _room: room });
        }
        (waiters, staged)
    }
}

/// One permit a byte, counted in 32 bits.
fn queue_bytes(limits: &Config) -> usize {
    limits.max_queued_bytes.min(u32::MAX as usize)
}
