//! The models and rules a gateway works with: built in, or read from files named in the configuration.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::complement::RuleSet;
use crate::engine::Plan;
use crate::golden::Survivorship;
use crate::normalise::NameTables;
use crate::prepare::{Columns, INDONESIA, name_rules};

/// Which files to use instead of those built in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Match model; the Indonesian model of the program when absent.
    pub model: Option<PathBuf>,
    /// Survivorship rules.
    pub survivorship: Option<PathBuf>,
    /// Complementarity rule files, all of them.
    pub rules: Vec<PathBuf>,
}

/// A model or rule file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// It cannot be read.
    #[error("reading {path}")]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// What is in it is wrong.
    #[error("{path}: {problem}")]
    Content {
        /// Which file, or `built in`.
        path: String,
        /// What is wrong and what to do.
        problem: String,
    },
}

/// Everything that decides how rows become persons and findings; published together, frozen while a gateway runs.
pub struct Models {
    /// The match plan.
    pub plan: Arc<Plan>,
    /// Tables for taking names apart.
    pub names: &'static NameTables,
    /// How rows become values of the plan.
    pub(super) columns: Columns,
    /// How a golden value is chosen.
    pub survivorship: Survivorship,
    /// The complementarity rules.
    pub rules: RuleSet,
    /// Tells models apart that lead to other derived state; findings are not part of it.
    pub(super) digest: String,
}

impl Models {
    /// Loads the files named, and what is built in for the rest.
    pub fn load(config: &Config) -> Result<Self, ModelError> {
        let (plan_name, plan_text) = text_of(config.model.as_deref(), INDONESIA)?;
        let wrong = |problem: String| ModelError::Content { path: plan_name.clone(), problem };
        let plan = Plan::parse(&plan_text).map_err(|error| wrong(error.to_string()))?;
        let plan = plan.with_names(name_rules(NameTables::embedded()));
        let columns = Columns::of(&plan).map_err(|error| wrong(error.to_string()))?;
        let (survivorship, survivorship_text) = match &config.survivorship {
            None => (Survivorship::embedded(), String::new()),
            Some(path) => {
                let (path, text) = text_of(Some(path), "")?;
                let parsed = Survivorship::parse(&text);
                (parsed.map_err(|error| ModelError::Content { path, problem: error.to_string() })?, text)
            }
        };
        let rules = load_rules(&config.rules)?;
        let digest = Sha256::new().chain_update(&plan_text).chain_update([0]).chain_update(survivorship_text);
        let digest = hex::encode(&digest.finalize()[..16]);
        Ok(Self { plan: Arc::new(plan), names: NameTables::embedded(), columns, survivorship, rules, digest })
    }
}

/// How state is derived: another number whenever a program derives something else from the same models.
const DERIVATION: u32 = 7;

impl Models {
    /// Which models and which program derived state follows from.
    pub(super) fn derived_by(&self) -> String {
        format!("{} {DERIVATION} {}", env!("CARGO_PKG_VERSION"), self.digest)
    }

    /// Which rules outcomes follow from, and which derived state.
    pub(super) fn rules_by(&self) -> String {
        format!("{} {:016x}", self.derived_by(), self.rules.digest())
    }
}

fn text_of(path: Option<&Path>, built_in: &str) -> Result<(String, String), ModelError> {
    let Some(path) = path else { return Ok(("built in".to_owned(), built_in.to_owned())) };
    let text = std::fs::read_to_string(path).map_err(|source| ModelError::Read { path: path.to_owned(), source })?;
    Ok((path.display().to_string(), text))
}

fn load_rules(paths: &[PathBuf]) -> Result<RuleSet, ModelError> {
    let content = |error: crate::complement::RuleError| ModelError::Content {
        path: "rules".to_owned(),
        problem: error.to_string(),
    };
    if paths.is_empty() {
        return Ok(RuleSet::embedded());
    }
    let files = paths.iter().map(|path| text_of(Some(path), "")).collect::<Result<Vec<_>, _>>()?;
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    RuleSet::parse(&files).map_err(content)
}
