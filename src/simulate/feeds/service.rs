//! `dinkes-layanan-kia`: toddlers who are weighed, pregnant women who are seen, people with disabilities.

use super::Desk;
use super::style::SERVICE;
use crate::domain::date::days_between;
use crate::domain::row::{Detail, LayananKia};
use crate::simulate::damage::name;
use crate::simulate::dates::{days_after, days_before, some_day_before};
use crate::simulate::person::Person;

pub(super) fn write(desk: &mut Desk) {
    let family = desk.family();
    for (member, person) in family.members.iter().enumerate() {
        if person.died.is_some() {
            continue;
        }
        if person.age(desk.as_of()) < 6 {
            toddler(desk, member, person);
        }
        if person.pregnant {
            pregnant(desk, member, person);
        }
        if person.disability.is_some() && desk.dice.chance(0.85) {
            disabled(desk, member, person);
        }
    }
}

fn toddler(desk: &mut Desk, member: usize, person: &Person) {
    let family = desk.family();
    let (as_of, gap) = (desk.as_of(), desk.context.rates.gap);
    let (age, days) = (person.age(as_of), days_between(person.born, as_of));
    // Five-year-olds of PKH families are always seen: readings of rule G07 differ about them.
    let seen = match (family.aid.pkh, age) {
        (true, 5) => 1.0,
        (true, _) => 1.0 - 0.035 * gap,
        (false, 5) => 0.1,
        (false, _) => 0.87,
    };
    if days < 10 || !desk.dice.chance(seen) {
        return;
    }
    let late = age < 5 && days > 200 && desk.dice.chance(if family.aid.pkh { 0.07 * gap } else { 0.09 });
    let measured = if late {
        some_day_before(as_of, 66, 160, &mut desk.dice)
    } else {
        some_day_before(as_of, 0, 45, &mut desk.dice)
    };
    let months = days / 30;
    let dice = &mut desk.dice;
    let tall = 500 + (months * 230).min(2900 + months * 70) / 10 * 2 + dice.between(-40, 40);
    let heavy = 33 + months * 40 / 12 + dice.between(-12, 18) + if months < 12 { months * 2 } else { 24 };
    let posyandu = ["MAWAR", "MELATI", "ANGGREK", "DAHLIA", "KENANGA", "CEMPAKA"];
    let detail = LayananKia {
        jenis: "BALITA".to_owned(),
        tgl_ukur: Some(measured.max(person.born)),
        berat_kg: Some(f64::from(heavy.clamp(20, 300)) / 10.0),
        tinggi_cm: Some(f64::from(tall.clamp(440, 1240)) / 10.0),
        posyandu: Some(format!("POSYANDU {} {}", dice.pick(&posyandu), dice.between(1, 9))),
        nik_ibu: person.mother_here.filter(|_| dice.chance(0.52)).map(|at| family.members[at].nik.clone()),
        status_gizi: dice
            .chance(0.8)
            .then(|| ["BAIK", "KURANG", "BURUK", "LEBIH"][dice.weighted(&[0.8, 0.09, 0.05, 0.06])].to_owned()),
        imunisasi_lengkap: dice.chance(0.75).then(|| dice.chance(0.76)),
        ..LayananKia::default()
    };
    let first = desk.rows.len();
    desk.file_with_copies(member, &SERVICE, &Detail::Kia(Box::new(detail)));
    for at in first..desk.rows.len() {
        rename_child(desk, at, person, days);
    }
}

/// A newborn is often BY NY and the mother's name; other children get AN. before theirs.
fn rename_child(desk: &mut Desk, row: usize, person: &Person, days: i32) {
    let name = desk.context.rates.name;
    let unnamed = days < 120 && desk.dice.chance(0.45 * name.min(1.2));
    let child = desk.dice.chance(0.06 * name);
    if !unnamed && !child {
        return;
    }
    let text = if unnamed { format!("BY NY {}", person.mother) } else { format!("AN. {}", person.name) };
    desk.rows[row].core.nama = Some(name::in_case(text, SERVICE.case, &mut desk.dice));
}

fn pregnant(desk: &mut Desk, member: usize, person: &Person) {
    let (as_of, gap) = (desk.as_of(), desk.context.rates.gap);
    let pkh = desk.family().aid.pkh;
    if !desk.dice.chance(if pkh { 1.0 - 0.06 * gap } else { 0.92 }) || person.age(as_of) > 49 {
        return;
    }
    let dice = &mut desk.dice;
    let last_period = some_day_before(as_of, 21, 250, dice);
    let days = days_between(last_period, as_of);
    let late = days > 150 && dice.chance(if pkh { 0.1 * gap } else { 0.12 });
    let visit =
        if late { some_day_before(as_of, 66, 110, dice) } else { some_day_before(as_of, 0, 45.min(days - 14), dice) };
    let detail = LayananKia {
        jenis: "IBU_HAMIL".to_owned(),
        hpht: Some(last_period),
        hpl: Some(days_after(last_period, 280)),
        tgl_anc_terakhir: Some(visit.max(days_before(as_of, days - 7))),
        anc_ke: Some((1 + days / 50).clamp(1, 6) as u8),
        ..LayananKia::default()
    };
    desk.file_with_copies(member, &SERVICE, &Detail::Kia(Box::new(detail)));
}

fn disabled(desk: &mut Desk, member: usize, person: &Person) {
    let (kind, degree) = person.disability.unwrap_or(("FISIK", "RINGAN"));
    let detail = LayananKia {
        jenis: "DISABILITAS".to_owned(),
        ragam: Some(kind.to_owned()),
        derajat: Some(degree.to_owned()),
        ..LayananKia::default()
    };
    desk.file_with_copies(member, &SERVICE, &Detail::Kia(Box::new(detail)));
}
