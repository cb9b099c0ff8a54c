//! The columns of a feed as its JSON Schema tells them.

use serde_json::{Map, Value};

use crate::domain::feed::Feed;
use crate::feed::{PERSON_SCHEMA, schema_text};

/// One column.
pub(super) struct Field {
    pub(super) name: String,
    /// What it is, and what there is to know about it, in Indonesian.
    pub(super) title: String,
    pub(super) description: String,
    pub(super) is_required: bool,
    pub(super) shape: Shape,
}

/// What stands in a column.
pub(super) enum Shape {
    /// Text, with the length it may have and what its digits must look like.
    Text {
        most: Option<u64>,
        pattern: Option<String>,
    },
    Date,
    Bool,
    Whole {
        least: Option<i64>,
        most: Option<i64>,
    },
    Number,
    Choice(Vec<String>),
    /// Several of these, `;` between them.
    Codes(Vec<String>),
    /// Several groups of values, `;` between the groups and a blank between the values of one.
    Groups(Vec<Field>),
}

/// The columns of a feed, in the order of its schema.
pub(super) fn fields(feed: Feed) -> Vec<Field> {
    let parsed =
        |text| serde_json::from_str::<Value>(text).expect("the embedded schemas are JSON: a test reads them all");
    let (schema, person) = (parsed(schema_text(feed)), parsed(PERSON_SCHEMA));
    let required = [&schema["required"], &schema["else"]["required"]];
    fields_of(&schema, &required, &person)
}

fn fields_of(schema: &Value, required: &[&Value], person: &Value) -> Vec<Field> {
    let names = |list: &&Value| list.as_array().cloned().unwrap_or_default();
    let required: Vec<Value> = required.iter().flat_map(names).collect();
    let properties = schema["properties"].as_object().into_iter().flatten();
    let field = |(name, field): (&String, &Value)| {
        let resolved = Value::Object(resolve(field, person));
        Field {
            name: name.clone(),
            title: indonesian(&resolved["title"]),
            description: indonesian(&resolved["description"]),
            is_required: required.iter().any(|wanted| wanted == name),
            shape: shape(&resolved, person),
        }
    };
    properties.map(field).collect()
}

/// A field with all that it refers to; what stands nearer counts.
fn resolve(field: &Value, person: &Value) -> Map<String, Value> {
    let target = field["$ref"].as_str().and_then(|path| path.split_once('#')).and_then(|(_, at)| person.pointer(at));
    let mut resolved = target.map(|target| resolve(target, person)).unwrap_or_default();
    let own = field.as_object().into_iter().flatten().filter(|(key, _)| *key != "$ref");
    resolved.extend(own.map(|(key, value)| (key.clone(), value.clone())));
    resolved
}

/// Of `Nama / Name` the first.
fn indonesian(text: &Value) -> String {
    let text = text.as_str().unwrap_or_default();
    text.split_once(" / ").map_or(text, |(indonesian, _)| indonesian).to_owned()
}

fn shape(field: &Value, person: &Value) -> Shape {
    let is = |kind: &str| match &field["type"] {
        Value::String(only) => only == kind,
        Value::Array(kinds) => kinds.iter().any(|one| one == kind),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
    };
    let items = &field["items"];
    if is("boolean") {
        Shape::Bool
    } else if is("array") && items["properties"].is_object() {
        Shape::Groups(fields_of(items, &[&items["required"]], person))
    } else if is("array") {
        Shape::Codes(choices(items))
    } else if is("integer") {
        Shape::Whole { least: field["minimum"].as_i64(), most: field["maximum"].as_i64() }
    } else if is("number") {
        Shape::Number
    } else if field["format"] == "date" {
        Shape::Date
    } else if field["enum"].is_array() {
        Shape::Choice(choices(field))
    } else {
        Shape::Text { most: field["maxLength"].as_u64(), pattern: field["pattern"].as_str().map(str::to_owned) }
    }
}

fn choices(field: &Value) -> Vec<String> {
    field["enum"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

impl Field {
    /// How it is written, for people.
    pub(super) fn form(&self) -> String {
        match &self.shape {
            Shape::Text { pattern: Some(pattern), .. } if is_digits(pattern).is_some() => {
                format!("teks, {} digit", is_digits(pattern).unwrap_or_default().replace(',', " sampai "))
            }
            Shape::Text { most: Some(most), .. } => format!("teks, paling panjang {most} huruf"),
            Shape::Text { .. } => "teks".to_owned(),
            Shape::Date => "tanggal YYYY-MM-DD, misalnya 2025-11-20".to_owned(),
            Shape::Bool => "TRUE atau FALSE".to_owned(),
            Shape::Whole { least: Some(least), most: Some(most) } => format!("bilangan bulat {least} sampai {most}"),
            Shape::Whole { .. } => "bilangan bulat".to_owned(),
            Shape::Number => "bilangan, desimal boleh".to_owned(),
            Shape::Choice(_) => "satu dari nilai yang ditentukan".to_owned(),
            Shape::Codes(_) => "satu atau beberapa nilai, dipisah titik koma".to_owned(),
            Shape::Groups(parts) => {
                let names = parts.iter().map(|part| part.name.to_uppercase()).collect::<Vec<_>>().join(" ");
                format!("{names}, dipisah spasi; beberapa dipisah titik koma, misalnya {}", self.example())
            }
        }
    }

    /// The values it may have, where they are a list.
    pub(super) fn values(&self) -> String {
        match &self.shape {
            Shape::Choice(values) | Shape::Codes(values) => values.join(", "),
            Shape::Bool => "TRUE, FALSE".to_owned(),
            Shape::Groups(parts) => {
                let part = |part: &Field| format!("{}: {}", part.name, part.values());
                parts.iter().filter(|part| !part.values().is_empty()).map(part).collect::<Vec<_>>().join("; ")
            }
            Shape::Text { .. } | Shape::Date | Shape::Whole { .. } | Shape::Number => String::new(),
        }
    }

    /// What stands in the row of the example; empty where nothing should.
    pub(super) fn example(&self) -> String {
        if let Some((_, told)) = EXAMPLES.iter().find(|(name, _)| *name == self.name) {
            return (*told).to_owned();
        }
        match &self.shape {
            Shape::Date => "2025-11-20".to_owned(),
            Shape::Whole { least, .. } => least.unwrap_or(1).to_string(),
            Shape::Choice(values) | Shape::Codes(values) => values.first().cloned().unwrap_or_default(),
            Shape::Text { pattern: Some(pattern), .. } => text_like(pattern),
            Shape::Text { .. } if self.is_required => "CONTOH".to_owned(),
            // A row that says `hapus` is no example of a row.
            Shape::Text { .. } | Shape::Bool | Shape::Number => String::new(),
            Shape::Groups(parts) => {
                let whole = parts.iter().map(Self::example).collect::<Vec<_>>().join(" ");
                let second = parts.iter().filter(|part| part.is_required).map(Self::second).collect::<Vec<_>>();
                format!("{whole}; {}", second.join(" "))
            }
        }
    }

    /// Another value, where there are several.
    fn second(&self) -> String {
        match (&self.shape, self.name.as_str()) {
            (Shape::Choice(values), "kode") => values.get(1).cloned().unwrap_or_default(),
            _ => self.example(),
        }
    }
}

/// What no schema tells: values that look right and are nobody's.
const EXAMPLES: &[(&str, &str)] = &[
    ("id_sumber", super::template::EXAMPLE_ID),
    ("nama", "CONTOH, HAPUS BARIS INI"),
    ("nik", "0000000000000000"),
    ("no_kk", "0000000000000000"),
    ("no_hp", "080000000000"),
    ("no_rekening", "000000000000"),
    ("nisn", "0000000000"),
    ("npsn", "00000000"),
    ("no_jkn", "0000000000000"),
    ("kode_bank", "002"),
    ("nominal", "600000"),
    ("tanggal_lahir", "1990-01-31"),
    ("tgl_meninggal", ""),
];

/// How many digits a pattern asks for, when it asks for nothing else: `10` or `1,3`.
fn is_digits(pattern: &str) -> Option<&str> {
    let count = pattern.strip_prefix("^[0-9]{")?.strip_suffix("}$")?;
    count.bytes().all(|byte| byte.is_ascii_digit() || byte == b',').then_some(count)
}

/// A text that fits a pattern of the schemas: digits, or a period.
fn text_like(pattern: &str) -> String {
    let Some(count) = is_digits(pattern) else { return "2025-T4".to_owned() };
    let count = count.split(',').next().and_then(|count| count.parse().ok()).unwrap_or(1);
    "1234567890".chars().cycle().take(count).collect()
}
