//! When a condition holds: one arm a word of the vocabulary.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use crate::complement::condition::{
    Amount, Between, Condition, DaysAgo, FieldTest, Of, ProgrammeTest, RowTest, When, code_of,
};
use crate::complement::field::{Field, Value};
use crate::complement::rule::{Rule, RuleSet};
use crate::complement::world::{At, Index, NONE, family_row};
use crate::domain::date::{Date, Period, age_on, days_between};
use crate::domain::feed::Feed;
use crate::domain::flag::FlagCode;
use crate::domain::person::PersonField;
use crate::domain::record::{Record, RecordId};
use crate::domain::row::{Detail, Enrolment};

/// A subject by its position in the index.
#[derive(Debug, Clone, Copy)]
pub(super) enum Who {
    Person(At),
    Family(At),
    Account(At),
}

/// Decides the conditions of one rule on one day.
pub(super) struct Judge<'i, 'a> {
    pub(super) index: &'i Index<'a>,
    amounts: FxHashMap<&'i str, i64>,
}

impl<'i, 'a> Judge<'i, 'a> {
    /// `None` when a parameter of the rule has no value on that day: then the rule is not in force.
    pub(super) fn new(index: &'i Index<'a>, rules: &RuleSet, rule: &'i Rule) -> Option<Self> {
        let names = rule.eligible.parameters().into_iter().chain(rule.proof.parameters());
        let known = names.map(|name| Some((name, rules.parameter(name, index.world.as_of)?)));
        Some(Self { index, amounts: known.collect::<Option<_>>()? })
    }

    /// Whether a condition holds; the rows that show it are added to `evidence`.
    pub(super) fn holds(&self, condition: &Condition, who: Who, evidence: &mut Vec<RecordId>) -> bool {
        let before = evidence.len();
        let holds = match condition {
            Condition::All(parts) => parts.iter().all(|part| self.holds(part, who, evidence)),
            Condition::Any(parts) => parts.iter().any(|part| self.holds(part, who, evidence)),
            Condition::Not(part) => {
                let holds = self.holds(part, who, evidence);
                evidence.truncate(before);
                !holds
            }
            Condition::Alive(alive) => self.died(who, None, evidence) != *alive,
            Condition::DiedBeforePeriod(wanted) => self.died(who, Some(self.index.period.start()), evidence) == *wanted,
            Condition::Age(range) => self.age(who).is_some_and(|age| self.within(range, age)),
            Condition::Programme(test) => self.programme(test, who, evidence),
            Condition::Row(test) => self.rows(test, who, evidence),
            Condition::Flag(codes) => self.flagged(codes, who, evidence),
            Condition::SharedNik(range) => self.shared_nik(range, who, evidence),
            Condition::SharedCard(test) => self.shared_card(&test.programme, who, evidence),
            Condition::HolderFamilies(range) => self.holder_families(range, who, evidence),
            Condition::AccountName(test) => self.account_name(self.amount(&test.below), who, evidence),
        };
        if !holds {
            evidence.truncate(before);
        }
        holds
    }

    fn amount(&self, amount: &Amount) -> i64 {
        match amount {
            Amount::Fixed(number) => *number,
            Amount::Parameter(name) => *self.amounts.get(name.as_str()).expect("Judge::new looked up every parameter"),
        }
    }

    fn within(&self, range: &Between, number: i64) -> bool {
        range.min.as_ref().is_none_or(|min| self.amount(min) <= number)
            && range.max.as_ref().is_none_or(|max| number <= self.amount(max))
    }

    /// Whether the person is dead, and with a date: died before it.
    fn died(&self, who: Who, before: Option<Date>, evidence: &mut Vec<RecordId>) -> bool {
        let Who::Person(person) = who else { return false };
        let golden = &self.index.world.persons[person as usize];
        let stated = golden.fields.iter().find(|(field, _)| *field == PersonField::TglMeninggal);
        if let (Some((_, stated)), Some(died)) = (stated, golden.died())
            && before.map_or(died <= self.index.world.as_of, |day| died < day)
        {
            evidence.push(stated.source);
            return true;
        }
        let jkn = self.index.rows_of(person, Feed::KepesertaanJkn).iter().map(|at| self.index.record(*at));
        let mut dead = jkn.filter(|record| {
            let said = matches!(&record.detail, Detail::Jkn(row) if row.status_jkn == "MENINGGAL" && row.tgl_meninggal.is_none());
            said && !self.index.aside.contains(&record.id) && before.is_none_or(|day| record.tgl_data < day)
        });
        dead.next().map(|record| evidence.push(record.id)).is_some()
    }

    fn age(&self, who: Who) -> Option<i64> {
        let Who::Person(person) = who else { return None };
        let born = self.index.world.persons[person as usize].born()?;
        Some(i64::from(age_on(born, self.index.world.as_of)))
    }

    fn flagged(&self, codes: &[FlagCode], who: Who, evidence: &mut Vec<RecordId>) -> bool {
        let Who::Person(person) = who else { return false };
        let rows = self.index.all_rows_of(person).iter().map(|at| self.index.record(*at));
        let before = evidence.len();
        evidence.extend(rows.filter(|row| row.flags.iter().any(|flag| codes.contains(&flag.code))).map(|row| row.id));
        evidence.len() > before
    }

    fn enrolled(&self, test: &ProgrammeTest, enrolment: &Enrolment) -> bool {
        let in_time = match test.when {
            When::Current => enrolment.periode.is_none_or(|period| self.current(period)),
            When::Ever => enrolment.periode.is_none_or(|period| period.start() <= self.index.world.as_of),
        };
        in_time && test.code.contains(&enrolment.kode) && test.status.contains(&enrolment.status)
    }

    /// The quarter of the as-of date, or a month in it.
    fn current(&self, period: Period) -> bool {
        period == self.index.period
            || (matches!(period, Period::Month { .. }) && self.index.period.contains(period.start()))
    }

    /// Memberships of a subject with the row that stands for each: the person's own, or the oldest.
    fn memberships(&self, who: Who) -> Vec<(At, At)> {
        let index = self.index;
        let mut found: Vec<(At, At)> = match who {
            Who::Person(person) => {
                let rows = index.rows_of(person, Feed::AnggotaKeluarga);
                rows.iter().map(|row| (index.membership_of[*row as usize], *row)).collect()
            }
            Who::Family(family) => {
                let memberships = &index.family_memberships[family as usize];
                memberships.iter().map(|at| (*at, index.memberships[*at as usize].rows[0])).collect()
            }
            Who::Account(account) => {
                let holders = &index.accounts[account as usize].holders;
                holders.iter().flat_map(|holder| self.memberships(Who::Person(*holder))).collect()
            }
        };
        found.sort_unstable();
        found.dedup_by_key(|(membership, _)| *membership);
        found
    }

    fn programme(&self, test: &ProgrammeTest, who: Who, evidence: &mut Vec<RecordId>) -> bool {
        let index = self.index;
        let before = evidence.len();
        let inside = |membership: At| {
            index.memberships[membership as usize].programmes.iter().any(|enrolment| self.enrolled(test, enrolment))
        };
        if let Who::Person(person) = who {
            let rows = index.rows_of(person, Feed::AnggotaKeluarga).iter();
            let enrolled = rows.filter(|row| inside(index.membership_of[**row as usize]));
            evidence.extend(enrolled.map(|row| index.record(*row).id));
        } else {
            let enrolled = self.memberships(who).into_iter().filter(|(membership, _)| inside(*membership));
            evidence.extend(enrolled.map(|(_, row)| index.record(row).id));
        }
        evidence.len() > before
    }

    /// Calls `visit` for every row of a feed that belongs to the subject.
    pub(super) fn each_row(&self, who: Who, feed: Feed, visit: &mut dyn FnMut(&'a Record)) {
        let index = self.index;
        match (who, feed) {
            (Who::Person(person), Feed::Penyaluran) => {
                let mut accounts: Vec<At> =
                    index.rows_of(person, Feed::Rekening).iter().map(|at| index.account_of[at]).collect();
                accounts.sort_unstable();
                accounts.dedup();
                let payments = accounts.iter().flat_map(|at| &index.accounts[*at as usize].payments);
                payments.for_each(|at| visit(index.record(*at)));
            }
            (Who::Person(person), _) => index.rows_of(person, feed).iter().for_each(|at| visit(index.record(*at))),
            (Who::Family(family), Feed::AnggotaKeluarga) => {
                let memberships = index.family_memberships[family as usize].iter();
                let rows = memberships.flat_map(|at| &index.memberships[*at as usize].rows);
                rows.for_each(|at| visit(index.record(*at)));
            }
            (Who::Family(family), _) => {
                let members = index.world.families[family as usize].members.iter();
                let known = members.filter_map(|person| index.person_at.get(person));
                known.for_each(|person| self.each_row(Who::Person(*person), feed, visit));
            }
            (Who::Account(account), Feed::Rekening) => {
                index.accounts[account as usize].rows.iter().for_each(|at| visit(index.record(*at)));
            }
            (Who::Account(account), Feed::Penyaluran) => {
                index.accounts[account as usize].payments.iter().for_each(|at| visit(index.record(*at)));
            }
            (Who::Account(account), _) => {
                let holders = index.accounts[account as usize].holders.iter();
                holders.for_each(|holder| self.each_row(Who::Person(*holder), feed, visit));
            }
        }
    }

    fn rows(&self, test: &RowTest, who: Who, evidence: &mut Vec<RecordId>) -> bool {
        let mut matched: Vec<&Record> = Vec::new();
        let who = match (test.of, who) {
            (Of::Family, Who::Person(person)) => match self.index.family_of(person) {
                NONE => return false,
                family => Who::Family(family),
            },
            (Of::Subject | Of::Family, who) => who,
        };
        if test.latest {
            let mut newest: Option<&Record> = None;
            self.each_row(who, test.feed, &mut |record| {
                let age = |record: &Record| (record.standing(), record.id);
                if newest.is_none_or(|known| age(known) < age(record)) {
                    newest = Some(record);
                }
            });
            matched.extend(newest.filter(|record| self.row(test, record)));
        } else {
            self.each_row(who, test.feed, &mut |record| {
                if self.row(test, record) {
                    matched.push(record);
                }
            });
        }
        // Most subjects have one row: they are out before any value is read.
        let varied =
            test.distinct.iter().all(|(field, min)| matched.len() >= *min && distinct(&matched, *field) >= *min);
        evidence.extend(matched.iter().map(|record| record.id));
        varied && !matched.is_empty()
    }

    fn row(&self, test: &RowTest, record: &Record) -> bool {
        let carries = |programme: &ProgrammeTest| {
            family_row(record)
                .is_some_and(|row| row.program.iter().any(|enrolment| self.enrolled(programme, enrolment)))
        };
        test.tests.iter().all(|(field, test)| self.field(*field, test, record))
            && test.programme.as_ref().is_none_or(carries)
    }

    fn field(&self, field: Field, test: &FieldTest, record: &Record) -> bool {
        let value = (field.get)(record);
        match (test, value) {
            (test, None) => matches!(test, FieldTest::Before(_)),
            (FieldTest::OneOf(codes), Some(Value::Text(text))) => codes.iter().any(|code| *code == text),
            (FieldTest::OneOf(codes), Some(Value::List(list))) => codes.iter().any(|code| list.contains(code)),
            (FieldTest::OneOf(codes), Some(value)) => codes.contains(&code_of(&value)),
            (FieldTest::Word(words), Some(Value::Text(text))) => {
                let upper = text.to_uppercase();
                let mut said = upper.split(|c: char| !c.is_alphanumeric());
                said.any(|word| words.iter().any(|wanted| wanted == word))
            }
            (FieldTest::Within(range), Some(Value::Number(number))) => self.within(range, number as i64),
            (FieldTest::DaysAgo(days), Some(Value::Day(day))) => self.days_ago(days, day),
            (FieldTest::Before(other), Some(Value::Day(day))) => {
                matches!((other.get)(record), Some(Value::Day(limit)) if day < limit)
            }
            (FieldTest::InPeriod(wanted), Some(Value::Day(day))) => self.index.period.contains(day) == *wanted,
            (
                FieldTest::Word(_)
                | FieldTest::Within(_)
                | FieldTest::DaysAgo(_)
                | FieldTest::Before(_)
                | FieldTest::InPeriod(_),
                Some(_),
            ) => false,
        }
    }

    fn days_ago(&self, test: &DaysAgo, day: Date) -> bool {
        let ago = i64::from(days_between(day, self.index.world.as_of));
        (test.ahead || ago >= 0)
            && test.over.as_ref().is_none_or(|over| ago > self.amount(over))
            && test.upto.as_ref().is_none_or(|upto| ago <= self.amount(upto))
    }

    /// How many persons bear a NIK of the person's. The evidence is the person's own rows: the others have theirs.
    fn shared_nik(&self, range: &Between, who: Who, evidence: &mut Vec<RecordId>) -> bool {
        let Who::Person(person) = who else { return false };
        let before = evidence.len();
        for at in self.index.all_rows_of(person) {
            let sharing = self.index.shared_niks.get(at).copied().unwrap_or(1);
            if self.within(range, i64::from(sharing)) {
                evidence.push(self.index.record(*at).id);
            }
        }
        evidence.len() > before
    }

    /// Another membership on one of the family's KK numbers is in the programme too, under another PKH number.
    fn shared_card(&self, test: &ProgrammeTest, who: Who, evidence: &mut Vec<RecordId>) -> bool {
        let Who::Family(family) = who else { return false };
        let index = self.index;
        let inside = |at: At| index.memberships[at as usize].programmes.iter().any(|e| self.enrolled(test, e));
        let before = evidence.len();
        for at in index.family_memberships[family as usize].iter().copied().filter(|at| inside(*at)) {
            let membership = &index.memberships[at as usize];
            let Some(on_card) = membership.card.as_ref().and_then(|card| index.by_card.get(card)) else { continue };
            for other in on_card.iter().copied().filter(|other| *other != at && inside(*other)) {
                let twin = &index.memberships[other as usize];
                let same = membership.pkh_number.is_some() && membership.pkh_number == twin.pkh_number;
                if !same {
                    let rows = membership.rows.iter().chain(&twin.rows);
                    evidence.extend(rows.map(|row| index.record(*row).id));
                }
            }
        }
        evidence.len() > before
    }

    /// How many families hold the account; holders who share a family are one, a holder without a family is alone.
    fn holder_families(&self, range: &Between, who: Who, evidence: &mut Vec<RecordId>) -> bool {
        let Who::Account(account) = who else { return false };
        let account = &self.index.accounts[account as usize];
        let mut units: Vec<BTreeSet<At>> = Vec::new();
        for holder in &account.holders {
            let memberships = self.memberships(Who::Person(*holder));
            let families = memberships.iter().map(|(at, _)| self.index.memberships[*at as usize].family);
            let mut unit: BTreeSet<At> = families.filter(|family| *family != NONE).collect();
            let (touching, apart): (Vec<_>, Vec<_>) = units.into_iter().partition(|other| !other.is_disjoint(&unit));
            unit.extend(touching.into_iter().flatten());
            units = apart;
            units.push(unit);
        }
        evidence.extend(account.rows.iter().map(|row| self.index.record(*row).id));
        self.within(range, i64::try_from(units.len()).unwrap_or(i64::MAX))
    }

    /// The account's name resembles none of the names that other agencies have for its holder.
    fn account_name(&self, below: i64, who: Who, evidence: &mut Vec<RecordId>) -> bool {
        let Who::Account(account) = who else { return false };
        let index = self.index;
        let before = evidence.len();
        for row in &index.accounts[account as usize].rows {
            let (record, holder) = (index.record(*row), index.person_of[*row as usize]);
            let (Some(name), true) = (record.core.nama.as_deref(), holder != NONE) else { continue };
            let others = index.all_rows_of(holder).iter().map(|at| index.record(*at));
            let others = others.filter(|other| other.key.feed != Feed::Rekening);
            let alike = others.filter_map(|other| Some((index.world.name_match)(name, other.core.nama.as_deref()?)));
            let best = alike.fold(None, |best: Option<f32>, one| Some(best.map_or(one, |best| best.max(one))));
            if best.is_some_and(|best| f64::from(best) * 100.0 < below as f64) {
                evidence.push(record.id);
            }
        }
        evidence.len() > before
    }
}

fn distinct(rows: &[&Record], field: Field) -> usize {
    let values: BTreeSet<String> = rows.iter().filter_map(|row| Some(code_of(&(field.get)(row)?))).collect();
    values.len()
}
