//! Choosing blocking rules: what each rule of a model costs and brings on a table. What `padan blocking` shows.

use super::dedupe::{FilledTable, TableError, TableModel, Tabular};
use super::unread::Unread;
use crate::domain::date::Date;
use crate::domain::private::mask_words;
use crate::engine::{LargeBlock, Meter, RuleSurvey, Survey, key_texts, survey};

/// The entity of a row of which no truth speaks.
pub const NO_ENTITY: u32 = u32::MAX;

/// The rules of a model on a table.
pub struct Surveyed {
    /// The figures; rows are numbered as in the table.
    pub survey: Survey,
    /// For each rule the keys of its largest blocks, masked, in the order of the survey.
    pub largest: Vec<Vec<String>>,
    /// For each rule its stop keys, masked.
    pub stop_keys: Vec<Vec<String>>,
    /// Pairs of rows that the truth puts together.
    pub true_pairs: Option<u64>,
    /// What could not be read.
    pub unread: Vec<Unread>,
}

impl TableModel {
    /// Surveys the blocking rules. `truth` names the entity of each row, [`NO_ENTITY`] where it is not known; `largest`
    /// is how many blocks of each rule are shown.
    pub fn survey(
        &self,
        table: &dyn Tabular,
        today: Date,
        truth: Option<&[u32]>,
        largest: usize,
    ) -> Result<Surveyed, TableError> {
        let FilledTable { mut rows, unread } = self.fill(table, today, &Meter::default())?;
        let same =
            |a: u64, b: u64| truth.is_some_and(|of| of[a as usize] == of[b as usize] && of[a as usize] != NO_ENTITY);
        let survey = survey(&mut rows, truth.is_some().then_some(&same), largest);
        let shown = |blocks: fn(&RuleSurvey) -> &[LargeBlock]| {
            let of_rule = |(rule, found): (usize, &RuleSurvey)| {
                blocks(found).iter().map(|block| self.key_of(table, today, rule, block)).collect()
            };
            survey.rules.iter().enumerate().map(of_rule).collect()
        };
        let (blocks, stop_keys) = (shown(|rule| &rule.largest), shown(|rule| &rule.stop_keys));
        Ok(Surveyed { survey, largest: blocks, stop_keys, true_pairs: truth.map(true_pairs), unread })
    }

    /// The key of a block, masked. Only hashes are known of it: it is what all example rows have in common.
    fn key_of(&self, table: &dyn Tabular, today: Date, rule: usize, block: &LargeBlock) -> String {
        let of_row = |row: &u64| key_texts(&self.plan, rule, &self.values(table, *row as usize, today));
        let mut rows = block.examples.iter().map(of_row);
        let mut common = rows.next().unwrap_or_default();
        for row in rows {
            for (part, other) in common.iter_mut().zip(row) {
                part.retain(|text| other.contains(text));
            }
        }
        let masked = |mut texts: Vec<String>| {
            texts.sort();
            texts.dedup();
            texts.iter().map(|text| mask_words(text)).collect::<Vec<_>>().join("|")
        };
        common.into_iter().map(masked).collect::<Vec<_>>().join(" + ")
    }
}

fn true_pairs(truth: &[u32]) -> u64 {
    let mut entities: Vec<u32> = truth.iter().copied().filter(|entity| *entity != NO_ENTITY).collect();
    entities.sort_unstable();
    entities.chunk_by(|a, b| a == b).map(|rows| (rows.len() * (rows.len() - 1) / 2) as u64).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two columns: a name and a town.
    struct People(Vec<[&'static str; 2]>);

    impl Tabular for People {
        fn rows(&self) -> usize {
            self.0.len()
        }

        fn column(&self, name: &str) -> Option<usize> {
            ["name", "town"].iter().position(|column| *column == name)
        }

        fn cell(&self, row: usize, column: usize) -> Option<&str> {
            Some(self.0[row][column]).filter(|cell| !cell.is_empty())
        }
    }

    const MODEL: &str = r#"
        model = { name = "m", version = "1", trained = true }
        thresholds = { link = 5.0, review = 1.0, prior = 0.1 }
        column = [{ name = "name", type = "text" }, { name = "town", type = "code" }]
        block = [{ name = "word", keys = ["name.tokens", "town"], max_block = 3 }]
        [[comparison]]
        name = "name"
        columns = ["name"]
        function = "exact"
        levels = [{ label = "any", else = true, weight = 0.0 }]"#;

    #[test]
    fn blocks_are_shown_masked_and_measured_against_a_truth() {
        let model = TableModel::parse(Some(MODEL.to_owned())).expect("a model");
        let people = People(vec![
            ["SITI AMINAH", "BOGOR"],
            ["AMINAH PUTRI", "BOGOR"],
            ["SITI AMINAH", "BOGOR"],
            ["SITI", "BOGOR"],
            ["SITI", "BOGOR"],
        ]);
        let today = Date::constant(2025, 11, 20);
        let truth = [0, 1, 0, 2, 2];
        let found = model.survey(&people, today, Some(&truth), 2).expect("surveyed");
        assert_eq!(found.largest, [["A••••• + B••••"]]);
        assert_eq!(found.stop_keys, [["S••• + B••••"]]);
        assert_eq!((found.true_pairs, found.survey.true_pairs), (Some(2), 1));
        let unknown = model.survey(&people, today, Some(&[NO_ENTITY; 5]), 2).expect("surveyed");
        assert_eq!((unknown.true_pairs, unknown.survey.true_pairs, unknown.survey.pairs), (Some(0), 0, 3));
    }
}
