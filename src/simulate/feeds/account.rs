//! `bank-rekening`: accounts, with the name as the bank's field cuts it.

use super::Desk;
use super::style::ACCOUNT;
use crate::domain::feed::Feed;
use crate::domain::row::{Detail, Rekening};
use crate::simulate::damage::name;
use crate::simulate::dates::some_day_before;
use crate::simulate::dice::mix;
use crate::simulate::family::Account;

pub(super) fn write(desk: &mut Desk) {
    let family = desk.family();
    for account in &family.accounts {
        let first = desk.rows.len();
        let detail = Detail::Rekening(Box::new(entry(desk, account)));
        desk.file_with_copies(account.holder, &ACCOUNT, &detail);
        for at in first..desk.rows.len() {
            debug_assert_eq!(desk.rows[at].feed, Feed::Rekening);
            rename(desk, at, account);
        }
    }
}

/// The holder's name as the card shows it: another person's (Q02), the husband's, cut at the width of the field.
fn rename(desk: &mut Desk, row: usize, account: &Account) {
    let family = desk.family();
    let holder = &family.members[account.holder];
    let intensity = desk.context.rates.name;
    let husband = family.members.iter().find(|person| person.relation == 1 && holder.relation == 3);
    let name = if let Some(foreign) = &account.foreign_name {
        foreign.clone()
    } else if let Some(husband) = husband.filter(|_| desk.dice.chance(0.004 * intensity)) {
        format!("NY {}", husband.name)
    } else if holder.died.is_some() && desk.dice.chance(0.5 * intensity) {
        format!("ALM. {}", holder.name)
    } else {
        desk.rows[row].core.nama.clone().unwrap_or_default()
    };
    let width = match account.bank {
        "009" => 20,
        "200" => 24,
        "002" => 25,
        _ => 30,
    };
    desk.rows[row].core.nama = Some(name::cut(&name, width));
}

fn entry(desk: &mut Desk, account: &Account) -> Rekening {
    let as_of = desk.as_of();
    let dice = &mut desk.dice;
    let handed = account.card == Some(true);
    let four = mix(as_of.year() as u64, account.number.bytes().fold(0, |sum, byte| mix(sum, u64::from(byte)))) % 10_000;
    let wallet = dice.chance(0.0125);
    Rekening {
        kode_bank: account.bank.to_owned(),
        no_rekening: account.number.clone(),
        cif: dice.chance(0.75).then(|| account.customer.clone()),
        jenis_rekening: Some(if wallet { "E_WALLET" } else { "TABUNGAN" }.to_owned()),
        status_rekening: account.status.to_owned(),
        no_kks_akhir4: handed.then(|| format!("{four:04}")),
        kks_diserahkan: account.card,
        tgl_serah_kks: handed.then(|| some_day_before(as_of, 160, 1640, dice)),
    }
}
