use clap::Parser;

use super::*;
use crate::cli::Cli;

const MODEL: &str = r#"
model = { name = "m", version = "1", trained = true }
thresholds = { link = 9.0, review = 3.0, prior = 0.001 }
column = [{ name = "name", type = "text" }, { name = "born", type = "date" }, { name = "town", type = "code" }]
block = [{ name = "birth date", keys = ["born"], max_block = 2 }, { name = "name", keys = ["name"], max_block = 9 }]

[[comparison]]
name = "name"
columns = ["name"]
function = "exact"
levels = [{ label = "equal", equal = true, weight = 7.0 }, { label = "other", else = true, weight = -5.0 }]

[[comparison]]
name = "born"
columns = ["born"]
function = "date"
levels = [{ label = "equal", equal = true, weight = 6.0 }, { label = "other", else = true, weight = -4.0 }]

[[comparison]]
name = "town"
columns = ["town"]
function = "exact"
levels = [{ label = "equal", equal = true, weight = 1.0 }, { label = "other", else = true, weight = 0.0 }]

[[veto]]
id = "V1"
about = "one birth date, another name"
action = "review"
all = [{ comparison = "born", levels = ["equal"] }, { comparison = "name", levels = ["other"] }]

[[veto]]
id = "V3"
about = "other names in one town"
action = "distinct"
all = [{ comparison = "town", levels = ["equal"] }, { comparison = "name", levels = ["other"] }]

[[veto]]
id = "V3"
about = "other names and other birth dates"
action = "review"
all = [{ comparison = "born", levels = ["other"] }, { comparison = "name", levels = ["other"] }]
"#;

const ROWS: &str = "id,name,born,town\n1,SITI,1990-04-12,X\n2,SITI,1990-04-12,Y\n3,BUDI,1990-04-12,X\n4,ALI,1950-01-01,\n5,A<LI>,1970-01-01,Z\n6,SITI,1970-02-03,\n";

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        std::fs::write(dir.path().join("m.toml"), MODEL).expect("written");
        std::fs::write(dir.path().join("people.csv"), ROWS).expect("written");
        Self(dir)
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    fn explain(&self, a: &str, b: &str) -> Report {
        let model = ModelArgs { file: Some(self.path("m.toml").into()) }.read_trained().expect("a model");
        let paths = [PathBuf::from(self.path("people.csv"))];
        let input = read_input(&model, &paths, &ReadArgs::default(), Terminal::new(None)).expect("rows");
        let rows = (row_of(&input, a).expect("there"), row_of(&input, b).expect("there"));
        let cells = Cells::new(&input);
        let explained = model.explain(&cells, day_in_jakarta(SystemClock.now()), rows);
        let report = report(&model, &explained.expect("explained").expect("two rows"), |side, fields| {
            let row = if side == Side::A { rows.0 } else { rows.1 };
            mask_words(&fields.value(|field| cells.column(field).and_then(|column| cells.cell(row, column))))
        });
        Report { a: a.to_owned(), b: b.to_owned(), ..report }
    }
}

#[test]
fn the_sum_runs_and_ends_at_the_weight() {
    let report = Folder::new().explain("1", "2");
    let sums: Vec<f64> = report.steps.iter().map(|step| step.sum).collect();
    assert_eq!(sums, [7.0, 13.0, 13.0]);
    assert!((report.weight - 13.0).abs() < 1e-6);
    let text = text(&report);
    for line in [
        "comparison          level  weight  frequency    sum  probability  A           B",
        "(before comparing)                             0.00      1/1,000  1           2",
        "name                equal  +7.00               7.00       0.1136  S•••        S•••",
        "decision: link",
        "given by: name",
        "stopped: birth date would give it, but 3 rows share the key (max_block 2)",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\nis not in\n{text}");
    }
    assert!(!text.contains("SITI") && !text.contains("1990"), "values are masked\n{text}");
}

#[test]
fn vetoes_and_missing_rules_are_told() {
    let folder = Folder::new();
    for (a, b, sentences) in [
        ("1", "3", vec!["veto V1: one birth date, another name", "decision: distinct, kept apart"]),
        ("1", "4", vec!["no rule gives this pair: it is never compared"]),
        ("1", "6", vec!["given by: name", "decision: review, a steward is asked"]),
    ] {
        let found = conclusion(&folder.explain(a, b));
        for sentence in sentences {
            assert!(found.iter().any(|line| line == sentence), "{a}-{b}: {sentence} is not in {found:?}");
        }
    }
}

#[test]
fn each_veto_that_holds_is_told_in_its_own_words() {
    let folder = Folder::new();
    for (a, b, expected) in [
        ("1", "2", vec![]),
        ("1", "3", vec![("V1", "one birth date, another name"), ("V3", "other names in one town")]),
        ("2", "3", vec![("V1", "one birth date, another name")]),
        ("1", "4", vec![("V3", "other names and other birth dates")]),
    ] {
        let report = folder.explain(a, b);
        let told: Vec<(&str, &str)> =
            report.vetoes.iter().map(|veto| (veto.id.as_str(), veto.about.as_str())).collect();
        assert_eq!(told, expected, "{a}-{b}");
        let picture = picture::svg(&report);
        for (id, about) in expected {
            assert!(picture.contains(&format!("veto {id}: {about}")), "{a}-{b}: {about} is not in the picture");
        }
    }
}

#[test]
fn the_picture_is_one_file_of_escaped_text() {
    let folder = Folder::new();
    let mut report = folder.explain("1", "5");
    report.a = "<a>&".to_owned();
    let svg = picture::svg(&report);
    assert!(svg.starts_with("<svg xmlns") && svg.ends_with("</svg>\n"));
    assert!(svg.contains("&lt;a&gt;&amp;") && !svg.contains("<a>"));
    assert!(!svg.contains("LI>"), "values do not stand in the picture");
    assert_eq!(svg.matches("<rect").count(), 3, "two bars that say something, and the sum");
    for outside in ["<script", "href", "url(", "@import"] {
        assert!(!svg.contains(outside), "{outside}");
    }
}

#[test]
fn a_wrong_call_says_what_ids_look_like() {
    let folder = Folder::new();
    let call = |a: &str, b: &str| {
        let (rows, model) = (folder.path("people.csv"), folder.path("m.toml"));
        let arguments = ["padan", "--json", "explain", &rows, "--model", &model, a, b];
        let cli = Cli::try_parse_from(arguments).expect("a good call");
        cli.command.run(Terminal::new(None)).map_err(|error| error.text())
    };
    assert_eq!(call("1", "2"), Ok(Outcome::Done));
    let error = call("1", "77").expect_err("no such row");
    assert!(error.contains("no row of the input has the id '77'\nhint: ids of this input look like '1'"), "{error}");
    let too_few = Cli::try_parse_from(["padan", "explain", "a.csv", "1"]).expect("parsed").command;
    let error = too_few.run(Terminal::new(None)).expect_err("one id is missing").text();
    assert!(error.contains("2 files and ids were given") && error.contains("hint: give the files first"), "{error}");
    assert!(call("2", "2").expect_err("one row").contains("A and B are one row"));
}

#[test]
fn chances_are_never_rounded_to_certainty() {
    for (probability, text) in [(1.0, "0.9999"), (0.5, "0.5000"), (0.001, "1/1,000"), (0.0, "under 1e-9")] {
        assert_eq!(chance(probability), text);
    }
}
