//! `dinsos-anggota-keluarga`: every member of a listed family, and guests whom another family lists too.

use super::Desk;
use super::style::REGISTRY;
use crate::domain::date::Period;
use crate::domain::row::{AnggotaKeluarga, Detail, Enrolment};
use crate::simulate::family::Family;
use crate::simulate::neighbourhood::Guest;
use crate::simulate::numbers::Series;

pub(super) fn write(desk: &mut Desk) {
    let family = desk.family();
    if !family.aid.listed {
        return;
    }
    let components = family.components(desk.as_of(), desk.context.world.elderly_min);
    let proposed = if desk.dice.chance(0.14) { "SUKSES SPM" } else { "OMSPAN" };
    for member in 0..family.members.len() {
        let kinds = components.iter().filter(|(at, _)| *at == member).map(|(_, kind)| (*kind).to_owned()).collect();
        let detail = entry(desk, member, kinds, proposed);
        write_member(desk, member, detail);
    }
    let (hood, at) = (desk.hood, desk.at);
    for guest in hood.guests.iter().filter(|guest| guest.family == at) {
        write_guest(desk, *guest);
    }
}

/// Files a member. The confirmation of the civil registry is about the NIK that stands in the row.
fn write_member(desk: &mut Desk, member: usize, detail: AnggotaKeluarga) {
    let first = desk.rows.len();
    desk.file_with_copies(member, &REGISTRY, &Detail::Anggota(Box::new(detail)));
    for at in first..desk.rows.len() {
        confirm(desk, at, member);
    }
}

fn confirm(desk: &mut Desk, row: usize, member: usize) {
    let person = &desk.family().members[member];
    let right = desk.rows[row].core.nik.as_deref() == Some(person.nik.as_str());
    let padan = desk.context.rates.padan;
    let shares = if right { [padan, (1.0 - padan) * 0.76, (1.0 - padan) * 0.24] } else { [0.03, 0.90, 0.07] };
    let status = ["PADAN", "TIDAK_PADAN", "BELUM"][desk.dice.weighted(&shares)];
    if let Detail::Anggota(entry) = &mut desk.rows[row].detail {
        entry.status_padan_dukcapil = Some(status.to_owned());
    }
}

fn entry(desk: &mut Desk, member: usize, komponen_pkh: Vec<String>, proposed: &str) -> AnggotaKeluarga {
    let family = desk.family();
    let person = &family.members[member];
    let (household, pkh_number) = match &family.aid.split {
        Some((household, number, first)) if member >= *first => (household, number),
        _ => (&family.aid.household, &family.aid.pkh_number),
    };
    let dice = &mut desk.dice;
    let dtsen = dice.chance(0.73).then(|| {
        let index = person.number;
        format!("DT{:011}", desk.context.numbers.scramble(Series::Dtsen, index, 11))
    });
    let servant = family.aid.servant.filter(|_| member == family.trustee());
    let job = servant.map(str::to_owned).or_else(|| dice.chance(0.79).then(|| person.job.to_owned()));
    let paid = family.aid.pkh || family.aid.sembako;
    let status = paid.then(|| match dice.weighted(&[0.76, 0.13, 0.11]) {
        0 => proposed,
        1 => "SK / CALON PENERIMA",
        _ => "SI",
    });
    // The insurance knows most of the dead; the few it does not are known here (K12).
    let died = person.died.filter(|_| super::insurance::silent(person));
    AnggotaKeluarga {
        id_keluarga: household.clone(),
        id_dtsen: dtsen,
        no_peserta_pkh: family.aid.pkh.then(|| pkh_number.clone()),
        hubungan_keluarga: Some(person.relation),
        status_perkawinan: Some(person.marital),
        pekerjaan: job,
        desil: Some(family.decile),
        program: programmes(desk, family),
        komponen_pkh: if family.aid.pkh { komponen_pkh } else { Vec::new() },
        status_kepesertaan: status.map(str::to_owned),
        status_padan_dukcapil: None,
        tgl_meninggal: died,
        alasan_nonaktif: None,
        nama_pendamping: family.aid.pkh.then(|| family.aid.worker.clone()),
    }
}

fn programmes(desk: &Desk, family: &Family) -> Vec<Enrolment> {
    let periods = &desk.context.periods;
    let enrolled = |code: &str, status: &str, period: Period| Enrolment {
        kode: code.to_owned(),
        status: status.to_owned(),
        periode: Some(period),
    };
    let mut list = Vec::new();
    if family.aid.pkh {
        list.push(enrolled("PKH", "AKTIF", periods.quarters[0]));
    }
    if family.aid.sembako {
        list.push(enrolled("SEMBAKO", "AKTIF", periods.months[0]));
    }
    if family.aid.blt {
        list.push(enrolled("BLT_DD", "AKTIF", periods.months[0]));
    }
    if let Some((code, status, period)) = family.aid.idle {
        list.push(enrolled(code, status, period));
    }
    list
}

/// The row that the host family holds about a member of this one (O01, O03).
fn write_guest(desk: &mut Desk, guest: Guest) {
    let host = &desk.hood.families[guest.host];
    let person = &desk.family().members[guest.member];
    let mut core = desk.core(guest.member, &REGISTRY);
    let nik = if guest.second_nik { person.second_nik.as_ref() } else { None };
    core.nik = Some(nik.unwrap_or(&person.nik).clone());
    core.no_kk = Some(host.home.card.clone());
    core.alamat = Some(host.home.street.clone());
    core.kode_desa = Some(host.home.village.clone());
    let detail = AnggotaKeluarga {
        id_keluarga: host.aid.household.clone(),
        no_peserta_pkh: Some(host.aid.pkh_number.clone()),
        hubungan_keluarga: Some(9),
        status_perkawinan: Some(person.marital),
        pekerjaan: Some(person.job.to_owned()),
        desil: Some(host.decile),
        program: programmes(desk, host),
        status_padan_dukcapil: Some(if guest.second_nik { "BELUM" } else { "PADAN" }.to_owned()),
        nama_pendamping: Some(host.aid.worker.clone()),
        ..AnggotaKeluarga::default()
    };
    desk.file(Some(guest.member), core, Detail::Anggota(Box::new(detail)), 37);
}
