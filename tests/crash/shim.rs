//! Builds `shim.c` and puts it before a process.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the shim counted. All zero when the process did not live to start counting.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Counters {
    /// Writes, syncs and changes of names.
    pub(crate) ios: u64,
    /// Of those, failed on purpose.
    pub(crate) failed: u64,
    /// Syncs of a file after one of its syncs had failed, by the same instance of the store.
    pub(crate) repeated_syncs: u64,
    /// The same by an instance that was opened later.
    pub(crate) syncs_after_reopening: u64,
    /// Things the shim does not understand.
    pub(crate) unsupported: u64,
}

/// Compiles the library into `folder`.
pub(crate) fn build(folder: &Path) -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/crash/shim.c");
    let library = folder.join("padan-shim.so");
    // Under another name first: another run may be using it.
    let fresh = folder.join(format!("padan-shim-{}.so", std::process::id()));
    let built = Command::new("cc")
        .args(["-shared", "-fPIC", "-O2", "-Wall", "-o"])
        .args([&fresh, &source])
        .args(["-ldl", "-lpthread"])
        .status()
        .expect("there is a C compiler called cc");
    assert!(built.success(), "shim.c does not compile");
    fs::rename(&fresh, &library).expect("renamed");
    library
}

/// Puts the shim before `command`, for files below `folder`.
pub(crate) fn put_before(command: &mut Command, shim: &Path, folder: &Path) {
    command.env("LD_PRELOAD", shim).env("PADAN_SHIM_DIR", folder);
}

/// Has the shim count into a fresh `file`.
pub(crate) fn count_into(command: &mut Command, file: &Path) {
    // It may not be there.
    let _ = fs::remove_file(file);
    command.env("PADAN_SHIM_COUNTERS", file);
}

/// What was counted.
pub(crate) fn counters(file: &Path) -> Counters {
    let bytes = fs::read(file).unwrap_or_default();
    let nth = |n: usize| bytes.get(n * 8..n * 8 + 8).map_or(0, |b| u64::from_ne_bytes(b.try_into().expect("8 bytes")));
    Counters { ios: nth(0), failed: nth(1), repeated_syncs: nth(2), syncs_after_reopening: nth(3), unsupported: nth(4) }
}

/// Tells the shim, if there is one, that this process opens its store anew.
pub(crate) fn new_instance() {
    if let Ok(folder) = std::env::var("PADAN_SHIM_DIR") {
        // The file never exists; asking for it is the message.
        let _ = fs::File::open(Path::new(&folder).join("padan-shim-new-instance"));
    }
}
