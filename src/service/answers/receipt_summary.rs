//! What a receipt says in all: per reason how many rows, and the rows that need a look.

use std::collections::HashMap;

use crate::auth::{Caller, Right};
use crate::domain::batch::{Batch, ReceiptLine, RowOutcome};
use crate::domain::flag::{FlagCode, Severity};
use crate::service::error::ServiceError;
use crate::service::gateway::Gateway;

/// Rows that a reason names.
const FIRST_ROWS: usize = 5;

/// Batches that are looked through for those of one agency.
const MOST_BATCHES: usize = 5_000;

/// Lines that are read at a time.
const PAGE: usize = 10_000;

/// Why rows are refused, or doubtful: all that share field and reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// JSON pointer of the field; empty for the row as a whole.
    pub pointer: String,
    /// Machine code: `REQUIRED`, `SEX_MISMATCH`.
    pub code: String,
    /// The sentence in Indonesian.
    pub pesan: String,
    /// The sentence in English.
    pub message: String,
    /// It refuses the row; else it flags it.
    pub refuses: bool,
    /// Of a flag that only says what was repaired: there is nothing to do.
    pub repaired: bool,
    /// So many rows.
    pub rows: u64,
    /// The first of them.
    pub first: Vec<u64>,
}

/// Which lines of a receipt.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LineFilter {
    /// Only with this outcome.
    pub outcome: Option<RowOutcome>,
    /// Only with this reason: pointer and code.
    pub reason: Option<(String, String)>,
}

/// What a receipt says in all, and some of its lines.
#[derive(Debug, Clone)]
pub struct ReceiptSummary {
    /// Reasons: those that refuse first, then by how many rows have them.
    pub reasons: Vec<Reason>,
    /// Lines that fit the filter, from the one asked for on.
    pub lines: Vec<ReceiptLine>,
    /// How many fit it in all.
    pub fitting: u64,
}

impl LineFilter {
    fn fits(&self, line: &ReceiptLine) -> bool {
        let of_reason = |(pointer, code): &(String, String)| {
            line.kesalahan.iter().any(|reason| reason.pointer == *pointer && reason.code == *code)
                || line.tanda.iter().any(|flag| flag.pointer == *pointer && flag.code.code() == code)
        };
        self.outcome.is_none_or(|outcome| outcome == line.hasil) && self.reason.as_ref().is_none_or(of_reason)
    }
}

/// Reasons while they are counted.
#[derive(Default)]
struct Counted(HashMap<(String, String), Reason>);

impl Counted {
    fn add(&mut self, line: &ReceiptLine) {
        for reason in &line.kesalahan {
            let texts = (reason.pesan.as_str(), reason.message.as_str());
            self.one((&reason.pointer, &reason.code), texts, None, line.baris);
        }
        for flag in &line.tanda {
            let texts = (flag.code.message_id(), flag.code.message_en());
            self.one((&flag.pointer, flag.code.code()), texts, Some(flag.code), line.baris);
        }
    }

    fn one(&mut self, (pointer, code): (&str, &str), texts: (&str, &str), flag: Option<FlagCode>, row: u64) {
        let reason = self.0.entry((pointer.to_owned(), code.to_owned())).or_insert_with(|| Reason {
            pointer: pointer.to_owned(),
            code: code.to_owned(),
            pesan: texts.0.to_owned(),
            message: texts.1.to_owned(),
            refuses: flag.is_none(),
            repaired: flag.is_some_and(|flag| flag.severity() == Severity::Info),
            rows: 0,
            first: Vec::new(),
        });
        reason.rows += 1;
        if reason.first.len() < FIRST_ROWS {
            reason.first.push(row);
        }
    }

    fn sorted(self) -> Vec<Reason> {
        let mut reasons: Vec<Reason> = self.0.into_values().collect();
        reasons.sort_by(|a, b| {
            let order = |reason: &Reason| (!reason.refuses, reason.repaired, u64::MAX - reason.rows);
            order(a).cmp(&order(b)).then_with(|| (&a.pointer, &a.code).cmp(&(&b.pointer, &b.code)))
        });
        reasons
    }
}

/// The reasons of some lines: those that refuse first, then by how many rows have them.
pub fn reasons_of<'a>(lines: impl IntoIterator<Item = &'a ReceiptLine>) -> Vec<Reason> {
    let mut counted = Counted::default();
    for line in lines {
        counted.add(line);
    }
    counted.sorted()
}

impl Gateway {
    /// What the receipt of a batch of the caller's agency says in all, and `limit` of the lines that fit, from the `skip`th on.
    pub async fn receipt_summary(
        &self,
        caller: &Caller,
        id: &str,
        filter: &LineFilter,
        (skip, limit): (u64, usize),
    ) -> Result<ReceiptSummary, ServiceError> {
        let (mut counted, mut lines, mut fitting) = (Counted::default(), Vec::new(), 0);
        let mut cursor = None;
        loop {
            let page = self.receipt(caller, id, cursor, PAGE).await?;
            for line in page.items {
                counted.add(&line);
                if filter.fits(&line) {
                    fitting += 1;
                    if fitting > skip && lines.len() < limit {
                        lines.push(line);
                    }
                }
            }
            cursor = page.next;
            if cursor.is_none() {
                return Ok(ReceiptSummary { reasons: counted.sorted(), lines, fitting });
            }
        }
    }

    /// The newest batches of the caller's agency, newest first; of very many others it may miss older ones.
    pub async fn own_batches(&self, caller: &Caller, most: usize) -> Result<Vec<Batch>, ServiceError> {
        let agency = caller.agency.as_ref().filter(|_| caller.has(Right::Push)).ok_or(ServiceError::Forbidden)?;
        let is_own = |batch: &Batch| batch.agency == *agency;
        let enough = |batches: &[Batch]| {
            batches.len() >= MOST_BATCHES || batches.iter().filter(|batch| is_own(batch)).count() >= most
        };
        let batches = self.newest_batches(enough).await?;
        Ok(batches.into_iter().filter(is_own).take(most).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::batch::RowError;
    use crate::domain::flag::Flag;

    fn line(row: u64, hasil: RowOutcome, reasons: &[(&str, &str)], flags: &[(&str, FlagCode)]) -> ReceiptLine {
        let reason = |(pointer, code): &(&str, &str)| RowError {
            pointer: (*pointer).to_owned(),
            code: (*code).to_owned(),
            pesan: "perbaiki".to_owned(),
            message: "mend it".to_owned(),
        };
        let flag = |(pointer, code): &(&str, FlagCode)| Flag { pointer: (*pointer).to_owned(), code: *code };
        ReceiptLine {
            baris: row,
            id_sumber: None,
            hasil,
            tanpa_perubahan: false,
            berlaku: None,
            tanda: flags.iter().map(flag).collect(),
            kesalahan: reasons.iter().map(reason).collect(),
        }
    }

    #[test]
    fn what_refuses_comes_first_and_repairs_come_last() {
        let mut counted = Counted::default();
        let lines = [
            line(2, RowOutcome::Ditandai, &[], &[("/nik", FlagCode::Separators)]),
            line(3, RowOutcome::Ditandai, &[], &[("/nik", FlagCode::Separators), ("/nik", FlagCode::Len15)]),
            line(4, RowOutcome::Ditolak, &[("/nama", "REQUIRED")], &[]),
            line(5, RowOutcome::Ditolak, &[("/nama", "REQUIRED"), ("/desil", "RANGE")], &[]),
        ];
        for line in &lines {
            counted.add(line);
        }
        let found = counted.sorted();
        let told: Vec<(&str, u64, bool)> =
            found.iter().map(|reason| (reason.code.as_str(), reason.rows, reason.refuses)).collect();
        assert_eq!(told, [("REQUIRED", 2, true), ("RANGE", 1, true), ("LEN_15", 1, false), ("SEPARATORS", 2, false)]);
        assert_eq!(found[0].first, [4, 5]);
        let of = |outcome, reason: Option<(&str, &str)>| {
            let reason = reason.map(|(pointer, code)| (pointer.to_owned(), code.to_owned()));
            let filter = LineFilter { outcome, reason };
            lines.iter().filter(|line| filter.fits(line)).map(|line| line.baris).collect::<Vec<_>>()
        };
        assert_eq!(of(Some(RowOutcome::Ditolak), None), [4, 5]);
        assert_eq!(of(None, Some(("/nik", "LEN_15"))), [3]);
        assert_eq!(of(None, None), [2, 3, 4, 5]);
    }
}
