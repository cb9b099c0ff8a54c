//! What goes with a row that withdraws its record: the cases about that record as they stand. As an input it outlasts a
//! rebuild and a restore, and every gateway on the store reads the same.

use std::collections::HashMap;

use crate::domain::case::{Case, CaseState};
use crate::domain::record::RecordId;
use crate::service::error::ServiceError;
use crate::service::stored::codec::{decode, id_key};
use crate::service::stored::lookups::Lookup;
use crate::service::stored::reading::get_many;
use crate::store::{Read, Table};

/// Most cases that a row keeps, the heaviest. Of rows that are all alike each is asked about with each other one: were all
/// kept, a list of a thousand such rows could not be withdrawn any more.
const MOST_KEPT: usize = 16;

/// The cases of which one of the two records is among these, as the store has them now: those that are answered, too, since
/// an answer may be taken back while the record is away. At most [`MOST_KEPT`] of a record.
pub(super) async fn cases_about(
    reader: &dyn Read,
    records: &[RecordId],
) -> Result<HashMap<RecordId, Vec<Case>>, ServiceError> {
    let keys = records.iter().map(|id| Lookup::CasesAbout.key(&[&id_key(*id)])).collect();
    let found = get_many(reader, Table::Lookups, keys).await?;
    let mut about = HashMap::new();
    for (record, bytes) in records.iter().zip(found) {
        let Some(bytes) = bytes else { continue };
        let ids: Vec<String> = decode(&bytes, "cases of a record")?;
        let keys = ids.into_iter().map(String::into_bytes).collect();
        let cases = get_many(reader, Table::Cases, keys).await?.into_iter().flatten();
        let cases: Result<Vec<Case>, ServiceError> = cases.map(|bytes| decode(&bytes, "case")).collect();
        about.insert(*record, heaviest(cases?).into_iter().map(as_question).collect());
    }
    Ok(about)
}

fn heaviest(mut cases: Vec<Case>) -> Vec<Case> {
    cases.sort_by(|a, b| b.weight.total_cmp(&a.weight).then_with(|| a.id.cmp(&b.id)));
    cases.truncate(MOST_KEPT);
    cases
}

/// A case without what follows anew from the state of the day: where it stands, and whose the records are.
fn as_question(case: Case) -> Case {
    Case { state: CaseState::Baru, persons: Vec::new(), ..case }
}
