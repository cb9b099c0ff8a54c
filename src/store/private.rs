//! Files and folders for their owner alone, whatever the umask. What rests here is about people, and the bytes are packed,
//! not encrypted: whoever can read a file has what is in it.

use std::fs::{self, DirBuilder, File, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

const FOLDER: u32 = 0o700;
const FILE: u32 = 0o600;
/// What the group and others may do.
const OTHERS: u32 = 0o077;

/// Makes a folder, and those above it that are missing.
pub fn create_dir(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(FOLDER).create(path)
}

/// Makes a file, or empties the one that is there.
pub fn create_file(path: &Path) -> io::Result<File> {
    let file = File::options().write(true).create(true).truncate(true).mode(FILE).open(path)?;
    // A file that was there keeps its mode.
    if mode_beyond_owner(&file.metadata()?) != 0 {
        file.set_permissions(Permissions::from_mode(FILE))?;
    }
    Ok(file)
}

/// Takes a folder and all that is in it away from everybody but the owner; answers the mode of what was widest, where
/// anything was. Links are left alone: what they lead to is somewhere else.
pub fn narrow(path: &Path) -> io::Result<Option<u32>> {
    let data = match fs::symlink_metadata(path) {
        // A file may go while we look: an engine takes its old ones away.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        data => data?,
    };
    if data.is_symlink() {
        return Ok(None);
    }
    let mut widest = (mode_beyond_owner(&data) != 0).then(|| data.permissions().mode() & 0o7777);
    if widest.is_some() {
        fs::set_permissions(path, Permissions::from_mode(if data.is_dir() { FOLDER } else { FILE }))?;
    }
    if data.is_dir() {
        for entry in fs::read_dir(path)? {
            widest = widest.max(narrow(&entry?.path())?);
        }
    }
    Ok(widest)
}

/// The mode of a file where others than its owner can read or change it.
pub fn open_to_others(path: &Path) -> Option<u32> {
    let data = fs::metadata(path).ok()?;
    (mode_beyond_owner(&data) != 0).then(|| data.permissions().mode() & 0o7777)
}

fn mode_beyond_owner(data: &fs::Metadata) -> u32 {
    data.permissions().mode() & OTHERS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::symlink_metadata(path).expect("it is there").permissions().mode() & 0o777
    }

    #[test]
    fn what_was_open_is_narrowed_with_all_that_is_in_it() {
        let dir = tempfile::tempdir().expect("a folder");
        let at = |name: &str| dir.path().join(name);
        create_dir(&at("store/blobs")).expect("made");
        for (name, bits) in [("store/db", 0o644), ("store/blobs/1", 0o666), ("outside", 0o644)] {
            fs::write(at(name), "x").expect("written");
            fs::set_permissions(at(name), Permissions::from_mode(bits)).expect("a mode");
        }
        std::os::unix::fs::symlink(at("outside"), at("store/link")).expect("a link");
        fs::set_permissions(at("store"), Permissions::from_mode(0o755)).expect("a mode");
        assert_eq!(open_to_others(&at("store/db")), Some(0o644));
        assert_eq!(narrow(&at("store")).expect("narrowed"), Some(0o755));
        let found = ["store", "store/blobs", "store/db", "store/blobs/1", "outside"].map(|name| mode(&at(name)));
        assert_eq!(found, [0o700, 0o700, 0o600, 0o600, 0o644]);
        assert_eq!(narrow(&at("store")).expect("narrow"), None);
        assert_eq!(open_to_others(&at("store/db")), None);
        create_file(&at("outside")).expect("emptied");
        assert_eq!(mode(&at("outside")), 0o600, "a file that was there and is written anew");
    }
}
