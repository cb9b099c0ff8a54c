//! The scenario in which every single I/O is made to fail once, and what must be true afterwards.
//!
//! A new store, eight commits with large values and deletions, close, open again, three more, close. Commit `n` puts
//! `n` under one key into several tables, moves a head there and notes `n` in the journal; every third puts a large value
//! and deletes the one before. What a store should hold follows from which commits it holds.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use padan::store::{Position, Read as _, Row, Store, StoreError, Table, WriteBatch};

use crate::child::{REFUSED, block_on, opened, tell};
use crate::shim::new_instance;
use crate::workload::{COUNTED, LARGE, Ledger, bytes_of, commit, whole};

/// Commits before and after the store is closed and opened again.
const PARTS: [std::ops::RangeInclusive<u64>; 2] = [1..=8, 9..=11];
/// The commit with which the look afterwards tries whether the store takes writes.
const AFTERWARDS: u64 = 99;
const LARGE_EVERY: u64 = 3;

/// Ledgers: commits acknowledged, and commits answered by an error that says that nothing was written.
pub(crate) const ACKNOWLEDGED: u64 = 0;
const DENIED: u64 = 1;

/// How a run went on after a commit.
enum Next {
    Go,
    /// The store failed: the rest is what it does then.
    Stop,
}

struct Run {
    acknowledged: Ledger,
    denied: Ledger,
    last: u64,
}

/// `ADDRESS LEDGERS`: the scenario.
pub(crate) fn play(arguments: &[String]) -> u8 {
    let [address, ledgers] = arguments else { panic!("two arguments") };
    let ledger = |which| Ledger::open(Path::new(ledgers), which);
    let mut run = Run { acknowledged: ledger(ACKNOWLEDGED), denied: ledger(DENIED), last: 0 };
    for part in PARTS {
        new_instance();
        let store = match opened(address) {
            Ok(store) => store,
            Err(code) => return code,
        };
        if matches!(block_on(run.part(&store, part)), Next::Stop) {
            return 0;
        }
    }
    tell("finished", 1);
    0
}

impl Run {
    async fn part(&mut self, store: &Arc<dyn Store>, part: std::ops::RangeInclusive<u64>) -> Next {
        for number in part {
            match commit(&**store, batch(number, self.last)).await {
                Ok(()) => {
                    self.acknowledged.acknowledged(number);
                    self.last = number;
                }
                // Nothing was written, and when there is room the next one goes.
                Err(StoreError::Full { .. }) => self.denied.acknowledged(number),
                Err(error) => {
                    tell("failed", format!("{error:?}"));
                    self.after_failure(store, number + 1).await;
                    return Next::Stop;
                }
            }
        }
        if let Err(error) = store.close().await {
            tell("failed", format!("{error:?}"));
        }
        Next::Go
    }

    /// Nothing may be written any more, and what was acknowledged can still be read.
    async fn after_failure(&mut self, store: &Arc<dyn Store>, number: u64) {
        match commit(&**store, batch(number, self.last)).await {
            Err(StoreError::Poisoned { .. }) => self.denied.acknowledged(number),
            Ok(()) => {
                self.acknowledged.acknowledged(number);
                tell("wrote_on", 1);
            }
            Err(other) => {
                tell("other_refusal", format!("{other:?}"));
                tell("wrote_on", 1);
            }
        }
        if self.last > 0 {
            let wanted = Some(self.last.to_be_bytes().to_vec());
            match store.get(COUNTED[0], nth(self.last)).await {
                Ok(found) => tell("misread", u64::from(found != wanted)),
                Err(_) => tell("reads_refused", 1),
            }
        }
    }
}

fn nth(number: u64) -> Vec<u8> {
    format!("c/{number:04}").into_bytes()
}

fn large(number: u64) -> Option<Vec<u8>> {
    number.is_multiple_of(LARGE_EVERY).then(|| bytes_of(number, 4_000..90_000))
}

/// Commit `number`, when the last one was `last`.
fn batch(number: u64, last: u64) -> WriteBatch {
    let mut batch = WriteBatch::new();
    for table in COUNTED {
        match last {
            0 => batch.require_absent(table, *b"head"),
            _ => batch.require_equals(table, *b"head", last.to_be_bytes()),
        };
        batch.put(table, *b"head", number.to_be_bytes()).put(table, nth(number), number.to_be_bytes());
    }
    if let Some(bytes) = large(number) {
        batch.put(LARGE, nth(number), bytes).delete(LARGE, nth(number.saturating_sub(LARGE_EVERY)));
    }
    batch.note(number.to_be_bytes());
    batch
}

/// `ADDRESS LEDGERS`: opens the store without faults and compares it with what was answered.
pub(crate) fn check(arguments: &[String]) -> u8 {
    let [address, ledgers] = arguments else { panic!("two arguments") };
    let store = match opened(address) {
        Ok(store) => store,
        Err(code) => return code,
    };
    let ledger = |which| Ledger::all(Path::new(ledgers), which).into_iter().collect::<BTreeSet<u64>>();
    match block_on(compare(&*store, &ledger(ACKNOWLEDGED), &ledger(DENIED))) {
        Ok(()) => 0,
        Err(error) => {
            tell("refused", format!("{error:?}"));
            REFUSED
        }
    }
}

async fn compare(store: &dyn Store, acknowledged: &BTreeSet<u64>, denied: &BTreeSet<u64>) -> Result<(), StoreError> {
    let mut kept = BTreeSet::new();
    for (key, value) in whole(store.reader(), COUNTED[0]).await? {
        if key.starts_with(b"c/") {
            kept.extend(value.try_into().map(u64::from_be_bytes));
        }
    }
    let mut is_whole = true;
    for table in COUNTED.into_iter().chain([LARGE, Table::Journal]) {
        is_whole &= whole(store.reader(), table).await? == expected(table, &kept);
    }
    tell("lost", acknowledged.difference(&kept).count());
    tell("denied_but_there", denied.intersection(&kept).count());
    tell("half", u64::from(!is_whole));
    if !kept.contains(&AFTERWARDS) {
        commit(store, batch(AFTERWARDS, kept.last().copied().unwrap_or(0))).await?;
    }
    Ok(())
}

/// What a table holds when the store holds the commits `kept`, in the order of keys.
fn expected(table: Table, kept: &BTreeSet<u64>) -> Vec<Row> {
    if table == Table::Journal {
        return (1..)
            .map(Position)
            .zip(kept)
            .map(|(position, number)| (position.key(), number.to_be_bytes().into()))
            .collect();
    }
    if table == LARGE {
        let is_deleted = |number: &u64| kept.contains(&(number + LARGE_EVERY));
        let there = kept.iter().filter(|number| !is_deleted(number));
        return there.filter_map(|number| large(*number).map(|bytes| (nth(*number), bytes))).collect();
    }
    let counted = kept.iter().map(|number| (nth(*number), number.to_be_bytes().to_vec()));
    let head = kept.last().map(|last| (b"head".to_vec(), last.to_be_bytes().to_vec()));
    counted.chain(head).collect()
}
