//! Rows of a feed are states of a record: the newest `tgl_data` counts, of one day the later line, and `hapus` takes the
//! record away, wherever it stands. So it is with `padan push`, and so it is for files.

use rustc_hash::FxHashMap;

use super::{Builder, IdRule, InputError, InputTable, Meaning, RowProblem, Source, TextIndex};
use crate::domain::date::Date;
use crate::sheet::text::trimmed;

/// The columns of a file that say which state a row is.
pub(super) struct StateColumns {
    /// `hapus`, however it is written.
    hapus: Vec<usize>,
    /// `tgl_data`.
    pub(super) day: Option<usize>,
}

impl StateColumns {
    /// Whether the row is a withdrawal; the problem of a cell is told apart from that of its file.
    pub(super) fn withdrawn<'a, E>(
        &self,
        cell: impl Fn(usize) -> Result<&'a str, E>,
    ) -> Result<Result<bool, RowProblem>, E> {
        let mut is_withdrawn = false;
        for column in &self.hapus {
            match withdrawn(cell(*column)?) {
                Ok(found) => is_withdrawn |= found,
                Err(problem) => return Ok(Err(problem)),
            }
        }
        Ok(Ok(is_withdrawn))
    }

    /// The columns that are looked at.
    pub(super) fn columns(&self) -> impl Iterator<Item = usize> {
        self.hapus.iter().copied().chain(self.day)
    }
}

/// Whether a column is the one that withdraws rows.
pub(super) fn is_hapus(name: &str) -> bool {
    trimmed(name).eq_ignore_ascii_case("hapus")
}

/// What a cell of `hapus` says: the contract's `true` and `false`, and how tables without truth values write them.
fn withdrawn(cell: &str) -> Result<bool, RowProblem> {
    match trimmed(cell) {
        "" | "0" => Ok(false),
        "1" => Ok(true),
        word if word.eq_ignore_ascii_case("true") => Ok(true),
        word if word.eq_ignore_ascii_case("false") => Ok(false),
        _ => Err(RowProblem::Hapus),
    }
}

/// A line that withdraws a record.
pub(super) struct Withdrawal {
    /// Number of its source.
    source: usize,
    /// Rows of the table that were read before it.
    rows_before: usize,
    id: String,
    day: String,
    line: u64,
}

impl Builder<'_> {
    /// The columns that make rows of a file states; `None` where rows are what they are.
    pub(super) fn state_columns(&self, id: IdRule, header: &[String]) -> Option<StateColumns> {
        let of_feeds = matches!(id, IdRule::Feed(..) | IdRule::FeedColumns(..));
        (of_feeds && self.options.meaning == Meaning::States).then(|| StateColumns {
            hapus: (0..header.len()).filter(|at| is_hapus(&header[*at])).collect(),
            day: header.iter().position(|name| name == "tgl_data"),
        })
    }

    /// Takes a row as the withdrawal of its record.
    pub(super) fn withdraw(&mut self, [feed, key]: [&str; 2], day: &str, line: u64) -> Result<(), RowProblem> {
        if key.is_empty() {
            return Err(RowProblem::NoId);
        }
        let (source, rows_before) = (self.sources.len() - 1, self.rows());
        let id = format!("{feed}|{key}");
        self.withdrawals.push(Withdrawal { source, rows_before, id, day: day.to_owned(), line });
        Ok(())
    }

    /// Passes over a row of the feed of payments in a table of several feeds: it describes no person.
    pub(super) fn pass_payment(&mut self, feed: &str) -> bool {
        let describes_none = |feed: crate::domain::feed::Feed| !feed.describes_person();
        let is_payment = self.options.meaning == Meaning::States && feed.parse().is_ok_and(describes_none);
        self.source().payments += usize::from(is_payment);
        is_payment
    }
}

/// One line about a record: a row of the table, or a withdrawal.
struct State {
    /// The row; `None` for a withdrawal.
    row: Option<usize>,
    /// Where it stands among the lines: rows have odd places, withdrawals the even ones between.
    place: usize,
    day: Option<Date>,
    line: u64,
}

/// What became of the rows.
pub(super) struct Settled {
    /// Rows that do not count, ascending.
    pub(super) dropped: Vec<usize>,
    /// Sources whose ids another source has, too.
    pub(super) clashing: Vec<bool>,
    /// The day of the run.
    today: Option<Date>,
}

/// Finds the state that stands for each record, and the sources whose ids meet.
pub(super) fn settle(
    table: &mut InputTable,
    withdrawals: &[Withdrawal],
    today: Option<Date>,
) -> Result<Settled, InputError> {
    let mut settled = Settled { dropped: Vec::new(), clashing: vec![false; table.sources.len()], today };
    let mut index = TextIndex::new(&table.ids);
    let mut alike: FxHashMap<usize, Vec<usize>> = FxHashMap::default();
    for row in 0..table.ids.len() {
        let first = index.first(row) as usize;
        if first != row {
            alike.entry(first).or_insert_with(|| vec![first]).push(row);
        }
    }
    let mut withdrawn: FxHashMap<usize, Vec<&Withdrawal>> = FxHashMap::default();
    for withdrawal in withdrawals {
        let Some(first) = index.find(&withdrawal.id) else {
            day_of(&table.sources[withdrawal.source], &withdrawal.day, withdrawal.line, today)?;
            table.sources[withdrawal.source].withdrawn += 1;
            continue;
        };
        alike.entry(first as usize).or_insert_with(|| vec![first as usize]);
        withdrawn.entry(first as usize).or_default().push(withdrawal);
    }
    let mut firsts: Vec<usize> = alike.keys().copied().collect();
    firsts.sort_unstable();
    for first in firsts {
        let withdrawn = withdrawn.get(&first).map_or(&[][..], Vec::as_slice);
        settle_id(table, &alike[&first], withdrawn, &mut settled)?;
    }
    settled.dropped.sort_unstable();
    Ok(settled)
}

/// Settles all lines with one id, source by source.
fn settle_id(
    table: &mut InputTable,
    rows: &[usize],
    withdrawals: &[&Withdrawal],
    settled: &mut Settled,
) -> Result<(), InputError> {
    let mut standing = Vec::new();
    let mut of_source: Vec<usize> = rows.iter().map(|row| table.source_of(*row)).collect();
    of_source.extend(withdrawals.iter().map(|withdrawal| withdrawal.source));
    of_source.sort_unstable();
    of_source.dedup();
    for source in of_source {
        let mut states = Vec::new();
        for row in rows.iter().copied().filter(|row| table.source_of(*row) == source) {
            let line = table.line(row);
            let day = table.day(row).map_or(Ok(None), |day| day_of(&table.sources[source], day, line, settled.today));
            states.push(State { row: Some(row), place: row * 2 + 1, day: day?, line });
        }
        for withdrawal in withdrawals.iter().filter(|withdrawal| withdrawal.source == source) {
            let day = day_of(&table.sources[source], &withdrawal.day, withdrawal.line, settled.today)?;
            states.push(State { row: None, place: withdrawal.rows_before * 2, day, line: withdrawal.line });
        }
        if let Some(row) = newest(table, source, &mut states, settled)? {
            standing.push((source, row));
        }
    }
    if standing.len() > 1 {
        for (source, _) in standing {
            settled.clashing[source] = true;
        }
    }
    Ok(())
}

/// The row that stands for a record in one source; `None` when it was withdrawn.
fn newest(
    table: &mut InputTable,
    source: usize,
    states: &mut [State],
    settled: &mut Settled,
) -> Result<Option<usize>, InputError> {
    states.sort_by_key(|state| state.place);
    let rows = states.iter().filter(|state| state.row.is_some());
    let undated = rows.clone().any(|state| state.day.is_none());
    if rows.clone().count() > 1 && (undated || !table.sources[source].has_states) {
        let mut lines = rows.map(|state| state.line);
        let (first, second) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
        let path = &table.sources[source].path;
        return Err(InputError::DuplicateId { first: (path.clone(), first), second: (path.clone(), second) });
    }
    // A line without a day is as new as what stands before it.
    let mut best: Option<(Option<Date>, usize)> = None;
    for (at, state) in states.iter().enumerate() {
        let known = best.and_then(|(day, _)| day);
        let day = state.day.or(known);
        if best.is_none() || day >= known {
            best = Some((day, at));
        }
    }
    let best = best.and_then(|(_, at)| states.get(at));
    let standing = best.and_then(|state| state.row);
    let dropped = states.iter().filter_map(|state| state.row).filter(|row| Some(*row) != standing);
    settled.dropped.extend(dropped);
    let source = &mut table.sources[source];
    match standing {
        Some(_) => source.replaced += states.len() - 1,
        None => source.withdrawn += 1,
    }
    Ok(standing)
}

/// The day of a state, read as every command reads it. One that is there and cannot be read leaves open which row is the newer.
///
/// A day that has not come yet is older than any that has: a slip of the pen holds no record for years.
fn day_of(source: &Source, text: &str, line: u64, today: Option<Date>) -> Result<Option<Date>, InputError> {
    let day = crate::tables::day_of(text).map_err(|_| source.refused(line, RowProblem::DayOfState))?;
    Ok(day.map(|day| if today.is_some_and(|today| day > today) { Date::MIN } else { day }))
}
