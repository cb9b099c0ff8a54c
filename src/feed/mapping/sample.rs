//! What the values of sample rows say about their columns.

use std::collections::BTreeSet;

use rustc_hash::{FxHashMap, FxHashSet};

use super::date::read_date;
use super::fold::{fold_district, fold_heading, fold_regency, fold_village, fold_word};
use super::form::{DateOrder, Mapping, Part};
use super::guess::Target;
use super::kind::{Field, Kind, field_of};
use super::value::{Reading, place_and_date, words_in};
use super::words::Words;
use crate::domain::date::Date;
use crate::domain::feed::Feed;
use crate::domain::region::{Region, Regions};
use crate::feed::cell::{Cell, TableRow};

/// One column of the sample.
pub(super) struct Column<'s> {
    pub(super) at: usize,
    pub(super) rows: &'s [TableRow],
}

impl<'s> Column<'s> {
    /// The cells in which something stands.
    pub(super) fn cells(&self) -> impl Iterator<Item = &'s Cell> + use<'s> {
        let at = self.at;
        self.rows.iter().filter_map(move |row| row.cells.get(at)).filter(|cell| !cell.is_empty())
    }

    fn texts(&self) -> impl Iterator<Item = &'s str> + use<'s> {
        self.cells().filter_map(|cell| if let Cell::Text(text) = cell { Some(text.trim()) } else { None })
    }

    /// Whether most of the cells are of a kind; not where nothing stands.
    fn mostly(&self, is: impl Fn(&Cell) -> bool) -> bool {
        let (all, fitting) =
            self.cells().fold((0, 0), |(all, fitting), cell| (all + 1, fitting + usize::from(is(cell))));
        all > 0 && fitting * 10 >= all * 8
    }

    /// Whether codes of places stand where names could.
    pub(super) fn holds_codes(&self) -> bool {
        self.mostly(|cell| {
            let digits = digits_of(cell);
            matches!(digits.len(), 6 | 10)
        })
    }

    /// Whether the values are of another kind than the heading says.
    pub(super) fn speaks_against(&self, feed: Feed, target: &Target) -> bool {
        let Target::Field(name) = target else { return false };
        let Some(field) = field_of(feed, name) else { return false };
        let some = self.cells().next().is_some();
        match (&field.kind, name.as_str()) {
            (_, "nik" | "no_kk" | "nik_ayah" | "nik_ibu" | "nik_wali") => {
                some && !self.mostly(|cell| matches!(cell, Cell::Number(_)) || digits_of(cell).len() >= 8)
            }
            (_, "nama") => some && self.mostly(|cell| digits_of(cell).len() >= 8),
            (Kind::Date, _) => some && !self.mostly(looks_like_date),
            (_, "jenis_kelamin") => some && !self.mostly(is_sex),
            _ => false,
        }
    }
}

fn digits_of(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => {
            let digits: String = text.chars().filter(char::is_ascii_digit).collect();
            let letters = text.chars().any(char::is_alphabetic);
            if letters { String::new() } else { digits }
        }
        Cell::Number(number) => super::number::digits(*number).unwrap_or_default(),
        Cell::Empty | Cell::Date(_) | Cell::Bool(_) | Cell::Error(_) => String::new(),
    }
}

fn looks_like_date(cell: &Cell) -> bool {
    match cell {
        Cell::Date(_) => true,
        Cell::Number(number) => super::date::of_number(*number, DateOrder::Dmy).is_ok(),
        Cell::Text(text) => [DateOrder::Dmy, DateOrder::Mdy, DateOrder::Ymd]
            .into_iter()
            .any(|order| read_date(text, order, Date::constant(2100, 1, 1)).is_ok()),
        Cell::Empty | Cell::Bool(_) | Cell::Error(_) => false,
    }
}

fn is_sex(cell: &Cell) -> bool {
    let Cell::Text(text) = cell else { return matches!(cell, Cell::Number(_)) };
    matches!(fold_word(text).as_str(), "L" | "P") || Words::embedded().meant("jenis_kelamin", text).is_some()
}

/// A number whose middle is a day of birth, with 40 added for women.
fn is_nik(cell: &Cell) -> bool {
    let digits = digits_of(cell);
    let part =
        |range: std::ops::Range<usize>| digits.get(range).and_then(|part| part.parse::<u32>().ok()).unwrap_or_default();
    digits.len() == 16 && matches!(part(6..8), 1..=31 | 41..=71) && (1..=12).contains(&part(8..10))
}

/// What a column holds by its values alone. Only what hardly anything else looks like.
pub(super) fn looks_like(feed: Feed, column: &Column<'_>) -> Option<Target> {
    let target = |name: &str| Some(Target::Field(name.to_owned())).filter(|target| target.is_of(feed));
    let woman = |cell: &Cell| digits_of(cell).as_bytes().get(6).is_some_and(|b| (b'4'..=b'7').contains(b));
    if column.mostly(is_nik) {
        // The day in the number of a family card never has 40 added.
        return if column.cells().any(woman) { target("nik") } else { target("no_kk") };
    }
    let word = |cell: &Cell| matches!(cell, Cell::Text(_)) && is_sex(cell);
    if column.mostly(word) {
        return target("jenis_kelamin");
    }
    column
        .mostly(|cell| matches!(cell, Cell::Text(text) if is_birth(text)))
        .then_some(Target::BirthPlaceAndDate)
        .filter(|t| t.is_of(feed))
}

fn is_birth(text: &str) -> bool {
    let (place, date) = place_and_date(text);
    place.is_some_and(|place| place.chars().any(char::is_alphabetic))
        && date.is_some_and(|date| looks_like_date(&Cell::Text(date.to_owned())))
}

/// The order in which most dates of a column can be read; the usual one where it reads as many as any.
pub(super) fn date_order(column: &Column<'_>, part: Option<Part>, today: Date) -> Option<DateOrder> {
    let dates = || {
        let date = move |text: &'_ str| {
            if part == Some(Part::Date) { place_and_date(text).1.map(str::to_owned) } else { Some(text.to_owned()) }
        };
        column.texts().filter_map(date)
    };
    let read = |order: DateOrder| dates().filter(|text| read_date(text, order, today).is_ok()).count();
    let orders = [DateOrder::Dmy, DateOrder::Mdy, DateOrder::Ymd].map(|order| (read(order), order));
    let most = orders.iter().map(|(count, _)| *count).max().filter(|most| *most > 0)?;
    orders.into_iter().find(|(count, _)| *count == most).map(|(_, order)| order)
}

/// Words of a column that are known to stand for a value of the field, and are none themselves.
pub(super) fn words_for(field: &'static Field, column: &Column<'_>) -> Vec<(String, String)> {
    if matches!(field.kind, Kind::Text | Kind::Date | Kind::Decimal) {
        return Vec::new();
    }
    let latest = Date::constant(2100, 1, 1);
    let reading = Reading { field, part: None, order: DateOrder::Dmy, latest, words: FxHashMap::default() };
    let identifies = matches!(field.kind, Kind::Identifier(_));
    let words: BTreeSet<String> = column
        .texts()
        .flat_map(|text| words_in(&field.kind, text))
        .filter(|word| !word.is_empty() && word.len() <= 60 && (identifies || !reading.knows(word)))
        .collect();
    let mut seen: FxHashSet<String> = FxHashSet::default();
    let meant = |word: &str| Words::embedded().meant(&field.name, word).filter(|meant| reading.knows(meant));
    let pairs = words.into_iter().filter_map(|word| meant(&word).map(str::to_owned).map(|meant| (word, meant)));
    pairs.filter(|(word, _)| seen.insert(fold_word(word))).collect()
}

/// The regency in which nearly all names of a sample lie, if it is one only.
pub(super) fn regency_of(columns: [Option<usize>; 3], rows: &[TableRow], regions: &'static Regions) -> Option<String> {
    let text = |row: &TableRow, at: Option<usize>| match at.and_then(|at| row.cells.get(at)) {
        Some(Cell::Text(text)) => text.trim().to_owned(),
        _ => String::new(),
    };
    let names: BTreeSet<[String; 3]> = rows.iter().map(|row| columns.map(|at| text(row, at))).collect();
    let [villages, districts] = [regions.villages_of(""), regions.districts_of("")];
    let villages = places(villages, &names.iter().map(|[village, _, _]| fold_village(village)).collect(), fold_village);
    let districts =
        places(districts, &names.iter().map(|[_, district, _]| fold_district(district)).collect(), fold_district);
    let mut votes: FxHashMap<&str, usize> = FxHashMap::default();
    let mut voters = 0;
    for [village, district, regency] in &names {
        let of = |table: &FxHashMap<String, BTreeSet<&'static str>>, name: &str| table.get(name).cloned();
        let found = match (of(&villages, &fold_village(village)), of(&districts, &fold_district(district))) {
            (Some(by_village), Some(by_district)) => by_village.intersection(&by_district).copied().collect(),
            (Some(found), None) | (None, Some(found)) => found,
            (None, None) => continue,
        };
        let regency = fold_regency(regency).0;
        let named =
            |code: &&&str| regency.is_empty() || regions.name(code).is_some_and(|name| fold_regency(name).0 == regency);
        voters += 1;
        for code in found.iter().filter(named) {
            *votes.entry(*code).or_default() += 1;
        }
    }
    let most = votes.values().copied().max()?;
    let mut first = votes.iter().filter(|(_, count)| **count == most).map(|(code, _)| *code);
    let (code, tie) = (first.next()?, first.next().is_some());
    (!tie && most * 10 >= voters * 8).then(|| code.to_owned())
}

/// The regencies in which each of the names lies.
fn places(
    regions: &'static [Region],
    wanted: &FxHashSet<String>,
    fold: impl Fn(&str) -> String,
) -> FxHashMap<String, BTreeSet<&'static str>> {
    let mut found: FxHashMap<String, BTreeSet<&'static str>> = FxHashMap::default();
    for region in regions {
        let name = fold(region.name);
        if !name.is_empty() && wanted.contains(&name) {
            found.entry(name).or_default().insert(&region.code[..4]);
        }
    }
    found
}

/// The columns that form the key, where no column is one already: filled and different in every row of the sample.
pub(super) fn key_columns(
    mapping: &Mapping,
    keys: &[Vec<String>],
    headings: &[String],
    rows: &[TableRow],
) -> Vec<String> {
    let column_of = |field: &String| {
        let heading = mapping.fields.get(field)?.column.clone()?;
        let at = headings.iter().position(|known| fold_heading(known) == fold_heading(&heading))?;
        Some((heading, at))
    };
    let fits = |columns: &Vec<(String, usize)>| {
        let mut seen: FxHashSet<Vec<String>> = FxHashSet::default();
        rows.iter().filter(|row| !row.cells.iter().all(Cell::is_empty)).all(|row| {
            let parts: Vec<String> = columns.iter().filter_map(|(_, at)| shown(row.cells.get(*at)?)).collect();
            parts.len() == columns.len() && seen.insert(parts)
        })
    };
    let candidates = keys.iter().filter_map(|fields| fields.iter().map(column_of).collect::<Option<Vec<_>>>());
    candidates.into_iter().find(fits).unwrap_or_default().into_iter().map(|(heading, _)| heading).collect()
}

fn shown(cell: &Cell) -> Option<String> {
    match cell {
        Cell::Text(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Cell::Number(number) => Some(super::number::shown(*number)),
        Cell::Date(date) => Some(date.to_string()),
        Cell::Empty | Cell::Bool(_) | Cell::Error(_) => None,
    }
}
