//! NDJSON: one object a line, read straight into the columns, with no map and no string per cell.

use std::fmt::{self, Write};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{Builder, ID_COLUMNS, InputError, RowProblem};

const BUFFER: usize = 1 << 18;
/// No row of a table is longer.
const LINE_LIMIT: usize = 16 << 20;

/// Reads an NDJSON file into the table.
pub(super) fn read(builder: &mut Builder<'_>, path: &Path) -> Result<(), InputError> {
    let failed = |source| InputError::Read { path: path.to_owned(), source };
    let mut file = BufReader::with_capacity(BUFFER, File::open(path).map_err(failed)?);
    let feed = builder.feed();
    let mut row = RowReader {
        id_column: if feed.is_some() { Some("id_sumber".to_owned()) } else { builder.options.id.clone() },
        feed: feed.map(crate::domain::feed::Feed::name),
        feed_column: builder.feed_column().map(|(column, _)| column),
        builder,
        id: String::new(),
        cell: String::new(),
        withdrawn: false,
        problem: None,
    };
    let (mut line, mut number) = (Vec::new(), 0_u64);
    loop {
        line.clear();
        let limit = LINE_LIMIT as u64 + 1;
        let read = file.by_ref().take(limit).read_until(b'\n', &mut line).map_err(failed)?;
        if read == 0 {
            break;
        }
        number += 1;
        let problem = |problem| InputError::Row { path: path.to_owned(), line: number, problem };
        if line.len() > LINE_LIMIT {
            return Err(problem(RowProblem::LineTooLong { limit: LINE_LIMIT }));
        }
        let text = std::str::from_utf8(&line).map_err(|_| problem(RowProblem::NotUtf8))?;
        let text = text.trim_start_matches('\u{feff}').trim();
        if !text.is_empty() {
            row.read(path, text).map_err(|cause| cause.at(path, number))?;
        }
    }
    row.id_column.unwrap_or_default().clone_into(&mut row.builder.source().id_column);
    Ok(())
}

/// Why a row was not taken: a problem of the row, or of the file as a whole.
enum Refusal {
    Row(RowProblem),
    File(InputError),
}

impl Refusal {
    fn at(self, path: &Path, line: u64) -> InputError {
        match self {
            Self::Row(problem) => InputError::Row { path: path.to_owned(), line, problem },
            Self::File(error) => error,
        }
    }
}

impl From<RowProblem> for Refusal {
    fn from(problem: RowProblem) -> Self {
        Self::Row(problem)
    }
}

/// What is kept from line to line.
struct RowReader<'b, 'o> {
    builder: &'b mut Builder<'o>,
    id_column: Option<String>,
    feed: Option<&'static str>,
    feed_column: Option<usize>,
    id: String,
    cell: String,
    withdrawn: bool,
    problem: Option<RowProblem>,
}

impl RowReader<'_, '_> {
    fn read(&mut self, path: &Path, text: &str) -> Result<(), Refusal> {
        if self.id_column.is_none() {
            self.id_column = Some(find_id(path, text)?);
        }
        self.id.clear();
        self.withdrawn = false;
        let mut json = serde_json::Deserializer::from_str(text);
        let parsed = Object(self).deserialize(&mut json).and_then(|()| json.end());
        if let Some(problem) = self.problem.take() {
            return Err(problem.into());
        }
        parsed.map_err(|error| not_an_object(text, &error))?;
        if self.withdrawn {
            self.builder.drop_row();
            return Ok(());
        }
        if let (Some(column), Some(feed)) = (self.feed_column, self.feed) {
            self.builder.set(column, feed)?;
        }
        match self.feed {
            Some(feed) => self.builder.end_row(&[feed, "|", &self.id])?,
            None => self.builder.end_row(&[&self.id])?,
        }
        Ok(())
    }

    /// Where the value of a key goes.
    fn slot(&mut self, key: &str) -> Slot {
        if self.feed.is_some() && key == "hapus" {
            return Slot::Withdrawn;
        }
        let column = self.builder.column_for(key);
        let column = if column == self.feed_column && self.feed.is_some() { None } else { column };
        Slot::Cell { column, is_id: self.id_column.as_deref() == Some(key) }
    }
}

fn not_an_object(text: &str, error: &serde_json::Error) -> RowProblem {
    if serde_json::from_str::<IgnoredAny>(text).is_ok() {
        RowProblem::NotAnObject
    } else {
        RowProblem::NotJson { column: error.column() }
    }
}

/// The id column of a file that is no feed, from the keys of its first row.
fn find_id(path: &Path, text: &str) -> Result<String, Refusal> {
    let row: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(text).map_err(|error| not_an_object(text, &error))?;
    let known = ID_COLUMNS.into_iter().find(|name| row.contains_key(*name)).map(str::to_owned);
    known.ok_or_else(|| {
        Refusal::File(InputError::NoIdColumn {
            path: path.to_owned(),
            wanted: ID_COLUMNS.join(", "),
            present: row.keys().cloned().collect(),
        })
    })
}

enum Slot {
    Withdrawn,
    Cell { column: Option<usize>, is_id: bool },
}

/// One line.
struct Object<'r, 'b, 'o>(&'r mut RowReader<'b, 'o>);

impl<'de> DeserializeSeed<'de> for Object<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Object<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("one JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(slot) = map.next_key_seed(Key(self.0))? {
            let (column, is_id) = match slot {
                Slot::Withdrawn => {
                    self.0.withdrawn = map.next_value::<Option<bool>>()?.unwrap_or(false);
                    continue;
                }
                Slot::Cell { column: None, is_id: false } => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
                Slot::Cell { column, is_id } => (column, is_id),
            };
            self.0.cell.clear();
            map.next_value_seed(Cell(&mut self.0.cell))?;
            let text = self.0.cell.trim();
            if is_id {
                text.clone_into(&mut self.0.id);
            }
            if let Some(Err(problem)) = column.map(|column| self.0.builder.set(column, text)) {
                self.0.problem = Some(problem);
            }
        }
        Ok(())
    }
}

/// A key of the object.
struct Key<'r, 'b, 'o>(&'r mut RowReader<'b, 'o>);

impl<'de> DeserializeSeed<'de> for Key<'_, '_, '_> {
    type Value = Slot;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Slot, D::Error> {
        json.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_, '_, '_> {
    type Value = Slot;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a column name")
    }

    fn visit_str<E: serde::de::Error>(self, key: &str) -> Result<Slot, E> {
        Ok(self.0.slot(key))
    }
}

/// A value, written as text.
struct Cell<'r>(&'r mut String);

impl<'de> DeserializeSeed<'de> for Cell<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Cell<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<(), E> {
        self.0.push_str(text);
        Ok(())
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<(), E> {
        self.0.push_str(if value { "true" } else { "false" });
        Ok(())
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<(), E> {
        write!(self.0, "{value}").map_err(E::custom)
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<(), E> {
        write!(self.0, "{value}").map_err(E::custom)
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<(), E> {
        write!(self.0, "{value}").map_err(E::custom)
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let mut length = self.0.len();
        while list.next_element_seed(Cell(self.0))?.is_some() {
            if self.0.len() > length {
                self.0.push(';');
            }
            length = self.0.len();
        }
        if self.0.ends_with(';') {
            self.0.pop();
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(())
    }
}
