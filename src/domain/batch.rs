//! What was pushed and what became of each row.

use serde::{Deserialize, Serialize};

use super::agency::AgencyId;
use super::case::Case;
use super::date::{Date, Period, Timestamp};
use super::feed::Feed;
use super::flag::Flag;
use super::record::{RecordId, Sequence};

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowOutcome {
    /// Accepted without doubt.
    Diterima,
    /// Accepted with flags.
    Ditandai,
    /// Refused: the shape is wrong. Nothing of it is stored but this line.
    Ditolak,
    /// The row stands already, byte for byte: nothing changed.
    TanpaPerubahan,
    /// A newer row of the same record stands: this one is kept and has no effect.
    LebihLama,
}

impl RowOutcome {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Diterima, Self::Ditandai, Self::Ditolak, Self::TanpaPerubahan, Self::LebihLama];

    /// The word of receipts and figures: `lebih_lama`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Diterima => "diterima",
            Self::Ditandai => "ditandai",
            Self::Ditolak => "ditolak",
            Self::TanpaPerubahan => "tanpa_perubahan",
            Self::LebihLama => "lebih_lama",
        }
    }
}

/// One reason for refusing a row. Never quotes the value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowError {
    /// JSON pointer to the field; empty for the row as a whole.
    pub pointer: String,
    /// Machine code: `TYPE`, `REQUIRED`, `UNKNOWN_FIELD`, `NO_SUCH_DAY`...; all of them are in `feed::ErrorCode`.
    pub code: String,
    /// The sentence in Indonesian.
    pub pesan: String,
    /// The sentence in English.
    pub message: String,
}

/// One line of a receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptLine {
    /// 1-based line of the body.
    pub baris: u64,
    /// The sender's row key, where it could be read. Not a personal value by contract.
    pub id_sumber: Option<String>,
    /// What became of it.
    pub hasil: RowOutcome,
    /// The row stands already, byte for byte, or a newer one does: nothing changed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub tanpa_perubahan: bool,
    /// The day of the row that stands, where this one is older than that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub berlaku: Option<Date>,
    /// Doubts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tanda: Vec<Flag>,
    /// Reasons for refusal.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kesalahan: Vec<RowError>,
}

impl ReceiptLine {
    /// Nothing to tell of it: it counts, or stands already, and nothing in it is doubtful.
    pub fn is_clean(&self) -> bool {
        matches!(self.hasil, RowOutcome::Diterima | RowOutcome::TanpaPerubahan) && self.tanda.is_empty()
    }
}

/// Counts of a batch: each line is in one of them. Batches of early programs counted rows that changed nothing among the
/// accepted, too.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchCounts {
    /// Lines with content.
    pub baris: u64,
    /// Accepted without flags: they count now.
    pub diterima: u64,
    /// Accepted with flags.
    pub ditandai: u64,
    /// Refused.
    pub ditolak: u64,
    /// As they stand already, byte for byte.
    pub tanpa_perubahan: u64,
    /// Older than the row that stands: without effect.
    #[serde(default)]
    pub lebih_lama: u64,
}

impl BatchCounts {
    /// Counts one more line.
    pub fn add(&mut self, line: &ReceiptLine) {
        self.baris += 1;
        *self.of_mut(line.hasil) += 1;
    }

    /// Rows of one outcome.
    pub fn of(mut self, outcome: RowOutcome) -> u64 {
        *self.of_mut(outcome)
    }

    /// Adds the counts of another batch.
    pub fn add_all(&mut self, other: &Self) {
        self.baris += other.baris;
        for outcome in RowOutcome::ALL {
            *self.of_mut(outcome) += other.of(outcome);
        }
    }

    fn of_mut(&mut self, outcome: RowOutcome) -> &mut u64 {
        match outcome {
            RowOutcome::Diterima => &mut self.diterima,
            RowOutcome::Ditandai => &mut self.ditandai,
            RowOutcome::Ditolak => &mut self.ditolak,
            RowOutcome::TanpaPerubahan => &mut self.tanpa_perubahan,
            RowOutcome::LebihLama => &mut self.lebih_lama,
        }
    }
}

/// A pushed batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    /// UUID v7, given by the gateway.
    pub id: String,
    /// Who pushed.
    pub agency: AgencyId,
    /// Which feed.
    pub feed: Feed,
    /// When it was accepted.
    pub received_at: Timestamp,
    /// Counts.
    pub counts: BatchCounts,
    /// SHA-256 of the body, hexadecimal.
    pub sha256: String,
    /// Warnings about the batch as a whole (`EXCEL_PRECISION`: every NIK ends in 0).
    #[serde(default)]
    pub alarms: Vec<String>,
    /// When the retention rule took its receipt, and those of its rows that newer ones had replaced. The batch and its
    /// counts stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compacted_at: Option<Timestamp>,
}

/// One accepted row, as it stays until a newer one and the retention rule take its place: the raw text with its circumstances.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct AcceptedRow {
    /// Its number.
    pub sequence: Sequence,
    /// The record it belongs to.
    pub record: RecordId,
    /// Who sent it.
    pub agency: AgencyId,
    /// In which feed.
    pub feed: Feed,
    /// The batch it came in.
    pub batch: String,
    /// Its line there.
    pub line: u64,
    /// Doubts found then.
    pub flags: Vec<Flag>,
    /// The regions that its sender answered for then; none: everywhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub regions: Vec<String>,
    /// The day of receipt, where the row's own day had not come: it is read as of that day, so that a slip of the pen does
    /// not move a birth by a century.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received: Option<Date>,
    /// Of a row that withdraws its record: the cases about the record as they stood then. What nobody has answered rests until
    /// the record is back. It is kept because it cannot be found out again: the row that raised the question is replaced.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub asked: Vec<Case>,
    /// The row as sent, one JSON object.
    #[serde(skip)]
    pub raw: String,
}

impl std::fmt::Debug for AcceptedRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AcceptedRow").field("sequence", &self.sequence).finish_non_exhaustive()
    }
}

/// What an agency says of its rows of a feed for a region and a period: a state, set again as often as it likes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declaration {
    /// Whose rows; early programs did not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agency: Option<AgencyId>,
    /// Which feed.
    pub feed: Feed,
    /// A province, regency, sub-district or village code, as of today.
    pub kode_wilayah: String,
    /// Quarter or month.
    pub periode: Period,
    /// Closed, or not.
    pub lengkap: bool,
    /// When; early programs did not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// The client that said it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// When it was last closed, also where it is open again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Timestamp>,
    /// The declaration before the one with which the list that was sent last is compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Timestamp>,
}

/// A feed closed (or opened again) for a region and a period, by everybody who is to send it there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Completeness {
    /// Which feed.
    pub feed: Feed,
    /// A province, regency, sub-district or village code.
    pub kode_wilayah: String,
    /// Quarter or month.
    pub periode: Period,
    /// Closed, or not.
    pub lengkap: bool,
}
