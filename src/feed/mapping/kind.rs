//! What each field of a feed holds, read from its schema.

use std::sync::OnceLock;

use serde_json::Value;

use crate::domain::feed::Feed;
use crate::feed::{PERSON_SCHEMA, schema_text};

/// One field of a feed.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) kind: Kind,
    /// A row must have it unless it is withdrawn.
    pub(super) required: bool,
}

/// What a field holds.
#[derive(Debug, PartialEq)]
pub(super) enum Kind {
    /// A day.
    Date,
    /// A month or a quarter.
    Period,
    /// One of these words.
    Choice(Vec<String>),
    /// Several of these words.
    Choices(Vec<String>),
    /// Programmes: a code, a status and perhaps a period each.
    Programmes { codes: Vec<String>, statuses: Vec<String> },
    /// A whole number.
    Whole,
    /// A number.
    Decimal,
    /// Yes or no.
    Flag,
    /// One to three digits: RT and RW.
    Unit,
    /// A number that names something.
    Identifier(Digits),
    /// Any text.
    Text,
}

impl Kind {
    /// The words that the field allows; of programmes their codes. Empty where it is no list.
    pub(super) fn words(&self) -> &[String] {
        if let Self::Choice(words) | Self::Choices(words) | Self::Programmes { codes: words, .. } = self {
            words
        } else {
            &[]
        }
    }

    /// Whether a cell holds several items with `;` between them.
    pub(super) fn is_list(&self) -> bool {
        matches!(self, Self::Choices(_) | Self::Programmes { .. })
    }
}

/// What may be made of an identifier that stands in a numeric cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Digits {
    /// Nothing: it has more digits than a double keeps, or its length is not known and zeros may be lost.
    Refused,
    /// Its digits, where a double holds them: a key of the sender's own.
    AsTheyAre,
    /// Always so many digits: zeros before it are put back.
    Fixed(usize),
    /// A telephone number: begins with 0, which is put back before an 8.
    Telephone,
}

impl Digits {
    fn of(field: &str) -> Option<Self> {
        Some(match field {
            "nik" | "no_kk" | "nik_ayah" | "nik_ibu" | "nik_wali" | "no_rekening" | "nomor_kip" => Self::Refused,
            "id_sumber" | "id_keluarga" | "id_dtsen" | "no_peserta_pkh" | "cif" => Self::AsTheyAre,
            "no_jkn" => Self::Fixed(13),
            "nisn" | "kode_desa" => Self::Fixed(10),
            "npsn" => Self::Fixed(8),
            "kode_kecamatan" => Self::Fixed(6),
            "no_kks_akhir4" => Self::Fixed(4),
            "kode_bank" => Self::Fixed(3),
            "no_hp" => Self::Telephone,
            _ => return None,
        })
    }
}

/// The fields of a feed in the order of its schema.
pub(super) fn fields_of(feed: Feed) -> &'static [Field] {
    static FIELDS: [OnceLock<Vec<Field>>; Feed::ALL.len()] = [const { OnceLock::new() }; Feed::ALL.len()];
    FIELDS[usize::from(feed.code()) - 1].get_or_init(|| {
        let (schema, person) = (schema_text(feed), PERSON_SCHEMA);
        let parsed = serde_json::from_str(schema).and_then(|schema| Ok((schema, serde_json::from_str(person)?)));
        let (schema, person): (Value, Value) = parsed.expect("the embedded schemas are JSON: a test reads them all");
        read_fields(&schema, &person)
    })
}

/// A field by its name.
pub(super) fn field_of(feed: Feed, name: &str) -> Option<&'static Field> {
    fields_of(feed).iter().find(|field| field.name == name)
}

fn read_fields(schema: &Value, person: &Value) -> Vec<Field> {
    let required: Vec<&str> = [&schema["required"], &schema["else"]["required"]]
        .into_iter()
        .filter_map(Value::as_array)
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let properties = schema["properties"].as_object().into_iter().flatten();
    properties
        .map(|(name, property)| Field {
            name: name.clone(),
            kind: kind_of(name, resolve(property, person)),
            required: required.contains(&name.as_str()),
        })
        .collect()
}

/// Follows references into the person core to the definition itself.
fn resolve<'v>(property: &'v Value, person: &'v Value) -> &'v Value {
    let mut found = property;
    while let Some(at) = found["$ref"].as_str().and_then(|path| path.split_once('#')).map(|(_, at)| at) {
        let Some(next) = person.pointer(at) else { break };
        found = next;
    }
    found
}

fn kind_of(name: &str, definition: &Value) -> Kind {
    let words = words_of(&definition["enum"]);
    if !words.is_empty() {
        return Kind::Choice(words);
    }
    if let Some(digits) = Digits::of(name) {
        return Kind::Identifier(digits);
    }
    let is = |kind: &str| {
        let named = &definition["type"];
        named == kind || named.as_array().is_some_and(|kinds| kinds.iter().any(|named| named == kind))
    };
    if definition["format"] == "date" {
        Kind::Date
    } else if name == "periode" {
        Kind::Period
    } else if matches!(name, "rt" | "rw") {
        Kind::Unit
    } else if is("integer") {
        Kind::Whole
    } else if is("number") {
        Kind::Decimal
    } else if is("boolean") {
        Kind::Flag
    } else if is("array") {
        let inner = &definition["items"]["properties"];
        if inner.is_object() {
            Kind::Programmes { codes: words_of(&inner["kode"]["enum"]), statuses: words_of(&inner["status"]["enum"]) }
        } else {
            Kind::Choices(words_of(&definition["items"]["enum"]))
        }
    } else {
        Kind::Text
    }
}

fn words_of(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}
