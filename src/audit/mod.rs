//! A log that others can verify: entries, the Merkle tree over them, and the signed checkpoints that say how far it goes.
//!
//! The formats are those of C2SP (`tlog-tiles`, `signed-note`, `tlog-checkpoint`, `tlog-cosignature`, `tlog-proof`), so
//! a witness or an auditor needs no program of ours. The tree is that of RFC 6962 with SHA-256.
//!
//! A [`Frontier`] takes the hash of each new entry and says which hashes to keep; from the kept ones come the
//! [inclusion] proofs and the [`Tile`]s of an export. A [`LogSigner`] signs a [`Checkpoint`] of the
//! tree, a [`WitnessSigner`] countersigns it, and [`Trust`] says whose signatures count. An [`EntryProof`] is what a
//! receipt carries; an [`ExportCheck`] verifies a whole export.
//!
//! Nothing here reads a file, a clock or a store, and nothing knows what an entry means: an entry is up to
//! [`MAX_ENTRY_BYTES`] bytes.
//!
//! ```
//! use std::collections::HashMap;
//! use padan::audit::{Checkpoint, EntryProof, Frontier, Hash, LogSigner, Trust, inclusion};
//!
//! let signer = LogSigner::from_seed("padan.example/audit".parse()?, &[7; 32]);
//! let (mut frontier, mut kept) = (Frontier::default(), HashMap::new());
//! for entry in ["first", "second", "third"] {
//!     frontier.append(Hash::of_entry(entry.as_bytes())?, |node, hash| {
//!         kept.insert(node, hash);
//!     });
//! }
//! let checkpoint = Checkpoint::new(signer.origin(), frontier.head()).sign(&signer);
//! let path = inclusion(1, 3, |node| kept.get(&node).copied())?;
//! let receipt = EntryProof::new(1, path, checkpoint).to_string();
//!
//! let trust = Trust::new(signer.verifier_key().to_string().parse()?)?;
//! EntryProof::parse(receipt.as_bytes())?.verify(b"second", &trust)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod hash;

mod frontier;
mod node;

mod proof;

mod bundle;
mod tile;

mod key;
mod note;
mod secret;

mod checkpoint;
mod trust;

mod entry_proof;
mod export;
mod fault;

#[cfg(test)]
mod tests;

pub use self::bundle::{BundleError, decode_entries, encode_entries};
pub use self::checkpoint::{Checkpoint, CheckpointError, SignedCheckpoint};
pub use self::entry_proof::{EntryProof, EntryProofError};
pub use self::export::{ExportCheck, VerifiedExport};
pub use self::fault::{Damage, Fault};
pub use self::frontier::{Frontier, FrontierError};
pub use self::hash::{EntryTooLong, Hash, HashError, MAX_ENTRY_BYTES};
pub use self::key::{KeyError, KeyKind, KeyName, LogSigner, VerifierKey, WitnessSigner};
pub use self::node::{MissingNode, NodeId, TreeHead};
pub use self::note::{NoteError, Signature};
pub use self::proof::{ProofError, inclusion, inclusion_needs, verify_inclusion};
pub use self::secret::SigningKey;
pub use self::tile::{ExportFile, Tile, export_files};
pub use self::trust::{Cosignature, Trust, TrustError};
