//! Random small worlds: a live set that got its rows in steps, in any order, with updates, removals and decisions, is
//! equal to one built at once, and to a bulk run.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::strategy::ValueTree;

use super::world::{Row, State, change, known, name, plan, remaining, row, state};
use super::*;
use crate::engine::cluster::{Judgement, Proposal, ProposalReason};
use crate::engine::value::{Digits, Value};

fn bulk_state(rows: &[(u64, Row)], decisions: &[(u64, u64, Judgement)]) -> State {
    let mut packed = Rows::new(plan());
    packed.extend(rows).unwrap();
    let linkage = match_rows(&mut packed, decisions).unwrap();
    (linkage.clusters(), linkage.edges, linkage.review, linkage.refusals)
}

/// A consumer that only sees deltas.
#[derive(Default)]
struct Follower {
    clusters: BTreeSet<Vec<u64>>,
    questions: BTreeMap<(u64, u64), Proposal>,
}

impl Follower {
    fn follow(&mut self, delta: Delta) {
        for cluster in delta.before {
            assert!(self.clusters.remove(&cluster), "{cluster:?} was never announced");
        }
        for cluster in delta.after {
            assert!(self.clusters.insert(cluster.clone()), "{cluster:?} was announced twice");
        }
        for pair in delta.closed {
            assert!(self.questions.remove(&pair).is_some(), "{pair:?} was never opened");
        }
        for item in delta.opened {
            assert_ne!(self.questions.insert(item.pair, item.clone()), Some(item), "nothing new");
        }
    }

    fn check(&self, live: &Live) {
        let shared: Vec<Vec<u64>> = self.clusters.iter().filter(|members| members.len() > 1).cloned().collect();
        assert_eq!(shared, live.clusters());
        assert_eq!(self.clusters.iter().map(Vec::len).sum::<usize>(), live.len());
        assert!(self.questions.values().eq(live.review()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn live_is_bulk(
        changes in proptest::collection::vec(change(), 1..45),
        batches in proptest::collection::vec(1usize..9, 45),
        shuffle in any::<u64>(),
    ) {
        let mut live = Live::new(plan());
        let mut follower = Follower::default();
        let mut left = changes.as_slice();
        for size in batches {
            let (batch, rest) = left.split_at(size.min(left.len()));
            follower.follow(live.apply(batch.to_vec()).unwrap());
            follower.check(&live);
            left = rest;
        }
        let (mut rows, decisions) = remaining(&changes);
        let stepwise = state(&live);

        let at_once = Live::bulk(plan(), &rows, &decisions).unwrap();
        prop_assert_eq!(&stepwise, &state(&at_once));
        prop_assert_eq!(&stepwise, &bulk_state(&rows, &decisions));
        prop_assert_eq!(live.stop_keys(), at_once.stop_keys());
        prop_assert_eq!(live.candidates(), at_once.candidates());

        // Any other order of the same rows.
        rows.sort_by_key(|(id, _)| (id ^ shuffle).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        prop_assert_eq!(&stepwise, &bulk_state(&rows, &decisions));
        let mut one_by_one = Live::new(plan());
        for (a, b, judgement) in decisions {
            one_by_one.apply(vec![Change::Decide { a, b, judgement }]).unwrap();
        }
        for (id, values) in rows {
            one_by_one.apply(vec![Change::Upsert { id, values }]).unwrap();
        }
        prop_assert_eq!(&stepwise, &state(&one_by_one));
    }

    #[test]
    fn edges_are_what_the_model_says(
        rows in proptest::collection::vec(prop_oneof![5 => row(), 1 => known()], 2..30),
    ) {
        let rows: Vec<(u64, Row)> = (1..).zip(rows).collect();
        let live = Live::bulk(plan(), &rows, &[]).unwrap();
        let edges: BTreeMap<(u64, u64), Edge> = live.edges().into_iter().map(|edge| (edge.pair, edge)).collect();
        let names: Vec<&str> = live.plan().rule_names().collect();
        let mut candidates = 0;
        // Of equal rows that the model links the first one leads.
        let leader = |(id, row): &(u64, Row)| {
            let equal = |(other, values): &&(u64, Row)| {
                let linked = || live.explain(*id, *other).is_some_and(|why| why.decision == MachineDecision::Link);
                other < id && values == row && linked()
            };
            rows.iter().find(equal).map_or(*id, |(other, _)| *other)
        };
        let leaders: BTreeMap<u64, u64> = rows.iter().map(|row| (row.0, leader(row))).collect();
        for (a, _) in &rows {
            for (b, _) in rows.iter().filter(|(b, _)| b > a) {
                if leaders[a] != *a || leaders[b] != *b {
                    let copy = edges.get(&(*a, *b));
                    prop_assert_eq!(copy.is_some_and(|edge| edge.rule.is_none()), leaders[b] == *a);
                    continue;
                }
                let why = live.explain(*a, *b).unwrap();
                candidates += u64::from(!why.rules.is_empty());
                let sum: f64 = why.steps.iter().map(|step| step.weight + step.adjustment).sum();
                prop_assert_eq!((sum as f32).to_bits(), why.weight.to_bits(), "the tree adds up");
                let expected = !why.rules.is_empty() && why.weight >= live.plan().thresholds().review;
                let edge = edges.get(&(*a, *b));
                prop_assert_eq!(edge.is_some(), expected);
                if let Some(edge) = edge {
                    prop_assert_eq!(edge.weight.to_bits(), why.weight.to_bits());
                    prop_assert_eq!(edge.decision, why.decision);
                    prop_assert_eq!(live.plan().veto_ids(edge.vetoes), why.vetoes);
                    prop_assert_eq!(edge.rule.map(|rule| names[usize::from(rule)]), Some(why.rules[0].as_str()));
                }
            }
        }
        prop_assert_eq!(live.candidates().pairs(), candidates);
    }

    #[test]
    fn threads_do_not_matter(rows in proptest::collection::vec(prop_oneof![row(), known()], 60..120)) {
        let rows: Vec<(u64, Row)> = (1..).zip(rows).collect();
        let on = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| bulk_state(&rows, &[(1, 2, Judgement::Same), (3, 4, Judgement::Different)]))
        };
        prop_assert_eq!(on(1), on(3));
    }
}

/// The worlds above are worth something only if what is hard about them does occur.
#[test]
fn small_worlds_are_hard() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let worlds = proptest::collection::vec(change(), 30..45);
    let mut seen: BTreeSet<String> = BTreeSet::new();
    for _ in 0..400 {
        let (rows, decisions) = remaining(&worlds.new_tree(&mut runner).unwrap().current());
        let live = Live::bulk(plan(), &rows, &decisions).unwrap();
        seen.extend(live.refusals().map(|refusal| format!("refused {}", refusal.reason.code())));
        seen.extend(live.stop_keys().into_iter().map(|stop| format!("stop key of {}", stop.rule)));
        seen.extend(live.edges().into_iter().map(|edge| format!("vetoes {:?}", live.plan().veto_ids(edge.vetoes))));
        seen.insert(format!("largest {}", live.clusters().iter().map(Vec::len).max().unwrap_or(1)));
        seen.extend(live.review().flat_map(|item| &item.reasons).map(|reason| match reason {
            ProposalReason::Band => "asked for the band".to_owned(),
            ProposalReason::NoStrongIdentifier => "asked for a strong identifier".to_owned(),
            ProposalReason::Veto { .. } => "asked for a veto".to_owned(),
            ProposalReason::Unreadable => "asked for an unreadable value".to_owned(),
            ProposalReason::Refused(reason) => format!("asked for {}", reason.code()),
            ProposalReason::Bridge { .. } => "asked for a bridge".to_owned(),
        }));
        seen.insert(format!("copies {}", live.edges().iter().any(|edge| edge.rule.is_none())));
        let given = |id: &u64| rows.iter().any(|(other, row)| other == id && row[0] != Value::Missing);
        let hidden = rows.iter().zip(rows.iter().skip(1)).any(|((a, _), (b, _))| {
            given(a) && given(b) && live.explain(*a, *b).is_some_and(|why| why.steps[0].level == "missing")
        });
        seen.insert(format!("guard {hidden}"));
    }
    for expected in [
        "refused HUMAN",
        "refused SIZE",
        "refused VETO",
        "refused CONTRADICTION",
        "refused WEAK",
        "refused TIE",
        "stop key of number",
        "stop key of name and birth",
        "stop key of name",
        "stop key of phone or year",
        "vetoes [\"TWINS\"]",
        "vetoes [\"SAME_SOURCE\"]",
        "largest 4",
        "largest 5",
        "asked for the band",
        "asked for a strong identifier",
        "asked for a veto",
        "asked for an unreadable value",
        "asked for a bridge",
        "copies true",
        "asked for VETO",
        "asked for SIZE",
        "guard true",
        "guard false",
    ] {
        assert!(seen.contains(expected), "{expected} never occurs: {seen:#?}");
    }
}

#[test]
fn a_batch_that_does_not_fit_changes_nothing() {
    let mut live = Live::new(plan());
    let good = vec![Value::Missing, name(&["ANI"]), Value::Missing, Value::Missing, Value::Missing];
    let mut wrong = good.clone();
    wrong[0] = Value::Text("12".to_owned());
    let batch = vec![Change::Upsert { id: 1, values: good.clone() }, Change::Upsert { id: 2, values: wrong }];
    assert!(live.apply(batch).is_err());
    assert!(live.is_empty());
    assert!(live.apply(vec![Change::Upsert { id: 1, values: good[1..].to_vec() }]).is_err());
    assert!(Live::bulk(plan(), &[(1, good.clone()), (1, good)], &[]).is_err());
}

#[test]
fn an_update_that_changes_nothing_says_nothing() {
    let values = |digits: &str| {
        let number = Value::Digits(Digits::parse(digits).unwrap());
        vec![number, name(&["ANI"]), Value::Missing, Value::Missing, Value::Missing]
    };
    let mut live = Live::bulk(plan(), &[(1, values("11")), (2, values("11"))], &[]).unwrap();
    assert_eq!(live.clusters(), [[1, 2]]);
    assert_eq!(live.apply(vec![Change::Upsert { id: 2, values: values("11") }]).unwrap(), Delta::default());
    let delta = live.apply(vec![Change::Remove { id: 1 }]).unwrap();
    assert_eq!((delta.before, delta.after), (vec![vec![1, 2]], vec![vec![2]]));
    assert_eq!((live.cluster_of(1), live.cluster_of(2)), (None, Some(vec![2])));
}
