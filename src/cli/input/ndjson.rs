//! NDJSON: one object a line, read straight into the columns, with no map and no string per cell. Values are taken as they
//! are written, so that a number keeps its digits.

use std::borrow::Cow;
use std::fmt;
use std::io::{BufRead, Read};
use std::path::Path;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::state::is_hapus;
use super::{Builder, ID_COLUMNS, IdWanted, InputError, Meaning, RowProblem, number};
use crate::sheet::text::{Bytes, trimmed};

/// No row of a table is longer.
const LINE_LIMIT: usize = 16 << 20;

/// Reads an NDJSON file into the table.
pub(super) fn read(builder: &mut Builder<'_>, path: &Path, mut file: Bytes) -> Result<(), InputError> {
    let failed = |source| InputError::Read { path: path.to_owned(), source };
    let key = match (builder.feed(), &builder.options.id) {
        (_, IdWanted::None) => Some(Key::Number),
        (Some(feed), _) => Some(Key::Feed(feed.name())),
        (None, IdWanted::Column(name)) => Some(Key::Column(name.clone())),
        (None, IdWanted::Known) => None,
    };
    let mut row = RowReader {
        key,
        feed_column: builder.feed_column().map(|(column, _)| column),
        builder,
        id: String::new(),
        feed: String::new(),
        day: String::new(),
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
            row.read(path, text, number).map_err(|cause| cause.at(path, number))?;
        }
    }
    let id_column = row.key.map(|key| key.column().to_owned());
    row.builder.source().id_column = id_column.unwrap_or_default();
    Ok(())
}

/// What names a row.
enum Key {
    Number,
    Feed(&'static str),
    /// The keys `feed` and `id_sumber`.
    Feeds,
    Column(String),
}

impl Key {
    /// The key of an object that holds the id.
    fn column(&self) -> &str {
        match self {
            Self::Number => "",
            Self::Feed(_) | Self::Feeds => "id_sumber",
            Self::Column(name) => name,
        }
    }

    fn is_of_feeds(&self) -> bool {
        matches!(self, Self::Feed(_) | Self::Feeds)
    }
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
    key: Option<Key>,
    feed_column: Option<usize>,
    id: String,
    feed: String,
    day: String,
    cell: String,
    withdrawn: bool,
    problem: Option<RowProblem>,
}

impl RowReader<'_, '_> {
    fn read(&mut self, path: &Path, text: &str, line: u64) -> Result<(), Refusal> {
        if self.key.is_none() {
            self.key = Some(self.find_key(path, text)?);
        }
        for part in [&mut self.id, &mut self.feed, &mut self.day] {
            part.clear();
        }
        self.withdrawn = false;
        let mut json = serde_json::Deserializer::from_str(text);
        let parsed = Object(self).deserialize(&mut json).and_then(|()| json.end());
        if let Some(problem) = self.problem.take() {
            return Err(problem.into());
        }
        parsed.map_err(|error| not_an_object(text, &error))?;
        let id = match self.key.as_ref() {
            None | Some(Key::Number) => None,
            Some(Key::Column(_)) => Some(["", self.id.as_str()]),
            Some(Key::Feed(feed)) => Some([*feed, &self.id]),
            Some(Key::Feeds) => Some([self.feed.as_str(), &self.id]),
        };
        if matches!(self.key, Some(Key::Feeds)) {
            if self.builder.pass_payment(&self.feed) {
                self.builder.forget_row();
                return Ok(());
            }
            if self.feed.is_empty() {
                return Err(RowProblem::NoFeed.into());
            }
        }
        if let (true, Some(id)) = (self.withdrawn, id) {
            self.builder.forget_row();
            return Ok(self.builder.withdraw(id, &self.day, line)?);
        }
        if let (Some(column), Some(Key::Feed(feed))) = (self.feed_column, &self.key) {
            self.builder.set(column, feed)?;
        }
        Ok(self.builder.end_row(id, line)?)
    }

    /// The id of a file that is no feed, from the keys of its first row.
    fn find_key(&mut self, path: &Path, text: &str) -> Result<Key, Refusal> {
        let row: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(text).map_err(|error| not_an_object(text, &error))?;
        if let Some(name) = ID_COLUMNS.into_iter().find(|name| row.contains_key(*name)) {
            return Ok(Key::Column(name.to_owned()));
        }
        if row.contains_key("feed") && row.contains_key("id_sumber") {
            self.builder.source().has_states = self.builder.options.meaning == Meaning::States;
            return Ok(Key::Feeds);
        }
        let keys: Vec<String> = row.keys().cloned().collect();
        Err(Refusal::File(InputError::no_id_column(path, &ID_COLUMNS, &keys)))
    }

    /// Where the value of a key goes.
    fn slot(&mut self, name: &str) -> Slot {
        let is_of_feeds = self.key.as_ref().is_some_and(Key::is_of_feeds);
        if is_of_feeds && self.builder.options.meaning == Meaning::States && is_hapus(name) {
            return Slot::Withdrawn;
        }
        let column = self.builder.column_for(name);
        let named_after_feed = matches!(self.key, Some(Key::Feed(_)));
        let role = match name {
            _ if self.key.as_ref().is_some_and(|key| key.column() == name) => Role::Id,
            "feed" if matches!(self.key, Some(Key::Feeds)) => Role::Feed,
            "tgl_data" if is_of_feeds => Role::Day,
            _ => Role::Value,
        };
        let column = if named_after_feed && column == self.feed_column { None } else { column };
        Slot::Cell { column, role }
    }

    /// Takes a value.
    fn take(&mut self, slot: Slot, raw: &str) -> Result<(), RowProblem> {
        let (column, role) = match slot {
            Slot::Withdrawn => {
                self.withdrawn |= match raw {
                    "true" => true,
                    "false" | "null" => false,
                    _ => return Err(RowProblem::Hapus),
                };
                return Ok(());
            }
            Slot::Cell { column, role } => (column, role),
        };
        self.cell.clear();
        if push_value(&mut self.cell, raw)? == Holds::Object {
            // Where every column is taken an object is left out; one that somebody wants is not told as missing.
            let named = column.map(|column| self.builder.columns[column].clone());
            let wanted = named.filter(|_| !matches!(self.builder.options.wanted, super::Wanted::All));
            if let Some(column) = wanted {
                return Err(RowProblem::Object { column });
            }
            self.cell.clear();
        }
        let text = trimmed(&self.cell);
        let part = match role {
            Role::Id => Some((&mut self.id, self.key.as_ref().map_or("", Key::column))),
            Role::Feed => Some((&mut self.feed, "feed")),
            Role::Day => Some((&mut self.day, "tgl_data")),
            Role::Value => None,
        };
        if let Some((part, name)) = part {
            if !part.is_empty() {
                return Err(RowProblem::ColumnTwice { column: name.to_owned() });
            }
            text.clone_into(part);
        }
        column.map_or(Ok(()), |column| self.builder.set(column, text))
    }
}

fn not_an_object(text: &str, error: &serde_json::Error) -> RowProblem {
    if serde_json::from_str::<IgnoredAny>(text).is_ok() {
        // What has the form of an object and is none holds a text that is none.
        if text.starts_with('{') { RowProblem::NotText } else { RowProblem::NotAnObject }
    } else {
        RowProblem::NotJson { column: error.column() }
    }
}

#[derive(Clone, Copy)]
enum Slot {
    Withdrawn,
    Cell { column: Option<usize>, role: Role },
}

/// What a value is besides a cell.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Value,
    Id,
    Feed,
    Day,
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
        while let Some(slot) = map.next_key_seed(Name(self.0))? {
            if matches!(slot, Slot::Cell { column: None, role: Role::Value }) {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let value: &RawValue = map.next_value()?;
            if let Err(problem) = self.0.take(slot, value.get()) {
                self.0.problem.get_or_insert(problem);
            }
        }
        Ok(())
    }
}

/// A key of the object.
struct Name<'r, 'b, 'o>(&'r mut RowReader<'b, 'o>);

impl<'de> DeserializeSeed<'de> for Name<'_, '_, '_> {
    type Value = Slot;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Slot, D::Error> {
        json.deserialize_str(self)
    }
}

impl Visitor<'_> for Name<'_, '_, '_> {
    type Value = Slot;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a column name")
    }

    fn visit_str<E: serde::de::Error>(self, key: &str) -> Result<Slot, E> {
        Ok(self.0.slot(key))
    }
}

/// What a value was.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Holds {
    Plain,
    Object,
}

/// Writes a JSON value as a cell: plain values as they are, a list as `a;b`.
fn push_value(out: &mut String, raw: &str) -> Result<Holds, RowProblem> {
    let unreadable = |_| RowProblem::NotText;
    match raw.as_bytes().first() {
        Some(b'"') => {
            let inner = &raw[1..raw.len() - 1];
            if inner.contains('\\') {
                out.push_str(&serde_json::from_str::<Cow<'_, str>>(raw).map_err(unreadable)?);
            } else {
                out.push_str(inner);
            }
        }
        Some(b'[') => {
            let start = out.len();
            for value in serde_json::from_str::<Vec<&RawValue>>(raw).map_err(unreadable)? {
                let before = out.len();
                if before > start {
                    out.push(';');
                }
                let after = out.len();
                if push_value(out, value.get())? == Holds::Object {
                    out.truncate(start);
                    return Ok(Holds::Object);
                }
                if out.len() == after {
                    out.truncate(before);
                }
            }
        }
        Some(b'{') => return Ok(Holds::Object),
        Some(b'n') | None => {}
        Some(b't' | b'f') => out.push_str(raw),
        Some(_) => number::push_json(out, raw),
    }
    Ok(Holds::Plain)
}
