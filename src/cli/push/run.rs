//! A run of `padan push`: the name under which its requests can be repeated, and how far it has come.
//!
//! Idempotency keys belong to a run and not to a content: yesterday's file pushed again is a new wish, and may well put
//! back what came in between. Only a run that was cut off is gone on with, and only while nothing else was pushed with its
//! token from here, nothing that it sent has changed, and a day has not passed. That a run is new is no loss: rows that
//! the gateway has already change nothing.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::domain::date::Timestamp;
use crate::domain::feed::Feed;
use crate::store::private;

/// A run that was cut off longer ago is not gone on with.
const LONGEST: Duration = Duration::from_hours(24);

/// A run under way.
#[derive(Debug)]
pub struct Run {
    state: State,
    /// Where it is kept; nowhere if it cannot be gone on with.
    place: Option<PathBuf>,
}

/// What is kept of a run until it ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct State {
    run: String,
    started: Timestamp,
    files: Vec<FileState>,
}

/// How far a file was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct FileState {
    feed: Feed,
    path: PathBuf,
    /// Bytes that were sent, or were about to be.
    bytes: u64,
    /// SHA-256 of them.
    sha256: String,
}

impl Run {
    /// A run that is not kept: it ends with the program.
    pub fn new(files: &[(Feed, PathBuf)]) -> Self {
        let file = |(feed, path): &(Feed, PathBuf)| FileState {
            feed: *feed,
            path: std::path::absolute(path).unwrap_or_else(|_| path.clone()),
            bytes: 0,
            sha256: String::new(),
        };
        let run = uuid::Uuid::now_v7().to_string();
        Self { state: State { run, started: Timestamp::now(), files: files.iter().map(file).collect() }, place: None }
    }

    /// Goes on with the run kept at `place` if it was about these files and was cut off; else begins one and keeps it there.
    /// The error says why it cannot be kept.
    pub(super) fn kept(files: &[(Feed, PathBuf)], place: &Path) -> Result<Self, std::io::Error> {
        let mut run = Self::new(files);
        run.place = Some(place.to_owned());
        if let Some(state) = State::read(place).filter(|state| state.goes_on(&run.state)) {
            run.state = state;
        }
        run.write()?;
        Ok(run)
    }

    /// Its name.
    pub fn id(&self) -> &str {
        &self.state.run
    }

    /// When it began, where it was cut off and goes on.
    pub(super) fn went_on_since(&self) -> Option<Timestamp> {
        self.state.files.iter().any(|file| file.bytes > 0).then_some(self.state.started)
    }

    /// What the keys of a file of this run are made of, besides its content.
    pub(super) fn seed(&self, nth: usize) -> String {
        format!("{}|{nth}", self.state.run)
    }

    /// Notes that a file is about to be sent up to here. Before the request and not after it: whether it arrived is not
    /// known until it is answered.
    pub(super) fn sending(&mut self, nth: usize, bytes: u64, sha256: &str) {
        let Some(file) = self.state.files.get_mut(nth).filter(|file| file.bytes < bytes) else { return };
        (file.bytes, file.sha256) = (bytes, sha256.to_owned());
        // A run that can no longer be kept goes on all the same.
        if self.write().is_err() {
            self.place = None;
        }
    }

    /// Everything is sent: the same command is a new run from now on.
    pub(super) fn ended(self) {
        let own = |place: &PathBuf| State::read(place).is_some_and(|state| state.run == self.state.run);
        if let Some(place) = self.place.as_ref().filter(|place| own(place)) {
            // What stays behind goes on with nothing once a day has passed.
            let _ = std::fs::remove_file(place);
        }
    }

    fn write(&self) -> Result<(), std::io::Error> {
        let Some(place) = &self.place else { return Ok(()) };
        if let Some(folder) = place.parent() {
            private::create_dir(folder)?;
        }
        let beside = place.with_extension(format!("{}.tmp", std::process::id()));
        private::create_file(&beside)?.write_all(&serde_json::to_vec_pretty(&self.state)?)?;
        std::fs::rename(&beside, place)
    }
}

impl State {
    fn read(place: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(place).ok()?).ok()
    }

    /// Whether this run was about the files of `new`, and what it sent of them is still so.
    fn goes_on(&self, new: &Self) -> bool {
        let named = |state: &Self| state.files.iter().map(|file| (file.feed, file.path.clone())).collect::<Vec<_>>();
        let fresh = new.started.checked_sub(LONGEST).is_ok_and(|limit| self.started > limit);
        fresh && named(self) == named(new) && self.files.iter().all(FileState::unchanged)
    }
}

impl FileState {
    fn unchanged(&self) -> bool {
        self.bytes == 0 || digest_of(&self.path, self.bytes).is_ok_and(|found| found == self.sha256)
    }
}

/// SHA-256 of the first bytes of a file.
fn digest_of(path: &Path, bytes: u64) -> Result<String, std::io::Error> {
    let mut reader = File::open(path)?.take(bytes);
    let (mut digest, mut buffer) = (Sha256::new(), vec![0; super::READ_BUFFER]);
    loop {
        match reader.read(&mut buffer)? {
            0 => return Ok(hex::encode(digest.finalize())),
            read => digest.update(&buffer[..read]),
        }
    }
}

/// Where the run of a token at a gateway is kept when no place is named: with the user's own state.
pub(super) fn place(to: &str, token: &str) -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || set("HOME").map(|home| home.join(".local").join("state"));
    let folder = set("XDG_STATE_HOME").or_else(|| set("LOCALAPPDATA")).or_else(home)?;
    let name = hex::encode(&Sha256::digest(format!("{to}\n{}", token.trim()))[..12]);
    Some(folder.join("padan").join("push").join(format!("{name}.json")))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Folder {
        dir: tempfile::TempDir,
    }

    impl Folder {
        fn new() -> Self {
            let folder = Self { dir: tempfile::tempdir().expect("a folder") };
            folder.write("a.ndjson", "one\ntwo\n");
            folder.write("b.ndjson", "three\n");
            folder
        }

        fn write(&self, name: &str, text: &str) {
            std::fs::write(self.dir.path().join(name), text).expect("written");
        }

        fn kept(&self, names: &[&str]) -> Run {
            let files: Vec<(Feed, PathBuf)> =
                names.iter().map(|name| (Feed::Rekening, self.dir.path().join(name))).collect();
            Run::kept(&files, &self.place()).expect("kept")
        }

        fn place(&self) -> PathBuf {
            self.dir.path().join("state").join("run.json")
        }

        /// A run of both files that was cut off in the first.
        fn cut_off(&self) -> String {
            let mut run = self.kept(&["a.ndjson", "b.ndjson"]);
            run.sending(0, 4, &hex::encode(Sha256::digest("one\n")));
            run.id().to_owned()
        }
    }

    #[test]
    fn a_run_goes_on_only_as_it_was() {
        // Name; what happens after the cut; whether the run goes on then.
        type Case = (&'static str, fn(&Folder), bool);
        let cases: &[Case] = &[
            ("the same command", |_| {}, true),
            ("the file grew", |folder| folder.write("a.ndjson", "one\ntwo\nmore\n"), true),
            ("what was not sent changed", |folder| folder.write("a.ndjson", "one\nother\n"), true),
            ("what was sent changed", |folder| folder.write("a.ndjson", "ONE\ntwo\n"), false),
            ("the file is shorter", |folder| folder.write("a.ndjson", "on"), false),
            ("another push came in between", |folder| drop(folder.kept(&["b.ndjson"])), false),
            ("the state is damaged", |folder| std::fs::write(folder.place(), "{").expect("written"), false),
            (
                "more than a day passed",
                |folder| {
                    let mut state = State::read(&folder.place()).expect("kept");
                    state.started = state.started.checked_sub(Duration::from_hours(25)).expect("a time");
                    std::fs::write(folder.place(), serde_json::to_vec(&state).expect("JSON")).expect("written");
                },
                false,
            ),
        ];
        for (name, happens, goes_on) in cases {
            let folder = Folder::new();
            let before = folder.cut_off();
            happens(&folder);
            let run = folder.kept(&["a.ndjson", "b.ndjson"]);
            assert_eq!(run.id() == before, *goes_on, "{name}");
            assert_eq!(run.went_on_since().is_some(), *goes_on, "{name}");
        }
    }

    #[test]
    fn a_run_that_ended_is_over_and_ends_no_other() {
        let folder = Folder::new();
        folder.cut_off();
        let run = folder.kept(&["a.ndjson", "b.ndjson"]);
        let ended = run.id().to_owned();
        run.ended();
        assert!(!folder.place().exists());
        let next = folder.kept(&["a.ndjson", "b.ndjson"]);
        assert_ne!(next.id(), ended);
        let other = folder.kept(&["b.ndjson"]);
        next.ended();
        assert!(folder.place().exists(), "what another command keeps stays");
        other.ended();
    }
}
