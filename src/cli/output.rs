//! What the batch commands leave behind: `clusters.csv`, `pairs.csv`, `review.csv`, `summary.json`. A file is written
//! beside its place and moved there when it is complete: nobody ever reads half of one.

use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::printable::cell;
use crate::store::private;

const BUFFER: usize = 1 << 18;

/// An output file could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {}", path.display())]
pub struct OutputError {
    /// Which file.
    pub path: PathBuf,
    /// Why.
    pub source: io::Error,
}

/// Who may read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// The owner alone: it holds a secret, or values of people.
    Private,
    /// Everybody: it is to be handed on.
    Public,
}

/// A file that appears under its name only when it is complete.
pub struct AtomicFile {
    target: PathBuf,
    temporary: PathBuf,
    file: BufWriter<File>,
    committed: bool,
}

impl AtomicFile {
    /// Starts a file beside `target`. Its directory must be there.
    pub fn create(target: &Path, access: Access) -> Result<Self, OutputError> {
        let failed = |source| OutputError { path: target.to_owned(), source };
        let name = target.file_name().ok_or_else(|| failed(io::ErrorKind::InvalidInput.into()))?;
        let temporary = target.with_file_name(format!(".{}.{}.tmp", name.to_string_lossy(), std::process::id()));
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        let file = match options.open(&temporary) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                fs::remove_file(&temporary).and_then(|()| options.open(&temporary))
            }
            opened => opened,
        };
        let file = file.map_err(failed)?;
        if access == Access::Public {
            file.set_permissions(fs::Permissions::from_mode(0o644)).map_err(failed)?;
        }
        let file = BufWriter::with_capacity(BUFFER, file);
        Ok(Self { target: target.to_owned(), temporary, file, committed: false })
    }

    /// Writes the rest, syncs, and moves the file to its place.
    pub fn commit(self) -> Result<(), OutputError> {
        publish(vec![self.finish()?])
    }

    /// Writes the rest and syncs: the file is complete, and waits to be moved to its place.
    pub fn finish(mut self) -> Result<Finished, OutputError> {
        let finished = self.file.flush().and_then(|()| self.file.get_ref().sync_all());
        finished.map_err(|source| self.failed(source))?;
        Ok(Finished(self))
    }

    /// The error that names this file.
    fn failed(&self, source: io::Error) -> OutputError {
        OutputError { path: self.target.clone(), source }
    }
}

/// A complete file that is not yet in its place. Without [`publish`] it goes away.
pub struct Finished(AtomicFile);

/// Moves the files of one run to their places: all of them or none.
pub fn publish(mut files: Vec<Finished>) -> Result<(), OutputError> {
    for at in 0..files.len() {
        let Finished(file) = &mut files[at];
        if let Err(source) = fs::rename(&file.temporary, &file.target) {
            let error = file.failed(source);
            for Finished(moved) in &files[..at] {
                // Half of a result is none; the error is told anyway.
                let _ = fs::remove_file(&moved.target);
            }
            return Err(error);
        }
        file.committed = true;
    }
    Ok(())
}

/// Takes away what an earlier run left under the names of this one's results, so that nobody takes it for them when this run
/// fails. What this run reads itself stays.
pub fn clear(results: &[PathBuf], read: &[PathBuf]) -> Result<(), OutputError> {
    let real = |path: &PathBuf| path.canonicalize().ok();
    let read: Vec<PathBuf> = read.iter().filter_map(real).collect();
    for path in results {
        if real(path).is_some_and(|path| read.contains(&path)) {
            continue;
        }
        match fs::remove_file(path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound && !path.is_dir() => {
                return Err(OutputError { path: path.clone(), source });
            }
            _ => {}
        }
    }
    Ok(())
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for AtomicFile {
    fn drop(&mut self) {
        if !self.committed {
            // Nobody waits for this file any more; a temporary file that cannot be removed is overwritten next time.
            let _ = fs::remove_file(&self.temporary);
        }
    }
}

/// Makes the output directory.
pub fn create_dir(path: &Path) -> Result<(), OutputError> {
    private::create_dir(path).map_err(|source| OutputError { path: path.to_owned(), source })
}

/// Writes a whole file at once.
pub fn write_file(path: &Path, access: Access, bytes: &[u8]) -> Result<(), OutputError> {
    publish(vec![finished_file(path, access, bytes)?])
}

/// A whole file, complete and not yet in its place.
pub fn finished_file(path: &Path, access: Access, bytes: &[u8]) -> Result<Finished, OutputError> {
    let mut file = AtomicFile::create(path, access)?;
    file.write_all(bytes).map_err(|source| file.failed(source))?;
    file.finish()
}

/// Writes one JSON document, for people to read.
pub fn write_json(path: &Path, value: &impl Serialize) -> Result<(), OutputError> {
    publish(vec![finished_json(path, value)?])
}

/// The same, not yet in its place.
pub fn finished_json(path: &Path, value: &impl Serialize) -> Result<Finished, OutputError> {
    let failed = |source| OutputError { path: path.to_owned(), source };
    let mut text = serde_json::to_vec_pretty(value).map_err(|error| failed(error.into()))?;
    text.push(b'\n');
    finished_file(path, Access::Private, &text)
}

/// A CSV file with a header, row by row.
pub struct CsvFile {
    path: PathBuf,
    writer: csv::Writer<AtomicFile>,
    record: csv::ByteRecord,
}

impl CsvFile {
    /// Starts a file with its header.
    pub fn create(path: &Path, header: &[&str]) -> Result<Self, OutputError> {
        let writer = csv::Writer::from_writer(AtomicFile::create(path, Access::Private)?);
        let mut file = Self { path: path.to_owned(), writer, record: csv::ByteRecord::new() };
        file.row(header)?;
        Ok(file)
    }

    /// Adds a row.
    pub fn row(&mut self, cells: &[&str]) -> Result<(), OutputError> {
        self.record.clear();
        for cell in cells {
            self.record.push_field(cell.as_bytes());
        }
        self.writer.write_byte_record(&self.record).map_err(|error| self.failed(error.into()))
    }

    /// Ends the file and moves it to its place.
    pub fn commit(self) -> Result<(), OutputError> {
        publish(vec![self.finish()?])
    }

    /// Ends the file.
    pub fn finish(self) -> Result<Finished, OutputError> {
        let Self { path, writer, .. } = self;
        let file = writer.into_inner().map_err(|error| OutputError { path, source: error.into_error() })?;
        file.finish()
    }

    fn failed(&self, source: io::Error) -> OutputError {
        OutputError { path: self.path.clone(), source }
    }
}

/// `clusters.csv`: one row a record.
pub struct ClustersFile(CsvFile);

impl ClustersFile {
    /// Starts `clusters.csv` in a directory.
    pub fn create(dir: &Path) -> Result<Self, OutputError> {
        CsvFile::create(&dir.join("clusters.csv"), &["id", "cluster_id"]).map(Self)
    }

    /// Adds a record. A cluster is named by the id of one of its records.
    pub fn row(&mut self, id: &str, cluster: &str) -> Result<(), OutputError> {
        self.0.row(&[&cell(id), &cell(cluster)])
    }

    /// Ends the file.
    pub fn finish(self) -> Result<Finished, OutputError> {
        self.0.finish()
    }
}

/// One scored pair, as it is written.
#[derive(Debug, Clone, Copy)]
pub struct PairRow<'a> {
    /// Id of one record.
    pub left: &'a str,
    /// Id of the other.
    pub right: &'a str,
    /// Match weight in bits.
    pub weight: f64,
    /// Probability of a match.
    pub probability: f64,
    /// What became of it: `link`, `review` or `distinct`.
    pub decision: &'a str,
    /// The blocking rule that found it.
    pub rule: &'a str,
    /// Why it is not simply a link.
    pub reason: &'a str,
}

/// `pairs.csv` or `review.csv`: one row a pair.
pub struct PairsFile {
    file: CsvFile,
    text: String,
}

/// Appends a number with so many decimals. Millions of them are written; `format!` takes five times as long.
fn push_fixed(text: &mut String, number: f64, decimals: u32) {
    let unit = 10u64.pow(decimals);
    let scaled = (number.abs() * unit as f64).round();
    if scaled.is_nan() || scaled >= 1e15 {
        let _ = write!(text, "{number}");
        return;
    }
    let scaled = scaled as u64;
    if number < 0.0 && scaled > 0 {
        text.push('-');
    }
    let mut digits = [b'0'; 24];
    let (mut rest, mut at) = (scaled, digits.len());
    while rest > 0 || at > digits.len() - decimals as usize - 1 {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    let point = digits.len() - decimals as usize;
    text.extend(digits[at..point].iter().map(|digit| char::from(*digit)));
    text.push('.');
    text.extend(digits[point..].iter().map(|digit| char::from(*digit)));
}

impl PairsFile {
    /// Starts a file of pairs.
    pub fn create(path: &Path) -> Result<Self, OutputError> {
        let header = &["id_l", "id_r", "weight", "probability", "decision", "rule", "reason"];
        CsvFile::create(path, header).map(|file| Self { file, text: String::new() })
    }

    /// Adds a pair.
    pub fn row(&mut self, pair: &PairRow<'_>) -> Result<(), OutputError> {
        self.text.clear();
        push_fixed(&mut self.text, pair.weight, 4);
        let middle = self.text.len();
        push_fixed(&mut self.text, pair.probability, 6);
        let (weight, probability) = self.text.split_at(middle);
        let PairRow { left, right, decision, rule, reason, .. } = *pair;
        self.file.row(&[&cell(left), &cell(right), weight, probability, decision, rule, reason])
    }

    /// Ends the file.
    pub fn finish(self) -> Result<Finished, OutputError> {
        self.file.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(dir: &Path) -> Vec<String> {
        let entries = fs::read_dir(dir).expect("a directory");
        let mut names: Vec<String> =
            entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn numbers_are_written_as_format_writes_them() {
        for number in [0.0, 1.0, -1.0, 12.345_678, -0.000_04, 0.999_999_6, 123_456.789, -57.25, 0.000_051] {
            let mut text = String::new();
            push_fixed(&mut text, number, 4);
            assert_eq!(text, format!("{number:.4}").replace("-0.0000", "0.0000"));
        }
        let mut text = String::new();
        push_fixed(&mut text, f64::INFINITY, 4);
        assert_eq!(text, "inf");
    }

    #[test]
    fn tables_are_quoted_where_needed() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let mut clusters = ClustersFile::create(dir.path()).expect("a file");
        clusters.row("a,1", "a,1").expect("a row");
        clusters.row("b", "a,1").expect("a row");
        let clusters = clusters.finish().expect("complete");
        let mut pairs = PairsFile::create(&dir.path().join("pairs.csv")).expect("a file");
        let pair = PairRow {
            left: "a\"1",
            right: "b",
            weight: 12.345_678,
            probability: 0.999_812_34,
            decision: "link",
            rule: "B1",
            reason: "",
        };
        pairs.row(&pair).expect("a row");
        let pairs = pairs.finish().expect("complete");
        assert!(names(dir.path()).iter().all(|name| name.starts_with('.')), "nothing is in its place yet");
        publish(vec![clusters, pairs]).expect("moved");
        for (name, text) in [
            ("clusters.csv", "id,cluster_id\n\"a,1\",\"a,1\"\nb,\"a,1\"\n"),
            (
                "pairs.csv",
                "id_l,id_r,weight,probability,decision,rule,reason\n\"a\"\"1\",b,12.3457,0.999812,link,B1,\n",
            ),
        ] {
            assert_eq!(fs::read_to_string(dir.path().join(name)).expect("the file"), text, "{name}");
        }
        assert_eq!(names(dir.path()), ["clusters.csv", "pairs.csv"]);
    }

    #[test]
    fn a_file_given_up_leaves_the_old_one() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("summary.json");
        write_json(&path, &serde_json::json!({"rows": 1})).expect("written");
        let mut second = AtomicFile::create(&path, Access::Private).expect("started");
        second.write_all(b"half of").expect("buffered");
        assert_eq!(names(dir.path()).len(), 2);
        drop(second);
        assert_eq!(names(dir.path()), ["summary.json"]);
        assert_eq!(fs::read_to_string(&path).expect("the old file"), "{\n  \"rows\": 1\n}\n");
    }

    #[test]
    fn results_appear_together_or_not_at_all() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let finished = |name: &str| finished_file(&dir.path().join(name), Access::Private, b"x").expect("complete");
        fs::create_dir(dir.path().join("b.csv")).expect("a folder where a file should be");
        publish(vec![finished("a.csv"), finished("b.csv"), finished("c.csv")]).expect_err("no place for b.csv");
        assert_eq!(names(dir.path()), ["b.csv"]);
        publish(vec![finished("a.csv"), finished("c.csv")]).expect("moved");
        assert_eq!(names(dir.path()), ["a.csv", "b.csv", "c.csv"]);
        let path = |name: &str| dir.path().join(name);
        clear(&[path("a.csv"), path("c.csv"), path("d.csv")], &[path("./c.csv")]).expect("cleared");
        assert_eq!(names(dir.path()), ["b.csv", "c.csv"], "what is read stays");
    }

    #[test]
    fn a_missing_directory_is_named() {
        let error = write_file(Path::new("/nowhere-at-all/x.csv"), Access::Private, b"").expect_err("no directory");
        assert_eq!(error.to_string(), "cannot write /nowhere-at-all/x.csv");
    }

    #[test]
    fn secrets_are_for_the_owner_alone() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("key.pem");
        fs::write(&path, "old and open").expect("a file");
        write_file(&path, Access::Private, b"secret").expect("written");
        assert_eq!(fs::metadata(&path).expect("the file").permissions().mode() & 0o777, 0o600);
    }
}
