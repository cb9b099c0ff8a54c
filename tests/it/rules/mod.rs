//! Golden records and rules together, on a sample world with known truth and on small worlds made for one question each.
//!
//! `golden` and `complement` do not know each other, so the tests that join them stand above both.

mod cases;
mod overlaps;
mod sample;
mod small;

use std::collections::BTreeMap;
use std::path::PathBuf;

use padan::complement::RuleSet;
use rustc_hash::FxHashSet;

use self::sample::{AS_OF, Sample};

/// A stand-in for the engine's name comparison: the truncation rule, then the better of the whole and the best words.
fn alike(account: &str, other: &str) -> f32 {
    let clean = |name: &str| {
        let upper = name.to_uppercase().replace(['.', ',', '\''], " ");
        let words: Vec<String> = upper.split_whitespace().map(str::to_owned).collect();
        words
    };
    let (a, b) = (clean(account), clean(other));
    let (whole_a, whole_b) = (a.concat(), b.concat());
    if whole_a.len() >= 5 && (whole_b.starts_with(&whole_a) || whole_a.starts_with(&whole_b)) {
        return 1.0;
    }
    let word = |x: &str, y: &str| {
        let initial = (x.len() == 1 || y.len() == 1) && x[..1] == y[..1];
        if initial { 0.85 } else { strsim::normalized_damerau_levenshtein(x, y) }
    };
    let words = |a: &[String], b: &[String]| {
        let best = a.iter().map(|x| b.iter().map(|y| word(x, y)).fold(0.0, f64::max));
        best.sum::<f64>() / a.len().max(1) as f64
    };
    let (short, long) = if a.len() <= b.len() { (&a, &b) } else { (&b, &a) };
    let joined = strsim::normalized_damerau_levenshtein(&whole_a, &whole_b);
    words(short, long).max(joined) as f32
}

/// Counts of a rule: right, too many, missing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Score {
    right: usize,
    extra: usize,
    missing: usize,
}

fn score(folder: &str) -> (BTreeMap<String, Score>, Vec<String>) {
    let sample = Sample::read(&PathBuf::from(folder));
    let rules = RuleSet::embedded();
    let findings = sample.findings(&rules, &FxHashSet::default(), AS_OF);
    let answers = sample.answers(&rules, &findings);
    let mut scores: BTreeMap<String, Score> = BTreeMap::new();
    let mut differences = Vec::new();
    for answer in answers.union(&sample.expected) {
        let score = scores.entry(answer.0.clone()).or_default();
        match (answers.contains(answer), sample.expected.contains(answer)) {
            (true, true) => score.right += 1,
            (true, false) => {
                score.extra += 1;
                differences.push(format!("extra {answer:?}"));
            }
            (false, _) => {
                score.missing += 1;
                differences.push(format!("missing {answer:?}"));
            }
        }
    }
    (scores, differences)
}

/// On true clusters the rules must agree with the truth exactly. Q02 measures names, and [`alike`] is only a stand-in for
/// the engine's measure: for it a floor is enough.
#[test]
fn findings_agree_with_the_truth_of_the_sample() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/komplemen");
    let (scores, differences) = score(folder);
    let complete = [
        "G01", "G02", "G03", "G04", "G05", "G06", "G07", "G08", "O01", "O02", "O03", "O04", "O05", "O06", "O07", "O08",
        "O09", "O10", "O13", "Q01",
    ];
    for rule in complete {
        let score = scores.get(rule).copied().unwrap_or_default();
        assert!(score.right >= 2, "{rule}: the sample must ask something");
        assert_eq!((score.extra, score.missing), (0, 0), "{rule}: {differences:#?}");
    }
    let names = scores["Q02"];
    assert!(names.right >= 4 && names.extra == 0 && names.missing <= 1, "Q02: {names:?}");
}

/// The full sample worlds (whose truth says nothing of Q03), where a developer points to them: prints the table of every rule and holds the same floor.
#[test]
fn findings_agree_with_the_truth_of_the_worlds_named_by_the_environment() {
    let committed = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/komplemen").to_owned();
    let shared = std::env::var("PADAN_SHARED")
        .map(|shared| ["kab-sampel", "prov-sampel"].map(|world| format!("{shared}/data/{world}")).to_vec());
    for folder in shared.unwrap_or_default().into_iter().chain([committed]) {
        let (scores, differences) = score(&folder);
        println!("{folder}\nrule right extra missing");
        for (rule, score) in &scores {
            println!("{rule} {} {} {}", score.right, score.extra, score.missing);
        }
        for line in &differences {
            println!("  {line}");
        }
        for (rule, score) in scores.iter().filter(|(rule, _)| !["O06", "G09", "Q02", "Q03"].contains(&rule.as_str())) {
            let right = score.right as f64;
            assert!(right / (right + score.extra as f64) > 0.99, "{rule} precision");
            assert!(right / (right + score.missing as f64) > 0.99, "{rule} recall");
        }
    }
}
