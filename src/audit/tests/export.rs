//! Exports: right ones, and the words about wrong ones.

use std::io;

use super::*;

/// What is said about an export with 1,000 entries after a change.
fn said(change: impl FnOnce(&mut Files)) -> Vec<String> {
    let mut files = Log::of(1000).export(1000);
    change(&mut files);
    let damage = verify(&ExportCheck::new(&trust()), &files).unwrap_err();
    assert_eq!(damage.count, damage.faults.len() as u64);
    damage.faults.iter().map(ToString::to_string).collect()
}

fn flip(files: &mut Files, path: &str, at: usize) {
    files.get_mut(path).unwrap()[at] ^= 1;
}

#[test]
fn right_exports_are_accepted_with_all_their_entries() {
    let log = Log::of(70_000);
    for size in [0, 1, 255, 256, 257, 1000, 65_536, 70_000] {
        let (files, trust) = (log.export(size), trust());
        let mut seen = Vec::new();
        let report = ExportCheck::new(&trust)
            .continues(log.head(size / 2))
            .continues(log.head(size))
            .continues(log.head(0))
            .run(|path, _| Ok(files.get(path).cloned()), |index, entry| seen.push((index, entry.to_vec())))
            .unwrap();
        assert_eq!(report.checkpoint.head(), log.head(size));
        assert_eq!((report.verified, report.pruned, report.cosignatures.len()), (size, 0, 1));
        assert!(seen.iter().map(|(index, _)| *index).eq(0..size), "in order");
        assert!(seen.iter().map(|(_, entry)| entry).eq(&log.entries[..size as usize]));
    }
}

#[test]
fn faults_name_the_file() {
    let rows: [(Vec<String>, &[&str]); 9] = [
        (said(|files| flip(files, "tile/entries/001", 2)), &["entry 256 in tile/entries/001 was changed"]),
        (
            said(|files| flip(files, "tile/0/002", 0)),
            &["tile/0/002 was changed: its root is not hash 2 of tile/1/000.p/3"],
        ),
        (said(|files| drop(files.remove("tile/0/001"))), &["tile/0/001 is missing"]),
        (said(|files| drop(files.remove("tile/entries/003.p/232"))), &["tile/entries/003.p/232 is missing"]),
        (said(|files| files.get_mut("tile/0/000").unwrap().truncate(8191)), &["tile/0/000 is not 8192 bytes long"]),
        (
            said(|files| files.get_mut("tile/entries/000").unwrap().push(0)),
            &["tile/entries/000 was changed: 1 bytes follow the last of 256 entries"],
        ),
        (
            said(|files| files.get_mut("tile/entries/002").unwrap().truncate(40)),
            &["tile/entries/002 was changed: it ends within entry 0 of 256"],
        ),
        (said(|files| drop(files.remove("checkpoint"))), &["checkpoint is missing"]),
        (
            said(|files| flip(files, "checkpoint", 20)),
            &["checkpoint: the second line of a checkpoint is the number of entries, and this is not"],
        ),
    ];
    for (said, expected) in rows {
        assert_eq!(said, expected);
    }
}

#[test]
fn faults_at_the_edge_name_both_files() {
    let edge = said(|files| flip(files, "tile/0/003.p/232", 31 * 32));
    assert!(edge[0].starts_with("the tiles lead to the root "), "{edge:?}");
    let expected =
        "tile/0/003.p/232 or tile/entries/003.p/232 was changed: hash 31 of the first is not what the second gives";
    assert_eq!(&edge[1..], [expected]);
    let edge = said(|files| flip(files, "tile/1/000.p/3", 33));
    let expected = "tile/1/000.p/3 or tile/0/001 was changed: hash 1 of the first is not what the second gives";
    assert_eq!(&edge[1..], [expected]);
}

#[test]
fn many_faults_are_counted_and_the_rest_is_verified() {
    let (log, trust) = (Log::of(1000), trust());
    let mut files = log.export(1000);
    let bundle = encode_entries((0..256).map(|number| format!("other {number}"))).unwrap();
    files.insert("tile/entries/000".to_owned(), bundle);
    files.remove("tile/0/001");
    let damage = verify(&ExportCheck::new(&trust), &files).unwrap_err();
    assert_eq!((damage.count, damage.faults.len(), damage.verified), (257, 100, 1000 - 512));
    assert_eq!(damage.to_string(), "entry 0 in tile/entries/000 was changed; and 256 more");
}

#[test]
fn a_disk_that_cannot_be_read_is_no_missing_file() {
    let (files, trust) = (Log::of(300).export(300), trust());
    let read = |path: &str, _: usize| match path {
        "tile/0/000" => Err(io::Error::other("the disk is gone")),
        path => Ok(files.get(path).cloned()),
    };
    let damage = ExportCheck::new(&trust).run(read, |_, _| ()).unwrap_err();
    let [fault @ Fault::Unreadable { source, .. }] = &damage.faults[..] else { panic!("{damage:?}") };
    assert_eq!(
        (fault.to_string(), source.to_string()),
        ("tile/0/000 cannot be read".into(), "the disk is gone".into())
    );
}

#[test]
fn limits_are_told_and_are_enough() {
    let (files, trust) = (Log::of(300).export(300), trust());
    let read = |path: &str, limit: usize| {
        let bytes = files.get(path).cloned();
        assert!(bytes.as_ref().is_none_or(|bytes| bytes.len() <= limit), "{path}");
        assert!(limit <= 256 * 65_537, "{path}");
        Ok(bytes)
    };
    assert_eq!(ExportCheck::new(&trust).run(read, |_, _| ()).unwrap().verified, 300);
}

#[test]
fn a_log_with_another_past_is_found_though_it_is_signed() {
    let (log, trust) = (Log::of(1000), trust());
    let mut other = Log::of(299);
    (299..1200).for_each(|number| other.append(format!("rewritten {number}").into_bytes()));
    let files = other.export(1200);
    assert!(verify(&ExportCheck::new(&trust), &files).is_ok());
    let check = ExportCheck::new(&trust).continues(log.head(299)).continues(log.head(300)).continues(log.head(1000));
    let damage = verify(&check, &files).unwrap_err();
    let found: Vec<_> = damage.faults.iter().map(ToString::to_string).collect();
    assert!(found[0].starts_with("the first 300 entries had the root "), "{found:?}");
    assert!(found[1].starts_with("the first 1000 entries had the root "), "{found:?}");
    assert_eq!(found.len(), 2);

    let short = ExportCheck::new(&trust).continues(log.head(1000));
    let damage = verify(&short, &log.export(900)).unwrap_err();
    assert_eq!(damage.to_string(), "the log had 1000 entries before, and the export has 900");
    assert_eq!(damage.verified, 900);
}

#[test]
fn retention_takes_bundles_and_the_rest_still_verifies() {
    let (log, trust) = (Log::of(1000), trust());
    let mut files = log.export(1000);
    files.remove("tile/entries/000");
    files.remove("tile/entries/001");
    let check = ExportCheck::new(&trust).pruned_below(600).continues(log.head(300));
    let report = verify(&check, &files).unwrap();
    assert_eq!((report.verified, report.pruned), (1000 - 512, 512));
    let damage = verify(&ExportCheck::new(&trust).pruned_below(511), &files).unwrap_err();
    assert_eq!(damage.to_string(), "tile/entries/001 is missing");
    flip(&mut files, "tile/0/001", 9);
    assert!(verify(&check, &files).is_err(), "hashes of what is gone are still verified");
    let mut files = log.export(1000);
    files.remove("tile/entries/003.p/232");
    let damage = verify(&ExportCheck::new(&trust).pruned_below(u64::MAX), &files).unwrap_err();
    assert_eq!(damage.to_string(), "tile/entries/003.p/232 is missing");
}
