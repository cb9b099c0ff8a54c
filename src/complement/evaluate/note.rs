//! The short note of a finding: codes only, no values about persons.

use super::holds::{Judge, Who};
use crate::complement::condition::code_of;
use crate::complement::field::{Field, Note};
use crate::complement::rule::Rule;
use crate::complement::world::Index;
use crate::domain::record::{Record, RecordId};

/// What stands instead of the proof, and how many rows of the proving feed there are. Those rows become evidence.
pub(super) fn of_gap(rule: &Rule, judge: &Judge<'_, '_>, who: Who, evidence: &mut Vec<RecordId>) -> (String, usize) {
    let mut rows: Vec<&Record> = Vec::new();
    if let Some(feed) = rule.note.feed {
        judge.each_row(who, feed, &mut |record| rows.push(record));
    }
    evidence.extend(rows.iter().map(|record| record.id));
    let mut parts: Vec<String> = rule.note.text.iter().cloned().collect();
    match rows.iter().max_by_key(|record| (record.standing(), record.id)) {
        Some(newest) => parts.extend(shown(rule, newest)),
        None if rule.note.feed.is_some() => parts.push(rule.note.none.clone().unwrap_or_else(|| "no_row".to_owned())),
        None => {}
    }
    (parts.join(";"), rows.len())
}

/// What the rows of an overlap say.
pub(super) fn of_overlap(rule: &Rule, index: &Index<'_>, evidence: &[RecordId]) -> String {
    let mut parts: Vec<String> = rule.note.text.iter().cloned().collect();
    let rows = evidence.iter().filter_map(|id| index.record_at.get(id)).map(|at| index.record(*at));
    for row in rows.filter(|row| Some(row.key.feed) == rule.note.feed) {
        parts.extend(shown(rule, row).filter(|part| !parts.contains(part)).collect::<Vec<_>>());
    }
    parts.join(";")
}

fn shown<'r>(rule: &'r Rule, row: &'r Record) -> impl Iterator<Item = String> + 'r {
    rule.note.fields.iter().filter_map(move |name| {
        let field = Field::find(row.key.feed, name)?;
        match (field.note, (field.get)(row)) {
            (Note::Code, Some(value)) => Some(format!("{name}={}", code_of(&value))),
            (Note::Day, Some(_)) => Some(format!("stale:{name}")),
            (Note::Code | Note::Day, None) => Some(format!("{name}=none")),
            (Note::Hidden, _) => None,
        }
    })
}
