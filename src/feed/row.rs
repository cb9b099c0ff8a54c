//! One row: from its text to typed parts, or to the reasons why not.

use std::fmt;

use serde::{Deserialize, Deserializer};
use serde_json::{Number, Value};

use super::explain::{ErrorCode, Reasons, duplicate_key, explain, no_such_day, unreadable};
use super::json::{Malformed, Strict, parse_strict};
use super::limits::Limits;
use super::schema::Contract;
use super::validate::{Doubts, doubts};
use crate::domain::batch::{ReceiptLine, RowError, RowOutcome};
use crate::domain::date::{Date, DateError, parse_date};
use crate::domain::feed::Feed;
use crate::domain::flag::Flag;
use crate::domain::nik::NikReading;
use crate::domain::region::Regions;
use crate::domain::row::{Detail, PersonCore};

/// What the value rules need to know of the world.
#[derive(Debug, Clone, Copy)]
pub struct Context {
    /// The day the rows are judged on.
    pub today: Date,
    /// The region tables.
    pub regions: &'static Regions,
}

impl Context {
    /// Judges on `today`, by the region tables that are part of the program.
    pub fn on(today: Date) -> Self {
        Self { today, regions: Regions::embedded() }
    }
}

/// A row that fits its contract.
#[derive(Clone, PartialEq)]
pub struct ValidRow {
    /// 1-based line of the body.
    pub line: u64,
    /// The sender's row key.
    pub id_sumber: String,
    /// As-of date at the sender.
    pub tgl_data: Date,
    /// The sender withdraws the row.
    pub withdrawn: bool,
    /// The person core; empty for payments.
    pub core: PersonCore,
    /// The feed's own fields.
    pub detail: Detail,
    /// Doubts about values, in the order of the rules.
    pub flags: Vec<Flag>,
    /// The text as sent, without surrounding blanks.
    pub raw: String,
}

impl fmt::Debug for ValidRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ValidRow").field("line", &self.line).field("flags", &self.flags).finish_non_exhaustive()
    }
}

/// The typed parts of a row.
#[derive(Clone, PartialEq)]
pub struct ParsedRow {
    /// The sender's row key.
    pub id_sumber: String,
    /// As-of date at the sender.
    pub tgl_data: Date,
    /// The sender withdraws the row.
    pub withdrawn: bool,
    /// The person core; empty for payments.
    pub core: PersonCore,
    /// The feed's own fields.
    pub detail: Detail,
}

impl fmt::Debug for ParsedRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ParsedRow(***)")
    }
}

/// A stored row is not a row of its feed: the store holds something else than was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a stored row of {feed} does not read as a row of that feed")]
pub struct RereadError {
    /// The feed it was stored under.
    pub feed: Feed,
}

/// Parses an accepted row again, without validation: the fast path for rows that were validated when they came in.
pub fn reread(feed: Feed, raw: &str) -> Result<ParsedRow, RereadError> {
    parts_of_text(feed, raw).map_err(|_| RereadError { feed }).or_else(|error| {
        let value = serde_json::from_str(raw).map_err(|_| error)?;
        parts_of_value(feed, &value).map_err(|_| error)
    })
}

/// The mark some programs put before UTF-8 text.
pub(super) const BOM: &[u8] = b"\xEF\xBB\xBF";

/// Reads one line. The second part of the answer is what its NIK was read as.
pub(super) fn read_row(
    feed: Feed,
    limits: &Limits,
    context: Context,
    line: u64,
    bytes: &[u8],
) -> Result<(ValidRow, Option<NikReading>), ReceiptLine> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        let pesan = "Baris ini bukan teks UTF-8; simpan berkas sebagai UTF-8 lalu kirim ulang".to_owned();
        let message = "the line is not UTF-8 text; save the file as UTF-8 and send it again";
        return Err(refused(line, None, vec![unreadable(ErrorCode::NotUtf8, pesan, message)]));
    };
    let text = text.trim_matches(is_json_blank);
    let depth = limits.levels();
    let strict = parse_strict(text, depth).map_err(|e| refused(line, None, vec![malformed(&e, depth)]))?;
    let id_sumber = source_id(&strict);
    let contract = Contract::of(feed);
    let reasons = check(contract, &strict);
    if !reasons.is_empty() {
        return Err(refused(line, id_sumber, reasons.into_list()));
    }
    let Ok(parts) = parts_of_value(feed, &strict.value) else {
        let pesan = "Baris ini tidak dapat dibaca sesuai feed".to_owned();
        let message = "the row cannot be read as a row of this feed";
        return Err(refused(line, id_sumber, vec![unreadable(ErrorCode::Type, pesan, message)]));
    };
    let Doubts { flags, nik } = doubts(&parts, context);
    let ParsedRow { id_sumber, tgl_data, withdrawn, core, detail } = parts;
    Ok((ValidRow { line, id_sumber, tgl_data, withdrawn, core, detail, flags, raw: text.to_owned() }, nik))
}

/// Blanks between the parts of a JSON text.
pub(super) const fn is_json_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

/// The receipt line of a refused row.
pub(super) fn refused(line: u64, id_sumber: Option<String>, kesalahan: Vec<RowError>) -> ReceiptLine {
    ReceiptLine {
        baris: line,
        id_sumber,
        hasil: RowOutcome::Ditolak,
        tanpa_perubahan: false,
        berlaku: None,
        tanda: Vec::new(),
        kesalahan,
    }
}

pub(super) fn too_long(limits: &Limits) -> RowError {
    let limit = limits.row_bytes;
    let pesan = format!("Baris terlalu panjang (paling banyak {limit} byte)");
    unreadable(ErrorCode::TooLong, pesan, &format!("the line is too long (at most {limit} bytes)"))
}

fn malformed(error: &Malformed, depth: u8) -> RowError {
    match error {
        Malformed::Syntax { column } => unreadable(
            ErrorCode::NotJson,
            format!("Baris ini bukan JSON yang sah (di sekitar byte ke-{column}); tiap baris berisi satu objek JSON"),
            &format!("the line is not valid JSON (near byte {column}); each line holds one JSON object"),
        ),
        Malformed::CutOff => unreadable(
            ErrorCode::NotJson,
            "Baris ini terpotong: JSON belum selesai; tiap baris berisi satu objek JSON yang utuh".to_owned(),
            "the line is cut off: its JSON does not end; each line holds one whole JSON object",
        ),
        Malformed::TooDeep => unreadable(
            ErrorCode::TooDeep,
            format!("Objek dan daftar bersarang terlalu dalam (paling banyak {depth} tingkat)"),
            &format!("objects and lists are nested too deep (at most {depth} levels)"),
        ),
    }
}

/// The sender's key, where it stands once and in shape, so that a refused row can be found again.
fn source_id(strict: &Strict) -> Option<String> {
    let id = strict.value.get("id_sumber")?.as_str()?;
    let once = !strict.duplicates.iter().any(|pointer| pointer == "/id_sumber");
    (once && (1..=64).contains(&id.chars().count())).then(|| id.to_owned())
}

/// The receipt line of a row of a table that could not be made: what could not be said of its fields, and what else the
/// contract finds wrong with what could.
pub(super) fn refused_in_part(feed: Feed, line: u64, made: Value, troubles: Vec<RowError>) -> ReceiptLine {
    let strict = Strict { value: made, duplicates: Vec::new() };
    let found = check(Contract::of(feed), &strict).into_list();
    let told = |error: &RowError| troubles.iter().any(|trouble| trouble.pointer == error.pointer);
    let others: Vec<RowError> = found.into_iter().filter(|error| !told(error)).collect();
    let mut reasons = Reasons::default();
    reasons.add_first(troubles.into_iter().chain(others), EXAMINED, Reasons::add);
    refused(line, source_id(&strict), reasons.into_list())
}

/// Findings of one kind that are looked at; of these, twenty reasons are listed.
const EXAMINED: usize = 100;

/// All that is wrong with the shape of a row.
fn check(contract: &Contract, strict: &Strict) -> Reasons {
    let mut reasons = Reasons::default();
    let Some(object) = strict.value.as_object() else {
        let pesan = "Baris ini bukan objek JSON; kirim satu objek { } per baris (NDJSON), bukan daftar";
        let message = "the line is not a JSON object; send one object { } a line (NDJSON), not a list";
        reasons.add(unreadable(ErrorCode::NotObject, pesan.to_owned(), message));
        return reasons;
    };
    reasons.add_first(&strict.duplicates, EXAMINED, |reasons, at| reasons.add(duplicate_key(at, contract)));
    if !contract.validator.is_valid(&strict.value) {
        let errors = contract.validator.iter_errors(&strict.value);
        reasons.add_first(errors, EXAMINED, |reasons, error| explain(&error, contract, reasons));
    }
    for field in &contract.dates {
        if let Some(Value::String(text)) = object.get(field)
            && parse_date(text) == Err(DateError::NoSuchDay)
        {
            reasons.add(no_such_day(field));
        }
    }
    reasons
}

#[derive(Deserialize)]
struct Envelope {
    id_sumber: String,
    tgl_data: Date,
    #[serde(default)]
    hapus: Option<bool>,
}

fn parts_of_text(feed: Feed, raw: &str) -> Result<ParsedRow, serde_json::Error> {
    let read = || serde_json::Deserializer::from_str(raw);
    let core = if feed.describes_person() { PersonCore::deserialize(&mut read())? } else { PersonCore::default() };
    let envelope: Envelope = serde_json::from_str(raw)?;
    Ok(assemble(envelope, core, detail_of(feed, &mut read())?))
}

fn parts_of_value(feed: Feed, value: &Value) -> Result<ParsedRow, serde_json::Error> {
    parts_of_plain_value(feed, value).or_else(|_| parts_of_plain_value(feed, &plain(value)))
}

fn parts_of_plain_value(feed: Feed, value: &Value) -> Result<ParsedRow, serde_json::Error> {
    let core = if feed.describes_person() { PersonCore::deserialize(value)? } else { PersonCore::default() };
    Ok(assemble(Envelope::deserialize(value)?, core, detail_of(feed, value)?))
}

fn assemble(envelope: Envelope, core: PersonCore, detail: Detail) -> ParsedRow {
    let Envelope { id_sumber, tgl_data, hapus } = envelope;
    ParsedRow { id_sumber, tgl_data, withdrawn: hapus == Some(true), core, detail }
}

fn detail_of<'de, D: Deserializer<'de>>(feed: Feed, from: D) -> Result<Detail, D::Error> {
    Ok(match feed {
        Feed::AnggotaKeluarga => Detail::Anggota(Deserialize::deserialize(from)?),
        Feed::PesertaDidik => Detail::Siswa(Deserialize::deserialize(from)?),
        Feed::KepesertaanJkn => Detail::Jkn(Deserialize::deserialize(from)?),
        Feed::LayananKia => Detail::Kia(Deserialize::deserialize(from)?),
        Feed::Rekening => Detail::Rekening(Deserialize::deserialize(from)?),
        Feed::Penyaluran => Detail::Penyaluran(Deserialize::deserialize(from)?),
    })
}

/// The same row as plainly as JSON can say it: no nulls (they mean absent), and `3.0` as `3`, which a schema calls an
/// integer and a Rust type does not. Rare, so it costs a copy.
fn plain(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let known = map.iter().filter(|(_, value)| !value.is_null());
            Value::Object(known.map(|(key, value)| (key.clone(), plain(value))).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(plain).collect()),
        Value::Number(number) => Value::Number(whole(number).unwrap_or_else(|| number.clone())),
        Value::Null | Value::Bool(_) | Value::String(_) => value.clone(),
    }
}

/// A float without decimals, as an integer.
fn whole(number: &Number) -> Option<Number> {
    /// 2^53: up to here a double counts without gaps.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let float = number.as_f64().filter(|_| number.is_f64())?;
    (float.fract() == 0.0 && float.abs() <= EXACT).then(|| Number::from(float as i64))
}
