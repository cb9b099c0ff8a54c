//! The folder of a chain, and what is known of each part without its key.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::BackupError;
use super::part::sha256_of;
use crate::domain::date::Timestamp;
use crate::store::private;

/// Version of the descriptions and of the order of a chain.
const FORMAT: u32 = 1;

/// The same, of a part that also says what is no longer there: programs that do not know that refuse it.
const FORMAT_WITH_GONE: u32 = 2;

/// What a part holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Everything.
    Full,
    /// What came since the part before.
    Increment,
}

/// A part, without anything about a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Description {
    format: u32,
    /// Its place in the chain, from 1.
    pub number: u32,
    /// What it holds.
    pub kind: Kind,
    /// Its content begins behind this position of the journal.
    pub from: u64,
    /// And ends with this one.
    pub to: u64,
    /// And with this entry of the audit log.
    #[serde(default)]
    pub audit: u64,
    /// Entries in it.
    pub entries: u64,
    /// Length of the file.
    pub bytes: u64,
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: String,
    /// SHA-256 of the file of the part before; empty for the first.
    pub previous: String,
    /// Digest of what was accepted and decided, up to `to`; only in full parts.
    pub inputs: Option<String>,
    /// When it was made.
    pub at: Timestamp,
    /// Which program made it.
    pub program: String,
}

/// What a new part adds to its place in the chain.
pub(super) struct Content {
    pub(super) kind: Kind,
    pub(super) from: u64,
    pub(super) to: u64,
    pub(super) audit: u64,
    pub(super) inputs: Option<String>,
    pub(super) at: Timestamp,
}

/// The complete parts in a folder, from the last full one on.
pub struct Chain {
    folder: PathBuf,
    parts: Vec<Description>,
    next: u32,
}

impl Chain {
    /// Looks into a folder; one that is not there is empty.
    pub fn open(folder: &Path) -> Result<Self, BackupError> {
        let mut all: Vec<Description> = Vec::new();
        for name in names(folder)? {
            let path = folder.join(name);
            let failed = |source| BackupError::File { path: path.clone(), source };
            let text = fs::read(&path).map_err(failed)?;
            let damaged = |problem| BackupError::Damaged { path: path.clone(), problem };
            let part: Description = serde_json::from_slice(&text).map_err(|_| damaged("not a description"))?;
            if ![FORMAT, FORMAT_WITH_GONE].contains(&part.format) {
                return Err(damaged("written by another version of padan"));
            }
            all.push(part);
        }
        all.sort_by_key(|part| part.number);
        let next = all.last().map_or(1, |part| part.number + 1);
        let first = all.iter().rposition(|part| part.kind == Kind::Full);
        let parts = first.map_or_else(Vec::new, |first| all.split_off(first));
        let chain = Self { folder: folder.to_owned(), parts, next };
        chain.check_order()?;
        Ok(chain)
    }

    /// The parts to restore, in their order.
    pub fn parts(&self) -> &[Description] {
        &self.parts
    }

    /// Up to which position of the journal it reaches.
    pub fn reaches(&self) -> Option<u64> {
        self.parts.last().map(|part| part.to)
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The file of a part.
    pub fn file_of(&self, part: &Description) -> PathBuf {
        self.folder.join(format!("{:06}.part", part.number))
    }

    /// Whether the file of a part is the one that was written.
    pub fn check_file(&self, part: &Description) -> Result<(), BackupError> {
        let path = self.file_of(part);
        match sha256_of(&path) {
            Ok(found) if found == part.sha256 => Ok(()),
            Ok(_) => Err(BackupError::Damaged { path, problem: "its bytes are not those that were written" }),
            Err(source) => Err(BackupError::File { path, source }),
        }
    }

    /// Where the next part is written.
    pub(super) fn next_file(&self) -> Result<PathBuf, BackupError> {
        private::create_dir(&self.folder).map_err(|source| self.failed(source))?;
        Ok(self.folder.join(format!("{:06}.part", self.next)))
    }

    /// Makes a written part count.
    pub(super) fn add(&mut self, written: &super::part::Written, content: Content) -> Result<Description, BackupError> {
        let previous = match content.kind {
            Kind::Full => String::new(),
            Kind::Increment => self.parts.last().map(|part| part.sha256.clone()).unwrap_or_default(),
        };
        let part = Description {
            format: if written.gone == 0 { FORMAT } else { FORMAT_WITH_GONE },
            number: self.next,
            kind: content.kind,
            from: content.from,
            to: content.to,
            audit: content.audit,
            entries: written.entries,
            bytes: written.bytes,
            sha256: written.sha256.clone(),
            previous,
            inputs: content.inputs,
            at: content.at,
            program: env!("CARGO_PKG_VERSION").to_owned(),
        };
        self.describe(&part).map_err(|source| self.failed(source))?;
        if part.kind == Kind::Full {
            self.parts.clear();
        }
        self.parts.push(part.clone());
        self.next += 1;
        Ok(part)
    }

    fn describe(&self, part: &Description) -> io::Result<()> {
        let path = self.folder.join(format!("{:06}.json", part.number));
        let temporary = path.with_extension("json.tmp");
        let mut file = private::create_file(&temporary)?;
        serde_json::to_writer_pretty(&mut file, part)?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        // The part's own name has to be durable before the description that makes it count.
        File::open(&self.folder)?.sync_all()?;
        fs::rename(&temporary, &path)?;
        File::open(&self.folder)?.sync_all()
    }

    fn check_order(&self) -> Result<(), BackupError> {
        for pair in self.parts.windows(2) {
            let [before, part] = pair else { continue };
            let fits = part.number == before.number + 1 && part.from == before.to && part.previous == before.sha256;
            if !fits {
                let path = self.file_of(part);
                return Err(BackupError::Damaged { path, problem: "it does not follow the part before it" });
            }
        }
        Ok(())
    }

    fn failed(&self, source: io::Error) -> BackupError {
        BackupError::File { path: self.folder.clone(), source }
    }
}

/// Names of the descriptions in a folder.
fn names(folder: &Path) -> Result<Vec<String>, BackupError> {
    let failed = |source| BackupError::File { path: folder.to_owned(), source };
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.map_err(failed)?.file_name().to_string_lossy().into_owned();
        let number = name.strip_suffix(".json").filter(|stem| stem.len() == 6);
        if number.is_some_and(|stem| stem.bytes().all(|byte| byte.is_ascii_digit())) {
            names.push(name);
        }
    }
    Ok(names)
}
