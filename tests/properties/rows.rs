//! Rows as they are sent, matched as `padan dedupe` matches a table, and what comes out in a form that no order shows in.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use padan::domain::date::Date;
use padan::domain::feed::Feed;
use padan::engine::Meter;
use padan::tables::{Matched, TableModel, Tabular};
use serde_json::{Map, Value};

/// A row of a feed.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) feed: Feed,
    pub(crate) fields: Map<String, Value>,
}

impl Row {
    pub(crate) fn parse(feed: Feed, line: &str) -> Self {
        let Value::Object(fields) = serde_json::from_str(line).expect("JSON") else { panic!("no object") };
        Self { feed, fields }
    }

    /// The key that the sender gives.
    pub(crate) fn key(&self) -> &str {
        self.fields["id_sumber"].as_str().expect("a key")
    }

    /// The id in results: `FEED|id_sumber`.
    pub(crate) fn id(&self) -> String {
        format!("{}|{}", self.feed, self.key())
    }

    /// The same row under another key.
    pub(crate) fn copied(&self, key: &str) -> Self {
        let mut copy = self.clone();
        copy.set("id_sumber", key);
        copy
    }

    pub(crate) fn text(&self, field: &str) -> Option<&str> {
        self.fields.get(field).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    pub(crate) fn set(&mut self, field: &str, text: &str) {
        self.fields.insert(field.to_owned(), Value::from(text));
    }

    /// The line as it is sent.
    pub(crate) fn line(&self) -> String {
        serde_json::to_string(&self.fields).expect("JSON")
    }
}

/// The day on which rows without a day are read. All have one.
pub(crate) const TODAY: Date = Date::constant(2025, 11, 20);

/// The built-in model.
pub(crate) fn model() -> &'static TableModel {
    static MODEL: OnceLock<TableModel> = OnceLock::new();
    MODEL.get_or_init(|| TableModel::parse(None).expect("the built-in model"))
}

/// The fields that the model reads.
pub(crate) fn fields() -> &'static [String] {
    static FIELDS: OnceLock<Vec<String>> = OnceLock::new();
    FIELDS.get_or_init(|| model().fields())
}

/// A scalar as text, as a table holds it; `None` for nothing, a list or an object.
pub(crate) fn cell(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => (!text.is_empty()).then(|| text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Rows as a table of what the model reads.
pub(crate) struct Sheet {
    cells: Vec<Vec<Option<String>>>,
}

impl Sheet {
    pub(crate) fn new(rows: &[Row]) -> Self {
        let cell = |row: &Row, field: &String| match field.as_str() {
            "feed" => Some(row.feed.name().to_owned()),
            field => row.fields.get(field).and_then(cell),
        };
        let of = |row: &Row| fields().iter().map(|field| cell(row, field)).collect();
        Self { cells: rows.iter().map(of).collect() }
    }
}

impl Tabular for Sheet {
    fn rows(&self) -> usize {
        self.cells.len()
    }

    fn column(&self, name: &str) -> Option<usize> {
        fields().iter().position(|field| field == name)
    }

    fn cell(&self, row: usize, column: usize) -> Option<&str> {
        self.cells[row][column].as_deref()
    }
}

/// Matches a table.
pub(crate) fn matched(table: &dyn Tabular) -> Matched {
    let filled = model().fill(table, TODAY, &Meter::default()).expect("rows");
    model().link(filled.rows, &Meter::default()).expect("matched")
}

/// Who is whom: sets of ids.
pub(crate) type Persons = BTreeSet<BTreeSet<String>>;

/// The clusters of rows with these ids.
pub(crate) fn persons(ids: impl IntoIterator<Item = String>, clusters: &[u32]) -> Persons {
    let mut found: BTreeMap<u32, BTreeSet<String>> = BTreeMap::new();
    for (id, cluster) in ids.into_iter().zip(clusters) {
        found.entry(*cluster).or_default().insert(id);
    }
    found.into_values().collect()
}

/// Who is whom in a list of rows.
pub(crate) fn persons_of(rows: &[Row]) -> Persons {
    persons(rows.iter().map(Row::id), &matched(&Sheet::new(rows)).clusters)
}

/// The same persons without these rows.
pub(crate) fn without(persons: &Persons, left_out: &BTreeSet<String>) -> Persons {
    persons.iter().map(|ids| ids - left_out).filter(|ids| !ids.is_empty()).collect()
}

/// Says where two results differ; nothing where they do not.
pub(crate) fn same(expected: &Persons, found: &Persons) -> Result<(), String> {
    if expected == found {
        return Ok(());
    }
    let only = |one: &Persons, other: &Persons| one.difference(other).take(4).cloned().collect::<Vec<_>>();
    Err(format!("expected {:?}, found {:?}", only(expected, found), only(found, expected)))
}
