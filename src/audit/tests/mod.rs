//! Laws, known values and damaged exports.

mod export;
mod mutations;
mod notes;
mod outside;
mod proofs;
mod receipts;
mod tiles;
mod vectors;

use std::collections::BTreeMap;

use super::*;

const ORIGIN: &str = "padan.example/audit";

/// The time at which the witness of the tests countersigns.
const TIME: u64 = 1_790_000_000;

/// A log in memory.
#[derive(Default)]
struct Log {
    entries: Vec<Vec<u8>>,
    frontier: Frontier,
    kept: BTreeMap<NodeId, Hash>,
}

/// An export in memory.
type Files = BTreeMap<String, Vec<u8>>;

impl Log {
    fn of(count: u64) -> Self {
        let mut log = Self::default();
        for number in 0..count {
            log.append(format!("entry {number}, {}", "x".repeat(number as usize % 40)).into_bytes());
        }
        log
    }

    fn append(&mut self, entry: Vec<u8>) {
        self.frontier.append(Hash::of_entry(&entry).unwrap(), |node, hash| {
            assert_eq!(self.kept.insert(node, hash), None, "a hash is kept once");
        });
        self.entries.push(entry);
    }

    fn read(&self, node: NodeId) -> Option<Hash> {
        self.kept.get(&node).copied()
    }

    /// The tree of the first entries.
    fn head(&self, size: u64) -> TreeHead {
        Frontier::from_reader(size, &mut |node| self.read(node)).unwrap().head()
    }

    fn checkpoint(&self, size: u64) -> SignedCheckpoint {
        let mut signed = Checkpoint::new(&ORIGIN.parse().unwrap(), self.head(size)).sign(&log_signer());
        let signature = signed.countersign(&witness(1), TIME);
        signed.add(signature);
        signed
    }

    fn export(&self, size: u64) -> Files {
        let bytes = |file: ExportFile| match file {
            ExportFile::Checkpoint => self.checkpoint(size).to_string().into_bytes(),
            ExportFile::Tile(tile) => tile.encode(|node| self.read(node)).unwrap(),
            ExportFile::Entries(tile) => {
                let first = tile.first() as usize;
                encode_entries(&self.entries[first..first + tile.width()]).unwrap()
            }
        };
        export_files(size).map(|file| (file.path(), bytes(file))).collect()
    }
}

fn log_signer() -> LogSigner {
    LogSigner::from_seed(ORIGIN.parse().unwrap(), &[1; 32])
}

fn witness(number: u8) -> WitnessSigner {
    WitnessSigner::from_seed(format!("witness.example/w{number}").parse().unwrap(), &[100 + number; 32])
}

/// The log's key, and that of the one witness, who has to have signed.
fn trust() -> Trust {
    let trust = Trust::new(log_signer().verifier_key().clone()).unwrap();
    trust.with_witnesses(vec![witness(1).verifier_key().clone()], 1).unwrap()
}

/// Verifies an export with nothing in its folder but its own files.
fn verify(check: &ExportCheck<'_>, files: &Files) -> Result<VerifiedExport, Damage> {
    check.run(|path, _| Ok(files.get(path).cloned()), |_, _| ())
}
