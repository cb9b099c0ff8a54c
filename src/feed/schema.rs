//! The JSON Schemas of the feeds, embedded and compiled once.

use std::sync::OnceLock;

use jsonschema::{PatternOptions, Registry, Validator};
use rustc_hash::FxHashSet;
use serde_json::Value;

use crate::domain::feed::Feed;

/// The person core and the definitions that the schemas of the feeds refer to, as text.
pub const PERSON_SCHEMA: &str = include_str!("../../schemas/feeds/orang.schema.json");

/// The published JSON Schema of a feed, as text. It refers to [`PERSON_SCHEMA`].
pub const fn schema_text(feed: Feed) -> &'static str {
    match feed {
        Feed::AnggotaKeluarga => include_str!("../../schemas/feeds/dinsos-anggota-keluarga.schema.json"),
        Feed::PesertaDidik => include_str!("../../schemas/feeds/disdik-peserta-didik.schema.json"),
        Feed::KepesertaanJkn => include_str!("../../schemas/feeds/dinkes-kepesertaan-jkn.schema.json"),
        Feed::LayananKia => include_str!("../../schemas/feeds/dinkes-layanan-kia.schema.json"),
        Feed::Rekening => include_str!("../../schemas/feeds/bank-rekening.schema.json"),
        Feed::Penyaluran => include_str!("../../schemas/feeds/bank-penyaluran.schema.json"),
    }
}

/// One feed's shape, ready to be checked against.
pub(super) struct Contract {
    pub(super) validator: Validator,
    /// Every field a row may have.
    pub(super) fields: FxHashSet<String>,
    /// Those that a row must have, unless it is withdrawn.
    pub(super) required: FxHashSet<String>,
    /// Fields of objects inside a row.
    inner: FxHashSet<String>,
    /// Fields that hold a date: the schema checks how it is written, the calendar is checked beside it.
    pub(super) dates: Vec<String>,
}

impl Contract {
    /// The contract of a feed. The first call compiles it.
    pub(super) fn of(feed: Feed) -> &'static Self {
        static CONTRACTS: [OnceLock<Contract>; Feed::ALL.len()] = [const { OnceLock::new() }; Feed::ALL.len()];
        CONTRACTS[usize::from(feed.code()) - 1].get_or_init(|| {
            Self::compile(schema_text(feed)).expect("the embedded schemas compile: a test reads them all")
        })
    }

    /// Whether a name is one of the contract's own, at any depth: such a name is no personal value.
    pub(super) fn knows(&self, name: &str) -> bool {
        self.fields.contains(name) || self.inner.contains(name)
    }

    fn compile(text: &str) -> Result<Self, Box<dyn std::error::Error>> {
        let (schema, person): (Value, Value) = (serde_json::from_str(text)?, serde_json::from_str(PERSON_SCHEMA)?);
        let properties = schema["properties"].as_object().ok_or("a feed has properties")?;
        let inner = properties.values().filter_map(|field| field["items"]["properties"].as_object()).flatten();
        let required =
            [&schema["required"], &schema["else"]["required"]].into_iter().filter_map(Value::as_array).flatten();
        let id = person["$id"].as_str().ok_or("the person core has an $id")?.to_owned();
        let registry = Registry::new().add(id, person.clone())?.prepare()?;
        let options = jsonschema::options().with_registry(&registry).with_pattern_options(PatternOptions::regex());
        Ok(Self {
            validator: options.offline().build(&schema)?,
            fields: properties.keys().cloned().collect(),
            required: required.filter_map(Value::as_str).map(str::to_owned).collect(),
            inner: inner.map(|(name, _)| name.clone()).collect(),
            dates: properties.iter().filter(|(_, f)| is_date(f, &person)).map(|(name, _)| name.clone()).collect(),
        })
    }
}

/// Whether a field refers to one of the date definitions, perhaps by way of the person core.
fn is_date(field: &Value, person: &Value) -> bool {
    let target =
        |field: &Value| field["$ref"].as_str().and_then(|path| path.split_once('#')).map(|(_, at)| at.to_owned());
    let Some(at) = target(field) else { return false };
    let at = person.pointer(&at).and_then(target).unwrap_or(at);
    person.pointer(&at).is_some_and(|definition| definition["format"] == "date")
}
