//! Why a row was refused, in words an operator can act on. No sentence quotes a value of the row: only names of fields
//! that the contract knows, limits and allowed values.

use std::fmt::Write as _;

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{JsonType, ValidationError};
use serde_json::Value;

use super::json::pointer_step;
use super::schema::Contract;
use crate::domain::batch::RowError;

/// Reasons listed for one row; a last line says that there are more.
pub(super) const MOST: usize = 20;

macro_rules! error_codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $code:literal;)+) => {
        /// Why a row is refused: the machine codes of `domain::batch::RowError`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum ErrorCode { $($(#[doc = $doc])+ $name,)+ }

        impl ErrorCode {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The code as receipts write it.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }
        }
    };
}

impl ErrorCode {
    /// Those that only a row of a table can have, before it is a row of a feed.
    pub const OF_TABLES: &[Self] = &[
        Self::NumericCell,
        Self::DateCell,
        Self::FailedFormula,
        Self::UnmappedValue,
        Self::UnknownPlace,
        Self::AmbiguousPlace,
        Self::ExampleRow,
        Self::TooManyCells,
    ];
}

error_codes! {
    /// The line is not UTF-8.
    NotUtf8 = "NOT_UTF8";
    /// The line is not JSON.
    NotJson = "NOT_JSON";
    /// The line is JSON, but not an object.
    NotObject = "NOT_OBJECT";
    /// A key stands twice in one object.
    DuplicateKey = "DUPLICATE_KEY";
    /// Objects and lists are nested too deep.
    TooDeep = "TOO_DEEP";
    /// The line is too long.
    TooLong = "TOO_LONG";
    /// The contract has no such field.
    UnknownField = "UNKNOWN_FIELD";
    /// A required field is absent or null.
    Required = "REQUIRED";
    /// Another JSON type is due.
    Type = "TYPE";
    /// Not one of the allowed values.
    Enum = "ENUM";
    /// A number that is too small or too large.
    Range = "RANGE";
    /// A text that is too short or too long.
    Length = "LENGTH";
    /// A text of another shape.
    Format = "FORMAT";
    /// A date that no calendar has.
    NoSuchDay = "NO_SUCH_DAY";
    /// A number that names somebody or something stands in a numeric cell of a workbook.
    NumericCell = "NUMERIC_CELL";
    /// A spreadsheet program made a date of what is none.
    DateCell = "DATE_CELL";
    /// A formula of the table failed.
    FailedFormula = "FAILED_FORMULA";
    /// A word of the table has no entry in the value map.
    UnmappedValue = "UNMAPPED_VALUE";
    /// A name of a place is not in the tables.
    UnknownPlace = "UNKNOWN_PLACE";
    /// Several places have the name.
    AmbiguousPlace = "AMBIGUOUS_PLACE";
    /// The row of the template that shows how it is filled in.
    ExampleRow = "EXAMPLE_ROW";
    /// The row has more cells than the table has headings.
    TooManyCells = "TOO_MANY_CELLS";
    /// There are more reasons than are listed.
    MoreErrors = "MORE_ERRORS";
}

/// One reason.
pub(super) fn reason(code: ErrorCode, pointer: impl Into<String>, pesan: String, message: String) -> RowError {
    RowError { pointer: pointer.into(), code: code.code().to_owned(), pesan, message }
}

/// Reasons of one row as they are found: one a field and code, and none about the content of a field whose type is
/// wrong already.
#[derive(Default)]
pub(super) struct Reasons {
    found: Vec<RowError>,
    more: bool,
}

impl Reasons {
    pub(super) fn add(&mut self, error: RowError) {
        let of_type = |code: &str| code == ErrorCode::Type.code() || code == ErrorCode::Required.code();
        let idle = |e: &RowError| e.code == error.code || (of_type(&e.code) && is_content(&error));
        if self.found.iter().any(|e| e.pointer == error.pointer && idle(e)) {
            return;
        }
        if of_type(&error.code) {
            self.found.retain(|e| e.pointer != error.pointer || !is_content(e));
        }
        self.found.push(error);
    }

    /// Adds what `translate` makes of the first items: a row of nothing but errors must not cost more than a good one.
    pub(super) fn add_first<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        limit: usize,
        mut translate: impl FnMut(&mut Self, T),
    ) {
        let mut items = items.into_iter();
        items.by_ref().take(limit).for_each(|item| translate(self, item));
        self.more |= items.next().is_some();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// The reasons by pointer and code; the last one says so where there are more.
    pub(super) fn into_list(mut self) -> Vec<RowError> {
        self.found.sort_unstable_by(|a, b| (&a.pointer, &a.code).cmp(&(&b.pointer, &b.code)));
        if self.more || self.found.len() > MOST {
            self.found.truncate(MOST);
            let pesan = "Masih ada kesalahan lain pada baris ini; perbaiki yang tertulis lalu kirim lagi".to_owned();
            let message = "there are more errors in this row; mend these and send it again".to_owned();
            self.found.push(reason(ErrorCode::MoreErrors, "", pesan, message));
        }
        self.found
    }
}

/// Whether a reason speaks of the content of a field, which is idle talk where its type is wrong.
fn is_content(error: &RowError) -> bool {
    use ErrorCode::{Enum, Format, Length, Range, Required, Type};
    [Enum, Format, Length, Range, Required, Type].iter().any(|code| code.code() == error.code)
}

/// Translates one finding of the schema; several unknown fields make several reasons.
pub(super) fn explain(error: &ValidationError<'_>, contract: &Contract, reasons: &mut Reasons) {
    let pointer = error.instance_path().as_str();
    let kind = error.kind();
    if let ValidationErrorKind::AdditionalProperties { unexpected } = kind {
        reasons.add_first(unexpected, MOST, |reasons, name| reasons.add(unknown_field(pointer, name, contract)));
        return;
    }
    if let ValidationErrorKind::Required { property } = kind {
        let name = property.as_str().unwrap_or_default();
        reasons.add(required(format!("{pointer}{}", pointer_step(name))));
        return;
    }
    let place = Place {
        label: label(pointer),
        field: pointer.rsplit('/').find(|step| !is_index(step)).unwrap_or_default(),
        required: contract.required.contains(pointer.trim_start_matches('/')),
    };
    let (code, pesan, message) = if let ValidationErrorKind::Type { kind } = kind {
        if error.instance().is_null() {
            reasons.add(required(pointer.to_owned()));
            return;
        }
        wrong_type(&place, kind, error.instance())
    } else {
        wrong_content(&place, kind, error.instance())
    };
    reasons.add(reason(code, pointer, pesan, message));
}

/// Where in the row something is wrong.
struct Place<'p> {
    /// As sentences call it: `program[0].kode`.
    label: String,
    /// The innermost name.
    field: &'p str,
    required: bool,
}

fn is_index(step: &str) -> bool {
    !step.is_empty() && step.bytes().all(|b| b.is_ascii_digit())
}

/// `/program/0/kode` as people write it.
fn label(pointer: &str) -> String {
    let mut label = String::with_capacity(pointer.len() + 1);
    for step in pointer.split('/').skip(1) {
        if is_index(step) {
            let _ = write!(label, "[{step}]");
        } else {
            label.push_str(if label.is_empty() { "" } else { "." });
            label.push_str(step);
        }
    }
    label
}

fn required(pointer: String) -> RowError {
    let field = label(&pointer);
    let pesan = format!("Kolom `{field}` wajib diisi");
    reason(ErrorCode::Required, pointer, pesan, format!("`{field}` is required"))
}

/// A name that may be shown is written like a column of ours; anything else could be a value in the wrong place.
fn unknown_field(parent: &str, name: &str, contract: &Contract) -> RowError {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    let column = (1..=40).contains(&name.len())
        && name.bytes().all(plain)
        && name.bytes().filter(u8::is_ascii_digit).count() <= 4;
    let meant = if parent.is_empty() && name.len() <= 40 { nearest(name, contract) } else { None };
    if !column && !contract.fields.contains(&name.to_lowercase()) {
        let pesan =
            "Ada kolom yang tidak dikenal pada feed ini; namanya tidak ditampilkan karena bisa berupa data orang";
        let message = "there is a field this feed does not know; its name is not shown because it may be personal data";
        return reason(ErrorCode::UnknownField, parent, pesan.to_owned(), message.to_owned());
    }
    let pointer = format!("{parent}{}", pointer_step(name));
    let field = label(&pointer);
    let (hint_id, hint_en) = meant.map_or_else(Default::default, |meant| {
        (format!("; mungkin maksudnya `{meant}`"), format!("; perhaps `{meant}` is meant"))
    });
    let pesan = format!("Kolom `{field}` tidak dikenal pada feed ini{hint_id}");
    reason(ErrorCode::UnknownField, pointer, pesan, format!("`{field}` is not a field of this feed{hint_en}"))
}

/// The field that was probably meant: one letter off, or two in a long name.
fn nearest<'c>(name: &str, contract: &'c Contract) -> Option<&'c String> {
    let name = name.to_lowercase();
    let near = contract.fields.iter().filter_map(|field| {
        let distance = strsim::osa_distance(&name, field);
        (distance * 4 <= field.len() && distance <= 2).then_some((distance, field))
    });
    near.min().map(|(_, field)| field)
}

/// Fields whose digits a JSON number would damage.
fn is_number_of_something(field: &str) -> bool {
    let prefixed = ["nik", "no_", "nomor_", "kode_", "id_"].iter().any(|prefix| field.starts_with(prefix));
    prefixed || matches!(field, "nisn" | "npsn" | "cif" | "rt" | "rw")
}

fn is_date_field(field: &str) -> bool {
    field.starts_with("tgl_") || matches!(field, "tanggal_lahir" | "hpht" | "hpl")
}

type Sentence = (ErrorCode, String, String);

fn wrong_type(place: &Place<'_>, due: &TypeKind, found: &Value) -> Sentence {
    let Place { label, field, .. } = place;
    let due = match due {
        TypeKind::Single(kind) => Some(*kind),
        TypeKind::Multiple(kinds) => kinds.iter().find(|kind| *kind != JsonType::Null),
    };
    let (pesan, message) = match (due, found) {
        (Some(JsonType::String), Value::Number(_)) if is_date_field(field) => (
            format!(
                "`{label}` harus teks YYYY-MM-DD, misalnya \"2025-11-20\"; angka tanggal dari Excel tidak diterima"
            ),
            format!(
                "`{label}` must be text YYYY-MM-DD, such as \"2025-11-20\"; date numbers of Excel are not accepted"
            ),
        ),
        (Some(JsonType::String), Value::Number(_)) if is_number_of_something(field) => (
            format!(
                "`{label}` harus teks dalam tanda petik, bukan angka: sebagai angka, nol di depan dan digit setelah yang \
                 ke-15 hilang. Ubah format kolom menjadi Teks, isi ulang dari sumbernya, lalu kirim lagi"
            ),
            format!(
                "`{label}` must be text in quotation marks, not a number: as a number it loses leading zeros and the \
                 digits after the 15th. Format the column as Text, fill it again from its source and send it again"
            ),
        ),
        _ => {
            let (due_id, due_en) = due.map_or(("jenis lain", "another type"), type_name);
            let (found_id, found_en) = name_of(found);
            (
                format!("`{label}` harus berupa {due_id}, ditemukan {found_id}"),
                format!("`{label}` must be {due_en}, found {found_en}"),
            )
        }
    };
    (ErrorCode::Type, pesan, message)
}

const fn name_of(found: &Value) -> (&'static str, &'static str) {
    match found {
        Value::Null => ("null", "null"),
        Value::Bool(_) => ("true/false", "true/false"),
        Value::Number(_) => ("angka", "a number"),
        Value::String(_) => ("teks", "text"),
        Value::Array(_) => ("daftar", "a list"),
        Value::Object(_) => ("objek", "an object"),
    }
}

const fn type_name(kind: JsonType) -> (&'static str, &'static str) {
    match kind {
        JsonType::Null => ("null", "null"),
        JsonType::Boolean => ("true atau false", "true or false"),
        JsonType::Integer => {
            ("bilangan bulat tanpa koma dan tanpa tanda petik", "a whole number without decimals or quotation marks")
        }
        JsonType::Number => ("angka tanpa tanda petik", "a number without quotation marks"),
        JsonType::String => ("teks dalam tanda petik", "text in quotation marks"),
        JsonType::Array => ("daftar [ ]", "a list [ ]"),
        JsonType::Object => ("objek { }", "an object { }"),
    }
}

fn wrong_content(place: &Place<'_>, kind: &ValidationErrorKind, found: &Value) -> Sentence {
    let label = &place.label;
    if let ValidationErrorKind::Enum { options } = kind {
        let allowed: Vec<&str> = options.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let allowed = allowed.join(", ");
        let pesan = format!("Nilai `{label}` tidak ada dalam daftar; yang diterima: {allowed}");
        (ErrorCode::Enum, pesan, format!("`{label}` is not in the list; accepted: {allowed}"))
    } else if let ValidationErrorKind::Minimum { limit } = kind {
        let message = format!("`{label}` must be at least {limit}");
        (ErrorCode::Range, format!("`{label}` paling kecil {limit}"), message)
    } else if let ValidationErrorKind::Maximum { limit } = kind {
        let message = format!("`{label}` must be at most {limit}");
        (ErrorCode::Range, format!("`{label}` paling besar {limit}"), message)
    } else if let ValidationErrorKind::MinLength { .. } = kind {
        let message = format!("`{label}` must not be empty text");
        (ErrorCode::Length, format!("`{label}` tidak boleh berupa teks kosong"), message)
    } else if let ValidationErrorKind::MaxLength { limit } = kind {
        let message = format!("`{label}` must have at most {limit} characters");
        (ErrorCode::Length, format!("`{label}` paling banyak {limit} karakter"), message)
    } else if let ValidationErrorKind::Pattern { pattern } = kind {
        let (pesan, message) = wrong_format(place, pattern, found.as_str().unwrap_or_default());
        (ErrorCode::Format, pesan, message)
    } else {
        let keyword = kind.keyword();
        let message = format!("`{label}` does not fit the schema ({keyword})");
        (ErrorCode::Format, format!("`{label}` tidak sesuai skema ({keyword})"), message)
    }
}

/// How each pattern of the schemas is called. A test looks every pattern up here.
pub(super) const PATTERNS: &[(&str, &str, &str)] = &[
    (
        "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
        "harus ditulis YYYY-MM-DD, misalnya 2025-11-20",
        "must be written YYYY-MM-DD, such as 2025-11-20",
    ),
    (
        "^[0-9]{4}-(T[1-4]|0[1-9]|1[0-2])$",
        "harus ditulis YYYY-MM (bulan) atau YYYY-Tn (triwulan), misalnya 2025-11 atau 2025-T4",
        "must be written YYYY-MM (month) or YYYY-Tn (quarter), such as 2025-11 or 2025-T4",
    ),
    (
        "^[0-9]{10}$",
        "harus 10 digit kode Kemendagri tanpa titik (bukan kode BPS)",
        "must be a Kemendagri code of 10 digits without dots (not a BPS code)",
    ),
    (
        "^[0-9]{6}$",
        "harus 6 digit kode Kemendagri tanpa titik (kode BPS 7 digit tidak diterima)",
        "must be a Kemendagri code of 6 digits without dots (BPS codes of 7 digits are not accepted)",
    ),
    ("^[0-9]{1,3}$", "harus 1 sampai 3 digit", "must be 1 to 3 digits"),
    ("^[0-9]{3}$", "harus 3 digit, misalnya 009", "must be 3 digits, such as 009"),
    (
        "^[0-9]{4}$",
        "harus tepat 4 digit terakhir; jangan mengirim nomor kartu lengkap",
        "must be the last 4 digits only; never send the whole card number",
    ),
];

fn wrong_format(place: &Place<'_>, pattern: &str, found: &str) -> (String, String) {
    let Place { label, field, required } = place;
    let known = PATTERNS.iter().find(|(known, _, _)| *known == pattern);
    let (_, pesan, message) = known.copied().unwrap_or(("", "tidak sesuai format", "has another format"));
    let (hint_id, hint_en) = if found.trim().is_empty() && !required {
        ("; hilangkan atau isi null bila tidak diketahui", "; leave it out or send null where it is not known")
    } else if is_date_field(field) {
        date_hint(found)
    } else {
        ("", "")
    };
    (format!("`{label}` {pesan}{hint_id}"), format!("`{label}` {message}{hint_en}"))
}

/// What a text in a date column seems to be.
fn date_hint(found: &str) -> (&'static str, &'static str) {
    let parts: Vec<&str> = found.trim().split(['/', '-', '.', ' ']).collect();
    let digits = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let day_first = parts.len() == 3 && parts.iter().all(digits) && parts[0].len() <= 2;
    if day_first {
        (
            "; kiriman tampak berurutan hari/bulan/tahun dan tidak ditebak, karena 03/04 bisa berarti dua tanggal",
            "; what was sent looks like day/month/year and is not guessed, because 03/04 can mean two dates",
        )
    } else if found.len() > 10 && found.get(..10).is_some_and(|head| crate::domain::date::parse_date(head).is_ok()) {
        ("; hilangkan bagian jam", "; leave the time of day out")
    } else {
        ("", "")
    }
}

/// A reason for a row that is no readable object.
pub(super) fn unreadable(code: ErrorCode, pesan: String, message: &str) -> RowError {
    reason(code, "", pesan, message.to_owned())
}

/// A key that stands more than once. Its name is shown where the contract knows it and all around it.
pub(super) fn duplicate_key(pointer: &str, contract: &Contract) -> RowError {
    let steps: Vec<&str> = pointer.split('/').skip(1).collect();
    let may_show = |(at, step): &(usize, &&str)| contract.knows(step) || (*at > 0 && step.len() <= 5 && is_index(step));
    let shown: Vec<&str> = steps.iter().enumerate().take_while(may_show).map(|(_, step)| *step).collect();
    let whole = shown.len() == steps.len();
    let shown: String = shown.into_iter().flat_map(|step| ["/", step]).collect();
    let field = label(&shown);
    let (pesan, message) = if whole {
        (format!("Kolom `{field}` ditulis lebih dari sekali"), format!("`{field}` stands more than once"))
    } else {
        ("Ada kolom yang ditulis lebih dari sekali".to_owned(), "a field stands more than once".to_owned())
    };
    let (pesan, message) = (format!("{pesan} dalam satu objek"), format!("{message} in one object"));
    reason(ErrorCode::DuplicateKey, shown, pesan, message)
}

/// A day that does not exist.
pub(super) fn no_such_day(field: &str) -> RowError {
    let pesan = format!("Tanggal pada `{field}` tidak ada di kalender");
    reason(ErrorCode::NoSuchDay, pointer_step(field), pesan, format!("the date in `{field}` is not in the calendar"))
}
