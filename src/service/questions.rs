//! What the matcher answers about cases, look-ups and its own state.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use super::identifiers::numbers_asked;
use super::matcher::Matcher;
use super::models::Models;
use super::places::present;
use super::views::{CaseFilter, Decided, Explained, LookupQuery, PairView, StopKeyLine};
use crate::domain::case::{Case, CaseState, Question};
use crate::domain::date::Date;
use crate::domain::decision::{Decision, Verdict};
use crate::domain::record::{PersonId, RecordId};
use crate::engine::StopKey;

impl Matcher {
    /// The open cases that a filter lets through, heaviest first, from behind a place; and how many there are in all.
    pub(super) fn open_cases(&self, filter: &CaseFilter, after: Option<&After>) -> (Vec<(After, Case)>, usize) {
        let placed = |case: &Case| (After::Open { weight: case.weight, id: case.id.clone() }, case.clone());
        let fitting = self.all_cases().filter(|case| self.fits(case, filter)).map(placed).collect();
        paged(fitting, after)
    }

    /// The decided cases that a filter lets through, newest decision first. Those of rows that were withdrawn meanwhile
    /// are among them: the decision counts again when the row comes back.
    pub(super) fn decided_cases(&self, filter: &CaseFilter, after: Option<&After>) -> (Vec<(After, Case)>, usize) {
        let standing = self.decided().filter_map(|(_, list)| list.last().filter(|last| last.verdict.is_some()));
        // A verdict may be about many pairs; its case is named by the one that was asked.
        let asked = standing.filter(|decision| decision.case == Case::id_of(decision.a, decision.b));
        let cases = asked.map(|decision| (self.decided_case(decision), decision.sequence.0));
        let cases = cases.chain(self.all_decided_shared()).filter(|(case, _)| self.fits(case, filter));
        paged(cases.map(|(case, sequence)| (After::Done { sequence, id: case.id.clone() }, case)).collect(), after)
    }

    /// How many cases are decided.
    pub(super) fn decided_count(&self) -> usize {
        let standing = self.decided().filter_map(|(_, list)| list.last().filter(|last| last.verdict.is_some()));
        let asked = standing.filter(|decision| decision.case == Case::id_of(decision.a, decision.b));
        asked.count() + self.all_decided_shared().len()
    }

    /// The pairs of records that a verdict on a case is about, each with the number of decisions it has already.
    ///
    /// *Gabungkan* is about every record of one person and every record of the other: the steward saw them all, and a
    /// veto between two of them must not part what was joined before. Pairs that somebody decided before keep their
    /// verdict. Taking back is about all pairs that the case decided; *Bukan Duplikat* about the pair that was asked.
    pub(super) fn pairs_of_verdict(&self, case: &Case, verdict: Option<Verdict>) -> Vec<(RecordId, RecordId, usize)> {
        let (a, b) = case.pair;
        let mut pairs: BTreeSet<(RecordId, RecordId)> = BTreeSet::from([(a, b)]);
        match verdict {
            Some(verdict) if case.question == Question::SharedNik => pairs = self.pairs_of_shared(case, verdict),
            Some(Verdict::Gabungkan) => {
                let records = |id| self.person_of(id).map(|person| self.records_of(person)).unwrap_or_default();
                let (left, right) = (records(a), records(b));
                let crossing = left.iter().flat_map(|x| right.iter().map(move |y| (*x.min(y), *x.max(y))));
                pairs.extend(crossing.filter(|(x, y)| x != y && self.standing_verdict(*x, *y).is_none()));
            }
            Some(Verdict::BukanDuplikat) => {}
            None => {
                if case.question == Question::SharedNik {
                    pairs.clear();
                }
                let decided = self.decided().filter_map(|(pair, list)| Some((*pair, list.last()?)));
                let here = decided.filter(|(_, last)| last.verdict.is_some() && last.case == case.id);
                pairs.extend(here.map(|(pair, _)| pair));
            }
        }
        pairs.into_iter().map(|(x, y)| (x, y, self.decisions_of(x, y).len())).collect()
    }

    /// A case by its id, open or decided.
    pub(super) fn case(&self, id: &str) -> Option<Case> {
        if Case::is_of_shared(id) {
            return self.open_case(id).or_else(|| self.decided_shared(id).map(|(case, _)| case));
        }
        self.open_case(id).or_else(|| {
            let (a, b) = pair_of(id)?;
            let list = self.decisions_of(a, b);
            Some(self.decided_case(list.last().filter(|last| last.verdict.is_some())?))
        })
    }

    /// A case about which there are decisions, whether they stand or were taken back.
    pub(super) fn case_of_decisions(&self, id: &str) -> Option<Case> {
        let state = |verdict: Option<Verdict>| if verdict.is_some() { CaseState::Selesai } else { CaseState::Baru };
        if Case::is_of_shared(id) {
            let all = self.decided().flat_map(|(_, list)| list).filter(|decision| decision.case == id);
            let (case, _) = self.shared_of_decisions(id, all)?;
            return Some(Case { state: CaseState::Baru, ..case });
        }
        let (a, b) = pair_of(id)?;
        let decisions = self.decisions_of(a, b);
        let last = decisions.last()?;
        Some(Case { state: state(last.verdict), ..self.decided_case(last) })
    }

    /// The case of a decision. It has no weight while one of its rows is withdrawn.
    fn decided_case(&self, decision: &Decision) -> Case {
        let (a, b) = (decision.a, decision.b);
        let persons: BTreeSet<PersonId> = [a, b].into_iter().filter_map(|id| self.person_of(id)).collect();
        let explained = self.explain(a, b);
        Case {
            id: Case::id_of(a, b),
            question: Question::SamePerson,
            pair: (a.min(b), a.max(b)),
            records: vec![a.min(b), a.max(b)],
            persons: persons.into_iter().collect(),
            weight: explained.as_ref().map_or(0.0, |why| why.total),
            probability: explained.as_ref().map_or(0.0, |why| why.probability),
            reasons: explained.map(|why| why.veto_ids()).unwrap_or_default(),
            state: CaseState::Selesai,
            shared: None,
        }
    }

    fn fits(&self, case: &Case, filter: &CaseFilter) -> bool {
        let question = filter.question.is_none_or(|question| case.question == question);
        let reason = filter.reason.as_ref().is_none_or(|reason| case.reasons.contains(reason));
        let place = filter.kode_wilayah.as_deref().map(present).is_none_or(|region| {
            let here =
                |id: &RecordId| self.known.get(id).and_then(|known| known.place).is_some_and(|p| p.lies_in(region));
            case.records.iter().any(here) || self.shares_nik(case).any(|id| here(&id))
        });
        question && reason && place
    }

    /// Persons whose records fit a look-up: first all who bear the number that was asked for, and how many they are,
    /// whatever blocking, guards and thresholds say; then those that the matcher finds near it, heaviest first.
    pub(super) fn look_up(&self, models: &Models, query: &LookupQuery, today: Date) -> (Vec<PersonId>, usize) {
        let numbers = numbers_asked(query, today).unwrap_or_default();
        let bearers: BTreeSet<RecordId> =
            numbers.into_iter().flat_map(|number| self.identifiers.bearers(number)).collect();
        let exact: BTreeSet<PersonId> = bearers.into_iter().filter_map(|id| self.person_of(id)).collect();
        let mut found: Vec<PersonId> = exact.iter().copied().collect();
        if query.nik.is_some() || query.nama.is_some() {
            let values = super::columns::values_of_query(&models.columns, query, today);
            let near = self.live.probe(&values).expect("the values were made for the columns of this plan");
            let mut seen = exact.clone();
            let persons = near.into_iter().filter_map(|(id, _)| self.person_of(RecordId(id)));
            found.extend(persons.filter(|person| seen.insert(*person)));
        }
        (found, exact.len())
    }

    /// Why a pair has its weight.
    pub(super) fn explain(&self, a: RecordId, b: RecordId) -> Option<Explained> {
        let tree = self.live.explain(a.0.min(b.0), a.0.max(b.0))?;
        Some(super::columns::explained(&self.models().plan, &tree))
    }

    /// Any two records explained; `None` when one takes no part in matching, or both are one.
    pub(super) fn pair(&self, a: RecordId, b: RecordId) -> Option<PairView> {
        let tree = self.live.explain(a.0.min(b.0), a.0.max(b.0))?;
        let persons = (self.person_of(a)?, self.person_of(b)?);
        let explained = super::columns::explained(&self.models().plan, &tree);
        Some(PairView { records: (a, b), persons, explained, rules: tree.rules })
    }

    /// Keys too common to be compared, the largest first.
    pub(super) fn stop_keys(&self) -> Vec<StopKeyLine> {
        let line = |key: StopKey| StopKeyLine {
            rule: key.rule,
            rows: key.rows as u64,
            example: self.person_of(RecordId(key.example)),
        };
        let mut keys: Vec<StopKeyLine> = self.live.stop_keys().into_iter().map(line).collect();
        // Stable: keys of one size stay in the order of rules.
        keys.sort_by_key(|key| std::cmp::Reverse(key.rows));
        keys
    }

    /// Name and version of the match model.
    pub(super) fn model_name(&self) -> String {
        let plan = &self.models().plan;
        format!("{} {}", plan.name(), plan.version())
    }
}

/// The last case of a page: the next page begins behind it, wherever it stands by then.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum After {
    /// Of open cases, by weight and id.
    Open { weight: f64, id: String },
    /// Of decided ones, by the number of the decision and id.
    Done { sequence: u64, id: String },
}

impl After {
    /// The order of a list: heaviest or newest first; open cases before decided ones, which no list has together.
    fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Open { weight, id }, Self::Open { weight: other, id: next }) => {
                other.total_cmp(weight).then_with(|| id.cmp(next))
            }
            (Self::Done { sequence, id }, Self::Done { sequence: other, id: next }) => {
                other.cmp(sequence).then_with(|| id.cmp(next))
            }
            (Self::Open { .. }, Self::Done { .. }) => Ordering::Less,
            (Self::Done { .. }, Self::Open { .. }) => Ordering::Greater,
        }
    }

    /// As text, for those who ask for the next page.
    pub(super) fn cursor(&self) -> String {
        match self {
            Self::Open { weight, id } => format!("w{:016x}.{id}", weight.to_bits()),
            Self::Done { sequence, id } => format!("s{sequence}.{id}"),
        }
    }

    /// Reads what [`Self::cursor`] wrote, for a list of open or of decided cases.
    pub(super) fn parse(text: &str, decided: Decided) -> Option<Self> {
        let (place, id) = text.split_once('.')?;
        let id = Some(id).filter(|id| !id.is_empty() && id.len() < 64)?.to_owned();
        match decided {
            Decided::Open => {
                let bits = place.strip_prefix('w').filter(|bits| bits.len() == 16)?;
                Some(Self::Open { weight: f64::from_bits(u64::from_str_radix(bits, 16).ok()?), id })
            }
            Decided::Done => Some(Self::Done { sequence: place.strip_prefix('s')?.parse().ok()?, id }),
        }
    }
}

/// A list in order, from behind a place, and how long it is in all.
fn paged(mut all: Vec<(After, Case)>, after: Option<&After>) -> (Vec<(After, Case)>, usize) {
    all.sort_by(|(a, _), (b, _)| a.order(b));
    let total = all.len();
    if let Some(after) = after {
        let seen = all.partition_point(|(place, _)| place.order(after) != Ordering::Greater);
        all.drain(..seen);
    }
    (all, total)
}

/// The pair of a case id: `C12-34`.
fn pair_of(id: &str) -> Option<(RecordId, RecordId)> {
    let (a, b) = id.strip_prefix('C')?.split_once('-')?;
    Some((RecordId(a.parse().ok()?), RecordId(b.parse().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_id_names_its_pair() {
        let id = Case::id_of(RecordId(34), RecordId(12));
        assert_eq!(pair_of(&id), Some((RecordId(12), RecordId(34))));
        for wrong in ["", "C", "C1", "12-34", "C1-x"] {
            assert_eq!(pair_of(wrong), None, "{wrong}");
        }
    }

    fn open(weight: f64, id: &str) -> After {
        After::Open { weight, id: id.to_owned() }
    }

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        for weight in [8.25, -1.0, 0.0, f64::MIN_POSITIVE, 1.0 / 3.0] {
            let place = open(weight, "C1-2");
            assert_eq!(After::parse(&place.cursor(), Decided::Open), Some(place));
        }
        let done = After::Done { sequence: 7, id: "N-3".to_owned() };
        assert_eq!(After::parse(&done.cursor(), Decided::Done), Some(done.clone()));
        assert_eq!(After::parse(&done.cursor(), Decided::Open), None, "a cursor of the other list");
        for wrong in ["", "2", "w12.C1-2", "w0000000000000000.", "x.C1-2", "w000000000000000g.C1-2", "s-1.C1-2"] {
            assert_eq!(After::parse(wrong, Decided::Open), None, "{wrong}");
            assert_eq!(After::parse(wrong, Decided::Done), None, "{wrong}");
        }
    }

    #[test]
    fn a_page_begins_behind_the_last_case_of_the_one_before() {
        let case = |id: &str| Case {
            id: id.to_owned(),
            question: Question::SamePerson,
            pair: (RecordId(1), RecordId(2)),
            records: Vec::new(),
            persons: Vec::new(),
            weight: 0.0,
            probability: 0.0,
            reasons: Vec::new(),
            state: CaseState::Baru,
            shared: None,
        };
        let list = |places: &[(f64, &str)]| places.iter().map(|(weight, id)| (open(*weight, id), case(id))).collect();
        let ids = |page: Vec<(After, Case)>| page.into_iter().map(|(_, case)| case.id).collect::<Vec<_>>().join(" ");
        let before: Vec<(After, Case)> = list(&[(5.0, "C3-4"), (9.0, "C1-2"), (5.0, "C5-6"), (2.0, "C7-8")]);
        // The first was decided, another came in above the place and one behind it.
        let later: Vec<(After, Case)> =
            list(&[(5.0, "C3-4"), (7.0, "C9-10"), (5.0, "C5-6"), (4.0, "C2-9"), (2.0, "C7-8")]);
        for (list, after, expected, total) in [
            (before.clone(), None, "C1-2 C3-4 C5-6 C7-8", 4),
            (before.clone(), Some(open(5.0, "C3-4")), "C5-6 C7-8", 4),
            (before, Some(open(2.0, "C7-8")), "", 4),
            (later.clone(), Some(open(5.0, "C3-4")), "C5-6 C2-9 C7-8", 5),
            (later, Some(open(5.0, "C4-4")), "C5-6 C2-9 C7-8", 5),
        ] {
            let (page, all) = paged(list, after.as_ref());
            assert_eq!((ids(page).as_str(), all), (expected, total), "{after:?}");
        }
    }
}
