//! The model file as it is written: TOML into plain structs, nothing checked but names and types of keys.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) model: Model,
    #[serde(default)]
    pub(super) column: Vec<Column>,
    #[serde(default)]
    pub(super) block: Vec<Block>,
    #[serde(default)]
    pub(super) comparison: Vec<Comparison>,
    #[serde(default)]
    pub(super) strong: Vec<Strong>,
    #[serde(default)]
    pub(super) veto: Vec<Veto>,
    #[serde(default)]
    pub(super) guard: Vec<Guard>,
    #[serde(default)]
    pub(super) frequency: Vec<Frequency>,
    #[serde(default)]
    pub(super) training: Training,
    /// What a training was made from: for people, the engine never looks at it.
    #[serde(default, rename = "provenance")]
    pub(super) _provenance: BTreeMap<String, toml::Value>,
    #[serde(default)]
    pub(super) cluster: Cluster,
    pub(super) thresholds: Thresholds,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Model {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) trained: Spanned<bool>,
    #[serde(default)]
    pub(super) about: String,
    pub(super) null_words: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Column {
    pub(super) name: Spanned<String>,
    #[serde(rename = "type")]
    pub(super) kind: Spanned<String>,
    pub(super) from: Option<String>,
    pub(super) normaliser: Option<String>,
    pub(super) format: Option<String>,
    pub(super) null_words: Option<Vec<String>>,
    pub(super) max_unreadable: Option<Spanned<f64>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Block {
    pub(super) name: Spanned<String>,
    pub(super) keys: Spanned<Vec<Spanned<String>>>,
    #[serde(rename = "max_block")]
    pub(super) most: Spanned<u32>,
    #[serde(default)]
    pub(super) prefix: String,
    #[serde(default)]
    pub(super) stop_keys: Vec<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Comparison {
    pub(super) name: Spanned<String>,
    pub(super) columns: Spanned<Vec<Spanned<String>>>,
    pub(super) function: Spanned<String>,
    pub(super) levels: Spanned<Vec<Level>>,
    pub(super) placeholder_days: Option<Spanned<Vec<Spanned<String>>>>,
    pub(super) years: Option<Spanned<u32>>,
    pub(super) grace_days: Option<Spanned<u32>>,
    pub(super) value: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Level {
    pub(super) label: Spanned<String>,
    pub(super) equal: Option<Spanned<bool>>,
    pub(super) relation: Option<Spanned<Vec<Spanned<String>>>>,
    pub(super) min: Option<Spanned<f64>>,
    pub(super) max: Option<Spanned<f64>>,
    pub(super) missing: Option<Spanned<Missing>>,
    #[serde(rename = "else")]
    pub(super) otherwise: Option<Spanned<bool>>,
    #[serde(default)]
    pub(super) only_if: Vec<Reference>,
    #[serde(default)]
    pub(super) unless: Vec<Reference>,
    pub(super) weight: Option<Spanned<f64>>,
    pub(super) m: Option<Spanned<f64>>,
    pub(super) u: Option<Spanned<f64>>,
    pub(super) tf: Option<Spanned<Scale>>,
    pub(super) rarity: Option<Spanned<Scale>>,
}

/// `missing = true`, `"one"` or `"both"`.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Missing {
    Any(bool),
    Word(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Scale {
    #[serde(default = "one")]
    pub(super) factor: f64,
    pub(super) min: f64,
    pub(super) max: f64,
}

fn one() -> f64 {
    1.0
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reference {
    pub(super) comparison: Spanned<String>,
    pub(super) levels: Spanned<Vec<Spanned<String>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Strong {
    pub(super) name: Spanned<String>,
    #[serde(default)]
    pub(super) all: Vec<Reference>,
    #[serde(default)]
    pub(super) any: Vec<Reference>,
    #[serde(default)]
    pub(super) none: Vec<Reference>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Veto {
    pub(super) id: Spanned<String>,
    pub(super) action: Spanned<String>,
    #[serde(default)]
    pub(super) about: String,
    #[serde(default)]
    pub(super) all: Vec<Reference>,
    #[serde(default)]
    pub(super) any: Vec<Reference>,
    #[serde(default)]
    pub(super) none: Vec<Reference>,
    #[serde(default)]
    pub(super) unless: Vec<Reference>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Guard {
    pub(super) column: Spanned<String>,
    pub(super) distinct_of: Spanned<String>,
    pub(super) max: Spanned<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Frequency {
    pub(super) column: Spanned<String>,
    pub(super) rows: Spanned<u64>,
    pub(super) counts: BTreeMap<String, u64>,
    #[serde(default)]
    pub(super) single: u64,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct Training {
    #[serde(default)]
    pub(super) deterministic: Vec<Spanned<Vec<Spanned<String>>>>,
    pub(super) recall: Option<Spanned<f64>>,
    pub(super) precision: Option<Spanned<f64>>,
    pub(super) review: Option<Spanned<f64>>,
    pub(super) seed: Option<u64>,
    pub(super) random_pairs: Option<Spanned<u64>>,
    pub(super) candidate_pairs: Option<Spanned<u64>>,
    pub(super) blocks: Option<Spanned<Vec<Spanned<TrainingBlock>>>>,
    pub(super) choose: Option<Spanned<String>>,
}

/// The name of a blocking rule, or the keys of one for training alone.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum TrainingBlock {
    Name(String),
    Keys(Vec<String>),
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct Cluster {
    pub(super) max_size: Option<Spanned<u32>>,
    pub(super) min_pair_weight: Option<Spanned<Limit>>,
    pub(super) min_mean_weight: Option<Spanned<Limit>>,
}

/// Bits, or the name of a threshold.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Limit {
    Bits(f64),
    Threshold(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Thresholds {
    pub(super) link: Spanned<f64>,
    pub(super) review: Spanned<f64>,
    pub(super) prior: Spanned<f64>,
}
