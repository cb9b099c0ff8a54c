//! Runs a set of rules over a world.

pub(super) mod closed;
mod holds;
mod note;

use std::collections::BTreeSet;

use rayon::prelude::*;

use super::condition::Condition;
use super::rule::{Absence, PeriodKind, Rule, RuleSet};
use super::world::{At, Index, NONE, Place, World};
use crate::domain::feed::Feed;
use crate::domain::finding::{Finding, Outcome, RuleKind, Scope, Subject};
use crate::domain::record::{PersonId, RecordId};
use holds::{Judge, Who};

/// Evaluates every rule in force for every subject. Findings come by rule, then subject; the same world always gives the
/// same list, whatever the order of its parts and the number of threads.
pub fn evaluate(rules: &RuleSet, world: &World<'_>) -> Vec<Finding> {
    evaluate_subjects(rules, &Index::new(world), None)
}

/// The same for some subjects only; `None` means all. The index must hold their neighbours: the other memberships on
/// their KK numbers and the other holders of their accounts.
pub fn evaluate_subjects(rules: &RuleSet, index: &Index<'_>, only: Option<&BTreeSet<Subject>>) -> Vec<Finding> {
    let wanted = |subject: &Subject| only.is_none_or(|only| only.contains(subject));
    let mut findings = Vec::new();
    for scope in [Scope::Person, Scope::Family, Scope::Account] {
        let mut subjects: Vec<(Subject, Who)> = subjects(index, scope).filter(|(subject, _)| wanted(subject)).collect();
        subjects.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        for rule in rules.rules().iter().filter(|rule| rule.scope == scope && rule.in_force(index.world.as_of)) {
            let Some(judge) = Judge::new(index, rules, rule) else { continue };
            let of_rule = subjects.par_iter().filter_map(|(subject, who)| answer(rule, &judge, subject, *who));
            findings.extend(of_rule.collect::<Vec<Finding>>());
        }
    }
    // Stable: within a rule the subjects keep their order.
    findings.sort_by(|a, b| a.rule.cmp(&b.rule));
    findings
}

fn subjects<'i>(index: &'i Index<'_>, scope: Scope) -> Box<dyn Iterator<Item = (Subject, Who)> + 'i> {
    match scope {
        Scope::Person => {
            let persons = index.world.persons.iter().enumerate();
            Box::new(persons.map(|(at, person)| (Subject::Person(person.id), Who::Person(at as At))))
        }
        Scope::Family => {
            let families = index.world.families.iter().enumerate();
            Box::new(families.map(|(at, family)| (Subject::Family(family.id), Who::Family(at as At))))
        }
        Scope::Account => Box::new((0..index.accounts.len()).filter_map(|at| {
            let account = &index.accounts[at];
            let oldest = account.rows.iter().chain(&account.payments).map(|row| index.record(*row).id).min()?;
            Some((Subject::Account(oldest), Who::Account(at as At)))
        })),
    }
}

fn answer(rule: &Rule, judge: &Judge<'_, '_>, subject: &Subject, who: Who) -> Option<Finding> {
    let mut evidence = Vec::new();
    if !judge.holds(&rule.eligible, who, &mut evidence) {
        return None;
    }
    let proven = judge.holds(&rule.proof, who, &mut evidence);
    let index = judge.index;
    let place = place_of(index, who);
    let (outcome, note) = match (rule.kind, proven) {
        (RuleKind::Gap, true) => (Outcome::Menerima, String::new()),
        (RuleKind::Gap, false) => unproven(rule, judge, who, &place, &mut evidence),
        (RuleKind::Overlap | RuleKind::Quality, false) => return None,
        (RuleKind::Overlap | RuleKind::Quality, true) => overlapping(rule, index, who, &evidence),
    };
    evidence.sort_unstable();
    evidence.dedup();
    let family = family_of(index, who);
    Some(Finding {
        rule: rule.id.clone(),
        subject: subject.clone(),
        family: (family != NONE).then(|| index.world.families[family as usize].id),
        persons: persons_of(index, who, &evidence),
        kode_kecamatan: place.district.map(str::to_owned),
        kode_desa: place.village.map(str::to_owned),
        periode: index.period,
        outcome,
        evidence,
        note,
    })
}

/// Nothing proves receipt: a gap, unless the silence cannot be trusted.
fn unproven(
    rule: &Rule,
    judge: &Judge<'_, '_>,
    who: Who,
    place: &Place<'_>,
    evidence: &mut Vec<RecordId>,
) -> (Outcome, String) {
    let index = judge.index;
    for proving in &rule.closed {
        let period = match proving.period {
            PeriodKind::Quarter => index.period,
            PeriodKind::Month => index.month,
        };
        if !index.closed.holds(proving.feed, period, place.code()) {
            return (Outcome::BelumDapatDinilai, format!("feed_open:{}", proving.feed));
        }
    }
    let merge_may_prove = rule.scope == Scope::Person || rule.proof.reads_rows();
    if merge_may_prove && open_cases(index, &members(index, who)) > 0 {
        return (Outcome::BelumDapatDinilai, "open_case".to_owned());
    }
    let (note, rows) = note::of_gap(rule, judge, who, evidence);
    match rule.absence {
        Absence::Unassessable if rows == 0 => (Outcome::BelumDapatDinilai, note),
        Absence::Unassessable | Absence::Gap => (Outcome::BelumMenerima, note),
    }
}

/// An overlap is shown by rows that are there; only a merge of the persons concerned could explain it away.
fn overlapping(rule: &Rule, index: &Index<'_>, who: Who, evidence: &[RecordId]) -> (Outcome, String) {
    let concerned = open_cases(index, &members(index, who));
    let undone = if has_holders(&rule.proof) { concerned >= 2 } else { concerned >= 1 };
    if rule.proof.undone_by_merge() && undone {
        return (Outcome::BelumDapatDinilai, "open_case".to_owned());
    }
    (Outcome::TumpangTindih, note::of_overlap(rule, index, evidence))
}

fn has_holders(condition: &Condition) -> bool {
    let mut found = false;
    condition.walk(&mut |part| found |= matches!(part, Condition::HolderFamilies(_)));
    found
}

fn open_cases(index: &Index<'_>, persons: &[PersonId]) -> usize {
    if index.world.open_cases.is_empty() {
        return 0;
    }
    persons.iter().filter(|person| index.world.open_cases.contains(person)).count()
}

/// Everybody a subject consists of, ascending.
fn members(index: &Index<'_>, who: Who) -> Vec<PersonId> {
    let mut persons = match who {
        Who::Person(at) => vec![index.world.persons[at as usize].id],
        Who::Family(at) => index.world.families[at as usize].members.clone(),
        Who::Account(at) => {
            let holders = &index.accounts[at as usize].holders;
            holders.iter().map(|person| index.world.persons[*person as usize].id).collect()
        }
    };
    persons.sort_unstable();
    persons
}

/// The persons a finding concerns: of an account, the holders whose rows show it.
fn persons_of(index: &Index<'_>, who: Who, evidence: &[RecordId]) -> Vec<PersonId> {
    let everybody = members(index, who);
    if !matches!(who, Who::Account(_)) {
        return everybody;
    }
    let rows = evidence.iter().filter_map(|id| index.record_at.get(id).copied());
    let holding = rows.filter(|at| index.record(*at).key.feed == Feed::Rekening).map(|at| index.person_of[at as usize]);
    let mut shown: Vec<PersonId> =
        holding.filter(|person| *person != NONE).map(|person| index.world.persons[person as usize].id).collect();
    shown.sort_unstable();
    shown.dedup();
    if shown.is_empty() { everybody } else { shown }
}

fn family_of(index: &Index<'_>, who: Who) -> At {
    match who {
        Who::Person(at) => index.family_of(at),
        Who::Family(at) => at,
        Who::Account(at) => index.accounts[at as usize].holders.first().map_or(NONE, |holder| index.family_of(*holder)),
    }
}

fn place_of<'a>(index: &Index<'a>, who: Who) -> Place<'a> {
    match who {
        Who::Person(at) => index.place_of_person(at),
        Who::Family(at) => index.place_of_family(at),
        Who::Account(at) => index.accounts[at as usize]
            .holders
            .first()
            .map_or_else(Place::default, |holder| index.place_of_person(*holder)),
    }
}
