use std::sync::Arc;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::em::{Input, Role, fit};
use super::labels::PairLabel;
use super::patterns::{Cell, Sampled};
use super::*;
use crate::engine::plan::Pattern;
use crate::engine::{Value, match_rows};

/// Exact expected counts of all patterns of three comparisons, without any noise.
fn world(m: &[[f64; 3]; 3], u: &[[f64; 3]; 3], matches: f64, others: f64) -> Sampled {
    let mut cells = Vec::new();
    for at in 0..27usize {
        let levels = [at / 9, at / 3 % 3, at % 3];
        let share = |p: &[[f64; 3]; 3]| levels.iter().enumerate().map(|(c, l)| p[c][*l]).product::<f64>();
        let mut pattern = Pattern::default();
        levels.iter().enumerate().for_each(|(c, l)| pattern[c] = *l as u8);
        let count = (matches * share(m) + others * share(u)).round() as u64;
        cells.push(Cell { pattern, free: u32::MAX, known: PairLabel::No, count });
    }
    let seen = cells.iter().map(|cell| cell.count).sum();
    Sampled { cells, seen, scale: 1 }
}

const M: [[f64; 3]; 3] = [[0.8, 0.15, 0.05], [0.6, 0.1, 0.3], [0.9, 0.07, 0.03]];
static GUESS: std::sync::LazyLock<Vec<Vec<f64>>> = std::sync::LazyLock::new(|| vec![vec![0.8, 0.1, 0.1]; 3]);
const U: [[f64; 3]; 3] = [[0.01, 0.04, 0.95], [0.002, 0.018, 0.98], [0.1, 0.3, 0.6]];

/// Candidate pairs, to start from nothing but a guess.
fn input<'a>(candidates: &'a Sampled, none: &'a Sampled) -> Input<'a> {
    let (all_pairs, start) = (1e8, 0.001);
    Input {
        random: none,
        candidates,
        deterministic: none,
        all_pairs,
        start,
        begin: &GUESS,
        guess: &GUESS,
        labels: None,
    }
}

#[test]
fn known_shares_come_back() {
    let (matches, others) = (1e6, 9.9e7);
    let pairs = world(&M, &U, matches, others);
    let roles = vec![vec![Role::Learned; 3]; 3];
    let none = Sampled::default();
    let found = fit(&roles, &Input { random: &pairs, ..input(&pairs, &none) });
    assert!(found.converged(), "{:?}", found.changes);
    for c in 0..3 {
        for l in 0..3 {
            assert!((found.m[c][l] - M[c][l]).abs() < 0.01, "m {c} {l}: {} for {}", found.m[c][l], M[c][l]);
            assert!((found.u[c][l] / U[c][l] - 1.0).abs() < 0.01, "u {c} {l}: {} for {}", found.u[c][l], U[c][l]);
        }
    }
    assert!((found.lambda / 0.01 - 1.0).abs() < 0.01, "{}", found.lambda);
}

#[test]
fn what_blocking_forces_does_not_count() {
    // One rule forces the first comparison to agree, another the second: each is learned from the other's pairs.
    let all = world(&M, &U, 1e6, 9.9e7);
    let mut candidates = Sampled { scale: 1, ..Sampled::default() };
    for cell in &all.cells {
        let free = (u32::from(cell.pattern[0] == 0) * 0b110) | (u32::from(cell.pattern[1] == 0) * 0b101);
        if free != 0 {
            candidates.cells.push(Cell { free, ..*cell });
            candidates.seen += cell.count;
        }
    }
    let roles = vec![vec![Role::Learned; 3]; 3];
    let none = Sampled::default();
    let found = fit(&roles, &Input { random: &all, ..input(&candidates, &none) });
    assert!((found.m[0][0] - M[0][0]).abs() < 0.02, "{:?}", found.m);
    assert!((found.m[1][0] - M[1][0]).abs() < 0.02, "{:?}", found.m);
}

const MODEL: &str = r#"
# The author's words stay.
model = { name = "people", version = "1", trained = false }
thresholds = { link = 0.0, review = 0.0, prior = 0.5 }
column = [{ name = "name", type = "text" }, { name = "born", type = "code" }, { name = "town", type = "text" }]
block = [{ name = "name", keys = ["name"], max_block = 500 }, { name = "born", keys = ["born", "town.first(2)"], max_block = 500 }]

[[comparison]]
name = "name"
columns = ["name"]
function = "jaro_winkler"
levels = [
  { label = "equal", equal = true, tf = { min = -3.0, max = 3.0 } }, # trained
  { label = "near", min = 0.9 },
  { label = "other", else = true },
  { label = "missing", missing = true },
]

[[comparison]]
name = "born"
columns = ["born"]
function = "exact"

[[comparison.levels]]
label = "equal"
equal = true

[[comparison.levels]]
label = "other"
else = true

[[comparison]]
name = "town"
columns = ["town"]
function = "exact"
levels = [{ label = "equal", equal = true, weight = 1.5 }, { label = "other", else = true, m = 0.4, u = 0.5 }]

[training]
deterministic = [["name", "born"]]
random_pairs = 2000000
precision = 0.98
review = 0.05
"#;

/// Persons with two rows each; a third of the second rows has another name, a tenth another birth.
fn people() -> Vec<(u64, Vec<Value>)> {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let mut rows = Vec::new();
    for person in 0..1500_u64 {
        let name = rng.random_range(10000..17000).to_string().repeat(2);
        let born = rng.random_range(0..2000).to_string();
        let town = ["AB", "CD", "EF"][rng.random_range(0..3)].to_owned();
        for copy in 0..2 {
            let mut name = name.clone();
            let mut born = born.clone();
            if copy == 1 && rng.random_range(0..3) == 0 {
                name = format!("{name}X");
            }
            if copy == 1 && rng.random_range(0..10) == 0 {
                born = rng.random_range(0..2000).to_string();
            }
            let values = vec![Value::Text(name), Value::Code(born), Value::Text(town.clone())];
            rows.push((person * 2 + copy, values));
        }
    }
    rows
}

fn rows(people: &[(u64, Vec<Value>)]) -> Rows {
    let mut rows = Rows::new(Arc::new(Plan::parse(MODEL).unwrap_or_else(|error| panic!("{error}: {}", error.hint()))));
    rows.extend(people).unwrap();
    rows
}

#[test]
fn a_trained_model_is_read_again_and_links() {
    let mut rows = rows(&people());
    let trained = train(&mut rows, MODEL).unwrap();
    let weight = |c: &str, l: &str| {
        let found = trained.parameters.iter().find(|p| p.comparison == c && p.level == l).unwrap();
        (found.m, found.weight)
    };
    let (m, bits) = weight("born", "equal");
    assert!((m.unwrap() - 0.9).abs() < 0.03, "{m:?}");
    assert!((bits - (0.9f64 * 2000.0).log2()).abs() < 0.5, "{bits}");
    assert!((weight("name", "near").0.unwrap() - 0.333).abs() < 0.05, "{:?}", weight("name", "near"));
    assert_eq!(weight("town", "equal"), (None, 1.5), "a weight of the author stays");
    assert!((trained.summary.matches - 1500.0).abs() < 120.0, "{:?}", trained.summary);

    let text = trained.text();
    assert!(text.contains("# The author's words stay.") && text.contains("# trained"));
    let read = Plan::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert!(read.trained());
    assert_eq!(read.thresholds(), trained.plan().thresholds());
    assert_eq!(read.frequencies(), trained.plan().frequencies());
    for (a, b) in read.comparisons().iter().zip(trained.plan().comparisons()) {
        let weights = |c: &crate::engine::plan::Comparison| c.levels.iter().map(|l| l.weight).collect::<Vec<_>>();
        assert_eq!(weights(a), weights(b), "{}", a.name);
    }

    // Trained again from its own text: the same model.
    let again = train(&mut self::rows(&people()).with_plan(Arc::new(read)).unwrap(), text).unwrap();
    assert_eq!(again.text(), text);

    let mut rows = rows.with_plan(trained.plan()).unwrap();
    let linkage = match_rows(&mut rows, &[]).unwrap();
    let clusters = linkage.clusters();
    let right = clusters.iter().filter(|cluster| cluster.iter().all(|id| id / 2 == cluster[0] / 2)).count();
    assert!(right > 1200 && clusters.len() - right < 40, "{right} of {}", clusters.len());
}

#[test]
fn order_and_threads_change_nothing() {
    let forward = people();
    let mut backward = forward.clone();
    backward.reverse();
    let text = train(&mut rows(&forward), MODEL).unwrap().text;
    let single = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    assert_eq!(single.install(|| train(&mut rows(&backward), MODEL).unwrap().text), text);
}

#[test]
fn shuffled_lines_teach_the_same() {
    // The record number of a line of a file is its place.
    let text = MODEL.replace("random_pairs = 2000000", "random_pairs = 40000");
    let learned = |step: usize| {
        let people = people();
        let shuffled: Vec<(u64, Vec<Value>)> =
            (0..people.len()).map(|at| (at as u64, people[at * step % people.len()].1.clone())).collect();
        let mut rows = Rows::new(Arc::new(Plan::parse(&text).unwrap()));
        rows.extend(&shuffled).unwrap();
        train(&mut rows, &text).unwrap().text
    };
    let text = learned(1);
    for step in [7, 1013] {
        assert_eq!(learned(step), text, "every {step}th line");
    }
}

#[test]
fn what_went_wrong_is_told() {
    // The town is drawn anew for each row: it agrees no more often in matches, and a level never seen is named.
    let mut people = people();
    for (at, (_, values)) in people.iter_mut().enumerate() {
        values[2] = Value::Text(if at % 2 == 0 { "ABX" } else { "ABY" }.to_owned());
    }
    let model = MODEL.replace("equal = true, weight = 1.5 }", "equal = true }");
    let mut rows = Rows::new(Arc::new(Plan::parse(&model).unwrap()));
    rows.extend(&people).unwrap();
    let problems = train(&mut rows, &model).unwrap().problems;
    let against =
        |p: &TrainingProblem| matches!(p, TrainingProblem::AgreementAgainst { comparison, .. } if comparison == "town");
    assert!(problems.iter().any(against), "{problems:?}");
}

#[test]
fn too_few_rows_are_refused() {
    let mut rows = rows(&people()[..1]);
    assert!(matches!(train(&mut rows, MODEL), Err(TrainError::TooFew { rows: 1, pairs: 0 })));
}

/// m of a level, and the summary of a training with labels.
fn with_labels(people: &[(u64, Vec<Value>)], labels: &Labels) -> (f64, Trained) {
    let trained = train_with(&mut rows(people), MODEL, labels).unwrap();
    let born = trained.parameters.iter().find(|p| p.comparison == "born" && p.level == "equal").unwrap();
    (born.m.unwrap(), trained)
}

#[test]
fn a_truth_about_all_rows_is_counted_and_not_estimated() {
    let people = people();
    let truth = Labels::of_entities(people.iter().map(|(id, _)| (*id, (*id / 2) as u32)));
    let (m, trained) = with_labels(&people, &truth);
    let born = |id: usize| &people[id].1[1];
    let equal = (0..1500).filter(|person| born(person * 2) == born(person * 2 + 1)).count() as f64;
    let (unlabelled, _) = with_labels(&people, &Labels::none());
    // Twenty matches' worth of what is found without labels, half a pair for each level that might be unseen.
    let wanted = (equal + 20.0 * unlabelled + 0.5) / (1500.0 + 20.0 + 1.0);
    assert!((m - wanted).abs() < 1e-4, "{m}, not {wanted}");
    let summary = &trained.summary;
    assert_eq!(summary.labels, Some(LabelCount { matches: 1500, others: 3000 * 2999 / 2 - 1500, complete: true }));
    let prior = trained.plan().thresholds().prior;
    assert!((prior * 3000.0 * 2999.0 / 2.0 - 1500.0).abs() < 1.0, "{prior}");
    assert!(trained.text().contains("labels = \"the entity of every row\""));

    // The promise of the thresholds is now a measurement of the clusters: they keep it.
    let mut rows = rows(&people).with_plan(trained.plan()).unwrap();
    let linkage = match_rows(&mut rows, &[]).unwrap();
    let clusters = linkage.clusters();
    let pairs = clusters
        .iter()
        .flat_map(|ids| (0..ids.len()).flat_map(move |at| ids[..at].iter().map(move |other| (*other, ids[at]))));
    let pairs: Vec<(u64, u64)> = pairs.collect();
    let right = pairs.iter().filter(|(a, b)| a / 2 == b / 2).count();
    let (precision, recall, _) = summary.expected;
    assert!((right as f64 / pairs.len() as f64 - precision).abs() < 0.005, "{:?}", summary.expected);
    assert!((right as f64 / 1500.0 - recall).abs() < 0.005, "{right}: {:?}", summary.expected);
}

#[test]
fn decisions_about_pairs_count_as_what_they_are() {
    let people = people();
    let (without, plain) = with_labels(&people, &Labels::none());
    let few = (0..5).map(|person| (person * 2 + 1, person * 2, true));
    let (some, trained) = with_labels(&people, &Labels::of_pairs(few));
    assert!((some - without).abs() < 0.01, "few decisions move little: {some} and {without}");
    assert_eq!(trained.summary.labels, Some(LabelCount { matches: 5, others: 0, complete: false }));
    assert!(trained.text().contains("labelled_matches = 5"));

    // All pairs of one name and two birth dates, as they are: the share that was right stays. All called different: it
    // goes up, and there are fewer matches.
    let mut hard = Vec::new();
    for (at, (a, x)) in people.iter().enumerate() {
        hard.extend(
            people[..at].iter().filter(|(_, y)| x[0] == y[0] && x[1] != y[1]).map(|(b, _)| (*a, *b, a / 2 == b / 2)),
        );
    }
    assert!(hard.iter().filter(|(.., same)| *same).count() > 50);
    let (decided, _) = with_labels(&people, &Labels::of_pairs(hard.clone()));
    assert!((decided - 0.9).abs() < 0.02, "{decided}");
    let (denied, trained) = with_labels(&people, &Labels::of_pairs(hard.iter().map(|(a, b, _)| (*a, *b, false))));
    assert!(denied > 0.97, "{denied}");
    assert!(trained.summary.matches < plain.summary.matches - 20.0, "{}", trained.summary.matches);
}

#[test]
fn labels_do_not_depend_on_order_or_threads() {
    let forward = people();
    let mut backward = forward.clone();
    backward.reverse();
    let truth = Labels::of_entities(forward.iter().filter(|(id, _)| id % 3 > 0).map(|(id, _)| (*id, (*id / 2) as u32)));
    let text = train_with(&mut rows(&forward), MODEL, &truth).unwrap().text;
    let single = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    assert_eq!(single.install(|| train_with(&mut rows(&backward), MODEL, &truth).unwrap().text), text);
}

/// F1 of the clusters, over pairs of rows.
fn cluster_f1(people: &[(u64, Vec<Value>)], text: &str, labels: &Labels) -> f64 {
    let rows = || {
        let mut rows = Rows::new(Arc::new(Plan::parse(text).unwrap()));
        rows.extend(people).unwrap();
        rows
    };
    let trained = train_with(&mut rows(), text, labels).unwrap();
    let linkage = match_rows(&mut rows().with_plan(trained.plan()).unwrap(), &[]).unwrap();
    let truth: Vec<u32> = people.iter().map(|(id, _)| (*id / 2) as u32).collect();
    let found: Vec<u32> = linkage.assignments.iter().map(|(_, cluster)| *cluster as u32).collect();
    crate::engine::evaluate::clusters(&truth, &found).pairwise.f1
}

#[test]
fn more_labels_never_make_clusters_worse() {
    let people = people();
    let text = MODEL.replace("random_pairs = 2000000", "random_pairs = 40000");
    let plain = cluster_f1(&people, &text, &Labels::none());
    for known in [1, 3, 10] {
        let rows = people.iter().filter(|(id, _)| (id / 2) % 10 < known);
        let labels = Labels::of_entities(rows.map(|(id, _)| (*id, (*id / 2) as u32)));
        let with = cluster_f1(&people, &text, &labels);
        assert!(with > plain - 0.005, "the entity of {known} rows in ten: {with}, and {plain} without");
        let pairs = (0..1500u64).filter(|person| person % 10 < known);
        let pairs = pairs.flat_map(|p| [(p * 2, p * 2 + 1, true), (p * 2, (p * 2 + 7) % 3000, false)]);
        let with = cluster_f1(&people, &text, &Labels::of_pairs(pairs));
        assert!(with > plain - 0.005, "{known} pairs in ten: {with}, and {plain} without");
    }
}

#[test]
fn thresholds_are_chosen_by_clusters_where_the_model_says_so() {
    let people = people();
    let text = MODEL.replace("random_pairs = 2000000", "random_pairs = 40000");
    let by_pairs = cluster_f1(&people, &text, &Labels::none());
    let text = format!("{text}choose = \"clusters\"\n\n[cluster]\nmin_mean_weight = \"review\"\n");
    let by_clusters = cluster_f1(&people, &text, &Labels::none());
    assert!(by_clusters > by_pairs - 0.01, "{by_clusters} and {by_pairs}");
    let mut rows = Rows::new(Arc::new(Plan::parse(&text).unwrap()));
    rows.extend(&people).unwrap();
    let trained = train(&mut rows, &text).unwrap();
    assert!(!trained.text().contains("min_mean_weight = \"review\""), "the limit is chosen, too, in bits");
    assert!(trained.plan().cluster_limits().min_mean_weight.is_some());
}

#[test]
fn the_rules_to_learn_from_are_chosen() {
    let people = people();
    let m = |blocks: &str| {
        let text = MODEL.replace("random_pairs = 2000000", &format!("random_pairs = 40000\nblocks = {blocks}"));
        let mut rows = Rows::new(Arc::new(Plan::parse(&text).unwrap_or_else(|error| panic!("{error}"))));
        rows.extend(&people).unwrap();
        let trained = train(&mut rows, &text).unwrap();
        let not_learned = |p: &TrainingProblem| {
            if let TrainingProblem::NotLearned { comparison, .. } = p { Some(comparison.clone()) } else { None }
        };
        trained.problems.iter().filter_map(not_learned).collect::<Vec<_>>()
    };
    // A rule says nothing of what it reads itself.
    assert_eq!(m(r#"["name"]"#), ["name"]);
    assert_eq!(m(r#"["born"]"#), ["born", "town"]);
    assert_eq!(m(r#"["name", "born"]"#), [""; 0]);
    assert_eq!(m(r#"["name", ["born"]]"#), [""; 0], "a rule for training alone");
    for (blocks, message) in [
        (r#"["nobody"]"#, "there is no blocking rule 'nobody'"),
        ("[]", "`blocks` of training must not be empty"),
        (r#"[["nobody"]]"#, "there is no column 'nobody'"),
    ] {
        let text = MODEL.replace("random_pairs = 2000000", &format!("blocks = {blocks}"));
        let error = Plan::parse(&text).expect_err(blocks).to_string();
        assert!(error.ends_with(message), "{error}");
    }
}
