//! Proofs that receipts carry.

use super::*;

fn receipt(log: &Log, index: u64) -> EntryProof {
    let size = log.frontier.size();
    EntryProof::new(index, inclusion(index, size, |node| log.read(node)).unwrap(), log.checkpoint(size))
}

#[test]
fn every_entry_of_a_log_has_its_receipt() {
    let log = Log::of(300);
    for (index, entry) in log.entries.iter().enumerate() {
        let text = receipt(&log, index as u64).to_string();
        let proof = EntryProof::parse(text.as_bytes()).unwrap();
        assert_eq!(proof.to_string(), text);
        assert_eq!(proof.verify(entry, &trust()).unwrap().len(), 1);
        let other = &log.entries[(index + 1) % 300];
        assert_eq!(
            proof.verify(other, &trust()).unwrap_err().to_string(),
            "the entry is not the one that the proof is of"
        );
    }
}

#[test]
fn the_form_is_that_of_the_specification() {
    let log = Log::of(2);
    let sibling = log.read(NodeId { level: 0, index: 0 }).unwrap();
    let proof = receipt(&log, 1).with_extra(b"abc".to_vec());
    let expected = format!("c2sp.org/tlog-proof@v1\nextra YWJj\nindex 1\n{sibling}\n\n{}", log.checkpoint(2));
    assert_eq!(proof.to_string(), expected);
    assert_eq!(EntryProof::parse(expected.as_bytes()).unwrap().extra(), Some(&b"abc"[..]));
    let alone = receipt(&Log::of(1), 0).to_string();
    assert!(alone.starts_with("c2sp.org/tlog-proof@v1\nindex 0\n\npadan.example/audit\n1\n"), "{alone}");
    assert!(EntryProof::parse(alone.as_bytes()).unwrap().verify(b"entry 0, ", &trust()).is_ok());
}

#[test]
fn every_changed_bit_and_every_cut_is_found() {
    let log = Log::of(20);
    let text = receipt(&log, 11).to_string();
    let holds =
        |bytes: &[u8]| EntryProof::parse(bytes).is_ok_and(|proof| proof.verify(&log.entries[11], &trust()).is_ok());
    assert!(holds(text.as_bytes()));
    for at in 0..text.len() {
        assert!(!holds(&text.as_bytes()[..at]), "cut at {at}");
        for bit in 0..8 {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 1 << bit;
            assert!(!holds(&bytes), "bit {bit} of byte {at}");
        }
    }
}

#[test]
fn malformed_receipts_are_refused() {
    let text = receipt(&Log::of(20), 11).to_string();
    let with = |old: &str, new: &str| text.replacen(old, new, 1);
    let path = "a proof has at most 64 lines with a hash each and then an empty one, and this has not";
    let index = "a proof has a line with the index of its entry, and this has none";
    let rows = [
        (String::new(), path),
        (with("@v1", "@v2"), "a proof begins with the line c2sp.org/tlog-proof@v1, and this does not"),
        (with("index 11", "index 011"), index),
        (with("index 11", "index -1"), index),
        (with("index 11\n", ""), index),
        (with("index 11", "extra ???\nindex 11"), "the extra data of a proof is not base64"),
        (with("index 11", "extra YQ==\nextra YQ==\nindex 11"), index),
        (with("index 11\n", "index 11\nYQ==\n"), path),
        (with("=\n\n", "=\n\n\n"), "a checkpoint has at least three lines and none that is empty, and this has not"),
    ];
    for (text, sentence) in rows {
        assert_eq!(EntryProof::parse(text.as_bytes()).unwrap_err().to_string(), sentence, "{text}");
    }
}
