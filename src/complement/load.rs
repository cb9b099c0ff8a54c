//! Reads and checks `config/rules/*.toml`. A rule that cannot work is an error with its place and the way out.

use xxhash_rust::xxh3::Xxh3Default;

use serde::Deserialize;
use toml::Spanned;

use super::condition::Condition;
use super::field::{Field, Note};
use super::rule::{Absence, NoteSpec, Parameter, Rule, RuleSet};
use crate::domain::finding::{RuleKind, Scope};

/// The tables that are part of the program: file name and text.
const EMBEDDED: &[(&str, &str)] = &[
    ("parameters.toml", include_str!("../../config/rules/parameters.toml")),
    ("gaps.toml", include_str!("../../config/rules/gaps.toml")),
    ("overlaps.toml", include_str!("../../config/rules/overlaps.toml")),
    ("quality.toml", include_str!("../../config/rules/quality.toml")),
];

/// Why a set of rules cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("rules, {file} line {line}: {problem}")]
pub struct RuleError {
    /// The file.
    pub file: String,
    /// 1-based line.
    pub line: usize,
    /// What is wrong.
    pub problem: String,
    /// What to do about it.
    pub hint: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleFile {
    #[serde(default)]
    rule: Vec<Spanned<Rule>>,
    #[serde(default)]
    parameter: Vec<Spanned<Parameter>>,
}

/// A table with its place, for errors.
struct Placed<T> {
    file: usize,
    at: usize,
    item: T,
}

impl RuleSet {
    /// Reads rules and parameters from files; all files together are one set.
    pub fn parse(files: &[(&str, &str)]) -> Result<Self, RuleError> {
        let (mut rules, mut parameters) = (Vec::new(), Vec::new());
        for (file, (name, text)) in files.iter().enumerate() {
            let read: RuleFile = toml::from_str(text).map_err(|error| RuleError {
                file: (*name).to_owned(),
                line: line_of(text, error.span().map_or(0, |span| span.start)),
                problem: error.message().to_owned(),
                hint: "config/rules/README.md lists every word a rule may use".to_owned(),
            })?;
            let place = |at: usize| (file, at);
            rules.extend(read.rule.into_iter().map(|rule| placed(place(rule.span().start), rule.into_inner())));
            parameters
                .extend(read.parameter.into_iter().map(|item| placed(place(item.span().start), item.into_inner())));
        }
        let fail = |file: usize, at: usize, (problem, hint): (String, String)| {
            let (name, text) = files[file];
            RuleError { file: name.to_owned(), line: line_of(text, at), problem, hint }
        };
        for (i, parameter) in parameters.iter().enumerate() {
            check_parameter(&parameter.item, parameters[..i].iter().map(|earlier| &earlier.item))
                .map_err(|why| fail(parameter.file, parameter.at, why))?;
        }
        let names: Vec<&str> = parameters.iter().map(|parameter| parameter.item.name.as_str()).collect();
        for (i, rule) in rules.iter().enumerate() {
            let twin =
                rules[..i].iter().any(|other| (&other.item.id, other.item.scope) == (&rule.item.id, rule.item.scope));
            check_rule(&rule.item, twin, &names).map_err(|why| fail(rule.file, rule.at, why))?;
        }
        let mut rules: Vec<Rule> = rules.into_iter().map(|rule| rule.item).collect();
        rules.sort_by(|a, b| (&a.id, a.scope).cmp(&(&b.id, b.scope)));
        let mut digest = Xxh3Default::new();
        for (_, text) in files {
            digest.update(text.as_bytes());
        }
        let parameters = parameters.into_iter().map(|parameter| parameter.item).collect();
        Ok(Self { rules, parameters, digest: digest.digest() })
    }

    /// The rules that are part of the program.
    pub fn embedded() -> Self {
        Self::parse(EMBEDDED).expect("the shipped rules are valid: a test reads them")
    }
}

fn placed<T>((file, at): (usize, usize), item: T) -> Placed<T> {
    Placed { file, at, item }
}

fn line_of(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

type Why = (String, String);

fn why<T>(problem: String, hint: &str) -> Result<T, Why> {
    Err((problem, hint.to_owned()))
}

fn check_parameter<'a>(parameter: &Parameter, mut earlier: impl Iterator<Item = &'a Parameter>) -> Result<(), Why> {
    if earlier.any(|other| other.name == parameter.name) {
        return why(format!("parameter {} stands twice", parameter.name), "add a dated value to the first table");
    }
    let mut days: Vec<_> = parameter.values.iter().map(|dated| dated.from).collect();
    days.sort_unstable();
    if days.is_empty() || days.windows(2).any(|pair| pair[0] == pair[1]) {
        let problem = format!("parameter {} has no value, or two from the same day", parameter.name);
        return why(problem, "write values = [{ from = \"2021-01-01\", value = 60 }, ...], each day once");
    }
    Ok(())
}

fn check_rule(rule: &Rule, twin: bool, parameters: &[&str]) -> Result<(), Why> {
    if twin {
        return why(format!("rule {} stands twice for one scope", rule.id), "join the two tables with any = [...]");
    }
    if rule.valid_to.is_some_and(|last| last < rule.valid_from) {
        return why(format!("rule {} ends before it begins", rule.id), "check valid_from and valid_to");
    }
    if rule.kind == RuleKind::Gap && rule.closed.is_empty() {
        let hint = "name the proving feed: closed = [{ feed = \"bank-rekening\", period = \"quarter\" }]";
        return why(format!("gap rule {} names no feed that must be closed", rule.id), hint);
    }
    if rule.absence == Absence::Unassessable && rule.note.feed.is_none() {
        let problem = format!("rule {} does not say whose rows are absent", rule.id);
        return why(problem, "name the feed: note = { feed = \"disdik-peserta-didik\" }");
    }
    for condition in [&rule.eligible, &rule.proof] {
        for name in condition.parameters() {
            if !parameters.contains(&name) {
                let hint = format!("the parameters are {}", parameters.join(", "));
                return Err((format!("rule {} names a parameter \"{name}\" that does not exist", rule.id), hint));
            }
        }
        check_scope(rule, condition)?;
    }
    check_note(&rule.id, &rule.note)
}

/// Some conditions are about one kind of subject only.
fn check_scope(rule: &Rule, condition: &Condition) -> Result<(), Why> {
    let mut wrong = None;
    condition.walk(&mut |part| {
        let only = match part {
            Condition::Alive(_)
            | Condition::DiedBeforePeriod(_)
            | Condition::Age(_)
            | Condition::Flag(_)
            | Condition::SharedNik(_) => Scope::Person,
            Condition::SharedCard(_) => Scope::Family,
            Condition::HolderFamilies(_) | Condition::AccountName(_) => Scope::Account,
            Condition::All(_) | Condition::Any(_) | Condition::Not(_) | Condition::Programme(_) | Condition::Row(_) => {
                rule.scope
            }
        };
        if only != rule.scope {
            wrong = Some(only);
        }
    });
    match wrong {
        None => Ok(()),
        Some(only) => {
            let only = format!("{only:?}").to_lowercase();
            let problem = format!("rule {} uses a condition that is about one {only} only", rule.id);
            Err((problem, format!("set scope = \"{only}\", or ask with row = {{ ... }}")))
        }
    }
}

/// A note is read by people without a right to personal values: only codes and dates that are too old may enter it.
fn check_note(id: &str, note: &NoteSpec) -> Result<(), Why> {
    for name in &note.fields {
        let field = note.feed.and_then(|feed| Field::find(feed, name));
        if field.is_none_or(|field| field.note == Note::Hidden) {
            let problem = format!("rule {id}: the note may not show \"{name}\"");
            return why(problem, "name code fields or dates of note.feed only; a note holds no personal values");
        }
    }
    Ok(())
}
