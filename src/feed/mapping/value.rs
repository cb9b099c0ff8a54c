//! One cell to the value of one field.

use std::borrow::Cow;

use rustc_hash::FxHashMap;
use serde_json::{Value, json};

use super::date::{of_number, read_date};
use super::fold::{fold_heading, fold_word};
use super::form::{DateOrder, Part};
use super::kind::{Digits, Field, Kind};
use super::number;
use super::trouble::Trouble;
use crate::domain::date::{Date, DateError, Period, month_number};
use crate::domain::null_word::NullWords;
use crate::domain::sign::compatible;
use crate::feed::cell::Cell;

/// How the cells of one field are read.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) field: &'static Field,
    pub(super) part: Option<Part>,
    pub(super) order: DateOrder,
    /// A year of two digits never means a day behind this one.
    pub(super) latest: Date,
    /// Folded words and what they stand for.
    pub(super) words: FxHashMap<String, String>,
}

type Answer = Result<Option<Value>, Trouble>;

impl Reading {
    /// The value of a cell; `None` where it says nothing.
    pub(super) fn read(&self, cell: &Cell) -> Answer {
        if cell.is_empty() {
            return Ok(None);
        }
        match cell {
            Cell::Empty => Ok(None),
            Cell::Error(_) => Err(Trouble::FailedFormula),
            Cell::Text(text) => self.text(text),
            Cell::Bool(yes) => self.text(if *yes { "TRUE" } else { "FALSE" }),
            Cell::Date(date) => self.date_cell(*date),
            Cell::Number(number) => self.number_cell(*number),
        }
    }

    fn date_cell(&self, date: Date) -> Answer {
        let kind = &self.field.kind;
        if *kind == Kind::Date {
            Ok(Some(json!(date.to_string())))
        } else if *kind == Kind::Period && date.day() == 1 {
            // Spreadsheet programs read `2025-11` as its first day.
            Ok(Some(json!(Period::month_of(date).to_string())))
        } else if self.part == Some(Part::Place) {
            Ok(None)
        } else {
            Err(Trouble::DateCell)
        }
    }

    fn number_cell(&self, number: f64) -> Answer {
        let shown = number::shown(number);
        if let Some(meant) = self.word(&shown) {
            return self.plain(meant);
        }
        match self.field.kind {
            Kind::Date => of_number(number, self.order).map(|date| Some(json!(date.to_string()))).map_err(trouble_of),
            Kind::Whole | Kind::Decimal => number::json(number).map(|n| Some(Value::Number(n))).ok_or(Trouble::Shape),
            Kind::Identifier(digits) => {
                identifier(digits, number).map(|text| Some(json!(text))).ok_or(Trouble::NumericCell)
            }
            Kind::Text if self.part == Some(Part::Place) => Ok(None),
            Kind::Period
            | Kind::Choice(_)
            | Kind::Choices(_)
            | Kind::Programmes { .. }
            | Kind::Flag
            | Kind::Unit
            | Kind::Text => self.plain(&shown),
        }
    }

    fn text(&self, text: &str) -> Answer {
        if is_failed_formula(text) {
            return Err(Trouble::FailedFormula);
        }
        let Some(part) = self.part_of(text)? else { return Ok(None) };
        match self.word(&part) {
            Some(meant) => self.plain(meant),
            None => self.plain(&part),
        }
    }

    fn part_of<'t>(&self, text: &'t str) -> Result<Option<Cow<'t, str>>, Trouble> {
        Ok(match self.part {
            None => Some(Cow::Borrowed(text)),
            Some(Part::Place) => place_and_date(text).0.map(Cow::Borrowed),
            Some(Part::Date) => place_and_date(text).1.map(Cow::Borrowed),
            Some(Part::Rt) => units(text)?.0.map(Cow::Owned),
            Some(Part::Rw) => units(text)?.1.map(Cow::Owned),
        })
    }

    /// What the value map has for a word.
    fn word(&self, text: &str) -> Option<&str> {
        if self.words.is_empty() { None } else { self.words.get(&fold_word(text)).map(String::as_str) }
    }

    /// Whether a word of a list, or the code of a programme, stands for a value.
    pub(super) fn knows(&self, word: &str) -> bool {
        let kind = &self.field.kind;
        if kind.is_list() {
            choice(kind.words(), self.word(word).unwrap_or(word)).is_some()
        } else {
            matches!(self.read(&Cell::Text(word.to_owned())), Ok(Some(_)))
        }
    }

    /// A text without the value map.
    pub(super) fn plain(&self, text: &str) -> Answer {
        let free = matches!(self.field.kind, Kind::Identifier(_) | Kind::Text);
        if text.trim().is_empty() || (!free && NullWords::usual().contains(text)) {
            return Ok(None);
        }
        match &self.field.kind {
            // A blank that nobody sees would make another record of it.
            Kind::Identifier(_) if self.field.name == "id_sumber" => Ok(Some(json!(text.trim()))),
            Kind::Identifier(_) if matches!(self.field.name.as_str(), "kode_desa" | "kode_kecamatan" | "kode_bank") => {
                Ok(Some(json!(code(text))))
            }
            Kind::Identifier(_) | Kind::Text => Ok(Some(json!(text))),
            Kind::Date => {
                read_date(text, self.order, self.latest).map(|date| Some(json!(date.to_string()))).map_err(trouble_of)
            }
            Kind::Period => period(text).map(|period| Some(json!(period.to_string()))).ok_or(Trouble::Shape),
            Kind::Choice(words) => choice(words, text).map(|word| Some(json!(word))).ok_or(Trouble::Unmapped),
            Kind::Choices(words) => self.choices(words, text),
            Kind::Programmes { codes, statuses } => self.programmes(codes, statuses, text),
            Kind::Whole => number::whole(text).map(|n| Some(Value::Number(n))).ok_or(Trouble::Shape),
            Kind::Decimal => number::decimal(text).map(|n| Some(Value::Number(n))).ok_or(Trouble::Shape),
            Kind::Flag => flag(text).map(|yes| Some(json!(yes))).ok_or(Trouble::Unmapped),
            Kind::Unit => Ok(Some(json!(unit(text)))),
        }
    }

    fn choices(&self, words: &[String], text: &str) -> Answer {
        let read = items_of(text).map(|item| choice(words, self.word(item).unwrap_or(item)).ok_or(Trouble::Unmapped));
        let found: Vec<&str> = read.collect::<Result<_, _>>()?;
        Ok((!found.is_empty()).then(|| json!(found)))
    }
}

impl Reading {
    /// `PKH AKTIF 2025-T4; SEMBAKO AKTIF`.
    fn programmes(&self, codes: &[String], statuses: &[String], text: &str) -> Answer {
        let found: Vec<Value> =
            items_of(text).map(|item| self.programme(codes, statuses, item)).collect::<Result<_, _>>()?;
        Ok((!found.is_empty()).then_some(Value::Array(found)))
    }

    fn programme(&self, codes: &[String], statuses: &[String], item: &str) -> Result<Value, Trouble> {
        let (code, status, rest) = split_programme(statuses, item).ok_or(Trouble::Shape)?;
        let code = choice(codes, self.word(&code).unwrap_or(&code)).ok_or(Trouble::Unmapped)?;
        let mut found = json!({"kode": code, "status": status});
        if !rest.is_empty() {
            found["periode"] = json!(period(&rest).ok_or(Trouble::Shape)?.to_string());
        }
        Ok(found)
    }
}

fn trouble_of(error: DateError) -> Trouble {
    match error {
        DateError::NoSuchDay => Trouble::NoSuchDay,
        DateError::Shape | DateError::Period => Trouble::Shape,
    }
}

/// What a spreadsheet program writes where a formula failed, also into CSV.
fn is_failed_formula(text: &str) -> bool {
    const WORDS: [&str; 8] = ["#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!", "#SPILL!"];
    text.starts_with('#') && WORDS.contains(&text.trim())
}

/// An identifier of a numeric cell, where nothing of it can be lost.
pub(super) fn identifier(digits: Digits, number: f64) -> Option<String> {
    let text = number::digits(number)?;
    match digits {
        Digits::Refused => None,
        Digits::AsTheyAre => Some(text),
        Digits::Fixed(length) => (text.len() <= length).then(|| format!("{text:0>length$}")),
        Digits::Telephone => Some(if text.starts_with('8') { format!("0{text}") } else { text }),
    }
}

/// A code without the points and blanks that tables have between its levels.
fn code(text: &str) -> String {
    let joined: String = text.trim().chars().filter(|c| !matches!(c, '.' | ' ')).collect();
    if joined.bytes().all(|b| b.is_ascii_digit()) { joined } else { text.to_owned() }
}

/// The allowed word that is meant: as it is, or folded.
fn choice<'w>(words: &'w [String], text: &str) -> Option<&'w str> {
    let exact = words.iter().find(|word| *word == text);
    let folded = || {
        let text = fold_word(text);
        words.iter().find(|word| fold_word(word) == text)
    };
    exact.or_else(folded).map(String::as_str)
}

fn flag(text: &str) -> Option<bool> {
    match fold_word(text).as_str() {
        "YA" | "Y" | "YES" | "TRUE" | "BENAR" | "1" | "ADA" | "SUDAH" => Some(true),
        "TIDAK" | "T" | "N" | "NO" | "FALSE" | "SALAH" | "0" | "BELUM" | "TDK" | "BUKAN" => Some(false),
        _ => None,
    }
}

/// `003`, `RT 003`, `RT.3`: the digits, if the rest only says what they are.
fn unit(text: &str) -> String {
    let folded = fold_heading(text);
    let digits = folded.strip_prefix("RT").or_else(|| folded.strip_prefix("RW")).unwrap_or(&folded).trim();
    if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) { digits.to_owned() } else { text.to_owned() }
}

type Units = (Option<String>, Option<String>);

/// RT and RW of one cell: `003/005`, `RT 003 RW 005`, `3-5`.
fn units(text: &str) -> Result<Units, Trouble> {
    let compatible = compatible(text);
    let mut groups = compatible.split(|c: char| !c.is_ascii_digit()).filter(|group| !group.is_empty());
    let found = [groups.next(), groups.next()].map(|group| group.map(str::to_owned));
    let word = |word: &str| matches!(word, "RT" | "RW");
    let other = fold_heading(text);
    let mut letters = other.split(|c: char| c.is_ascii_digit() || c == ' ').filter(|rest| !rest.is_empty());
    let readable = letters.all(word) && groups.next().is_none();
    match found {
        [None, None] if readable || NullWords::usual().contains(text) => Ok((None, None)),
        [Some(only), None] if readable && other.starts_with("RW") => Ok((None, Some(only))),
        [rt @ Some(_), rw] if readable => Ok((rt, rw)),
        _ => Err(Trouble::Shape),
    }
}

/// `BOGOR, 12-03-1984` as its place and its date. The date begins behind the first comma, or at the first digit.
pub(super) fn place_and_date(text: &str) -> (Option<&str>, Option<&str>) {
    let digit = text.find(|c: char| c.is_ascii_digit()).unwrap_or(text.len());
    let (place, date) = match text.find(',').filter(|comma| *comma < digit) {
        Some(comma) if digit < text.len() => (&text[..comma], &text[comma + 1..]),
        Some(_) | None => text.split_at(digit),
    };
    let signs = |c: char| c.is_whitespace() || matches!(c, ',' | '/' | ';' | '-' | '.' | ':');
    let (place, date) = (place.trim_matches(signs), date.trim_matches(signs));
    let date =
        ["TGL", "Tgl", "tgl"].iter().find_map(|word| date.strip_prefix(word)).unwrap_or(date).trim_matches(signs);
    let said = |part: &'_ str| !part.is_empty() && !NullWords::usual().contains(part);
    (Some(place).filter(|place| said(place)), Some(date).filter(|date| said(date)))
}

/// `2025-11`, `2025-T4`, `11/2025`, `November 2025`, `Triwulan 4 2025`, `TW IV 2025`.
fn period(text: &str) -> Option<Period> {
    if let Ok(period) = text.trim().parse() {
        return Some(period);
    }
    let folded = fold_heading(text);
    let words: Vec<&str> = folded.split(' ').collect();
    let year = words.iter().find(|word| word.len() == 4 && word.bytes().all(|b| b.is_ascii_digit()))?;
    let others: Vec<&str> = words.iter().filter(|word| *word != year).copied().collect();
    let part = match others[..] {
        [name] if month_number(name).is_some() => format!("{:02}", month_number(name)?),
        [number] if (1..=2).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit()) => {
            format!("{number:0>2}")
        }
        ["TRIWULAN" | "TW" | "TAHAP" | "QUARTER" | "Q", number] => format!("T{}", quarter(number)?),
        [joined] => format!("T{}", quarter(joined.strip_prefix("TW").or_else(|| joined.strip_prefix(['T', 'Q']))?)?),
        _ => return None,
    };
    format!("{year}-{part}").parse().ok()
}

fn quarter(text: &str) -> Option<u8> {
    ["1", "2", "3", "4"]
        .iter()
        .position(|number| *number == text)
        .or_else(|| ["I", "II", "III", "IV"].iter().position(|number| *number == text))
        .map(|at| at as u8 + 1)
}

/// The words of a text that a value map may have entries for: of a list its items, of programmes their codes.
pub(super) fn words_in(kind: &Kind, text: &str) -> Vec<String> {
    if let Kind::Programmes { statuses, .. } = kind {
        let code = |item: &str| split_programme(statuses, item).map_or_else(|| item.to_owned(), |(code, ..)| code);
        return items_of(text).map(code).collect();
    }
    if kind.is_list() { items_of(text).map(str::to_owned).collect() } else { vec![text.trim().to_owned()] }
}

fn items_of(text: &str) -> impl Iterator<Item = &str> {
    text.split(';').map(str::trim).filter(|item| !item.is_empty())
}

/// `PKH AKTIF 2025-T4` as its code, its status and what stands behind.
fn split_programme<'w>(statuses: &'w [String], item: &str) -> Option<(String, &'w str, String)> {
    let words: Vec<&str> = item.split([' ', ':', '|', ',']).filter(|word| !word.is_empty()).collect();
    let (at, status) = words.iter().enumerate().skip(1).find_map(|(at, word)| Some((at, choice(statuses, word)?)))?;
    Some((words[..at].join(" "), status, words[at + 1..].join(" ")))
}
