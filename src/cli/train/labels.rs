//! Labels for training: decisions about pairs, or a truth about rows.

use std::path::{Path, PathBuf};

use crate::cli::CliError;
use crate::cli::input::{CsvRows, InputError, InputTable};
use crate::cli::truth::Truth;
use crate::service::blocking::NO_ENTITY;
use crate::service::dedupe::Labels;

/// A file of labels cannot be used.
#[derive(Debug, thiserror::Error)]
enum LabelError {
    #[error(transparent)]
    Input(#[from] InputError),
    #[error("{}: pair {pair}: `match` is none of true, false, 1 and 0", path.display())]
    NoVerdict { path: PathBuf, pair: usize },
    #[error("{}: none of its ids is in the input", path.display())]
    Nothing { path: PathBuf },
}

impl LabelError {
    fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Input(error) => error.hint(),
            Self::NoVerdict { .. } => Some("write true where the two rows are the same, false where they are not"),
            Self::Nothing { .. } => Some("ids are those of clusters.csv: of a feed they are FEED|id_sumber"),
        }
    }
}

impl From<LabelError> for CliError {
    fn from(error: LabelError) -> Self {
        let hint = error.hint();
        Self::failed("reading the labels", error).hint(hint)
    }
}

/// Reads labels for the rows of an input; rows that are not there are left out.
pub(super) fn read(path: &Path, input: &InputTable) -> Result<Labels, CliError> {
    if path.extension().is_some_and(|extension| extension == "csv") {
        let rows = CsvRows::open(path).map_err(LabelError::from)?;
        let at = |name: &str| rows.header().iter().position(|column| column == name);
        if let (Some(left), Some(right), Some(verdict)) = (at("id_l"), at("id_r"), at("match")) {
            return Ok(pairs(rows, path, [left, right, verdict], input)?);
        }
    }
    let entities = Truth::read(path)?.entities_of(input)?;
    let known = (0u64..).zip(entities).filter(|(_, entity)| *entity != NO_ENTITY);
    let known: Vec<(u64, u32)> = known.collect();
    if known.is_empty() {
        return Err(LabelError::Nothing { path: path.to_owned() }.into());
    }
    Ok(Labels::of_entities(known))
}

fn pairs(
    mut rows: CsvRows,
    path: &Path,
    [left, right, verdict]: [usize; 3],
    input: &InputTable,
) -> Result<Labels, LabelError> {
    let index = input.unique_ids()?;
    let (mut pairs, mut read) = (Vec::new(), 0);
    while rows.advance()? {
        read += 1;
        let same = match rows.cell(verdict)?.to_ascii_lowercase().as_str() {
            "true" | "1" => true,
            "false" | "0" => false,
            _ => return Err(LabelError::NoVerdict { path: path.to_owned(), pair: read }),
        };
        if let (Some(a), Some(b)) = (index.find(rows.cell(left)?), index.find(rows.cell(right)?)) {
            pairs.push((u64::from(a), u64::from(b), same));
        }
    }
    if pairs.is_empty() {
        return Err(LabelError::Nothing { path: path.to_owned() });
    }
    Ok(Labels::of_pairs(pairs))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use crate::cli::terminal::Terminal;
    use crate::cli::{Cli, Outcome};

    const MODEL: &str = r#"
        model = { name = "m", version = "1", trained = false }
        thresholds = { link = 0.0, review = 0.0, prior = 0.5 }
        column = [{ name = "name", type = "text" }, { name = "born", type = "code" }]
        block = [{ name = "name", keys = ["name"], max_block = 50 }, { name = "born", keys = ["born"], max_block = 50 }]
        [[comparison]]
        name = "name"
        columns = ["name"]
        function = "exact"
        levels = [{ label = "equal", equal = true }, { label = "other", else = true }]
        [[comparison]]
        name = "born"
        columns = ["born"]
        function = "exact"
        levels = [{ label = "equal", equal = true }, { label = "other", else = true }]"#;

    /// Trains forty persons with two rows each with labels, and answers the model file and the page, or the error.
    fn train(labels: &str) -> Result<(String, String), String> {
        let dir = tempfile::tempdir().expect("a folder");
        let path = |name: &str| dir.path().join(name).display().to_string();
        let row = |n: usize| format!("{n},N{},{}\n", n / 2, if n % 10 == 1 { 9000 + n } else { n / 2 });
        let rows: String = (0..80).map(row).collect();
        std::fs::write(path("rows.csv"), format!("id,name,born\n{rows}")).expect("written");
        std::fs::write(path("m.toml"), MODEL).expect("written");
        std::fs::write(path("labels.csv"), labels).expect("written");
        let paths = ["rows.csv", "m.toml", "labels.csv", "out.toml", "out.html"].map(path);
        let [rows, model, labels, out, html] = paths.each_ref().map(String::as_str);
        let arguments =
            ["padan", "--json", "train", rows, "--model", model, "--labels", labels, "--out", out, "--html", html];
        let outcome = Cli::try_parse_from(arguments).expect("a good call").command.run(Terminal::new(None));
        assert_eq!(outcome.map_err(|error| error.text())?, Outcome::Done);
        let read = |path: &str| std::fs::read_to_string(path).expect("written");
        Ok((read(out), read(html)))
    }

    #[test]
    fn decisions_and_truths_are_told_apart() {
        let (model, page) = train("id_l,id_r,match\n0,1,true\n2,3,1\n0,2,FALSE\n0,999,1\n").expect("decisions");
        assert!(model.contains("labels = \"some pairs\"\nlabelled_matches = 2\nlabelled_others = 1"), "{model}");
        assert!(page.contains("2 pairs the same, 1 different"), "{page}");
        let truth: Vec<String> = (0..80).map(|n| format!("{n},{}", n / 2)).collect();
        let (model, page) = train(&format!("id,cluster\n{}\n", truth.join("\n"))).expect("a truth");
        assert!(model.contains("labels = \"the entity of every row\"\nlabelled_matches = 40"), "{model}");
        for part in ["<svg", "born", "Match weights", "Settling", "What each threshold promises"] {
            assert!(page.contains(part), "{part} is not in the page");
        }
        assert!(!page.contains("N1") && !page.contains("9001"), "no value stands in the page");
    }

    #[test]
    fn labels_that_say_nothing_are_refused() {
        for (labels, message) in [
            ("id_l,id_r,match\n0,1,perhaps\n", "pair 1: `match` is none of true, false, 1 and 0\nhint: write true"),
            ("id_l,id_r,match\na,b,1\n", "none of its ids is in the input\nhint: ids are those"),
            ("id,cluster\na,1\n", "none of its ids is in the input"),
            ("id_l,id_r\n0,1\n", "there is no id column"),
        ] {
            let error = train(labels).expect_err(labels);
            assert!(error.contains(message), "{error}");
        }
    }
}
