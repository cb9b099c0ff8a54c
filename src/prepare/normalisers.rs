//! The functions a model may name to make a value comparable: where `normalise` and the types of `engine` meet.
//!
//! Each reads text into a value, or says that there is none, or that it cannot be read.

use crate::domain::date::Date;
use crate::domain::family_card::read_kk;
use crate::domain::flag::FlagCode;
use crate::domain::identifier::{IdentifierKind, read_identifier};
use crate::domain::nik::{NikReading, read_nik};
use crate::domain::region::Regions;
use crate::engine::{Day, Digits, Kind, Value};
use crate::normalise::address::street;
use crate::normalise::code::{code, digits};
use crate::normalise::date::{DateFormat, Written, as_written, read_date};
use crate::normalise::number::{NumberFormat, neighbourhood, number};
use crate::normalise::phone::phone;
use crate::normalise::sex::sex;
use crate::normalise::shape::Wanted;
use crate::normalise::sound::sounds;
use crate::normalise::text::{Case, plain, words};
use crate::normalise::{NameTables, Read, may_be_unnamed, parse_name};

/// What a normaliser knows besides the text.
#[derive(Clone, Copy)]
pub(super) struct ReadAs {
    /// The day the row is read as of.
    pub(super) today: Date,
    /// How the column is written.
    pub(super) format: Format,
}

/// How a column is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// As the normaliser expects.
    Usual,
    /// Dates in another order, or as numbers.
    Date(DateFormat),
    /// Dates with their typing errors.
    AsWritten,
    /// Numbers with signs between thousands.
    Number(NumberFormat),
}

/// A function that a model may name.
pub(super) struct Normaliser {
    pub(super) name: &'static str,
    kind: Kind,
    pub(super) wanted: Wanted,
    pub(super) reads: Reads,
}

/// What a function makes a value from.
#[derive(Clone, Copy)]
pub(super) enum Reads {
    /// The text.
    Text(fn(&str, ReadAs) -> Value),
    /// A NIK that was read: several columns ask one field, and its NIK need be read once only.
    Nik(fn(&NikReading) -> Value),
}

impl Normaliser {
    /// The value of a text.
    #[inline]
    pub(super) fn value(&self, raw: &str, known: ReadAs) -> Value {
        match self.reads {
            Reads::Text(read) => read(raw, known),
            Reads::Nik(read) => read(&nik_of(raw, known.today)),
        }
    }
}

/// Reads a NIK for the functions that are made from one.
pub(super) fn nik_of(raw: &str, today: Date) -> NikReading {
    read_nik(raw, today, Regions::embedded())
}

const fn line(name: &'static str, kind: Kind, wanted: Wanted, read: fn(&str, ReadAs) -> Value) -> Normaliser {
    Normaliser { name, kind, wanted, reads: Reads::Text(read) }
}

const fn of_nik(name: &'static str, kind: Kind, wanted: Wanted, read: fn(&NikReading) -> Value) -> Normaliser {
    Normaliser { name, kind, wanted, reads: Reads::Nik(read) }
}

/// The visible list, one line each.
static NORMALISERS: &[Normaliser] = &[
    line("text", Kind::Text, Wanted::Text, |raw, _| text(plain(raw, Case::Upper))),
    line("lower", Kind::Text, Wanted::Text, |raw, _| text(plain(raw, Case::Lower))),
    line("words", Kind::Text, Wanted::Text, |raw, _| text(Some(words(raw)))),
    line("code", Kind::Code, Wanted::Identifier, |raw, _| value(code(raw), Value::Code)),
    line("digits", Kind::Digits, Wanted::Identifier, |raw, _| digits_of(raw)),
    line("number", Kind::Number, Wanted::Number, numeric),
    line("rt_rw", Kind::Number, Wanted::Number, |raw, _| value(neighbourhood(raw), Value::Number)),
    line("list", Kind::Set, Wanted::Text, |raw, _| set(raw)),
    line("date", Kind::Date, Wanted::Date, date),
    line("date_or_nik", Kind::Date, Wanted::Date, date_or_nik),
    line("nama", Kind::Name, Wanted::Name, |raw, _| name(raw, Named::Person)),
    line("ibu_bayi", Kind::Name, Wanted::Name, |raw, _| name(raw, Named::MotherOfNewborn)),
    line("bunyi", Kind::Text, Wanted::Text, |raw, _| text(sounds(raw, NameTables::embedded()))),
    of_nik("nik", Kind::Digits, Wanted::Identifier, nik),
    of_nik("nik_cacat", Kind::Digits, Wanted::Identifier, defective_nik),
    of_nik("nik_lahir", Kind::Date, Wanted::Date, nik_birth),
    line("kk", Kind::Digits, Wanted::Identifier, kk),
    line("nisn", Kind::Code, Wanted::Identifier, |raw, known| identifier(IdentifierKind::Nisn, raw, known)),
    line("npsn", Kind::Code, Wanted::Identifier, |raw, known| identifier(IdentifierKind::Npsn, raw, known)),
    line("jkn", Kind::Code, Wanted::Identifier, |raw, known| identifier(IdentifierKind::Jkn, raw, known)),
    line("rekening", Kind::Code, Wanted::Identifier, account),
    line("wilayah", Kind::Digits, Wanted::Region, |raw, _| region(raw)),
    line("jenis_kelamin", Kind::Code, Wanted::Sex, |raw, _| value(sex(raw), |sex| Value::Code(sex.to_owned()))),
    line("alamat", Kind::Text, Wanted::Text, |raw, _| text(street(raw))),
    line("telepon", Kind::Code, Wanted::Identifier, |raw, _| value(phone(raw), Value::Code)),
];

/// The function of a name for a column of a type; else what to say about it.
pub(super) fn find(name: &str, kind: Kind) -> Result<&'static Normaliser, String> {
    let found = NORMALISERS.iter().find(|normaliser| normaliser.name == name).ok_or_else(|| {
        let known: Vec<&str> = NORMALISERS.iter().map(|normaliser| normaliser.name).collect();
        format!("no normaliser is called '{name}'; there are {}", known.join(", "))
    })?;
    if found.kind != kind {
        return Err(format!("normaliser '{name}' gives {}, the column is {kind}", found.kind));
    }
    Ok(found)
}

/// The function of a column for which the model names none.
pub(super) const fn usual(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "text",
        Kind::Name => "nama",
        Kind::Digits => "digits",
        Kind::Date => "date",
        Kind::Code => "code",
        Kind::Number => "number",
        Kind::Set => "list",
    }
}

/// Formats of dates, by the word of a model.
const DATES: [(&str, Format); 7] = [
    ("dmy", Format::Date(DateFormat::DayFirst)),
    ("mdy", Format::Date(DateFormat::MonthFirst)),
    ("ymd", Format::Date(DateFormat::YearFirst)),
    ("excel", Format::Date(DateFormat::Excel)),
    ("epoch", Format::Date(DateFormat::Epoch)),
    ("epoch_ms", Format::Date(DateFormat::EpochMillis)),
    ("as_written", Format::AsWritten),
];

/// Formats of numbers, by the word of a model.
const NUMBERS: [(&str, Format); 2] = [
    ("decimal_comma", Format::Number(NumberFormat::DecimalComma)),
    ("decimal_point", Format::Number(NumberFormat::DecimalPoint)),
];

/// The format of a column by its word; else what to say about it.
pub(super) fn format(normaliser: &Normaliser, word: Option<&str>) -> Result<Format, String> {
    let Some(word) = word else { return Ok(Format::Usual) };
    let known: &[(&str, Format)] = match normaliser.name {
        "date" | "date_or_nik" => &DATES,
        "number" => &NUMBERS,
        name => return Err(format!("normaliser '{name}' has no formats")),
    };
    known.iter().find(|(name, _)| *name == word).map(|(_, format)| *format).ok_or_else(|| {
        let known: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
        format!("no format of '{}' is called '{word}'; there are {}", normaliser.name, known.join(", "))
    })
}

#[inline]
fn value<T>(read: Read<T>, of: impl FnOnce(T) -> Value) -> Value {
    match read {
        Read::Value(value) => of(value),
        Read::Empty => Value::Missing,
        Read::Unreadable => Value::Unreadable,
    }
}

/// Text of which nothing is left says nothing: there were signs only.
fn text(text: Option<String>) -> Value {
    match text {
        Some(text) if !text.is_empty() => Value::Text(text),
        Some(_) | None => Value::Missing,
    }
}

fn digits_of(raw: &str) -> Value {
    if let Some(digits) = Digits::parse(raw) {
        return Value::Digits(digits);
    }
    match digits(raw) {
        Read::Value(text) => Digits::parse(&text).map_or(Value::Unreadable, Value::Digits),
        Read::Empty => Value::Missing,
        Read::Unreadable => Value::Unreadable,
    }
}

fn numeric(raw: &str, known: ReadAs) -> Value {
    let format = if let Format::Number(format) = known.format { format } else { NumberFormat::Usual };
    value(number(raw, format), Value::Number)
}

fn set(raw: &str) -> Value {
    let parts: Vec<String> = raw.split(';').map(words).filter(|part| !part.is_empty()).collect();
    if parts.is_empty() { Value::Missing } else { Value::Set(parts) }
}

fn day(written: Option<Written>) -> Option<Day> {
    written.and_then(|day| Day::new(day.year, day.month, day.day))
}

fn date(raw: &str, known: ReadAs) -> Value {
    let written = match known.format {
        Format::AsWritten => as_written(raw),
        Format::Date(format) => read_date(raw, format),
        Format::Usual | Format::Number(_) => read_date(raw, DateFormat::Usual),
    };
    value(Read::of(raw, day(written)), Value::Date)
}

/// A date, or the date of birth inside a NIK: two digits each of day (40 more for women), month and year.
fn date_or_nik(raw: &str, known: ReadAs) -> Value {
    let nik = raw.trim();
    if nik.len() != 16 || !nik.bytes().all(|b| b.is_ascii_digit()) {
        return date(raw, known);
    }
    let part = |at: usize| nik[at..at + 2].bytes().fold(0, |n, b| n * 10 + u32::from(b - b'0'));
    let (date, month, year) = (part(6), part(8), part(10));
    let this_year = u32::from(known.today.year().unsigned_abs());
    let century = if year <= this_year % 100 { this_year / 100 } else { this_year / 100 - 1 };
    let born = Day::new(century * 100 + year, month, if date > 40 { date - 40 } else { date });
    born.map_or(Value::Unreadable, Value::Date)
}

/// A NIK that can serve as a key. One with an error is another column's business ([`defective_nik`]).
fn nik(reading: &NikReading) -> Value {
    match reading.usable() {
        Some(text) => Digits::parse(text).map_or(Value::Unreadable, Value::Digits),
        None if reading.comparable().is_some() => Value::Missing,
        None if reading.flags.iter().any(|flag| matches!(flag, FlagCode::Missing | FlagCode::Placeholder)) => {
            Value::Missing
        }
        None => Value::Unreadable,
    }
}

/// A NIK with an error: one digit off is how it meets the right one.
fn defective_nik(reading: &NikReading) -> Value {
    reading.defective().and_then(Digits::parse).map_or(Value::Missing, Value::Digits)
}

/// The birth date that a NIK without an error says, the younger one where the century is open.
fn nik_birth(reading: &NikReading) -> Value {
    let (_, births) = reading.says();
    births.first().map_or(Value::Missing, |born| Value::Date(Day::from(*born)))
}

fn kk(raw: &str, known: ReadAs) -> Value {
    let reading = read_kk(raw, known.today);
    match reading.usable().and_then(Digits::parse) {
        Some(digits) => Value::Digits(digits),
        None if reading.flags.iter().any(|flag| matches!(flag, FlagCode::KkFormat | FlagCode::ExcelScientific)) => {
            Value::Unreadable
        }
        None => Value::Missing,
    }
}

fn identifier(kind: IdentifierKind, raw: &str, known: ReadAs) -> Value {
    let read = read_identifier(kind, raw, known.today);
    let absent = read.is_absent();
    match read.text {
        Some(text) => Value::Code(text),
        None if absent => Value::Missing,
        None => Value::Unreadable,
    }
}

/// `BANK|NUMBER`, as `kode_bank+no_rekening` joins them.
fn account(raw: &str, known: ReadAs) -> Value {
    let Some((bank, number)) = raw.split_once('|') else { return Value::Unreadable };
    let bank = identifier(IdentifierKind::Bank, bank, known);
    match (bank, identifier(IdentifierKind::Account, number, known)) {
        (Value::Code(bank), Value::Code(number)) => Value::Code(format!("{bank}{number}")),
        (_, Value::Missing) | (Value::Missing, _) => Value::Missing,
        _ => Value::Unreadable,
    }
}

fn region(raw: &str) -> Value {
    let code = Regions::embedded().read_code(raw);
    value(Read::of(raw, code.as_deref().and_then(Digits::parse)), Value::Digits)
}

/// Whom a written name names.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Named {
    Person,
    /// BY NY SITI: the mother of a child that has no name yet.
    MotherOfNewborn,
}

fn name(raw: &str, wanted: Named) -> Value {
    if wanted == Named::MotherOfNewborn && !may_be_unnamed(raw) {
        return Value::Missing;
    }
    let parts = parse_name(raw, NameTables::embedded());
    let unnamed = parts.flags.contains(&FlagCode::UnnamedNewborn);
    if unnamed != (wanted == Named::MotherOfNewborn) {
        return Value::Missing;
    }
    let says = !parts.tokens.is_empty();
    value(Read::of(raw, says.then_some(parts)), |parts| Value::Name(Box::new(parts)))
}

#[cfg(test)]
#[path = "normalisers_tests.rs"]
mod tests;
