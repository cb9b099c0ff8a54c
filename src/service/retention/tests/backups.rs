//! Chains of backups of a store that is compacted meanwhile.

use std::path::Path;
use std::sync::Arc;

use super::history;
use super::place::{Place, RULE, open, row};
use crate::service::backup::{Chain, Identity, Kind, Recipients, Wanted, backup, restore};
use crate::service::clock::Clock;
use crate::store::{Row, StoreUrl, Table};

/// A folder with a chain and a key.
struct Backups {
    dir: tempfile::TempDir,
    recipients: Recipients,
}

impl Backups {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let (text, public) = Identity::generate();
        std::fs::write(dir.path().join("key"), text).expect("written");
        Self { dir, recipients: Recipients::parse(&[public]).expect("a key") }
    }

    /// Adds a part and answers its kind.
    async fn add(&self, place: &Place) -> Option<Kind> {
        let (snapshot, at) = (place.store.snapshot().await.expect("a snapshot"), place.clock.now());
        let chain = self.dir.path().join("chain");
        let made = backup(&*snapshot, &chain, &self.recipients, Wanted::Whatever, at).await.expect("backed up");
        made.part.map(|part| part.kind)
    }

    async fn restore(&self, place: &Place, name: &str) -> Place {
        let chain = Chain::open(&self.dir.path().join("chain")).expect("a chain");
        let store = open(&StoreUrl::Redb(self.dir.path().join(name)));
        let key = Identity::read(&self.dir.path().join("key")).expect("a key");
        restore(&chain, key, &store, |_| {}).await.expect("restored");
        let restored = Place::at(store, Arc::clone(&place.clock), Some(RULE)).await;
        restored.gateway.catch_up().await.expect("matched");
        restored
    }

    /// Restores the chain and holds it against the source.
    async fn check(&self, place: &Place, name: &str) {
        let restored = self.restore(place, name).await;
        assert_eq!(restored.digest().await, place.digest().await, "{name}");
        let keys = |rows: Vec<Row>| rows.into_iter().map(|(key, _)| key).collect::<Vec<_>>();
        for table in Table::ALL.into_iter().filter(|table| *table != Table::Marks) {
            assert_eq!(keys(restored.all(table).await), keys(place.all(table).await), "{name}: {table}");
        }
        restored.check(name).await;
        let records = restored.all(Table::Records).await.len();
        restored.push("behind-the-restore", &[row(77, "2025-05-04", 1)]).await;
        restored.check(name).await;
        assert_eq!(restored.all(Table::Records).await.len(), records + 1, "{name}: no number is given twice");
        restored.compact().await;
        restored.check(name).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn increments_tell_what_went_and_become_full_where_they_cannot() {
    let backups = Backups::new();
    let place = Place::memory().await;
    // Before anything is matched: the restored store has no mark of what was derived.
    place.push_only("zero", &[row(9, "2025-05-01", 1), row(9, "2025-05-02", 2)]).await;
    assert_eq!(backups.add(&place).await, Some(Kind::Full));
    history(&place).await;
    assert_eq!(backups.add(&place).await, Some(Kind::Increment));
    assert!(description(backups.dir.path(), 2).contains("\"format\": 1"), "as programs before this one read it");
    place.clock.pass(15);
    place.compact().await;
    // A key that went and was used again stays.
    assert!(!place.push("zero", &[row(9, "2025-05-03", 3)]).await.replayed);
    assert_eq!(backups.add(&place).await, Some(Kind::Increment), "the journal reaches back so far");
    assert!(description(backups.dir.path(), 3).contains("\"format\": 2"), "which they refuse");
    backups.check(&place, "increment").await;

    place.push("later", &[row(1, "2025-05-05", 5)]).await;
    place.clock.pass(50);
    place.compact().await;
    assert_eq!(backups.add(&place).await, Some(Kind::Full), "what came behind the chain is gone");
    backups.check(&place, "full").await;
    assert_eq!(backups.add(&place).await, None);
}

fn description(dir: &Path, number: u32) -> String {
    std::fs::read_to_string(dir.join(format!("chain/{number:06}.json"))).expect("a description")
}
