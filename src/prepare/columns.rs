//! The columns of a plan, each with the fields it is made from: `a|b` takes the first field that has a value, `a+b` joins
//! both (and needs both).

use std::borrow::Cow;

use rayon::prelude::*;
use xxhash_rust::xxh3::xxh3_128;

use super::normalisers::{self, Format, Normaliser, ReadAs, Reads, nik_of};
use crate::domain::date::Date;
use crate::domain::nik::NikReading;
use crate::domain::null_word::NullWords;
use crate::domain::record::Record;
use crate::domain::row::{Detail, PersonCore};
use crate::engine::name::{NameRules, NameRulesSource};
use crate::engine::{Plan, Value};
use crate::normalise::NameTables;
use crate::normalise::shape::Wanted;

/// Keeps the texts of one digest apart by their places; any large odd number does.
const SPREAD: u128 = 0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835;

/// A column of the plan with the function that fills it.
#[derive(Clone)]
pub struct Filled {
    /// Alternatives, each a list of fields that are joined.
    from: Vec<Vec<String>>,
    reader: Reader,
}

/// How the cells of a column become values.
#[derive(Clone)]
struct Reader {
    normaliser: &'static Normaliser,
    format: Format,
    null_words: Cow<'static, NullWords>,
}

/// How rows become values of one plan.
#[derive(Clone)]
pub struct Columns(Vec<Filled>);

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
    pub fn of(plan: &Plan) -> Result<Self, ColumnError> {
        plan.columns()
            .iter()
            .map(|column| {
                let problem = |problem: String| ColumnError { column: column.name.clone(), problem };
                let wanted = column.normaliser.as_deref().unwrap_or_else(|| normalisers::usual(column.kind));
                let normaliser = normalisers::find(wanted, column.kind).map_err(problem)?;
                let format = normalisers::format(normaliser, column.format.as_deref()).map_err(problem)?;
                let words = |list: &Vec<String>| Cow::Owned(NullWords::new(list.iter().map(String::as_str)));
                let null_words = column.null_words.as_ref().map_or(Cow::Borrowed(NullWords::usual()), words);
                let from = column.from.split('|').map(|one| one.split('+').map(|f| f.trim().to_owned()).collect());
                Ok(Filled { from: from.collect(), reader: Reader { normaliser, format, null_words } })
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Its columns, in the order of the plan.
    pub fn list(&self) -> &[Filled] {
        &self.0
    }

    /// The same columns for a table whose columns `find` numbers.
    pub fn in_table(&self, find: impl Fn(&str) -> Option<usize>) -> Vec<Placed> {
        let placed = |column: &Filled| Placed {
            from: column.from.iter().map(|joined| joined.iter().map(|name| find(name)).collect()).collect(),
            nik: self.0.iter().position(|other| column.shares_a_nik_with(other)),
            reader: column.reader.clone(),
        };
        self.0.iter().map(placed).collect()
    }

    /// The values of one row whose fields `field` finds by name.
    pub fn fill<'a>(&self, today: Date, field: impl Fn(&str) -> Option<Cow<'a, str>>) -> Vec<Value> {
        self.0.iter().map(|column| column.value(today, &field)).collect()
    }
}

impl Filled {
    fn value<'a>(&self, today: Date, field: &impl Fn(&str) -> Option<Cow<'a, str>>) -> Value {
        self.reader.value(&self.from, today, |name| field(name))
    }

    /// The alternatives it is made from, each a list of fields that are joined.
    pub fn from(&self) -> &[Vec<String>] {
        &self.from
    }

    /// Whether both are made from one NIK.
    fn shares_a_nik_with(&self, other: &Self) -> bool {
        let of_nik = |column: &Self| matches!(column.reader.normaliser.reads, Reads::Nik(_));
        of_nik(self) && of_nik(other) && self.from == other.from && self.reader.null_words == other.reader.null_words
    }

    /// What its normaliser wants to read.
    pub fn wanted(&self) -> Wanted {
        self.reader.normaliser.wanted
    }
}

/// A column of the plan whose fields are numbered columns of one table.
pub struct Placed {
    from: Vec<Vec<Option<usize>>>,
    /// The first column that is made from the same NIK; `None` for one that is not made from a NIK.
    nik: Option<usize>,
    reader: Reader,
}

/// The NIKs of some rows of a table, each read once for all columns that are made from it. They go with their rows.
pub struct Niks(Vec<Vec<Option<NikReading>>>);

impl Niks {
    /// Reads those of so many rows, of the days `days`; `cell` finds the cells of a row by column.
    pub fn read<'a>(columns: &[Placed], days: &[Date], cell: impl Fn(usize, usize) -> Option<&'a str> + Sync) -> Self {
        let read = |(at, column): (usize, &Placed)| {
            if column.nik != Some(at) {
                return Vec::new();
            }
            let of_row = |(row, day): (usize, &Date)| {
                let raw = column.first(|at| cell(row, at))?;
                Some(nik_of(&raw, *day))
            };
            days.par_iter().enumerate().map(of_row).collect()
        };
        Self(columns.iter().enumerate().map(read).collect())
    }

    /// The value of a row in a column that is made from a NIK.
    pub fn value(&self, column: &Placed, row: usize) -> Option<Value> {
        let Reads::Nik(read) = column.reader.normaliser.reads else { return None };
        Some(self.0[column.nik?][row].as_ref().map_or(Value::Missing, read))
    }
}

impl Placed {
    /// The value of one row whose cells `cell` finds by column.
    pub fn value<'a>(&self, today: Date, cell: impl Fn(usize) -> Option<&'a str>) -> Value {
        self.reader.value(&self.from, today, |column| column.and_then(&cell).map(Cow::Borrowed))
    }

    /// What the value of one row is made from, in short: where two are equal, so are the values.
    pub fn digest<'a>(&self, today: Date, cell: impl Fn(usize) -> Option<&'a str>) -> u128 {
        let texts = self.from.iter().flatten().map(|column| column.and_then(&cell).unwrap_or_default());
        let day = u128::from(today.year().unsigned_abs()) << 16 | u128::from(today.day_of_year().unsigned_abs());
        // What came before is no seed: that of a short text is mixed with its letters only, and two texts would meet.
        texts.fold(day, |before, text| before.wrapping_mul(SPREAD) ^ xxh3_128(text.as_bytes()))
    }

    /// What the value of one row was made from.
    pub fn raw<'a>(&self, cell: impl Fn(usize) -> Option<&'a str>) -> Option<String> {
        self.first(cell).map(Cow::into_owned)
    }

    fn first<'a>(&self, cell: impl Fn(usize) -> Option<&'a str>) -> Option<Cow<'a, str>> {
        self.reader.first(&self.from, |column: &Option<usize>| column.and_then(&cell).map(Cow::Borrowed))
    }
}

impl Reader {
    /// The value of the first alternative all of whose fields are there.
    #[inline]
    fn value<'a, F>(&self, alternatives: &[Vec<F>], today: Date, field: impl Fn(&F) -> Option<Cow<'a, str>>) -> Value {
        match self.first(alternatives, field) {
            Some(raw) => self.normaliser.value(&raw, ReadAs { today, format: self.format }),
            None => Value::Missing,
        }
    }

    /// The text of the first alternative all of whose fields are there; words for nothing are none.
    #[inline]
    fn first<'a, F>(
        &self,
        alternatives: &[Vec<F>],
        field: impl Fn(&F) -> Option<Cow<'a, str>>,
    ) -> Option<Cow<'a, str>> {
        let says = |value: &Cow<'a, str>| !value.trim_start().is_empty() && !self.null_words.contains(value);
        let present = |name: &F| field(name).filter(says);
        for joined in alternatives {
            if let [one] = joined.as_slice() {
                if let Some(value) = present(one) {
                    return Some(value);
                }
            } else if let Some(parts) = joined.iter().map(present).collect::<Option<Vec<_>>>() {
                return Some(Cow::Owned(parts.join("|")));
            }
        }
        None
    }
}

/// The values of a record, read as of its own date; `None` when it takes no part in matching (withdrawn, or not about a person).
pub fn values_of(columns: &Columns, record: &Record) -> Option<Vec<Value>> {
    let takes_part = record.key.feed.describes_person() && !record.withdrawn;
    takes_part.then(|| columns.fill(record.tgl_data, |name| field_of(record, name)))
}

/// The values of what is known of a person, as if it were a row.
pub fn values_of_core(columns: &Columns, core: &PersonCore, today: Date) -> Vec<Value> {
    columns.fill(today, |name| core_field(core, name))
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
    if name == "feed" {
        return Some(Cow::Borrowed(record.key.feed.name()));
    }
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
pub fn name_rules(tables: &NameTables) -> NameRules {
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
