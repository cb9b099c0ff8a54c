//! The head of a record, and how rows and receipts are named in the store.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::domain::date::Date;
use crate::domain::record::{RecordId, Sequence};

/// Receipt lines stored under one key: small enough for any store to keep the value inline.
pub(in crate::service) const RECEIPT_PAGE: usize = 32;

/// What is stored under a natural key: which record it is and which row is its present state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::service) struct Head {
    pub(in crate::service) id: RecordId,
    pub(in crate::service) sequence: Sequence,
    /// The day of the present row; that of its receipt where its own had not come.
    pub(in crate::service) tgl_data: Date,
    /// Its own day had not come.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(in crate::service) ahead: bool,
    /// First half of the SHA-256 of the present row's text, to recognise a row that is sent again.
    pub(in crate::service) digest: String,
}

impl Head {
    /// The day of the present row. Heads of early programs do not say whether it had come; what has not come by
    /// `today` had not come then.
    pub(in crate::service) fn day(&self, today: Date) -> Option<Date> {
        (!self.ahead && self.tgl_data <= today).then_some(self.tgl_data)
    }
}

/// Where the ids of batches begin that were received from a time on, in milliseconds: they begin with it.
pub(in crate::service) fn batch_ids_from(millisecond: i64) -> Vec<u8> {
    let hex = format!("{millisecond:012x}");
    format!("{}-{}", &hex[..8], &hex[8..12]).into_bytes()
}

/// Key of one page of a receipt.
pub(in crate::service) fn receipt_key(batch: &str, page: usize) -> Vec<u8> {
    let mut key = batch.as_bytes().to_vec();
    key.extend_from_slice(&(page as u64).to_be_bytes());
    key
}

/// First half of the SHA-256 of a row's text.
pub(in crate::service) fn row_digest(raw: &str) -> String {
    hex::encode(&Sha256::digest(raw.as_bytes())[..16])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_of_an_early_program_with_a_day_ahead_holds_nobody_back() {
        let today = Date::constant(2026, 11, 29);
        for (text, day) in [
            (r#"{"id":1,"sequence":2,"tgl_data":"2025-11-02","digest":"00"}"#, Some(Date::constant(2025, 11, 2))),
            (r#"{"id":1,"sequence":2,"tgl_data":"2099-01-01","digest":"00"}"#, None),
            (r#"{"id":1,"sequence":2,"tgl_data":"2026-11-20","ahead":true,"digest":"00"}"#, None),
        ] {
            let head: Head = serde_json::from_str(text).expect("a head");
            assert_eq!(head.day(today), day, "{text}");
        }
    }
}
