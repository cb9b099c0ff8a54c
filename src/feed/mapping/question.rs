//! Values that a person must look at before a table is sent.

use std::collections::BTreeMap;
use std::fmt;

use rustc_hash::FxHashMap;
use serde::Serialize;

use super::fold::fold_word;
use super::form::Mapping;
use super::guess::Sentence;
use super::kind::{Field, Kind};
use super::mapper::{Mapper, Origin, PlaceColumns, Step};
use super::place::{Found, Names};
use super::trouble::Trouble;
use super::value::{Reading, words_in};
use super::words::Words;
use crate::feed::cell::{Cell, TableRow};

/// Different values that are shown of one question.
const MOST_VALUES: usize = 50;
/// Different values that are told apart; more are not counted.
const MOST_COUNTED: usize = 1_000;

/// Values of one field that cannot be said as they are.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Question {
    /// The field.
    pub field: String,
    /// The column, from 0.
    pub column: Option<usize>,
    /// What is asked.
    pub kind: QuestionKind,
    /// The commonest values, each once.
    pub values: Vec<QuestionedValue>,
    /// Different values that are not shown.
    pub more: usize,
    /// `12 nilai perlu dilihat ...`.
    pub sentence: Sentence,
}

/// What is asked about values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum QuestionKind {
    /// Which value of the feed a word stands for.
    UnmappedWord,
    /// Which day is meant.
    UnreadableDate,
    /// What else is meant: a number, a period, a list.
    Unreadable,
    /// Which of several places is meant.
    AmbiguousPlace,
    /// Which place is meant.
    UnknownPlace,
    /// Nothing can be chosen: the column must be mended in the table.
    MendTable,
}

/// One value, and what may be meant.
#[derive(Clone, PartialEq, Serialize)]
pub struct QuestionedValue {
    /// As it stands in the table; of places the names joined by ` / `. Personal data, for the page of the sender only.
    pub shown: String,
    /// Rows of the sample that have it.
    pub rows: u64,
    /// What may be meant, likeliest first.
    pub choices: Vec<Choice>,
}

impl fmt::Debug for QuestionedValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QuestionedValue").field("rows", &self.rows).finish_non_exhaustive()
    }
}

/// One thing that may be meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Choice {
    /// What the mapping remembers.
    pub value: String,
    /// As a person reads it.
    pub label: String,
}

impl Mapping {
    /// Remembers what a person chose for a value of a question.
    pub fn choose(&mut self, question: &Question, shown: &str, value: &str) {
        match question.kind {
            QuestionKind::AmbiguousPlace | QuestionKind::UnknownPlace => {
                self.place.get_or_insert_default().choices.insert(shown.to_owned(), value.to_owned());
            }
            QuestionKind::UnmappedWord
            | QuestionKind::UnreadableDate
            | QuestionKind::Unreadable
            | QuestionKind::MendTable => {
                let source = self.fields.entry(question.field.clone()).or_default();
                source.values.insert(shown.to_owned(), value.to_owned());
            }
        }
    }
}

/// Whether cells count up from 1, or begin with 1 again and again: three at least.
pub(super) fn counts_up<'c>(cells: impl Iterator<Item = &'c Cell>) -> bool {
    let number = |cell: &Cell| match cell {
        Cell::Number(number) if number.fract() == 0.0 => Some(*number as i64),
        Cell::Text(text) => text.trim().trim_end_matches(['.', ')']).parse().ok(),
        Cell::Empty | Cell::Number(_) | Cell::Date(_) | Cell::Bool(_) | Cell::Error(_) => None,
    };
    let mut before = 0;
    let mut counted = 0;
    for cell in cells.filter(|cell| !cell.is_empty()) {
        match number(cell) {
            Some(next) if next == before + 1 || next == 1 => before = next,
            _ => return false,
        }
        counted += 1;
    }
    counted >= 3 && before > 1
}

/// Values of one kind of trouble, counted.
#[derive(Default)]
struct Tally {
    values: FxHashMap<String, u64>,
}

impl Tally {
    fn count(&mut self, shown: String) {
        if self.values.len() < MOST_COUNTED || self.values.contains_key(&shown) {
            *self.values.entry(shown).or_default() += 1;
        }
    }
}

/// What a fitted mapping cannot say of the sample rows.
pub(super) fn questions(mapper: &Mapper, rows: &[TableRow]) -> Vec<Question> {
    let (steps, place) = mapper.parts();
    let mut found: Vec<Question> = steps.iter().flat_map(|step| of_step(step, rows)).collect();
    found.extend(place.into_iter().flat_map(|place| of_place(place, mapper.column_of("/kode_desa"), rows)));
    found
}

fn of_step(step: &Step, rows: &[TableRow]) -> Vec<Question> {
    let Origin::Column(at, reading) = &step.from else { return Vec::new() };
    let mut tallies: BTreeMap<QuestionKind, Tally> = BTreeMap::new();
    for cell in rows.iter().filter_map(|row| row.cells.get(*at)) {
        let Err(trouble) = reading.read(cell) else { continue };
        let (kind, values) = (kind_of(trouble, step.field), values_in(cell, reading));
        for shown in values {
            tallies.entry(kind).or_default().count(shown);
        }
    }
    let ask = |(kind, tally)| {
        let choices =
            |shown: &str| if kind == QuestionKind::UnmappedWord { suggestions(step.field, shown) } else { Vec::new() };
        question((&step.field.name, Some(*at), kind), tally, choices)
    };
    tallies.into_iter().map(ask).collect()
}

fn kind_of(trouble: Trouble, field: &Field) -> QuestionKind {
    match trouble {
        Trouble::Unmapped => QuestionKind::UnmappedWord,
        Trouble::Shape | Trouble::NoSuchDay if field.kind == Kind::Date => QuestionKind::UnreadableDate,
        Trouble::Shape if matches!(field.kind, Kind::Whole) => QuestionKind::UnmappedWord,
        Trouble::Shape | Trouble::NoSuchDay => QuestionKind::Unreadable,
        Trouble::NumericCell | Trouble::DateCell | Trouble::FailedFormula | Trouble::NoKey => QuestionKind::MendTable,
        Trouble::UnknownPlace => QuestionKind::UnknownPlace,
        Trouble::AmbiguousPlace => QuestionKind::AmbiguousPlace,
    }
}

/// What is asked about in a cell: of a list the items that are not known.
fn values_in(cell: &Cell, reading: &Reading) -> Vec<String> {
    match cell {
        Cell::Text(text) if reading.field.kind.is_list() => {
            let words = words_in(&reading.field.kind, text);
            let unknown: Vec<String> = words.iter().filter(|word| !reading.knows(word)).cloned().collect();
            if unknown.is_empty() { vec![text.trim().to_owned()] } else { unknown }
        }
        Cell::Text(text) => vec![text.trim().to_owned()],
        Cell::Number(number) => vec![super::number::shown(*number)],
        Cell::Date(date) => vec![date.to_string()],
        Cell::Error(text) => vec![text.clone()],
        Cell::Bool(_) | Cell::Empty => Vec::new(),
    }
}

/// The values a field may have, the likeliest first.
fn suggestions(field: &Field, shown: &str) -> Vec<Choice> {
    let choice = |value: &str| Choice { value: value.to_owned(), label: value.to_owned() };
    let meant = Words::embedded().meant(&field.name, shown);
    let yes_or_no = ["Ya".to_owned(), "Tidak".to_owned()];
    let words = if field.kind == Kind::Flag { &yes_or_no } else { field.kind.words() };
    let shown = fold_word(shown);
    let mut near: Vec<(usize, &String)> =
        words.iter().map(|word| (strsim::osa_distance(&fold_word(word), &shown), word)).collect();
    near.sort();
    let near = near.into_iter().map(|(_, word)| word.as_str()).filter(|word| Some(*word) != meant);
    meant.into_iter().chain(near).map(choice).collect()
}

fn of_place(place: &PlaceColumns, column: Option<usize>, rows: &[TableRow]) -> Vec<Question> {
    let mut tallies: BTreeMap<QuestionKind, Tally> = BTreeMap::new();
    let mut rows_of: FxHashMap<String, &TableRow> = FxHashMap::default();
    for row in rows {
        // A cell that is no name is told of its row.
        let _unnamed = place.with_names(row, |names| {
            let kind = match place.places.find(names) {
                Found::Several(_) => QuestionKind::AmbiguousPlace,
                Found::Unknown => QuestionKind::UnknownPlace,
                Found::Nothing | Found::Code(_) => return,
            };
            let shown = joined(names);
            rows_of.entry(shown.clone()).or_insert(row);
            tallies.entry(kind).or_default().count(shown);
        });
    }
    // To look for names like one of them goes through all places: it is done for those that are shown.
    let choices = |shown: &str| rows_of.get(shown).map_or_else(Vec::new, |row| choices_of(place, row));
    tallies.into_iter().map(|(kind, tally)| question(("kode_desa", column, kind), tally, choices)).collect()
}

/// The places that the names of a row may mean.
fn choices_of(place: &PlaceColumns, row: &TableRow) -> Vec<Choice> {
    let mut codes = Vec::new();
    let _unnamed = place.with_names(row, |names| {
        codes = match place.places.find(names) {
            Found::Several(codes) => codes,
            Found::Unknown => place.places.suggestions(names),
            Found::Nothing | Found::Code(_) => Vec::new(),
        };
    });
    let choice = |code: &str| Choice { value: code.to_owned(), label: place.places.label(code) };
    codes.into_iter().map(choice).collect()
}

/// The names of a row as a choice names them.
fn joined(names: Names<'_>) -> String {
    let all = [names.village, names.district, names.regency];
    all.into_iter().filter(|name| !name.is_empty()).collect::<Vec<_>>().join(" / ")
}

fn question(
    (field, column, kind): (&str, Option<usize>, QuestionKind),
    tally: Tally,
    choices: impl Fn(&str) -> Vec<Choice>,
) -> Question {
    let mut values: Vec<(String, u64)> = tally.values.into_iter().collect();
    values.sort_unstable_by(|(a, of_a), (b, of_b)| of_b.cmp(of_a).then_with(|| a.cmp(b)));
    let count = values.len();
    values.truncate(MOST_VALUES);
    let values = values.into_iter().map(|(shown, rows)| QuestionedValue { choices: choices(&shown), shown, rows });
    let (field, sentence) = (field.to_owned(), sentence_of(kind, count));
    Question { field, column, kind, values: values.collect(), more: count.saturating_sub(MOST_VALUES), sentence }
}

fn sentence_of(kind: QuestionKind, count: usize) -> Sentence {
    let (pesan, message) = match kind {
        QuestionKind::UnmappedWord => ("kata yang belum dipadankan", "words without a value of the feed"),
        QuestionKind::UnreadableDate => {
            ("tanggal yang tidak terbaca menurut urutan yang dipilih", "dates that cannot be read in the chosen order")
        }
        QuestionKind::Unreadable => ("isi yang tidak terbaca", "contents that cannot be read"),
        QuestionKind::AmbiguousPlace => ("nama dimiliki beberapa wilayah", "names that several places have"),
        QuestionKind::UnknownPlace => ("nama wilayah tidak ditemukan", "names of places that are not known"),
        QuestionKind::MendTable => (
            "sel harus diperbaiki di tabel: jadikan kolomnya Teks",
            "cells to be mended in the table: format the column as Text",
        ),
    };
    Sentence {
        pesan: format!("{count} nilai perlu dilihat: {pesan}"),
        message: format!("{count} values need a look: {message}"),
    }
}
