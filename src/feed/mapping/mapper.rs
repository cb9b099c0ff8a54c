//! A mapping fitted to one table: row by row, what the feed gets.

use std::fmt;

use rustc_hash::{FxHashMap, FxHashSet};
use serde_json::{Map, Value, json};

use super::error::MappingError;
use super::fold::{fold_heading, fold_word};
use super::form::{Mapping, Part, PlaceSource, Source};
use super::kind::{Digits, Field, Kind, field_of, fields_of};
use super::number;
use super::place::{Found, Names, Places};
use super::trouble::Trouble;
use super::value::{Reading, identifier};
use super::words::is_running_heading;
use crate::domain::batch::{ReceiptLine, RowError};
use crate::domain::date::Date;
use crate::domain::feed::Feed;
use crate::domain::null_word::NullWords;
use crate::feed::cell::{Cell, TableRow};
use crate::feed::row::{Context, refused_in_part};

/// Makes rows of a feed from rows of one table.
pub struct Mapper {
    feed: Feed,
    /// The columns of the sender's key, each with what may be made of a numeric cell.
    id: Vec<(usize, Digits)>,
    /// In the order of the feed's schema.
    steps: Vec<Step>,
    place: Option<PlaceColumns>,
    used: FxHashSet<usize>,
}

impl fmt::Debug for Mapper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mapper").field("feed", &self.feed).finish_non_exhaustive()
    }
}

/// How one field is filled.
pub(super) struct Step {
    pub(super) field: &'static Field,
    pub(super) from: Origin,
}

pub(super) enum Origin {
    Column(usize, Reading),
    Constant(Value),
    /// The code of a village.
    Village,
    /// The code of a district, where the village is not known.
    District,
}

/// Names of places: where they stand and what they mean.
pub(super) struct PlaceColumns {
    pub(super) places: Places,
    village: Option<usize>,
    district: Option<usize>,
    regency: Option<usize>,
}

/// One field of a row as it is understood, for a person to look at.
#[derive(Clone, PartialEq)]
pub struct Shown {
    /// The field.
    pub field: &'static str,
    /// The column it comes from, from 0; none for a constant.
    pub column: Option<usize>,
    /// The value as it is sent; none where there is none.
    pub value: Option<String>,
    /// Why there is none although something stands there.
    pub error: Option<RowError>,
}

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shown").field("field", &self.field).field("error", &self.error).finish_non_exhaustive()
    }
}

impl Mapping {
    /// Fits the mapping to the headings of a table. Dates with two digits of a year are read as of the day of `context`.
    /// Costs some tens of milliseconds where names of places are to be found in the whole country.
    pub fn compile(&self, headings: &[String], context: Context) -> Result<Mapper, MappingError> {
        let (mapper, mut errors) = self.fit(headings, context);
        if errors.is_empty() { Ok(mapper) } else { Err(errors.swap_remove(0)) }
    }

    /// All that keeps the mapping from fitting a table, in the order of the fields.
    pub fn problems(&self, headings: &[String], context: Context) -> Vec<MappingError> {
        self.fit(headings, context).1
    }

    /// Fits what fits, and says what does not.
    pub(super) fn fit(&self, headings: &[String], context: Context) -> (Mapper, Vec<MappingError>) {
        let mut fitting = Fitting::new(self, headings, context);
        let unknown = self.fields.keys().filter(|name| field_of(self.feed, name).is_none() || *name == "id_sumber");
        fitting.errors.extend(unknown.map(|field| MappingError::UnknownField { field: field.clone() }));
        let id = fitting.id();
        let place = self.place.as_ref().and_then(|place| fitting.place(place));
        let steps = fields_of(self.feed).iter().filter_map(|field| fitting.step(field, place.is_some())).collect();
        fitting.undecided();
        let Fitting { used, errors, .. } = fitting;
        (Mapper { feed: self.feed, id, steps, place, used }, errors)
    }
}

/// A mapping on its way to fit a table.
struct Fitting<'m> {
    mapping: &'m Mapping,
    headings: &'m [String],
    columns: FxHashMap<String, Vec<usize>>,
    context: Context,
    used: FxHashSet<usize>,
    errors: Vec<MappingError>,
}

impl<'m> Fitting<'m> {
    fn new(mapping: &'m Mapping, headings: &'m [String], context: Context) -> Self {
        let mut columns: FxHashMap<String, Vec<usize>> = FxHashMap::default();
        for (at, heading) in headings.iter().enumerate() {
            columns.entry(fold_heading(heading)).or_default().push(at);
        }
        Self { mapping, headings, columns, context, used: FxHashSet::default(), errors: Vec::new() }
    }

    /// The column of a heading.
    fn column(&mut self, heading: &str, field: &str) -> Option<usize> {
        match self.columns.get(&fold_heading(heading)).map_or(&[][..], Vec::as_slice) {
            [at] => {
                self.used.insert(*at);
                return Some(*at);
            }
            [] => {
                let (heading, field) = (heading.to_owned(), field.to_owned());
                self.errors.push(MappingError::MissingHeading { heading, field });
            }
            [..] => self.errors.push(MappingError::HeadingTwice { heading: heading.to_owned() }),
        }
        None
    }

    fn id(&mut self) -> Vec<(usize, Digits)> {
        let headings = &self.mapping.id.columns;
        if headings.is_empty() {
            self.errors.push(MappingError::NoId);
        }
        let running = headings.iter().filter(|heading| is_running_heading(heading));
        self.errors.extend(running.map(|heading| MappingError::RunningNumber { heading: heading.clone() }));
        headings
            .iter()
            .filter_map(|heading| Some((self.column(heading, "id_sumber")?, self.digits_of(heading))))
            .collect()
    }

    /// What a column of the key is besides: the number of a person stays one.
    fn digits_of(&self, heading: &str) -> Digits {
        let heading = fold_heading(heading);
        let same = |source: &Source| source.column.as_deref().is_some_and(|column| fold_heading(column) == heading);
        let fields = self.mapping.fields.iter().filter(|(_, source)| same(source));
        let mut kinds = fields.filter_map(|(name, _)| field_of(self.mapping.feed, name).map(|field| &field.kind));
        kinds
            .find_map(|kind| if let Kind::Identifier(digits) = kind { Some(*digits) } else { None })
            .unwrap_or(Digits::AsTheyAre)
    }

    fn place(&mut self, place: &PlaceSource) -> Option<PlaceColumns> {
        if place.village.is_none() && place.district.is_none() {
            self.errors.push(MappingError::NoPlaceColumn);
            return None;
        }
        for field in
            ["kode_desa", "kode_kecamatan"].into_iter().filter(|field| self.mapping.fields.contains_key(*field))
        {
            self.errors.push(MappingError::FilledTwice { field: field.to_owned() });
        }
        let [village, district, regency] = [&place.village, &place.district, &place.regency]
            .map(|heading| heading.as_deref().and_then(|heading| self.column(heading, "kode_desa")));
        let within = place.within.as_deref().unwrap_or_default();
        match Places::new(self.context.regions, within, &place.choices) {
            Ok(places) => Some(PlaceColumns { places, village, district, regency }),
            Err(error) => {
                self.errors.push(error);
                None
            }
        }
    }

    fn step(&mut self, field: &'static Field, by_place: bool) -> Option<Step> {
        let name = field.name.as_str();
        let from = match (name, self.mapping.fields.get(name)) {
            ("id_sumber", _) => return None,
            ("kode_desa", None) if by_place => Origin::Village,
            ("kode_kecamatan", None) if by_place => Origin::District,
            (_, Some(source)) => self.from(field, source)?,
            (_, None) => {
                // A list of rows to withdraw needs no more than their keys.
                let withdraws = self.mapping.fields.contains_key("hapus") && name != "tgl_data";
                if field.required && !withdraws {
                    self.errors.push(MappingError::Required { field: name.to_owned() });
                }
                return None;
            }
        };
        Some(Step { field, from })
    }

    fn from(&mut self, field: &'static Field, source: &Source) -> Option<Origin> {
        let name = || field.name.clone();
        let part_fits = match source.part {
            None => true,
            Some(Part::Place) => field.kind == Kind::Text,
            Some(Part::Date) => field.kind == Kind::Date,
            Some(Part::Rt) => field.name == "rt",
            Some(Part::Rw) => field.name == "rw",
        };
        if !part_fits {
            self.errors.push(MappingError::Part { field: name() });
            return None;
        }
        let reading = self.reading(field, source);
        match (&source.column, &source.constant) {
            (Some(heading), None) => self.column(heading, &field.name).map(|at| Origin::Column(at, reading)),
            (None, Some(constant)) => {
                let value = reading.plain(constant).ok().flatten();
                if value.is_none() {
                    self.errors.push(MappingError::Value { field: name() });
                }
                value.map(Origin::Constant)
            }
            (Some(_), Some(_)) | (None, None) => {
                self.errors.push(MappingError::Source { field: name() });
                None
            }
        }
    }

    fn reading(&mut self, field: &'static Field, source: &Source) -> Reading {
        let words = source.values.iter().map(|(word, meant)| (fold_word(word), meant.clone())).collect();
        let order = source.date_order.unwrap_or(self.mapping.date_order);
        let reading =
            Reading { field, part: source.part, order, latest: latest(&field.name, self.context.today), words };
        let unfit =
            |meant: &String| !meant.is_empty() && !reading.knows(meant) && !matches!(reading.plain(meant), Ok(Some(_)));
        if source.values.values().any(unfit) {
            self.errors.push(MappingError::Value { field: field.name.clone() });
        }
        reading
    }

    /// Columns that have a heading, are not used, and are not left out on purpose.
    fn undecided(&mut self) {
        let left_out: FxHashSet<String> = self.mapping.left_out.iter().map(|heading| fold_heading(heading)).collect();
        // What could not be used was told already.
        let named: FxHashSet<String> = self.mapping.headings().map(|(heading, _)| fold_heading(heading)).collect();
        let undecided = self.headings.iter().filter(|heading| {
            let folded = fold_heading(heading);
            !folded.is_empty() && !named.contains(&folded) && !left_out.contains(&folded)
        });
        self.errors.extend(undecided.map(|heading| MappingError::Undecided { heading: heading.clone() }));
    }
}

/// Up to which day a year of two digits is read as one of this century: a child is due some months from now.
fn latest(field: &str, today: Date) -> Date {
    const YEAR: std::time::Duration = std::time::Duration::from_hours(366 * 24);
    if field == "hpl" { today.checked_add(YEAR).unwrap_or(today) } else { today }
}

type Answer = Result<Option<Value>, Trouble>;

impl Mapper {
    /// The feed whose rows are made.
    pub fn feed(&self) -> Feed {
        self.feed
    }

    /// The row as one JSON object of the feed, its fields in the order of the schema; `None` where every column that is used
    /// is empty. What cannot be said is told with the number of the row, together with what else the contract finds wrong.
    pub fn row(&self, row: &TableRow) -> Result<Option<String>, ReceiptLine> {
        let cell = |at: &usize| row.cells.get(*at).is_none_or(Cell::is_empty);
        if self.used.iter().all(cell) {
            return Ok(None);
        }
        let mut object = Map::new();
        let mut troubles = Vec::new();
        for (field, answer) in self.fields(row) {
            match answer {
                Ok(Some(value)) => {
                    object.insert(field.name.clone(), value);
                }
                Ok(None) => {}
                Err(trouble) => troubles.push(trouble.explain(field)),
            }
        }
        if troubles.is_empty() {
            return Ok(Some(Value::Object(object).to_string()));
        }
        Err(refused_in_part(self.feed, row.number, Value::Object(object), troubles))
    }

    /// The row as it is understood, field by field: those that the mapping fills, in the order of the schema.
    pub fn shown(&self, row: &TableRow) -> Vec<Shown> {
        let shown = |(field, answer): (&'static Field, Answer)| Shown {
            field: &field.name,
            column: self.column_of_field(&field.name),
            error: answer.as_ref().err().map(|trouble| trouble.explain(field)),
            value: answer.ok().flatten().map(|value| text_of(&value)),
        };
        self.fields(row).map(shown).collect()
    }

    /// The column, from 0, that a reason speaks of; none for constants and for the row as a whole.
    pub fn column_of(&self, pointer: &str) -> Option<usize> {
        self.column_of_field(pointer.strip_prefix('/')?.split('/').next()?)
    }

    /// Whether the keys of these rows count 1, 2, 3: then they are a running number of the sheet, whatever its heading. To be
    /// asked with the first rows of a table, before anything is sent.
    pub fn running_id(&self, rows: &[TableRow]) -> bool {
        self.id.iter().any(|(at, _)| super::question::counts_up(rows.iter().filter_map(|row| row.cells.get(*at))))
    }

    fn column_of_field(&self, name: &str) -> Option<usize> {
        if name == "id_sumber" {
            return self.id.first().map(|(at, _)| *at);
        }
        let step = self.steps.iter().find(|step| step.field.name == name)?;
        let place = self.place.as_ref();
        match &step.from {
            Origin::Column(at, _) => Some(*at),
            Origin::Constant(_) => None,
            Origin::Village => place.and_then(|place| place.village.or(place.district)),
            Origin::District => place.and_then(|place| place.district.or(place.village)),
        }
    }

    /// Every field and what the row says of it.
    fn fields<'r>(&'r self, row: &'r TableRow) -> impl Iterator<Item = (&'static Field, Answer)> + 'r {
        let place = self.place.as_ref().map_or(Ok(None), |place| place.code(row));
        let id = field_of(self.feed, "id_sumber").map(|field| (field, self.key(row)));
        id.into_iter().chain(self.steps.iter().map(move |step| {
            let of_length = |wanted: bool| {
                place
                    .as_ref()
                    .map(|code| code.as_ref().filter(|code| (code.len() == 6) == wanted).map(|code| json!(code)))
            };
            let answer = match &step.from {
                Origin::Column(at, reading) => row.cells.get(*at).map_or(Ok(None), |cell| reading.read(cell)),
                Origin::Constant(value) => Ok(Some(value.clone())),
                Origin::Village => of_length(false).map_err(|trouble| *trouble),
                // A name that is not known is told once, for the village.
                Origin::District => Ok(of_length(true).unwrap_or_default()),
            };
            (step.field, answer)
        }))
    }

    /// The sender's key. One that lacks a part would become another one when the part is filled in.
    fn key(&self, row: &TableRow) -> Answer {
        let parts = self.id.iter().map(|(at, digits)| key_part(row.cells.get(*at).unwrap_or(&Cell::Empty), *digits));
        let parts: Vec<String> = parts.collect::<Result<_, _>>()?;
        Ok(Some(json!(parts.join("-"))))
    }

    /// The steps, and the names of places.
    pub(super) fn parts(&self) -> (&[Step], Option<&PlaceColumns>) {
        (&self.steps, self.place.as_ref())
    }
}

fn key_part(cell: &Cell, digits: Digits) -> Result<String, Trouble> {
    match cell {
        Cell::Error(_) => Err(Trouble::FailedFormula),
        Cell::Date(_) => Err(Trouble::DateCell),
        Cell::Number(number) => identifier(digits, *number).ok_or(Trouble::NumericCell),
        Cell::Text(text) if !text.trim().is_empty() && !NullWords::usual().contains(text) => Ok(text.trim().to_owned()),
        Cell::Empty | Cell::Text(_) | Cell::Bool(_) => Err(Trouble::NoKey),
    }
}

impl PlaceColumns {
    /// The names of a row; a cell that holds a code is a name, too.
    pub(super) fn with_names<T>(&self, row: &TableRow, then: impl FnOnce(Names<'_>) -> T) -> Result<T, Trouble> {
        let [village, district, regency] = [self.village, self.district, self.regency].map(|at| name_in(at, row));
        Ok(then(Names { village: &village?, district: &district?, regency: &regency? }))
    }

    fn code(&self, row: &TableRow) -> Result<Option<String>, Trouble> {
        match self.with_names(row, |names| self.places.find(names))? {
            Found::Nothing => Ok(None),
            Found::Code(code) => Ok(Some(code)),
            Found::Several(_) => Err(Trouble::AmbiguousPlace),
            Found::Unknown => Err(Trouble::UnknownPlace),
        }
    }
}

/// A name of a place, empty where there is none.
fn name_in(at: Option<usize>, row: &TableRow) -> Result<String, Trouble> {
    match at.and_then(|at| row.cells.get(at)) {
        None | Some(Cell::Empty | Cell::Bool(_)) => Ok(String::new()),
        Some(Cell::Text(text)) if NullWords::usual().contains(text) && !text.starts_with('#') => Ok(String::new()),
        Some(Cell::Text(text)) if text.starts_with('#') => Err(Trouble::FailedFormula),
        Some(Cell::Text(text)) => Ok(text.trim().to_owned()),
        Some(Cell::Number(number)) => Ok(number::digits(*number).unwrap_or_default()),
        Some(Cell::Date(_)) => Err(Trouble::DateCell),
        Some(Cell::Error(_)) => Err(Trouble::FailedFormula),
    }
}

fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(true) => "Ya".to_owned(),
        Value::Bool(false) => "Tidak".to_owned(),
        Value::Array(items) => items.iter().map(text_of).collect::<Vec<_>>().join("; "),
        Value::Object(fields) => fields.values().map(text_of).collect::<Vec<_>>().join(" "),
        Value::Null | Value::Number(_) => value.to_string(),
    }
}
