//! Two rows of a table explained: what `padan explain` shows.

use super::dedupe::{TableError, TableModel, Tabular};
use super::unread::Unread;
use crate::domain::date::Date;
use crate::engine::{ExplainedPair, Meter, Thresholds, VetoAction, explain_pair};

/// The fields of the input that a comparison reads.
pub struct ComparedFields {
    /// Per column of the comparison its alternatives; each a list of fields that are joined.
    columns: Vec<Vec<Vec<String>>>,
}

impl ComparedFields {
    /// What a row holds in them, as it was given: of each column the first alternative that has a value.
    pub fn value<'a>(&self, cell: impl Fn(&str) -> Option<&'a str>) -> String {
        let joined = |fields: &Vec<String>| {
            let parts: Option<Vec<&str>> = fields.iter().map(|field| cell(field)).collect();
            parts.map(|parts| parts.join(" "))
        };
        let mut values: Vec<String> = Vec::new();
        for value in self.columns.iter().filter_map(|alternatives| alternatives.iter().find_map(joined)) {
            if !values.contains(&value) {
                values.push(value);
            }
        }
        values.join(" / ")
    }
}

/// A pair of rows with all that made its decision.
pub struct ExplainedRows {
    /// The explanation, and the rules that a stop key kept from giving the pair.
    pub pair: ExplainedPair,
    /// For each step, the fields of the input that its comparison reads.
    pub fields: Vec<ComparedFields>,
    /// The model's thresholds and its prior.
    pub thresholds: Thresholds,
    /// Vetoes that hold: id, what it does, and why it is there. One id may stand for several, each with its own text.
    pub vetoes: Vec<(String, VetoAction, String)>,
    /// Most rows that a key of each rule may have.
    pub limits: Vec<(String, usize)>,
    /// What could not be read in the whole table.
    pub unread: Vec<Unread>,
}

impl TableModel {
    /// Explains two rows by their numbers; `None` when they are one.
    pub fn explain(
        &self,
        table: &dyn Tabular,
        today: Date,
        (a, b): (usize, usize),
    ) -> Result<Option<ExplainedRows>, TableError> {
        let mut filled = self.fill(table, today, &Meter::default())?;
        let Some(pair) = explain_pair(&mut filled.rows, a as u64, b as u64).map_err(TableError::Rows)? else {
            return Ok(None);
        };
        let fields = |columns: &[usize]| ComparedFields {
            columns: columns.iter().map(|column| self.columns.list()[*column].from().to_vec()).collect(),
        };
        let vetoes = self.plan.vetoes_in(pair.explanation.veto_set);
        let vetoes = vetoes.map(|(id, action, about)| (id.to_owned(), action, about.to_owned())).collect();
        Ok(Some(ExplainedRows {
            fields: self.plan.comparisons().iter().map(|comparison| fields(&comparison.columns)).collect(),
            thresholds: self.plan.thresholds(),
            limits: self.plan.rules().iter().map(|rule| (rule.name.clone(), rule.max_block)).collect(),
            vetoes,
            pair,
            unread: filled.unread,
        }))
    }

    /// The thresholds of the model and its prior.
    pub fn thresholds(&self) -> Thresholds {
        self.plan.thresholds()
    }

    /// The probability of a match at a weight.
    pub fn probability(&self, weight: f64) -> f64 {
        self.plan.probability(weight as f32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_each_column_the_first_alternative_with_a_value_is_shown() {
        let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let columns =
            vec![vec![list(&["born"]), list(&["nik"])], vec![list(&["bank", "account"])], vec![list(&["nik"])]];
        let fields = ComparedFields { columns };
        let row = |name: &str| match name {
            "nik" => Some("320"),
            "bank" => Some("009"),
            "account" => Some("77"),
            _ => None,
        };
        assert_eq!(fields.value(row), "320 / 009 77");
        assert_eq!(fields.value(|name| row(name).filter(|_| name != "account")), "320");
        assert_eq!(fields.value(|_| None), "");
    }
}
