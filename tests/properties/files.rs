//! One table in every form of file.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringArray};
use padan::cli::input::{InputOptions, InputTable, Wanted};
use padan::domain::feed::Feed;
use padan::tables::Tabular;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;

use crate::rows::{Persons, Row, cell, fields, matched, persons, persons_of, same};
use crate::world::{Case, in_every_world};

/// What the command line has read, as the matcher reads it.
struct Read(InputTable);

impl Tabular for Read {
    fn rows(&self) -> usize {
        self.0.len()
    }

    fn column(&self, name: &str) -> Option<usize> {
        self.0.column_index(name)
    }

    fn cell(&self, row: usize, column: usize) -> Option<&str> {
        self.0.column(column).get(row)
    }
}

/// Writes the rows of a feed to a file.
type Write = fn(&Path, &[&Row]);

/// Forms of files: the ending of their names, and how they are written.
const FORMS: [(&str, Write); 5] = [
    ("ndjson", ndjson),
    ("csv", |path, rows| text(path, &table(rows, ','), "\n")),
    ("CSV", excel),
    ("parquet", |path, rows| columns(path, rows, Compression::SNAPPY)),
    ("parquet", |path, rows| columns(path, rows, Compression::UNCOMPRESSED)),
];

/// The columns of a file: the key, and what the model reads. The feed is in the file's name.
fn header() -> Vec<&'static str> {
    std::iter::once("id_sumber").chain(fields().iter().map(String::as_str).filter(|name| *name != "feed")).collect()
}

fn ndjson(path: &Path, rows: &[&Row]) {
    text(path, &rows.iter().map(|row| row.line()).collect::<Vec<_>>(), "\n");
}

fn text(path: &Path, lines: &[String], end: &str) {
    let whole = lines.iter().fold(String::new(), |whole, line| whole + line + end);
    std::fs::write(path, whole).expect("written");
}

/// Cells in quotes where they must be.
fn table(rows: &[&Row], separator: char) -> Vec<String> {
    let quoted = |text: String| {
        let plain = !text.contains([separator, '"', '\n', '\r']);
        if plain { text } else { format!("\"{}\"", text.replace('"', "\"\"")) }
    };
    let line = |cells: Vec<String>| {
        let mut line = String::new();
        for (at, cell) in cells.into_iter().enumerate() {
            let between = if at == 0 { String::new() } else { separator.to_string() };
            write!(line, "{between}{}", quoted(cell)).expect("a string");
        }
        line
    };
    let cells = |row: &&Row| -> Vec<String> {
        header().into_iter().map(|name| row.fields.get(name).and_then(cell).unwrap_or_default()).collect()
    };
    let first = line(header().into_iter().map(str::to_owned).collect());
    std::iter::once(first).chain(rows.iter().map(|row| line(cells(row)))).collect()
}

/// As a spreadsheet of an Indonesian office saves it: semicolons, a mark in front, other line ends, columns without a name
/// behind the table, and a row of separators at its end.
fn excel(path: &Path, rows: &[&Row]) {
    let mut lines = table(rows, ';');
    for line in &mut lines {
        line.push_str(";;");
    }
    lines[0].insert(0, '\u{feff}');
    lines.push(";".repeat(header().len() + 1));
    text(path, &lines, "\r\n");
}

fn columns(path: &Path, rows: &[&Row], compression: Compression) {
    let column = |name: &'static str| {
        let cells: StringArray = rows.iter().map(|row| row.fields.get(name).and_then(cell)).collect();
        (name, Arc::new(cells) as ArrayRef, true)
    };
    let batch = RecordBatch::try_from_iter_with_nullable(header().into_iter().map(column)).expect("columns");
    let properties = WriterProperties::builder().set_compression(compression).build();
    let file = std::fs::File::create(path).expect("a file");
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).expect("a writer");
    writer.write(&batch).expect("written");
    writer.close().expect("closed");
}

/// The persons of a folder of files.
fn read(dir: &Path, rows: &[Row], (ending, write): (&str, Write)) -> Result<Persons, String> {
    let mut paths: Vec<PathBuf> = Vec::new();
    for feed in Feed::ALL {
        let of_feed: Vec<&Row> = rows.iter().filter(|row| row.feed == feed).collect();
        if !of_feed.is_empty() {
            let path = dir.join(format!("{feed}.{ending}"));
            write(&path, &of_feed);
            paths.push(path);
        }
    }
    let options = InputOptions { wanted: Wanted::Any(fields().to_vec()), ..InputOptions::default() };
    let input = InputTable::read(&paths, &options).map_err(|error| error.to_string())?;
    let ids: Vec<String> = (0..input.len()).map(|row| input.id(row).to_owned()).collect();
    Ok(persons(ids, &matched(&Read(input)).clusters))
}

#[test]
fn every_form_of_a_file_gives_the_same_persons() {
    in_every_world(|Case { rows, .. }| {
        let expected = persons_of(&rows);
        for (nth, form) in FORMS.into_iter().enumerate() {
            let dir = tempfile::tempdir().expect("a folder");
            let found = read(dir.path(), &rows, form).and_then(|found| same(&expected, &found));
            found.map_err(|why| format!("form {nth} ({}): {why}", form.0))?;
        }
        Ok(())
    });
}
