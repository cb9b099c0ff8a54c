//! What others wrote accepts what we write: `signed_note` and `tlog_tiles`, both of Cloudflare.

use signed_note::{Note, StandardVerifier, Verifier, VerifierList};
use tlog_tiles::{HashReader, TileReader, tlog};

use super::*;

/// Reads tiles of an export as their reader asks for them.
struct Export<'f>(&'f Files);

impl TileReader for Export<'_> {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[tlog_tiles::Tile]) -> Result<Vec<Vec<u8>>, tlog::Error> {
        Ok(tiles.iter().map(|tile| self.0[&tile_path(*tile)].clone()).collect())
    }

    fn save_tiles(&self, _: &[tlog_tiles::Tile], _: &[Vec<u8>]) {}
}

/// Their older form of a path names the height too.
fn tile_path(tile: tlog_tiles::Tile) -> String {
    let path = tile.path();
    path.strip_prefix("tile/8/").map_or(path.clone(), |rest| format!("tile/{rest}"))
}

#[test]
fn their_reader_accepts_our_checkpoint_and_every_entry() {
    let log = Log::of(70_000);
    for size in [1, 256, 1000, 70_000] {
        let files = log.export(size);
        let note = Note::from_bytes(&files["checkpoint"]).unwrap();
        let key = log_signer().verifier_key().to_string();
        let verifiers = VerifierList::new(vec![Box::new(StandardVerifier::new(&key).unwrap()) as Box<dyn Verifier>]);
        let (known, unknown) = note.verify(&verifiers).unwrap();
        assert_eq!((known.len(), unknown.len()), (1, 1), "the log, and a witness whose kind of key they do not know");
        let checkpoint = tlog_tiles::Checkpoint::from_bytes(note.text()).unwrap();
        assert_eq!((checkpoint.origin(), checkpoint.size()), (ORIGIN, size));

        let export = Export(&files);
        let reader = tlog_tiles::TileHashReader::new(size, *checkpoint.hash(), &export);
        for index in (0..size).filter(|index| size <= 1000 || index % 997 == 0) {
            let stored = reader.read_hashes(&[tlog::stored_hash_index(0, index)]).unwrap();
            assert_eq!(stored, [tlog::record_hash(&log.entries[index as usize])], "{index} of {size}");
        }
    }
}

#[test]
fn their_verifier_accepts_our_proofs() {
    let log = Log::of(600);
    let theirs = |hash: Hash| tlog::Hash(*hash.as_bytes());
    let root = theirs(log.head(600).root);
    for (index, entry) in (0..).zip(&log.entries) {
        let path = inclusion(index, 600, |node| log.read(node)).unwrap().into_iter().map(theirs).collect();
        tlog::check_record(&path, 600, root, index, tlog::record_hash(entry)).unwrap();
    }
}
