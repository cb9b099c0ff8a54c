//! The truth of the complementarity rules, read from the rows as they were written and the persons they are about.
//!
//! Not from what was planted: a rule holds wherever the rows show it, by plan or by chance. What a report on perfectly
//! matched rows must say is therefore complete for the rules listed in `RULES`.

mod accounts;
mod family;
mod member;

use std::collections::BTreeMap;

use super::context::Context;
use super::family::Family;
use super::feeds::Row;
use super::neighbourhood::Neighbourhood;
use super::truth::{Expected, FindingRow, family_id, person_id};
use crate::domain::date::Date;
use crate::domain::feed::Feed;
use crate::domain::row::{AnggotaKeluarga, Detail, KepesertaanJkn, LayananKia, PesertaDidik, Rekening};

/// The rules whose truth is complete. Of O06 and O13 all cases are planted; both are complete too.
pub const RULES: [&str; 21] = [
    "G01", "G02", "G03", "G04", "G05", "G06", "G07", "G08", "O01", "O02", "O03", "O04", "O05", "O06", "O07", "O08",
    "O09", "O10", "O13", "Q01", "Q02",
];

/// All findings of a neighbourhood.
pub(crate) fn judge(context: &Context, hood: &Neighbourhood, rows: &[Row]) -> Vec<FindingRow> {
    let mut found = Vec::new();
    for (at, family) in hood.families.iter().enumerate() {
        let rows: Vec<&Row> = rows.iter().filter(|row| row.family == at).collect();
        let mut bench = Bench { context, family, rows, found: &mut found };
        member::judge(&mut bench);
        family::judge(&mut bench);
        accounts::judge(&mut bench);
    }
    accounts::judge_shared(context, hood, rows, &mut found);
    found.sort_by_key(|finding| finding.rule_id);
    found
}

/// The rows about one family, and where findings go.
struct Bench<'a, 'f> {
    context: &'a Context<'a>,
    family: &'a Family,
    rows: Vec<&'a Row>,
    found: &'f mut Vec<FindingRow>,
}

impl<'a> Bench<'a, '_> {
    fn as_of(&self) -> Date {
        self.context.world.as_of
    }

    fn about(&self, member: Option<usize>) -> impl Iterator<Item = &'a Row> + '_ {
        self.rows.iter().copied().filter(move |row| member.is_none() || row.member == member)
    }

    fn entries(&self, member: Option<usize>) -> Vec<(&'a Row, &'a AnggotaKeluarga)> {
        self.about(member)
            .filter_map(|row| if let Detail::Anggota(entry) = &row.detail { Some((row, &**entry)) } else { None })
            .collect()
    }

    fn pupils(&self, member: usize) -> Vec<(&'a Row, &'a PesertaDidik)> {
        let rows = self.about(Some(member));
        rows.filter_map(|row| if let Detail::Siswa(pupil) = &row.detail { Some((row, &**pupil)) } else { None })
            .collect()
    }

    fn cards(&self, member: usize) -> Vec<(&'a Row, &'a KepesertaanJkn)> {
        let rows = self.about(Some(member));
        rows.filter_map(|row| if let Detail::Jkn(card) = &row.detail { Some((row, &**card)) } else { None }).collect()
    }

    fn services(&self, member: usize, kind: &str) -> Vec<(&'a Row, &'a LayananKia)> {
        let rows = self.about(Some(member));
        rows.filter_map(|row| if let Detail::Kia(service) = &row.detail { Some((row, &**service)) } else { None })
            .filter(|(_, service)| service.jenis == kind)
            .collect()
    }

    fn accounts(&self) -> Vec<(&'a Row, &'a Rekening)> {
        self.about(None)
            .filter_map(|row| if let Detail::Rekening(account) = &row.detail { Some((row, &**account)) } else { None })
            .collect()
    }

    /// Whether the district's rows of a feed are all here.
    fn closed(&self, feed: Feed) -> bool {
        closed(self.context, self.family.slot.district, feed)
    }

    fn gap(&mut self, rule: &'static str, member: Option<usize>, proof: Feed, note: String) {
        let status = if self.closed(proof) { Expected::Gap } else { Expected::NotAssessable };
        self.find(rule, member, status, note);
    }

    fn find(&mut self, rule: &'static str, member: Option<usize>, status: Expected, note: String) {
        self.found.push(finding(self.context, self.family, rule, member, (status, note)));
    }
}

/// Whether the rows of a feed in a district are all here.
pub(crate) fn closed(context: &Context, district: usize, feed: Feed) -> bool {
    match feed {
        Feed::Rekening | Feed::Penyaluran => context.region.without_bank() != Some(district),
        Feed::LayananKia => context.region.without_kia() != Some(district),
        Feed::AnggotaKeluarga | Feed::PesertaDidik | Feed::KepesertaanJkn => true,
    }
}

fn finding(
    context: &Context,
    family: &Family,
    rule_id: &'static str,
    member: Option<usize>,
    answer: (Expected, String),
) -> FindingRow {
    FindingRow {
        rule_id,
        person_id: member.map(|member| person_id(family.members[member].number)),
        family_id: family_id(family.number),
        kode_kecamatan: family.home.village[..6].to_owned(),
        kode_desa: family.home.village.clone(),
        periode: context.periods.quarters[0],
        status_harapan: answer.0,
        bukti: answer.1,
    }
}

/// Whether a registry row shows a programme as paid now.
fn active(entry: &AnggotaKeluarga, code: &str) -> bool {
    entry.program.iter().any(|enrolment| enrolment.kode == code && enrolment.status == "AKTIF")
}

/// `FEED:KEY+KEY`, the keys in the order of the rows.
fn evidence<'r>(rows: impl IntoIterator<Item = &'r Row>) -> String {
    let mut feeds: BTreeMap<Feed, Vec<&str>> = BTreeMap::new();
    for row in rows {
        feeds.entry(row.feed).or_default().push(&row.id_sumber);
    }
    feeds.into_iter().map(|(feed, keys)| format!("{feed}:{}", keys.join("+"))).collect::<Vec<_>>().join("; ")
}
