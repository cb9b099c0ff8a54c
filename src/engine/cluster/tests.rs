use std::sync::Arc;

use super::*;
use crate::engine::plan::Plan;
use crate::engine::value::{Digits, Value};
use crate::engine::{Change, Live};

/// Records with a number of four digits; the more digits two have in common from the start, the more the pair weighs.
/// `apart` marks records that a veto keeps from each other.
fn plan(cluster: &str, action: &str) -> Arc<Plan> {
    let text = format!(
        r#"model = {{ name = "m", version = "1", trained = true }}
        thresholds = {{ link = 10.0, review = 4.0, prior = 0.1 }}
        column = [{{ name = "n", type = "digits" }}, {{ name = "apart", type = "code" }}]
        block = [{{ name = "all", keys = ["n.first(1)"], max_block = 99 }}]
        cluster = {{ {cluster} }}
        veto = [{{ id = "V", action = "{action}", all = [{{ comparison = "apart", levels = ["both"] }}] }}]
        [[comparison]]
        name = "n"
        columns = ["n"]
        function = "prefix"
        levels = [
          {{ label = "4", min = 4, weight = 14.0 }},
          {{ label = "3", min = 3, weight = 11.0 }},
          {{ label = "2", min = 2, weight = 6.0 }},
          {{ label = "1", else = true, weight = -5.0 }},
        ]
        [[comparison]]
        name = "apart"
        columns = ["apart"]
        function = "both_equal"
        value = "X"
        levels = [{{ label = "both", equal = true, weight = 0.0 }}, {{ label = "no", else = true, weight = 0.0 }}]"#
    );
    Arc::new(Plan::parse(&text).unwrap_or_else(|error| panic!("{error}")))
}

fn live(plan: &Arc<Plan>, rows: &[(u64, &str)], decisions: &[(u64, u64, Judgement)]) -> Live {
    let row = |(id, text): &(u64, &str)| {
        let (number, apart) = text.strip_suffix('x').map_or((*text, Value::Missing), |t| (t, Value::Code("X".into())));
        (*id, vec![Value::Digits(Digits::parse(number).unwrap()), apart])
    };
    Live::bulk(Arc::clone(plan), &rows.iter().map(row).collect::<Vec<_>>(), decisions).unwrap()
}

fn refusals(live: &Live) -> Vec<((u64, u64), &'static str)> {
    live.refusals().map(|refusal| (refusal.pair, refusal.reason.code())).collect()
}

fn questions(live: &Live) -> Vec<(u64, u64)> {
    live.review().map(|item| item.pair).collect()
}

use Judgement::{Cleared, Different, Same};

#[test]
fn links_make_clusters_and_the_band_makes_questions() {
    let live = live(&plan("", "review"), &[(1, "1111"), (2, "1112"), (3, "1121"), (4, "1122"), (5, "1211")], &[]);
    assert_eq!(live.clusters(), [[1, 2], [3, 4]]);
    // The strongest pair of two clusters, ties by number; record 5 is too far from all.
    assert_eq!(questions(&live), [(1, 3)]);
    let item = live.review().next().unwrap();
    assert_eq!((item.reasons.as_slice(), item.clusters), (&[ProposalReason::Band][..], (1, 3)));
    assert_eq!(refusals(&live), []);
}

#[test]
fn vetoes_refuse_a_join_across_the_clusters() {
    let rows = [(1, "1111x"), (2, "1111"), (3, "1112x")];
    let cautious = live(&plan("", "review"), &rows, &[]);
    assert_eq!(cautious.clusters(), [[1, 2]]);
    assert_eq!(refusals(&cautious), [((2, 3), "VETO")]);
    let item = cautious.review().next().unwrap();
    assert_eq!(item.pair, (1, 3), "of two equal pairs the lower");
    assert_eq!(item.reasons[0], ProposalReason::Veto { vetoes: 1 });
    assert!(matches!(item.reasons[1], ProposalReason::Refused(RefusalReason::Veto { pair: (1, 3), vetoes: 1 })));
    // A veto that separates asks nothing about its own pair, but the link beside it is a question.
    let strict = live(&plan("", "distinct"), &rows, &[]);
    assert_eq!((strict.clusters(), questions(&strict)), (vec![vec![1, 2]], vec![(2, 3)]));
}

#[test]
fn limits_of_size_and_contradiction() {
    let rows = [(1, "1111"), (2, "1111x"), (3, "1112"), (4, "1113")];
    let sized = live(&plan("max_size = 2", "review"), &rows, &[]);
    assert_eq!(sized.clusters(), [[1, 2], [3, 4]]);
    assert_eq!((refusals(&sized), questions(&sized)), (vec![((1, 3), "SIZE")], vec![(1, 3)]));

    // A person joined 2 and 3; what either links to contradicts the other.
    let rows = [(1, "1111"), (2, "1112"), (3, "1211"), (4, "1212")];
    let same = [(2, 3, Same)];
    let joined = live(&plan("", "review"), &rows, &same);
    assert_eq!(joined.clusters(), [[1, 2, 3, 4]]);
    let contradicting = live(&plan("min_pair_weight = -1.0", "review"), &rows, &same);
    assert_eq!(contradicting.clusters(), [[2, 3]]);
    assert_eq!(refusals(&contradicting), [((1, 2), "CONTRADICTION"), ((3, 4), "CONTRADICTION")]);
    let weak = live(&plan("min_mean_weight = 4.0", "review"), &rows, &same);
    assert_eq!((weak.clusters(), refusals(&weak)), (vec![vec![2, 3]], vec![((1, 2), "WEAK"), ((3, 4), "WEAK")]));
}

#[test]
fn people_overrule_the_machine() {
    let plan = plan("max_size = 2", "review");
    let rows = [(1, "1111x"), (2, "1112x"), (3, "1999"), (4, "1112")];
    let clusters = |decisions: &[(u64, u64, Judgement)]| live(&plan, &rows, decisions).clusters();
    assert_eq!(clusters(&[]), [[2, 4]]);
    assert_eq!(clusters(&[(1, 2, Same)]), [[1, 2]], "over a veto; the limit stops the machine");
    assert_eq!(clusters(&[(1, 2, Same), (3, 2, Same)]), [[1, 2, 3]], "over limit and contradiction");
    assert_eq!(clusters(&[(4, 2, Different)]), [[1, 4]]);
    assert_eq!(clusters(&[(4, 2, Different), (2, 4, Cleared)]), [[2, 4]], "the latest counts");
    assert_eq!(clusters(&[(4, 2, Different), (2, 4, Same)]), [[2, 4]], "the latest counts");
    assert_eq!(clusters(&[(4, 2, Same), (2, 4, Different)]), [[1, 4]], "the latest counts");
    assert_eq!(clusters(&[(7, 1, Same), (1, 1, Different)]), [[2, 4]], "about absent records and about itself");
}

#[test]
fn two_decisions_that_contradict_a_third_are_reported() {
    let plan = plan("", "review");
    let decisions = [(2, 3, Same), (1, 2, Same), (1, 3, Different)];
    let live = live(&plan, &[(1, "1111"), (2, "2111"), (3, "3111")], &decisions);
    assert_eq!(live.clusters(), [[1, 2]]);
    let refusal = live.refusals().next().unwrap();
    assert_eq!((refusal.pair, refusal.weight), ((2, 3), None));
    assert_eq!(refusal.reason, RefusalReason::HumanSeparated { pair: (1, 3) });
    assert_eq!(questions(&live), [], "a person has answered");
}

#[test]
fn clusters_that_a_person_separated_are_not_asked_about() {
    let plan = plan("", "review");
    let rows = [(1, "1111"), (2, "1112"), (3, "1121"), (4, "1122")];
    assert_eq!(questions(&live(&plan, &rows, &[])), [(1, 3)]);
    assert_eq!(questions(&live(&plan, &rows, &[(2, 4, Different)])), []);
}

#[test]
fn an_undone_decision_restores_the_state() {
    let plan = plan("max_size = 3", "review");
    let mut live = live(&plan, &[(1, "1111"), (2, "1112x"), (3, "1121"), (4, "1122x")], &[]);
    let before = (live.clusters(), live.review().cloned().collect::<Vec<_>>());
    let delta = live.apply(vec![Change::Decide { a: 1, b: 3, judgement: Same }]).unwrap();
    // Both others link to the new pair alike, and there is room for one of them.
    assert_eq!((delta.before, delta.after), (vec![vec![1, 2], vec![3, 4]], vec![vec![1, 3], vec![2], vec![4]]));
    assert_eq!(refusals(&live), [((1, 2), "TIE"), ((3, 4), "TIE")]);
    live.apply(vec![Change::Decide { a: 1, b: 3, judgement: Cleared }]).unwrap();
    assert_eq!(before, (live.clusters(), live.review().cloned().collect::<Vec<_>>()));
}

#[test]
fn equal_rows_are_one_entity_before_any_limit() {
    let plan = plan("max_size = 2", "review");
    let copies: Vec<(u64, &str)> = (1..=150).map(|id| (id, "1111")).chain([(200, "1112"), (201, "1211")]).collect();
    let mut live = live(&plan, &copies, &[]);
    let everybody: Vec<u64> = (1..=150).chain([200]).collect();
    assert_eq!((live.clusters(), live.stop_keys()), (vec![everybody.clone()], vec![]));
    let row = |number: &str| vec![Value::Digits(Digits::parse(number).unwrap()), Value::Missing];
    let delta = live.apply(vec![Change::Upsert { id: 151, values: row("1111") }]).unwrap();
    assert_eq!((delta.opened, delta.before, delta.after.len()), (vec![], vec![everybody], 1));
    // The first one goes: the next one stands for the others.
    live.apply(vec![Change::Remove { id: 1 }]).unwrap();
    assert_eq!(live.clusters()[0].len(), 151);
    // A person tells two of them apart: they are not one any more, and the block is too large for all of them.
    live.apply(vec![Change::Decide { a: 2, b: 3, judgement: Different }]).unwrap();
    assert_eq!((live.clusters(), live.stop_keys().len()), (Vec::<Vec<u64>>::new(), 1));
    live.apply(vec![Change::Decide { a: 2, b: 3, judgement: Cleared }]).unwrap();
    assert_eq!((live.clusters()[0].len(), live.stop_keys().len()), (151, 0));
}

#[test]
fn links_of_one_weight_that_exclude_each_other_are_questions() {
    // 2 fits 1 and 3 alike, which a veto keeps apart: whoever came first.
    for rows in [[(1, "1111x"), (2, "1112"), (3, "1113x")], [(3, "1111x"), (1, "1112"), (2, "1113x")]] {
        let tied = live(&plan("", "review"), &rows, &[]);
        assert_eq!(tied.clusters(), Vec::<Vec<u64>>::new());
        assert!(tied.refusals().all(|refusal| refusal.reason.code() == "TIE"));
        assert_eq!(tied.review().count(), 3, "both ways, and the two that exclude each other");
        let third = rows.iter().find(|(_, number)| !number.ends_with('x')).unwrap().0;
        let vetoed = tied.review().find(|item| item.pair.0 != third && item.pair.1 != third).unwrap();
        assert!(vetoed.reasons.contains(&ProposalReason::Bridge { by: third }), "{:?}", vetoed.reasons);
    }
    // A person keeps 1 and 3 apart: 2 is asked about both ways, and the judged pair is not asked again.
    let judged = live(&plan("", "review"), &[(1, "1111"), (2, "1112"), (3, "1113")], &[(1, 3, Different)]);
    assert_eq!((judged.clusters(), questions(&judged)), (vec![], vec![(1, 2), (2, 3)]));
}
