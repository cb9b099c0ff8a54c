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

/// Takes a folder away from everybody but the owner, and what of it `is_ours` with all that is in that; answers the mode of
/// what was widest, where anything was. What else lies in the folder is somebody else's, and out of reach in it.
pub(super) fn narrow(folder: &Path, is_ours: impl Fn(&str) -> bool) -> io::Result<Option<u32>> {
    // The folder may be a link; what is in it is not followed.
    let folder = fs::canonicalize(folder)?;
    let mut widest = narrow_one(&folder)?;
    for entry in fs::read_dir(&folder)? {
        let entry = entry?;
        if is_ours(&entry.file_name().to_string_lossy()) {
            widest = widest.max(narrow_all(&entry.path())?);
        }
    }
    Ok(widest)
}

fn narrow_all(path: &Path) -> io::Result<Option<u32>> {
    let mut widest = narrow_one(path)?;
    if fs::symlink_metadata(path).is_ok_and(|data| data.is_dir()) {
        for entry in fs::read_dir(path)? {
            widest = widest.max(narrow_all(&entry?.path())?);
        }
    }
    Ok(widest)
}

fn narrow_one(path: &Path) -> io::Result<Option<u32>> {
    let data = match fs::symlink_metadata(path) {
        // A file may go while we look: an engine takes its old ones away.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        data => data?,
    };
    if data.is_symlink() || mode_beyond_owner(&data) == 0 {
        return Ok(None);
    }
    fs::set_permissions(path, Permissions::from_mode(if data.is_dir() { FOLDER } else { FILE }))?;
    Ok(Some(data.permissions().mode() & 0o7777))
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
        for (name, bits) in
            [("store/db", 0o644), ("store/blobs/1", 0o666), ("store/foreign", 0o644), ("outside", 0o644)]
        {
            fs::write(at(name), "x").expect("written");
            fs::set_permissions(at(name), Permissions::from_mode(bits)).expect("a mode");
        }
        for (to, link) in [("outside", "store/blobs/link"), ("store", "way")] {
            std::os::unix::fs::symlink(at(to), at(link)).expect("a link");
        }
        fs::set_permissions(at("store"), Permissions::from_mode(0o755)).expect("a mode");
        assert_eq!(open_to_others(&at("store/db")), Some(0o644));
        let ours = |name: &str| name != "foreign";
        assert_eq!(narrow(&at("way"), ours).expect("narrowed"), Some(0o755));
        let names = ["store", "store/blobs", "store/db", "store/blobs/1", "store/foreign", "outside"];
        assert_eq!(names.map(|name| mode(&at(name))), [0o700, 0o700, 0o600, 0o600, 0o644, 0o644]);
        assert_eq!(narrow(&at("store"), ours).expect("narrow"), None);
        assert_eq!(open_to_others(&at("store/db")), None);
        create_file(&at("outside")).expect("emptied");
        assert_eq!(mode(&at("outside")), 0o600, "a file that was there and is written anew");
    }
}
