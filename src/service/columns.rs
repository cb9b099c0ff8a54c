//! From the fields of a row to the columns of a match plan: the place where `normalise` and `engine` meet.
//!
//! A model names, for each column, the field it is made from and the function that makes it comparable. `a|b` takes the
//! first field that has a value, `a+b` joins both (and needs both).

use std::borrow::Cow;

use super::views::{Explained, ExplainedLine, LookupQuery, VetoLine};
use crate::domain::date::Date;
use crate::domain::family_card::read_kk;
use crate::domain::flag::FlagCode;
use crate::domain::nik::read_nik;
use crate::domain::record::Record;
use crate::domain::region::Regions;
use crate::domain::row::{Detail, PersonCore};
use crate::engine::compare::name::{NameRules, NameRulesSource};
use crate::engine::{Day, Digits, Explanation, Kind, Plan, Value, VetoAction};
use crate::normalise::address::street;
use crate::normalise::code::code;
use crate::normalise::phone::phone;
use crate::normalise::sound::sounds;
use crate::normalise::{NameTables, parse_name};

/// The functions a model may name, one line each.
const NORMALISERS: &[(&str, Kind, Normalise)] = &[
    ("text", Kind::Text, |raw, _| text(raw.trim().to_uppercase())),
    ("lower", Kind::Text, |raw, _| text(raw.trim().to_lowercase())),
    ("words", Kind::Text, |raw, _| text(words(raw))),
    ("code", Kind::Code, |raw, _| code(raw).map_or(Value::Missing, Value::Code)),
    ("digits", Kind::Digits, |raw, _| digits(raw.trim())),
    ("number", Kind::Number, |raw, _| raw.trim().parse().map_or(Value::Missing, Value::Number)),
    ("list", Kind::Set, |raw, _| set(raw)),
    ("date", Kind::Date, |raw, _| read_day(raw).map_or(Value::Missing, Value::Date)),
    ("nama", Kind::Name, |raw, _| name(raw, Named::Person)),
    ("ibu_bayi", Kind::Name, |raw, _| name(raw, Named::MotherOfNewborn)),
    ("date_or_nik", Kind::Date, |raw, today| date_or_nik(raw, today).map_or(Value::Missing, Value::Date)),
    ("bunyi", Kind::Text, |raw, _| sounds(raw, NameTables::embedded()).map_or(Value::Missing, Value::Text)),
    ("nik", Kind::Digits, nik),
    ("nik_lahir", Kind::Date, nik_birth),
    ("kk", Kind::Digits, |raw, today| read_kk(raw, today).usable().map_or(Value::Missing, digits)),
    ("jenis_kelamin", Kind::Code, |raw, _| sex(raw)),
    ("alamat", Kind::Text, |raw, _| street(raw).map_or(Value::Missing, Value::Text)),
    ("telepon", Kind::Code, |raw, _| phone(raw).map_or(Value::Missing, Value::Code)),
];

/// Makes a raw value comparable, as known on a day.
type Normalise = fn(&str, Date) -> Value;

/// A column of the plan with the function that fills it.
#[derive(Clone)]
pub(super) struct Filled {
    /// Alternatives, each a list of fields that are joined.
    pub(super) from: Vec<Vec<String>>,
    normalise: Normalise,
}

/// How rows become values of one plan.
#[derive(Clone)]
pub(super) struct Columns(pub(super) Vec<Filled>);

/// A model names a function that does not exist, or one of another type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("column '{column}' of the model: {problem}")]
pub struct ColumnError {
    /// Which column.
    pub column: String,
    /// What is wrong, and what there is.
    pub problem: String,
}

impl Columns {
    /// Finds the functions a plan names.
    pub(super) fn of(plan: &Plan) -> Result<Self, ColumnError> {
        plan.columns()
            .iter()
            .map(|column| {
                let wanted = column.normaliser.as_deref().unwrap_or_else(|| usual(column.kind));
                let found = NORMALISERS.iter().find(|(name, ..)| *name == wanted);
                let problem = |problem: String| ColumnError { column: column.name.clone(), problem };
                let (_, kind, normalise) = found.ok_or_else(|| {
                    let known: Vec<&str> = NORMALISERS.iter().map(|(name, ..)| *name).collect();
                    problem(format!("no normaliser is called '{wanted}'; there are {}", known.join(", ")))
                })?;
                if *kind != column.kind {
                    return Err(problem(format!("normaliser '{wanted}' gives {kind}, the column is {}", column.kind)));
                }
                let from = column.from.split('|').map(|one| one.split('+').map(|f| f.trim().to_owned()).collect());
                Ok(Filled { from: from.collect(), normalise: *normalise })
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The same columns for a table whose columns `find` numbers.
    pub(super) fn in_table(&self, find: impl Fn(&str) -> Option<usize>) -> Vec<Placed> {
        let placed = |column: &Filled| Placed {
            from: column.from.iter().map(|joined| joined.iter().map(|name| find(name)).collect()).collect(),
            normalise: column.normalise,
        };
        self.0.iter().map(placed).collect()
    }

    /// The values of one row whose fields `field` finds by name.
    pub(super) fn fill<'a>(&self, today: Date, field: impl Fn(&str) -> Option<Cow<'a, str>>) -> Vec<Value> {
        self.0.iter().map(|column| column.value(today, &field)).collect()
    }
}

impl Filled {
    fn value<'a>(&self, today: Date, field: &impl Fn(&str) -> Option<Cow<'a, str>>) -> Value {
        first_of(&self.from, self.normalise, today, |name| field(name))
    }
}

/// A column of the plan whose fields are numbered columns of one table.
pub(super) struct Placed {
    from: Vec<Vec<Option<usize>>>,
    normalise: Normalise,
}

impl Placed {
    /// The value of one row whose cells `cell` finds by column.
    pub(super) fn value<'a>(&self, today: Date, cell: impl Fn(usize) -> Option<&'a str>) -> Value {
        first_of(&self.from, self.normalise, today, |column| column.and_then(&cell).map(Cow::Borrowed))
    }
}

/// The value of the first alternative all of whose fields are there.
fn first_of<'a, F>(
    alternatives: &[Vec<F>],
    normalise: Normalise,
    today: Date,
    field: impl Fn(&F) -> Option<Cow<'a, str>>,
) -> Value {
    let present = |name: &F| field(name).filter(|value| !value.trim().is_empty());
    for joined in alternatives {
        if let [one] = joined.as_slice() {
            if let Some(value) = present(one) {
                return normalise(&value, today);
            }
        } else if let Some(parts) = joined.iter().map(present).collect::<Option<Vec<_>>>() {
            return normalise(&parts.join("|"), today);
        }
    }
    Value::Missing
}

/// The function of a column for which the model names none.
const fn usual(kind: Kind) -> &'static str {
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

fn text(text: String) -> Value {
    if text.is_empty() { Value::Missing } else { Value::Text(text) }
}

/// Letters and digits of any script in upper case, single blanks between the words.
fn words(raw: &str) -> String {
    let mut words = String::with_capacity(raw.len());
    if raw.bytes().all(|b| b.is_ascii_alphanumeric()) {
        words.push_str(raw);
        words.make_ascii_uppercase();
        return words;
    }
    for c in raw.chars() {
        if c.is_ascii_alphanumeric() {
            words.push(c.to_ascii_uppercase());
        } else if c.is_alphanumeric() {
            words.extend(c.to_uppercase());
        } else if !words.is_empty() && !words.ends_with(' ') {
            words.push(' ');
        }
    }
    words.truncate(words.trim_end().len());
    words
}

fn digits(raw: &str) -> Value {
    Digits::parse(raw).map_or(Value::Missing, Value::Digits)
}

fn sex(raw: &str) -> Value {
    match raw.trim().to_uppercase().as_str() {
        "L" | "P" => Value::Code(raw.trim().to_uppercase()),
        _ => Value::Missing,
    }
}

/// `YYYY-MM-DD` or `YYYYMMDD`, in the calendar or not: a wrong digit is how a date meets the right one.
fn read_day(raw: &str) -> Option<Day> {
    let (mut number, mut digits) = (0, 0);
    for byte in raw.trim().bytes().filter(|byte| *byte != b'-') {
        if !byte.is_ascii_digit() || digits == 8 {
            return None;
        }
        (number, digits) = (number * 10 + u32::from(byte - b'0'), digits + 1);
    }
    if digits == 8 { Day::new(number / 10_000, number / 100 % 100, number % 100) } else { None }
}

/// A date, or the date of birth inside a NIK: two digits each of day (40 more for women), month and year.
fn date_or_nik(raw: &str, today: Date) -> Option<Day> {
    let nik = raw.trim();
    if nik.len() != 16 || !nik.bytes().all(|b| b.is_ascii_digit()) {
        return read_day(raw);
    }
    let part = |at: usize| nik.get(at..at + 2)?.parse::<u32>().ok();
    let (day, month, year) = (part(6)?, part(8)?, part(10)?);
    let this_year = u32::from(today.year().unsigned_abs());
    let century = if year <= this_year % 100 { this_year / 100 } else { this_year / 100 - 1 };
    Day::new(century * 100 + year, month, if day > 40 { day - 40 } else { day })
}

fn set(raw: &str) -> Value {
    let parts: Vec<String> = raw.split(';').map(words).filter(|part| !part.is_empty()).collect();
    if parts.is_empty() { Value::Missing } else { Value::Set(parts) }
}

/// A NIK with a wrong length or date still takes part: one digit off is how it meets the right one.
fn nik(raw: &str, today: Date) -> Value {
    read_nik(raw, today, Regions::embedded()).comparable().map_or(Value::Missing, digits)
}

/// The birth date that a NIK says, the younger one where the century is open.
fn nik_birth(raw: &str, today: Date) -> Value {
    let births = read_nik(raw, today, Regions::embedded()).births;
    let day = births.first().and_then(|born| Day::new(born.year() as u32, born.month() as u32, born.day() as u32));
    day.map_or(Value::Missing, Value::Date)
}

/// Whom a written name names.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Named {
    Person,
    /// BY NY SITI: the mother of a child that has no name yet.
    MotherOfNewborn,
}

fn name(raw: &str, wanted: Named) -> Value {
    let parts = parse_name(raw, NameTables::embedded());
    let unnamed = parts.flags.contains(&FlagCode::UnnamedNewborn);
    if unnamed == (wanted == Named::MotherOfNewborn) { Value::Name(Box::new(parts)) } else { Value::Missing }
}

/// The values of a record, read as of its own date; `None` when it takes no part in matching (withdrawn, or not about a person).
pub(super) fn values_of(columns: &Columns, record: &Record) -> Option<Vec<Value>> {
    let takes_part = record.key.feed.describes_person() && !record.withdrawn;
    takes_part.then(|| columns.fill(record.tgl_data, |name| field_of(record, name)))
}

/// The values of a look-up, as if it were a row.
pub(super) fn values_of_query(columns: &Columns, query: &LookupQuery, today: Date) -> Vec<Value> {
    let core = PersonCore {
        nik: query.nik.clone(),
        nama: query.nama.clone(),
        tanggal_lahir: query.tanggal_lahir,
        ..PersonCore::default()
    };
    columns.fill(today, |name| core_field(&core, name))
}

fn core_field<'a>(core: &'a PersonCore, name: &str) -> Option<Cow<'a, str>> {
    let text = match name {
        "nik" => &core.nik,
        "no_kk" => &core.no_kk,
        "nama" => &core.nama,
        "tempat_lahir" => &core.tempat_lahir,
        "nama_ibu_kandung" => &core.nama_ibu_kandung,
        "alamat" => &core.alamat,
        "rt" => &core.rt,
        "rw" => &core.rw,
        "kode_desa" => &core.kode_desa,
        "kode_kecamatan" => &core.kode_kecamatan,
        "no_hp" => &core.no_hp,
        "tanggal_lahir" => return core.tanggal_lahir.map(|date| Cow::Owned(date.to_string())),
        "jenis_kelamin" => return core.jenis_kelamin.map(|sex| Cow::Borrowed(sex.code())),
        _ => return None,
    };
    text.as_deref().map(Cow::Borrowed)
}

/// A field of a record by its name in the feed contract.
fn field_of<'a>(record: &'a Record, name: &str) -> Option<Cow<'a, str>> {
    core_field(&record.core, name).or_else(|| match &record.detail {
        Detail::Anggota(row) => match name {
            "status_padan_dukcapil" => row.status_padan_dukcapil.as_deref().map(Cow::Borrowed),
            "tgl_meninggal" => row.tgl_meninggal.map(date),
            _ => None,
        },
        Detail::Siswa(row) => match name {
            "nisn" => row.nisn.as_deref().map(Cow::Borrowed),
            _ => None,
        },
        Detail::Jkn(row) => match name {
            "no_jkn" => Some(Cow::Borrowed(row.no_jkn.as_str())),
            "tgl_meninggal" => row.tgl_meninggal.map(date),
            _ => None,
        },
        Detail::Kia(row) => match name {
            "tgl_ukur" => row.tgl_ukur.map(date),
            "tgl_anc_terakhir" => row.tgl_anc_terakhir.map(date),
            _ => None,
        },
        Detail::Rekening(row) => match name {
            "kode_bank" => Some(Cow::Borrowed(row.kode_bank.as_str())),
            "no_rekening" => Some(Cow::Borrowed(row.no_rekening.as_str())),
            _ => None,
        },
        Detail::Penyaluran(_) => None,
    })
}

fn date<'a>(date: Date) -> Cow<'a, str> {
    Cow::Owned(date.to_string())
}

/// The rules by which names are compared, from the tables that `normalise` holds.
pub(super) fn name_rules(tables: &NameTables) -> NameRules {
    let source = NameRulesSource {
        confusions: tables.confusions(),
        contrasts: tables.contrasts(),
        endings: tables.endings(),
        token_counts: tables.token_counts(),
        names_counted: tables.names_counted(),
        truncations: tables.truncations(),
    };
    NameRules::new(source).expect("the built-in tables have few contrasts")
}

/// An explanation in the words of the use cases.
pub(super) fn explained(plan: &Plan, tree: &Explanation) -> Explained {
    let lines = tree.steps.iter().map(|step| ExplainedLine {
        comparison: step.comparison.clone(),
        level: step.level.clone(),
        weight: step.weight + step.adjustment,
    });
    let thresholds = plan.thresholds();
    Explained {
        lines: lines.collect(),
        total: f64::from(tree.weight),
        probability: tree.probability,
        decision: tree.decision.word().to_owned(),
        vetoes: plan
            .vetoes_in(tree.veto_set)
            .map(|(id, action, about)| VetoLine {
                id: id.to_owned(),
                keeps_apart: action == VetoAction::Distinct,
                about: about.to_owned(),
            })
            .collect(),
        thresholds: (f64::from(thresholds.review), f64::from(thresholds.link)),
        model: format!("{} {}", plan.name(), plan.version()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: Date = Date::constant(2025, 11, 20);

    #[test]
    fn the_birth_date_in_a_nik() {
        let date = |year, month, day| Value::Date(Day::new(year, month, day).expect("a date"));
        for (nik, born) in [
            ("3201051203850001", date(1985, 3, 12)),
            ("3201055203850001", date(1985, 3, 12)),
            ("3201.0512.0315.0001", date(2015, 3, 12)),
            ("320105120385000", Value::Missing),
            ("3201053203850001", Value::Missing),
            ("", Value::Missing),
        ] {
            assert!(nik_birth(nik, TODAY) == born, "{nik}");
        }
    }

    #[test]
    fn a_newborn_has_no_name_but_a_mother() {
        let is_there = |raw, whom| name(raw, whom) != Value::Missing;
        assert!(is_there("SITI ROHMAH", Named::Person) && !is_there("SITI ROHMAH", Named::MotherOfNewborn));
        let newborn = "By. Ny. Siti Rohmah";
        assert!(is_there(newborn, Named::MotherOfNewborn) && !is_there(newborn, Named::Person));
        let Value::Name(mother) = name(newborn, Named::MotherOfNewborn) else { panic!("a name") };
        assert_eq!(mother.clean(), "SITI ROHMAH");
    }
}
