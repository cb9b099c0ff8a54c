//! `dinkes-kepesertaan-jkn`: health insurance cards.

use super::Desk;
use super::style::INSURANCE;
use crate::domain::row::{Detail, KepesertaanJkn};
use crate::simulate::dates::some_day_before;
use crate::simulate::dice::mix;
use crate::simulate::numbers::Series;
use crate::simulate::person::Person;

/// Whether the insurance does not know of a death that happened. A fixed share of persons, so that every feed agrees.
pub(super) fn silent(person: &Person) -> bool {
    mix(3, person.number).is_multiple_of(10)
}

pub(super) fn write(desk: &mut Desk) {
    let family = desk.family();
    let shared = segment_of_family(desk);
    for (member, person) in family.members.iter().enumerate() {
        let reported = person.died.is_some() && !silent(person);
        let covered = desk.dice.chance(if family.decile <= 5 { 0.915 } else { 0.82 });
        let listed = if family.aid.pkh { covered || desk.dice.chance(0.75) } else { covered };
        if !listed && !reported {
            continue;
        }
        let own = desk.dice.chance(if family.aid.pkh { 0.03 } else { 0.09 });
        let segment = if own { segment_of_family(desk) } else { shared };
        let mut card = card(desk, person, segment);
        if reported {
            "MENINGGAL".clone_into(&mut card.status_jkn);
            card.tgl_meninggal = person.died;
            card.tgl_nonaktif = None;
        }
        let second = card.segmen == "PBI_APBN" && card.status_jkn == "AKTIF" && person.age(desk.as_of()) >= 20;
        desk.file_with_copies(member, &INSURANCE, &Detail::Jkn(Box::new(card)));
        if second && desk.dice.chance(0.0088 * desk.context.rates.gap) {
            second_card(desk, member, person);
        }
    }
}

/// An employer enrols somebody whose premium the state pays (O05).
fn second_card(desk: &mut Desk, member: usize, person: &Person) {
    let mut card = card(desk, person, "PPU");
    card.no_jkn = card_number(desk, person, 1);
    "AKTIF".clone_into(&mut card.status_jkn);
    card.tgl_nonaktif = None;
    let core = desk.core(member, &INSURANCE);
    desk.file(Some(member), core, Detail::Jkn(Box::new(card)), 37);
}

fn segment_of_family(desk: &mut Desk) -> &'static str {
    let family = desk.family();
    let gap = desk.context.rates.gap;
    let shares = match (family.aid.pkh, family.decile) {
        (true, ..=5) => [1.0 - 0.025 - 0.014 * gap, 0.0, 0.025, 0.014 * gap, 0.0],
        (true, _) => [0.6, 0.1, 0.2, 0.1, 0.0],
        (false, ..=5) => [0.80, 0.004, 0.10, 0.08, 0.016],
        (false, _) => [0.0, 0.115, 0.50, 0.365, 0.02],
    };
    ["PBI_APBN", "PBI_APBD", "PPU", "PBPU", "BP"][desk.dice.weighted(&shares)]
}

fn card_number(desk: &Desk, person: &Person, lane: u64) -> String {
    format!("000{:010}", desk.context.numbers.scramble(Series::Insurance, person.number * 2 + lane, 10))
}

fn card(desk: &mut Desk, person: &Person, segment: &str) -> KepesertaanJkn {
    let (as_of, number) = (desk.as_of(), card_number(desk, person, 0));
    let district = &desk.context.region.districts[desk.family().slot.district].name;
    let (pkh, gap) = (desk.family().aid.pkh, desk.context.rates.gap);
    let dice = &mut desk.dice;
    let lapsed = if pkh { 0.025 * gap } else { 0.05 };
    let status = match segment {
        "PBPU" => ["AKTIF", "NONAKTIF", "MENUNGGAK"][dice.weighted(&[0.6, 0.1, 0.3])],
        "PPU" => ["AKTIF", "NONAKTIF"][dice.weighted(&[0.93, 0.07])],
        _ => ["AKTIF", "NONAKTIF"][dice.weighted(&[1.0 - lapsed, lapsed])],
    };
    let start = some_day_before(as_of, 20, 3600, dice).max(person.born);
    KepesertaanJkn {
        no_jkn: number,
        segmen: segment.to_owned(),
        status_jkn: status.to_owned(),
        faskes_tk1: dice.chance(0.8).then(|| format!("PUSKESMAS {district}")),
        tgl_mulai: dice.chance(0.7).then_some(start),
        tgl_nonaktif: (status == "NONAKTIF" && dice.chance(0.8))
            .then(|| some_day_before(as_of, 50, 260, dice).max(start)),
        tgl_meninggal: None,
    }
}
