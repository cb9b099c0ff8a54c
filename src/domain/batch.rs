//! What was pushed and what became of each row.

use serde::{Deserialize, Serialize};

use super::agency::AgencyId;
use super::date::{Period, Timestamp};
use super::feed::Feed;
use super::flag::Flag;
use super::record::{RecordId, Sequence};

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RowOutcome {
    /// Accepted without doubt.
    Diterima,
    /// Accepted with flags.
    Ditandai,
    /// Refused: the shape is wrong. Nothing of it is stored but this line.
    Ditolak,
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
    /// The row was accepted before, byte for byte, or is older than what is there: nothing changed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub tanpa_perubahan: bool,
    /// Doubts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tanda: Vec<Flag>,
    /// Reasons for refusal.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kesalahan: Vec<RowError>,
}

/// Counts of a batch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchCounts {
    /// Lines with content.
    pub baris: u64,
    /// Accepted without flags.
    pub diterima: u64,
    /// Accepted with flags.
    pub ditandai: u64,
    /// Refused.
    pub ditolak: u64,
    /// Of the accepted: changed nothing.
    pub tanpa_perubahan: u64,
}

impl BatchCounts {
    /// Counts one more line.
    pub fn add(&mut self, line: &ReceiptLine) {
        self.baris += 1;
        match line.hasil {
            RowOutcome::Diterima => self.diterima += 1,
            RowOutcome::Ditandai => self.ditandai += 1,
            RowOutcome::Ditolak => self.ditolak += 1,
        }
        self.tanpa_perubahan += u64::from(line.tanpa_perubahan);
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
    /// The last accepted sequence number in it; the batch is matched when the matcher has passed it.
    pub last_sequence: Option<Sequence>,
    /// Warnings about the batch as a whole (`EXCEL_PRECISION`: every NIK ends in 0).
    #[serde(default)]
    pub alarms: Vec<String>,
    /// When the retention rule took its receipt, and those of its rows that newer ones had replaced. The batch and its
    /// counts stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compacted_at: Option<Timestamp>,
}

/// One accepted row, as it stays until a newer one and the retention rule take its place: the raw text with its circumstances.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    /// The row as sent, one JSON object.
    #[serde(skip)]
    pub raw: String,
}

impl std::fmt::Debug for AcceptedRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AcceptedRow").field("sequence", &self.sequence).finish_non_exhaustive()
    }
}

/// A feed closed (or opened again) for a region and a period.
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
