//! Labels for training: decisions about pairs, or a truth about rows.

use std::path::{Path, PathBuf};

use crate::cli::CliError;
use crate::cli::input::{IdWanted, InputError, InputOptions, InputTable, ReadArgs, Wanted, shown};
use crate::cli::terminal::{Terminal, thousands};
use crate::cli::truth::Truth;
use crate::engine::Labels;
use crate::tables::NO_ENTITY;

/// A file of labels cannot be used.
#[derive(Debug, thiserror::Error)]
enum LabelError {
    #[error(transparent)]
    Input(#[from] InputError),
    #[error("{}:{line}: `match` is none of true, false, 1 and 0", shown(&path.display()))]
    NoVerdict { path: PathBuf, line: u64 },
    #[error("{}: none of its pairs has both ids in the input", shown(&path.display()))]
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

/// Reads labels for the rows of an input. Those of rows that are not there are left out, told, and counted.
pub(super) fn read(
    path: &Path,
    input: &InputTable,
    reading: &ReadArgs,
    terminal: Terminal,
) -> Result<(Labels, u64), CliError> {
    const COLUMNS: [&str; 3] = ["id_l", "id_r", "match"];
    let options = reading.options(Wanted::Any(COLUMNS.map(str::to_owned).to_vec()));
    let options = InputOptions { id: IdWanted::None, ..options };
    let table = InputTable::read_statements(&[path.to_owned()], &options).map_err(LabelError::from)?;
    let [left, right, verdict] = COLUMNS.map(|name| table.column_index(name));
    let (labels, left_out, what) = if let (Some(left), Some(right), Some(verdict)) = (left, right, verdict) {
        let (labels, left_out) = pairs(&table, [left, right, verdict], input)?;
        (labels, left_out, "labelled pairs name a row that is not in the input")
    } else {
        let (entities, meeting) = Truth::read(path, reading)?.entities_of(input)?;
        let known = (0u64..).zip(entities).filter(|(_, entity)| *entity != NO_ENTITY);
        (Labels::of_entities(known), meeting.truth_rows_not_found, "labelled rows are not in the input")
    };
    if left_out > 0 {
        terminal.say(&format!("{}: {} {what}; they are left out", shown(&path.display()), thousands(left_out)));
    }
    Ok((labels, left_out))
}

fn pairs(
    table: &InputTable,
    [left, right, verdict]: [usize; 3],
    input: &InputTable,
) -> Result<(Labels, u64), LabelError> {
    let index = input.unique_ids()?;
    let cell = |column: usize, row: usize| table.column(column).get(row).unwrap_or_default();
    let (mut pairs, mut left_out) = (Vec::new(), 0);
    for row in 0..table.len() {
        let same = match cell(verdict, row).to_ascii_lowercase().as_str() {
            "true" | "1" => true,
            "false" | "0" => false,
            _ => {
                let (path, line) = table.place(row);
                return Err(LabelError::NoVerdict { path, line });
            }
        };
        match (index.find(cell(left, row)), index.find(cell(right, row))) {
            (Some(a), Some(b)) => pairs.push((u64::from(a), u64::from(b), same)),
            _ => left_out += 1,
        }
    }
    if pairs.is_empty() {
        let path = table.sources().first().map(|source| source.path.clone()).unwrap_or_default();
        return Err(LabelError::Nothing { path });
    }
    Ok((Labels::of_pairs(pairs), left_out))
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
        let (model, _) = train("id_l|id_r|match\n0|1|TRUE\n2|3|1\n||\n0|2|0\n").expect("another separator");
        assert!(model.contains("labelled_matches = 2\nlabelled_others = 1"), "{model}");
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
            (
                "id_l,id_r,match\n0,1,perhaps\n",
                "labels.csv:2: `match` is none of true, false, 1 and 0\nhint: write true",
            ),
            ("id_l,id_r,match\na,b,1\n", "none of its pairs has both ids in the input\nhint: ids are those"),
            ("id,cluster\na,1\n", "none of its ids is in the input"),
            ("id_l,id_r\n0,1\n", "there is no id column"),
        ] {
            let error = train(labels).expect_err(labels);
            assert!(error.contains(message), "{error}");
        }
    }
}
